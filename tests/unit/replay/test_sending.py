"""Every event is sent once, what came of it is counted, and an interrupted replay goes on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.records import ConsumedRecord, Record
from devstack.replay import plan, summary
from devstack.replay.bookmarks import Bookmarks, Journey
from devstack.replay.events import Bookmark, Event, SourcedRecord, packed
from devstack.replay.sending import Pace, journey, replay
from devstack.replay.summary import Summary
from devstack.replay.target import Delivered

FORMAT = EventFormat("orders", "broker:9092", None)
FATES = {"stored": 1, "duplicates": 1, "quarantined": {"conflict": 1}}


@dataclass
class Numbers:
    """A source of partition 0: one record for every offset."""

    length: int = 9
    batch_size: int = 3
    title: str = "numbers"
    identity: tuple[str, ...] = ("numbers",)

    def bounds(self) -> tuple[Bookmark, Bookmark]:
        return {"orders-0": 0}, {"orders-0": self.length}

    def events(self, begin: Bookmark, end: Bookmark) -> Iterator[Event]:
        return packed(self._records(begin["orders-0"], end["orders-0"]), self.batch_size)

    def _records(self, first: int, after: int) -> Iterator[SourcedRecord]:
        for offset in range(first, after):
            consumed = ConsumedRecord(0, offset, 1, "CREATE_TIME", None, b"", ())
            record = Record(0, offset, 1, FORMAT.encode(consumed), arrived_at=0)
            yield SourcedRecord(record, FORMAT, "orders-0", offset + 1)


@dataclass
class FakeTarget:
    """Takes everything, tells some fates, and is killed before an event when told so."""

    killed_before: int | None = None
    fates: Sequence[object] = (FATES,)
    fails: Sequence[int] = ()
    offsets: list[int] = field(default_factory=list)

    def send(self, event: Event) -> Delivered:
        offsets = [record.offset for record in event.batch]
        if self.killed_before in offsets:
            raise KeyboardInterrupt
        self.offsets += offsets
        failed = [record for record in event.batch if record.offset in self.fails]
        batch = event.batch.with_records({0: failed}) if failed else None
        return Delivered(list(self.fates), batch, "ValueError: no" if failed else "")


class Clock:
    """A clock that is moved by waiting."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def send(source: Numbers, target: FakeTarget, home: Path, rate: float | None = None) -> Journey:
    bookmarks = Bookmarks(home, source.identity)
    clock = Clock()
    planned = journey(source, bookmarks)
    replay(
        *(source, target, planned, bookmarks),
        on_progress=lambda _: None,
        pace=Pace(rate, clock.wait, clock),
    )
    return planned


def test_everything_is_sent_once_and_its_fates_are_added_up(tmp_path: Path) -> None:
    target = FakeTarget()

    told = send(Numbers(), target, tmp_path).summary

    assert target.offsets == list(range(9))
    assert (told.sent, told.events, told.failed) == (9, 3, 0)
    assert (told.stored, told.duplicates, told.quarantined) == (3, 3, {"conflict": 3})


def test_an_interrupted_replay_goes_on_after_the_last_event_that_came_back(
    tmp_path: Path,
) -> None:
    first, second = FakeTarget(killed_before=4), FakeTarget()

    with pytest.raises(KeyboardInterrupt):
        send(Numbers(), first, tmp_path)
    resumed = send(Numbers(length=99), second, tmp_path)

    assert first.offsets == [0, 1, 2]
    assert second.offsets == [3, 4, 5, 6, 7, 8], "the end is the one of the first start"
    assert resumed.resumed
    assert (resumed.summary.sent, resumed.summary.stored) == (9, 3)


def test_a_complete_replay_begins_anew(tmp_path: Path) -> None:
    send(Numbers(), FakeTarget(), tmp_path)
    again = FakeTarget()

    planned = send(Numbers(), again, tmp_path)

    assert again.offsets == list(range(9))
    assert not planned.resumed


def test_another_source_or_target_has_a_bookmark_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        send(Numbers(), FakeTarget(killed_before=4), tmp_path)
    target = FakeTarget()

    send(Numbers(identity=("numbers", "elsewhere")), target, tmp_path)

    assert target.offsets == list(range(9))


def test_a_bookmark_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    bookmarks = Bookmarks(tmp_path, ["x"])
    bookmarks.keep(Journey({"a": 0}, {"a": 5}, {"a": 2}))
    (file,) = (tmp_path / "replay").iterdir()

    assert bookmarks.read() is not None
    file.write_text('{"begin": {}}')

    assert bookmarks.read() is None


def test_a_failure_is_named_by_its_records_and_stays_known_over_an_interruption(
    tmp_path: Path,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        send(Numbers(), FakeTarget(killed_before=4, fails=[1, 2]), tmp_path)

    told = send(Numbers(), FakeTarget(fails=[8]), tmp_path).summary

    assert told.failed == 3
    assert told.failures == [
        {"records": "orders-0[1…2]", "reason": "ValueError: no"},
        {"records": "orders-0[8]", "reason": "ValueError: no"},
    ]


def test_a_rate_lets_each_event_go_when_its_first_record_is_due(tmp_path: Path) -> None:
    assert send(Numbers(), FakeTarget(), tmp_path, rate=2).summary.seconds == 3.0


def test_fates_that_were_not_told_are_null_and_said_to_be_unknown(tmp_path: Path) -> None:
    told = send(Numbers(), FakeTarget(fates=()), tmp_path).summary

    as_json = json.loads(summary.as_json(told))
    assert as_json["sent"] == 9
    assert as_json["stored"] is as_json["duplicates"] is as_json["quarantined"] is None
    assert "unknown" in summary.as_text(told, "numbers", "F")


def test_a_summary_tells_people_and_programs_the_same() -> None:
    told = Summary(5, 2, 3000, 1, 1, {"conflict": 1, "not_json": 1}, 0, 1)

    as_json = json.loads(summary.as_json(told, source="numbers"))
    as_text = summary.as_text(told, "numbers", "F")

    assert (as_json["quarantined"], as_json["quarantined_by_code"]["conflict"]) == (2, 1)
    assert as_json["source"] == "numbers"
    for line in ("stored: 1", "duplicates: 1", "quarantined: 2", "conflict: 1", "failed: 1"):
        assert line in as_text


def test_a_dry_run_tells_what_would_be_sent_by_partition() -> None:
    source = Numbers()

    planned = plan.plan(source.events(*source.bounds()))

    assert (planned.records, planned.events, planned.too_large) == (9, 3, 0)
    assert planned.partitions == {"orders-0": plan.Span(9, 0, 8)}
    assert "orders-0: 9 records, offsets 0 to 8" in plan.as_text(planned, "numbers", "F")
    assert json.loads(plan.as_json(planned))["partitions"]["orders-0"]["last"] == 8
