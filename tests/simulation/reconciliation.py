"""The reconciliation: what was produced and what is kept in, a violation out unless they agree.

Every record has exactly the fate that its content calls for: of all that is settled under one id,
the first is stored, what equals it is a duplicate, what differs is quarantined. What a mapping may
give up was given up if the function never settled it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from orders.record import Record
from orders.validation import Accepted, Refused
from tests.simulation.broker import Broker, Produced
from tests.simulation.contents import judge
from tests.simulation.rules import Rule, ViolationError
from tests.simulation.setting import TOPIC, Setting
from tests.simulation.store import Store


class Reconciliation:
    """One history at its end."""

    def __init__(
        self, setting: Setting, broker: Broker, store: Store, given_up: set[tuple[int, int]]
    ) -> None:
        self._setting = setting
        self._broker = broker
        self._store = store
        self._given_up = given_up
        self._quarantined: dict[tuple[int, int], list[Refused]] = defaultdict(list)
        for refused in store.quarantined.values():
            place = refused.record.partition, refused.record.offset
            self._quarantined[place].append(refused)
        self._stored = {(a.record.partition, a.record.offset): a for a in store.orders.values()}

    def check(self) -> None:
        """Raise a ViolationError for the first record that is off."""
        settled = list(self._settled())
        self._check_nothing_else(settled)
        orders: dict[str, list[Produced]] = defaultdict(list)
        for one in settled:
            if one.content.code is None:
                orders[one.content.order_uid].append(one)
            else:
                self._check_quarantined(one, one.content.code)
        duplicates: Counter[int] = Counter()
        for some in orders.values():
            duplicates.update(self._check_order(some))
        self._check_duplicates(duplicates)

    def _settled(self) -> Iterator[Produced]:
        """Yield what must have a fate in the store."""
        for one in self._broker.produced():
            partition, offset = one.place
            if offset in self._store.ledger.get((TOPIC, partition), ()):
                yield one
            elif self._setting.passes(one.content) and one.place not in self._given_up:
                raise ViolationError(Rule.LEDGER, str(one))

    def _check_nothing_else(self, settled: Sequence[Produced]) -> None:
        places = {one.place for one in settled}
        ledger = {(p, offset) for (_, p), some in self._store.ledger.items() for offset in some}
        for found in (ledger, self._quarantined.keys(), self._stored.keys()):
            if unknown := sorted(found - places):
                raise ViolationError(Rule.NOTHING_ELSE, str(unknown[0]))
        unwanted = [one for one in settled if not self._setting.passes(one.content)]
        if unwanted:
            raise ViolationError(Rule.FILTER, str(unwanted[0]))

    def _check_order(self, some: Sequence[Produced]) -> Iterator[int]:
        """Check the records of one id; yield the partition of each duplicate."""
        stored = self._store.orders.get(some[0].content.order_uid)
        if stored is None:
            raise ViolationError(Rule.STORED, str(some[0]))
        first = next((one for one in some if one.place in _places(stored)), None)
        if first is None or (self._setting.keeps_order and first is not some[0]):
            raise ViolationError(Rule.FIRST_STAYS, f"{stored.record}, not {some[0]}")
        self._check_stored(first, stored)
        for one in some:
            if one is first or one.content.value == first.content.value:
                self._check_not_quarantined(one)
            else:
                self._check_quarantined(one, "conflict")
            if one is not first and one.content.value == first.content.value:
                yield one.place[0]

    def _check_stored(self, one: Produced, stored: Accepted) -> None:
        verdict = judge(stored.record)
        right = isinstance(verdict, Accepted) and (stored.order, stored.digest) == (
            verdict.order,
            verdict.digest,
        )
        if not right or _delivered(stored.record) != _sent(one):
            raise ViolationError(Rule.AS_SENT, str(one))

    def _check_quarantined(self, one: Produced, code: str) -> None:
        match self._quarantined.get(one.place, []):
            case [refused] if refused.rejection.code == code:
                if _delivered(refused.record) != _sent(one):
                    raise ViolationError(Rule.AS_SENT, str(one))
            case found:
                codes = [refused.rejection.code for refused in found]
                raise ViolationError(Rule.QUARANTINED, f"{one}: {codes}")

    def _check_not_quarantined(self, one: Produced) -> None:
        if one.place in self._quarantined:
            raise ViolationError(Rule.NOT_QUARANTINED, str(one))

    def _check_duplicates(self, duplicates: Counter[int]) -> None:
        counted = Counter({p: number for (_, p), number in self._store.duplicates.items()})
        if counted != duplicates:
            found = f"{dict(counted)} by partition, not {dict(duplicates)}"
            raise ViolationError(Rule.DUPLICATES, found)


def _places(stored: Accepted) -> tuple[tuple[int, int]]:
    return ((stored.record.partition, stored.record.offset),)


def _delivered(record: Record) -> tuple[object, ...]:
    return record.partition, record.offset, record.produced_at_ms, record.key, record.value


def _sent(one: Produced) -> tuple[object, ...]:
    sent = one.consumed
    return sent.partition, sent.offset, sent.timestamp_ms, sent.key, sent.value
