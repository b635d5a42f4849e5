"""The saboteurs: pollers, stores and functions out, each of which breaks one promise."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from devstack.event_source_mapping.polling.poller import Poller
from devstack.event_source_mapping.polling.records import Batch
from orders import kafka
from orders.errors import StoreUnavailableError
from orders.ingestion import ingest
from orders.record import Record
from orders.validation import Accepted, Refused
from tests.simulation.contents import judge
from tests.simulation.function import Context, ingest_orders
from tests.simulation.store import Store, Transaction, identity
from tests.simulation.world import Parts

NOTHING_UNDONE = kafka.batch_response([])

# Pollers


class CommitsWhatItPolled(Poller):
    """Commits records before the function has answered for them."""

    def _commit(self) -> None:
        far = {p: seen.consumed for p, seen in self.progress().items() if seen.consumed}
        if self._custody.commits(self._clock.monotonic()):
            self._consumer.commit(far)


class SendsTwoBatchesOfAPartition(Poller):
    """Does not wait for a partition's batch to come back."""

    def _busy(self) -> set[int]:
        return set()


class SendsBackwards(Poller):
    """Sends the records of a partition in the wrong order."""

    def _send(self, batch: Batch) -> None:
        super()._send(batch.with_records({p: [*rs][::-1] for p, rs in batch.records.items()}))


class LeavesOneOut(Poller):
    """Forgets a record on the way to the function now and then."""

    def _send(self, batch: Batch) -> None:
        super()._send(batch.with_records({p: rs[:1] for p, rs in batch.records.items()}))


class HoldsWithoutBounds(Poller):
    """Polls on, whatever it holds already."""

    def _hold_back(self) -> None:
        pass


class ForgetsFailedCommits(Poller):
    """Takes every commit for done."""

    def commit_failed(self, partitions: Sequence[int]) -> None:
        pass


class KeepsRevokedPartitions(Poller):
    """Goes on with partitions that belong to somebody else."""

    def revoked(self, partitions: Sequence[int]) -> None:  # noqa: ARG002 - the port's
        self._commit()


class NeverRetries(Poller):
    """Waits for ever where it should send again."""

    def _next(self, now: float) -> Batch | None:
        return self._batcher.take(now, self._busy())


# Stores


class LosesTheLedger(Store):
    """Commits everything but the offsets."""

    def commit(self, transaction: Transaction) -> None:
        transaction.offsets = {}
        super().commit(transaction)


class LosesQuarantinedRecords(Store):
    """Commits everything but what was refused."""

    def commit(self, transaction: Transaction) -> None:
        transaction.quarantined = {}
        super().commit(transaction)


class KeepsWhatIsTakenBack(Store):
    """Leaves the orders of a transaction that failed."""

    def end(self, transaction: Transaction) -> None:
        self.orders = {**transaction.orders, **self.orders}
        super().end(transaction)


class _Overwriting(Transaction):
    def _insert(self, one: Accepted) -> bool:
        self.orders[one.order.order_uid] = one
        return True


class OverwritesOrders(Store):
    """Puts the last order of an id in place of the first."""

    transaction_type = _Overwriting


class _Unlocked(Transaction):
    def _lock(self, row: object) -> None:
        pass


class LocksNothing(Store):
    """Lets transactions overlap."""

    transaction_type = _Unlocked


class _CountingAgain(Transaction):
    def note_offsets(self, records: Sequence[Record], duplicates: Sequence[Record]) -> None:
        super().note_offsets(records, duplicates)
        for one in duplicates:
            self.duplicates[one.topic, one.partition] += 1


class CountsDuplicatesAgain(Store):
    """Counts a duplicate whenever it is delivered."""

    transaction_type = _CountingAgain


class _Misplacing(Transaction):
    def _insert(self, one: Accepted) -> bool:
        return super()._insert(replace(one, record=replace(one.record, offset=0)))


class LosesProvenance(Store):
    """Notes a wrong place with an order."""

    transaction_type = _Misplacing


class _QuarantiningAgain(Transaction):
    def quarantine(self, refused: Sequence[Refused]) -> None:
        for one in refused:
            again = len(self._store.quarantined) + len(self.quarantined)
            self.quarantined[identity(one.record)._replace(produced_at_ms=again)] = one


class QuarantinesAgain(Store):
    """Keeps a bad record whenever it is delivered."""

    transaction_type = _QuarantiningAgain


# Functions


def acknowledges_before_its_commit(event: Any, context: Context) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    context.answer(NOTHING_UNDONE)
    return ingest_orders(event, context)


def swallows_an_unavailable_store(event: Any, context: Context) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    try:
        return ingest_orders(event, context)
    except StoreUnavailableError:
        return NOTHING_UNDONE


def skips_the_rest_after_a_bad_record(event: Any, context: Context) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    good = takewhile(lambda record: isinstance(judge(record), Accepted), kafka.records(event))
    ingest(good, context.session, seconds_left=context.seconds_left, judge=judge)
    return NOTHING_UNDONE


def names_nothing_as_undone(event: Any, context: Context) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    ingest_orders(event, context)
    return NOTHING_UNDONE


_POLLERS = (
    *(CommitsWhatItPolled, SendsTwoBatchesOfAPartition, SendsBackwards, LeavesOneOut),
    *(HoldsWithoutBounds, ForgetsFailedCommits, KeepsRevokedPartitions, NeverRetries),
)
_STORES = (
    *(LosesTheLedger, LosesQuarantinedRecords, KeepsWhatIsTakenBack, OverwritesOrders),
    *(LocksNothing, CountsDuplicatesAgain, LosesProvenance, QuarantinesAgain),
)
_HANDLERS = (
    *(acknowledges_before_its_commit, swallows_an_unavailable_store),
    *(skips_the_rest_after_a_bad_record, names_nothing_as_undone),
)
SABOTEURS: Mapping[str, Parts] = {
    **{poller.__name__: Parts(poller=poller) for poller in _POLLERS},
    **{store.__name__: Parts(store=store) for store in _STORES},
    **{handler.__name__: Parts(handler=handler) for handler in _HANDLERS},
}
