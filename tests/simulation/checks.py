"""The checks: what a poller is about to do in, a violation out if it must not."""

from collections.abc import Mapping, Sequence

from devstack.event_source_mapping.polling.in_flight import MAXIMUM_BATCHES_IN_FLIGHT
from devstack.event_source_mapping.polling.records import Batch
from tests.simulation.broker import Broker
from tests.simulation.chronicle import span
from tests.simulation.rules import Rule, ViolationError
from tests.simulation.setting import TOPIC, Setting
from tests.simulation.store import Store

LARGEST_ENCODED_BYTES = 1_200
"""More than any record of `contents` takes in an event."""


class Checks:
    """What must hold at every moment of a history, for whoever sends and commits."""

    def __init__(self, setting: Setting, broker: Broker, store: Store) -> None:
        self.given_up: set[tuple[int, int]] = set()
        """Places of the records that a destination is done with."""
        self.leaving: set[tuple[int, int]] = set()
        """Places of all that was handed to a destination."""
        self._setting = setting
        self._broker = broker
        self._store = store
        self._last_sent: dict[int, int] = {}
        """By partition, over all pollers."""
        self._proved = [0] * setting.partitions
        """So many records of each partition were seen to be resolved."""

    def may_send(self, batch: Batch, in_flight: Sequence[Batch], tenure: dict[int, int]) -> None:
        """Look at a batch that a poller sends beside those it has not been told of.

        `tenure` is the last offset it sent first, of each partition since that became its own.
        """
        theirs = {partition for other in in_flight for partition in other.records}
        if both := theirs & batch.records.keys():
            raise ViolationError(Rule.ONE_BATCH, f"two of {min(both)}")
        if len(in_flight) >= MAXIMUM_BATCHES_IN_FLIGHT:
            raise ViolationError(Rule.FIVE_BATCHES, f"{len(in_flight) + 1} in flight")
        for partition, records in batch.records.items():
            self._check_rising(partition, [record.offset for record in records])
            first = [record.offset for record in records if record.tries.attempts == 0]
            if first:
                self._check_order(partition, first, tenure)
                tenure[partition] = first[-1]

    def may_commit(self, offsets: Mapping[int, int]) -> None:
        """Look at a commit: everything below it must have its fate already."""
        for partition, offset in offsets.items():
            log = self._broker.log[partition]
            proved = self._proved[partition]
            while proved < len(log) and log[proved].consumed.offset < offset:
                if not self._is_resolved(partition, proved):
                    raise ViolationError(Rule.COMMITS, str(log[proved]))
                proved += 1
            self._proved[partition] = proved

    def may_hold(self, held_bytes: int) -> None:
        """Look at how much a poller holds."""
        setting = self._setting
        # A partition that was there before others came may keep what its larger share let it.
        shares = sum(1 / number for number in range(1, setting.partitions + 1))
        one_poll = setting.records_a_poll * LARGEST_ENCODED_BYTES
        most = setting.maximum_held_bytes * shares + setting.partitions * one_poll
        if held_bytes > most:
            raise ViolationError(Rule.MEMORY, f"{held_bytes} bytes, {most:.0f} at most")

    def _check_order(self, partition: int, offsets: list[int], tenure: dict[int, int]) -> None:
        """Check that nothing is sent before what stands in front of it.

        Neither of all that was ever sent, nor of what one poller sends while it has the partition.
        """
        last = self._last_sent.get(partition, -1)
        first_time = [offset for offset in offsets if offset > last]
        if offsets[0] <= tenure.get(partition, -1):
            found = f"{TOPIC}-{partition} {offsets} after {tenure.get(partition)}"
            raise ViolationError(Rule.ORDER, found)
        if first_time:
            self._check_prefix(partition, last, first_time)
            self._last_sent[partition] = first_time[-1]

    @staticmethod
    def _check_rising(partition: int, offsets: list[int]) -> None:
        if offsets != sorted(set(offsets)):
            raise ViolationError(Rule.BATCH_ORDER, f"{TOPIC}-{partition} {offsets}")

    def _check_prefix(self, partition: int, last: int, first_time: list[int]) -> None:
        for one in self._broker.log[partition]:
            offset = one.consumed.offset
            left_out = last < offset < first_time[-1] and offset not in first_time
            if left_out and self._setting.passes(one.content) and one.place not in self.leaving:
                sent = span(TOPIC, partition, first_time)
                raise ViolationError(Rule.ORDER, f"{sent} without {one}")

    def _is_resolved(self, partition: int, number: int) -> bool:
        one = self._broker.log[partition][number]
        return (
            not self._setting.passes(one.content)
            or one.place in self.given_up
            or one.consumed.offset in self._store.ledger.get((TOPIC, partition), ())
        )
