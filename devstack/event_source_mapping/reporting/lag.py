"""The lag of a consumer group: a topic and a group in, how far behind each partition is out.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html (MaxOffsetLag,
SumOffsetLag, OffsetLag) and …/dg/esm-logging.html (the offsets of a partition)
"""

from collections.abc import Mapping
from typing import NamedTuple

from devstack.event_source_mapping.polling.checkpoint import Progress

UNSEEN = Progress(None, None, None)


class Offsets(NamedTuple):
    """Where a partition ends, and where the group goes on: its commit, or where it will begin."""

    end: int
    position: int
    committed: int | None
    begin: int = 0
    """The oldest that the topic keeps."""

    @property
    def lag(self) -> int:
        """Count the offsets from the group's commit to the end."""
        return max(0, self.end - self.position)


def totals(offsets: Mapping[int, Offsets], progress: Mapping[int, Progress]) -> Mapping[str, int]:
    """Return the lag metrics by AWS's names."""
    lags = [partition.lag for partition in offsets.values()]
    return {
        "MaxOffsetLag": max(lags, default=0),
        "SumOffsetLag": sum(lags),
        "OffsetLag": sum(
            _unprocessed(partition, progress.get(number, UNSEEN))
            for number, partition in offsets.items()
        ),
    }


def partitions(
    topic: str, offsets: Mapping[int, Offsets], progress: Mapping[int, Progress]
) -> Mapping[str, Mapping[str, int | None]]:
    """Return the offsets of each partition under the names of AWS's log event.

    A consumed or processed offset is the last one that was; a committed one is the next to read.
    """
    return {
        f"{topic}-{number}": {
            "endOffset": partition.end,
            "consumedOffset": _last(progress.get(number, UNSEEN).consumed),
            "processedOffset": _last(progress.get(number, UNSEEN).processed),
            "committedOffset": partition.committed,
        }
        for number, partition in sorted(offsets.items())
    }


def _unprocessed(partition: Offsets, progress: Progress) -> int:
    # The poller's progress is newer than the offsets, which are asked for once a second.
    return max(0, partition.end - max(partition.position, progress.processed or 0))


def _last(next_offset: int | None) -> int | None:
    return None if next_offset is None else next_offset - 1
