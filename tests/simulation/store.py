"""The store: transactions in, orders, quarantine and ledger out, as PostgreSQL keeps them.

READ COMMITTED with row locks: who finds a row that another open transaction wrote waits until that
one ends. A transaction is pending until its commit, and then there all at once.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from orders.errors import InvalidRequestError, StoreUnavailableError
from orders.record import Record
from orders.settlement import Fate
from orders.validation import Accepted, Refused
from tests.simulation.contents import REFUSED_CUSTOMER
from tests.simulation.rules import Rule, ViolationError

Partition = tuple[str, int]
Pause = Callable[[str], None]


class Identity(NamedTuple):
    """What makes a quarantined record the same."""

    topic: str
    partition: int
    offset: int
    produced_at_ms: int | None
    digest: bytes | None


class Transaction:
    """One open transaction of ingestion, as `orders.ingestion.Transaction` asks for."""

    def __init__(self, store: "Store", pause: Pause) -> None:
        self.orders: dict[str, Accepted] = {}
        self.quarantined: dict[Identity, Refused] = {}
        self.released: list[Identity] = []
        self.offsets: dict[Partition, set[int]] = {}
        self.duplicates: Counter[Partition] = Counter()
        self.waits_for: Transaction | None = None
        self.commit_asked = False
        self.is_orphan = False
        """Its client is gone; the server has not noticed."""
        self.ended = False
        self._store = store
        self._pause = pause

    def lock_ledger(self, records: Sequence[Record]) -> bool:
        """Lock the rows of these partitions; those that are not there are opened first."""
        batch = _offsets(records)
        there = [partition for partition in sorted(batch) if partition in self._store.ledger]
        for partition in there if len(there) == len(batch) else (*there, *batch):
            self._lock(("ledger", *partition))
        ledger = self._store.ledger
        return any(not offsets.isdisjoint(ledger.get(p, ())) for p, offsets in batch.items())

    def insert_orders(self, accepted: Sequence[Accepted]) -> set[str]:
        """Insert what is new; refuse what a constraint forbids."""
        self._pause("inserts orders")
        uids = [one.order.order_uid for one in accepted]
        assert uids == sorted(set(uids)), "orders that are not sorted deadlock"
        for one in accepted:
            if one.order.customer_id == REFUSED_CUSTOMER:
                message = "a constraint is violated"
                raise InvalidRequestError(message, sqlstate="23514")
        return {one.order.order_uid for one in accepted if self._insert(one)}

    def digests(self, order_uids: Collection[str]) -> Mapping[str, bytes]:
        """Return the digests of orders, committed or its own."""
        visible = {**self._store.orders, **self.orders} if order_uids else {}
        return {uid: visible[uid].digest for uid in order_uids}

    def quarantine(self, refused: Sequence[Refused]) -> None:
        """Keep the refused, once; what is stored as an order of this very record stays that."""
        for one in refused:
            own = identity(one.record)
            self._lock(own)
            if own not in self._store.quarantined and not self._is_stored(one):
                self.quarantined[own] = one

    def release(self, accepted: Sequence[Fate]) -> None:
        """Take out of the quarantine what is accepted now."""
        identities = [identity(fate.verdict.record) for fate in accepted]
        self.released += [one for one in identities if one in self._store.quarantined]

    def note_offsets(self, records: Sequence[Record], duplicates: Sequence[Record]) -> None:
        """Enter the offsets; count the duplicates that are new."""
        self.offsets = _offsets(records)
        for partition, offsets in _offsets(duplicates).items():
            new = offsets - self._store.ledger.get(partition, set())
            self.duplicates[partition] += len(new)

    def _insert(self, one: Accepted) -> bool:
        uid = one.order.order_uid
        if uid in self._store.orders:
            return False
        self._lock(("order", uid))
        if uid in self._store.orders:
            return False
        self.orders[uid] = one
        return True

    def _is_stored(self, one: Refused) -> bool:
        stored = self._store.orders.get(one.rejection.order_uid or "")
        return stored is not None and _place(stored.record) == _place(one.record)

    def _lock(self, row: Hashable) -> None:
        while (holder := self._store.holders.get(row, self)) is not self:
            self.waits_for = holder
            self._check_deadlock()
            self._pause("waits for a row that another writes")
        self.waits_for = None
        self._store.holders[row] = self

    def _check_deadlock(self) -> None:
        others: list[Transaction] = []
        other = self.waits_for
        while other is not None and other not in others and not other.ended:
            others.append(other)
            other = other.waits_for
            if other is self:
                message = "deadlock detected (SQLSTATE 40P01)"
                raise StoreUnavailableError(message)


class Store:
    """What is committed, and who holds which row."""

    transaction_type: type[Transaction] = Transaction

    def __init__(self) -> None:
        self.orders: dict[str, Accepted] = {}
        self.quarantined: dict[Identity, Refused] = {}
        self.ledger: dict[Partition, set[int]] = {}
        self.duplicates: Counter[Partition] = Counter()
        self.holders: dict[Hashable, Transaction] = {}
        self.transactions: list[Transaction] = []
        """Open ones."""
        self.away = False
        self.starts = 0
        """A connection does not outlive the server's start."""

    def stop(self) -> None:
        """Take back what is open, and answer nobody."""
        self.away = True
        for transaction in list(self.transactions):
            self.end(transaction)

    def start(self) -> None:
        """Answer again."""
        self.away = False
        self.starts += 1

    def begin(self, pause: Pause) -> Transaction:
        """Open a transaction; `pause` lets others go on between its statements."""
        transaction = self.transaction_type(self, pause)
        self.transactions.append(transaction)
        return transaction

    def commit(self, transaction: Transaction) -> None:
        """Make it lasting."""
        if twice := transaction.orders.keys() & self.orders.keys():
            raise ViolationError(Rule.NOTHING_TWICE, min(twice))
        if again := transaction.quarantined.keys() & self.quarantined.keys():
            raise ViolationError(Rule.NOTHING_TWICE, str(min(again)))
        self.orders |= transaction.orders
        for released in transaction.released:
            del self.quarantined[released]
        self.quarantined |= transaction.quarantined
        for partition, offsets in transaction.offsets.items():
            self.ledger.setdefault(partition, set()).update(offsets)
        self.duplicates += transaction.duplicates
        self.end(transaction)

    def end(self, transaction: Transaction) -> None:
        """Let its rows go; unless it was committed, it never was."""
        transaction.ended = True
        self.transactions.remove(transaction)
        mine = [row for row, holder in self.holders.items() if holder is transaction]
        for row in mine:
            del self.holders[row]


def _offsets(records: Iterable[Record]) -> dict[Partition, set[int]]:
    found: dict[Partition, set[int]] = {}
    for record in records:
        found.setdefault((record.topic, record.partition), set()).add(record.offset)
    return found


def _place(record: Record) -> tuple[Any, ...]:
    return record.topic, record.partition, record.offset, record.produced_at_ms


def identity(record: Record) -> Identity:
    """Tell what makes a record the same when it is delivered again."""
    digest = None if record.value is None else hashlib.sha256(record.value).digest()
    return Identity(record.topic, record.partition, record.offset, record.produced_at_ms, digest)
