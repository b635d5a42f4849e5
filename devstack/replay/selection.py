"""Selection: which records of a topic are meant, as a person says it in, checked values out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from devstack.errors import UserError

_FIRST_MILLISECONDS = 10**11
"""From here on a number is milliseconds: as seconds it would lie beyond the year 5000."""


@dataclass(frozen=True)
class Selection:
    """A part of a topic; what is None sets no limit."""

    partitions: Sequence[int] = ()
    """None named: all of them."""
    from_offset: int | None = None
    to_offset: int | None = None
    """The last one."""
    from_ms: int | None = None
    to_ms: int | None = None
    """The first time that is too late."""

    def __post_init__(self) -> None:
        """Refuse offsets without the one partition they belong to."""
        offsets = self.from_offset is not None or self.to_offset is not None
        if offsets and len(self.partitions) != 1:
            message = "offsets belong to a partition; give exactly one --partition with them"
            raise UserError(message)

    def takes(self, timestamp_ms: int) -> bool:
        """Tell whether a record of this time is meant."""
        early = self.from_ms is not None and timestamp_ms < self.from_ms
        late = self.to_ms is not None and timestamp_ms >= self.to_ms
        return not early and not late

    def cut(self, partition: int, begin: int, end: int) -> tuple[int, int]:
        """Return the part of what a partition holds that offsets select; it may be empty."""
        if partition not in (self.partitions or (partition,)):
            return begin, begin
        first = begin if self.from_offset is None else max(begin, self.from_offset)
        after = end if self.to_offset is None else min(end, self.to_offset + 1)
        return first, max(first, after)


def milliseconds(text: str) -> int:
    """Read a time: ISO 8601 (UTC unless it says otherwise), or seconds or milliseconds since 1970.

    Raises `ValueError` when it is neither.
    """
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return round(_in_utc(moment).timestamp() * 1000)
    return round(number if number >= _FIRST_MILLISECONDS else number * 1000)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
