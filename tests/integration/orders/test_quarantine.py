"""Refused records: looked at, redriven and discarded, in PostgreSQL itself."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from devstack.producer.mix import bad_record, valid_record
from devstack.producer.mix import records as produced
from orders import quarantine
from orders.config import Settings
from orders.database import Database
from orders.errors import (
    NotOpenError,
    RecordNotFoundError,
    RedriveLimitError,
    StoreUnavailableError,
)
from orders.ingestion import Result, ingest
from orders.quarantine import (
    MOST_ATTEMPTS,
    QuarantinedRecord,
    Redriven,
    Redrives,
    Selection,
)
from orders.record import Record
from orders.repository import PostgresOrderReader, PostgresOrderStore, PostgresQuarantine
from orders.settlement import Judge, Outcome
from orders.status import status
from orders.validation import Verdict, judge
from tests.integration.conftest import Query
from tests.integration.orders.at_once import at_once
from tests.unit.orders.made import ORDER_UID, SAMPLE_VALUE, record, records, sample

STRICT: Judge = partial(judge, strict_totals=True)
EVERYTHING = Selection(state=None)


def run(store: PostgresOrderStore, *batch: Record, rules: Judge = judge) -> Result:
    return ingest(batch, store, seconds_left=lambda: 60.0, judge=rules)


def disagreeing(count: int) -> list[Record]:
    """Make orders whose totals disagree."""
    return records(*(sample(order_uid=f"o{n}", payment__amount=1) for n in range(count)))


def only(store: PostgresQuarantine) -> int:
    (found,) = quarantine.find(store, EVERYTHING).records
    return found.id


# Looking


def test_a_record_is_shown_with_all_that_was_delivered(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    headers = (("trace", b"\x00\xff"), ("trace", b"2"), ("a\x00b\ud800", b""))
    refused = Record("orders", 3, 9, 1_700_000_000_009, "CREATE_TIME", b"k\xff", b"\xff{", headers)
    run(store, refused)

    details = quarantine.show(quarantined, only(quarantined))

    found = details.record
    assert found.record == refused
    assert (found.state, found.code, found.attempts) == ("open", "not_utf8", 1)
    assert abs(datetime.now(UTC) - found.quarantined_at) < timedelta(minutes=1)
    (arrival,) = details.attempts
    assert (arrival.number, arrival.actor, arrival.outcome) == (1, "ingestion", "refused")
    assert arrival.faults == found.faults
    assert details.conflict is None


def test_a_conflict_is_shown_beside_the_stored_order(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    run(store, *records(sample(), sample(entry="other")))

    conflict = quarantine.show(quarantined, only(quarantined)).conflict

    assert conflict
    assert conflict.stored == sample()
    assert conflict.received == sample(entry="other")
    assert [difference.path for difference in conflict.differences] == ["/entry"]


def test_records_are_listed_newest_first_without_their_values_page_by_page(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    run(store, *records(b"1", b"2", b"3", b"4", b"5"))

    first = quarantine.find(quarantined, Selection(), limit=3)
    second = quarantine.find(quarantined, Selection(), limit=3, before=first.next_before)

    offsets = [found.record.offset for found in first.records + second.records]
    assert offsets == [4, 3, 2, 1, 0]
    assert second.next_before is None
    assert {found.record.value for found in first.records} == {None}
    assert quarantine.count(quarantined, Selection()).total() == 5


@pytest.mark.parametrize(
    ("selection", "offsets"),
    [
        (Selection(code="not_json"), [0]),
        (Selection(topic="orders"), [0, 1, 2, 3]),
        (Selection(topic="other"), []),
        (Selection(order_uid=ORDER_UID), [1]),
        (Selection(order_uid="the-key"), [3]),
        (Selection(text="wbiltesttrack"), []),
        (Selection(text="WBILMTESTTRACK"), [1]),
        (Selection(text="HAS NO VALUE"), [2]),
        (Selection(text="the-k"), [3]),
        (Selection(text="Пётр"), [0]),
        (Selection(text="\x00\ud800'"), []),
        (Selection(since=datetime(2020, 1, 1, tzinfo=UTC)), [0, 1, 2, 3]),
        (Selection(until=datetime(2020, 1, 1, tzinfo=UTC)), []),
        (Selection(state="discarded"), []),
        (Selection(state=None, code="empty_value", topic="orders"), [3]),
    ],
)
def test_records_are_selected(
    store: PostgresOrderStore,
    quarantined: PostgresQuarantine,
    selection: Selection,
    offsets: list[int],
) -> None:
    unreadable = Record("orders", 0, 3, None, "", b"the-key", b"")
    run(store, *records("{Пётр".encode(), sample(entry=1), None), unreadable)

    found = quarantine.find(quarantined, selection).records

    assert sorted(each.record.offset for each in found) == offsets
    assert quarantine.count(quarantined, selection).total() == len(offsets)


def test_a_record_that_is_not_there_is_told(quarantined: PostgresQuarantine) -> None:
    for ask in (
        partial(quarantine.show, quarantined, 7),
        partial(quarantine.redrive, quarantined, 7, actor="me"),
        partial(quarantine.discard, quarantined, 7, actor="me", reason="none"),
    ):
        with pytest.raises(RecordNotFoundError):
            ask()


# Redriving one


def test_a_record_that_the_rules_accept_by_now_becomes_an_order(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, record(sample(payment__amount=1), offset=7, partition=2), rules=STRICT)
    number = only(quarantined)

    answer = quarantine.redrive(quarantined, number, actor="anna")

    assert answer == Redriven(number, Outcome.STORED, ORDER_UID, None)
    details = quarantine.show(quarantined, number)
    found = details.record
    assert (found.state, found.settled_by, found.stored_order_uid) == (
        "redriven",
        "anna",
        ORDER_UID,
    )
    assert found.settled_at
    assert [(each.number, each.actor, each.outcome) for each in details.attempts] == [
        (1, "ingestion", "refused"),
        (2, "anna", "stored"),
    ]
    assert query("SELECT source, topic, partition, record_offset FROM orders") == [
        ["kafka", "orders", 2, 7]
    ]
    assert query("SELECT offsets::text, duplicates FROM ingested_offsets") == [["{[7,8)}", 0]]


def test_a_record_that_is_refused_again_keeps_the_new_reasons(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    run(store, record(sample(payment__amount=1)), rules=STRICT)
    run(store, record(sample(), offset=1))
    number = only(quarantined)

    answer = quarantine.redrive(quarantined, number, actor="anna")

    assert (answer.outcome, answer.order_uid) == ("refused", ORDER_UID)
    assert answer.rejection
    assert answer.rejection.code == "conflict"
    details = quarantine.show(quarantined, number)
    assert (details.record.state, details.record.code) == ("open", "conflict")
    assert [attempt.faults[0].code for attempt in details.attempts] == [
        "inconsistent_total",
        "conflict",
    ]
    assert details.conflict


def test_a_corrected_document_is_stored_and_kept_beside_the_record_s_own_value(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    run(store, record(b'{"order_uid": '))
    number = only(quarantined)

    answer = quarantine.redrive(quarantined, number, actor="anna", document=SAMPLE_VALUE)

    assert answer.outcome == "stored"
    details = quarantine.show(quarantined, number)
    assert details.record.record.value == b'{"order_uid": '
    assert details.record.code == "not_json"
    assert details.attempts[1].document == SAMPLE_VALUE


def test_a_corrected_document_that_is_refused_leaves_the_record_s_own_reasons(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    run(store, record(b"{"))
    number = only(quarantined)

    answer = quarantine.redrive(quarantined, number, actor="anna", document=b"[]")

    assert answer.rejection
    assert answer.rejection.code == "wrong_type"
    details = quarantine.show(quarantined, number)
    assert (details.record.code, details.record.attempts) == ("not_json", 2)
    assert details.attempts[1].faults[0].code == "wrong_type"


def test_a_record_whose_order_is_stored_already_is_closed_as_a_duplicate(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, record(sample(payment__amount=1)), rules=STRICT)
    run(store, record(sample(payment__amount=1), offset=1))
    number = only(quarantined)

    assert quarantine.redrive(quarantined, number, actor="anna").outcome == "duplicate"

    assert quarantine.show(quarantined, number).record.stored_order_uid == ORDER_UID
    assert query("SELECT count(*) FROM orders") == [[1]]


def test_the_loop_guard_holds_until_it_is_forced_or_the_document_is_another(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    run(store, record(b"{"))
    number = only(quarantined)
    for _ in range(MOST_ATTEMPTS - 1):
        quarantine.redrive(quarantined, number, actor="robot")

    with pytest.raises(RedriveLimitError):
        quarantine.redrive(quarantined, number, actor="robot")
    assert quarantine.redrive_all(quarantined, Selection(), actor="robot") == Redrives(
        passed_over=1
    )
    forced = quarantine.redrive(quarantined, number, actor="anna", force=True)
    assert forced.outcome == "refused"
    corrected = quarantine.redrive(quarantined, number, actor="anna", document=SAMPLE_VALUE)
    assert corrected.outcome == "stored"


def test_what_is_settled_stays_so(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    run(store, record(b"{"))
    number = only(quarantined)
    quarantine.discard(quarantined, number, actor="anna", reason="a test of the producer")

    with pytest.raises(NotOpenError):
        quarantine.redrive(quarantined, number, actor="boris", document=SAMPLE_VALUE)
    with pytest.raises(NotOpenError):
        quarantine.discard(quarantined, number, actor="boris", reason="other")

    found = quarantine.show(quarantined, number).record
    assert (found.state, found.settled_by) == ("discarded", "anna")
    assert found.reason == "a test of the producer"


def test_what_only_the_database_refuses_becomes_an_attempt_and_harms_no_other(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, *disagreeing(5), rules=STRICT)
    query("ALTER TABLE deliveries ADD CHECK (order_uid <> 'o3')")

    answer = quarantine.redrive_all(quarantined, Selection(), actor="anna")

    assert answer == Redrives(stored=4, refused=Counter(refused_by_database=1))
    (left,) = quarantine.find(quarantined, Selection()).records
    assert (left.record.offset, left.attempts) == (3, 2)
    assert "23514" in left.faults[0].sentence


# Redriving many


def test_records_of_all_kinds_land_once_when_the_rules_are_relaxed(
    store: PostgresOrderStore, reader: PostgresOrderReader, quarantined: PostgresQuarantine
) -> None:
    # A relaxed rule: whatever the record is, the order that it was made of is read.
    bad = list(produced(1000, seed=501, bad_rate=1))
    good = {number: valid_record(501, number) for number in range(1000)}

    def relaxed(one: Record) -> Verdict:
        return judge(record(good[one.offset].value, one.offset))

    result = run(store, *(record(each.value, number) for number, each in enumerate(bad)))
    kinds = {each.bad for each in bad}
    assert result.quarantined.total() == 1000

    seen: list[int] = []
    answer = quarantine.redrive_all(
        quarantined, Selection(), actor="anna", judge=relaxed, on_progress=seen.append
    )
    again = quarantine.redrive_all(quarantined, EVERYTHING, actor="anna", judge=relaxed)

    assert len(kinds) > 20
    assert answer == Redrives(stored=1000)
    assert again == Redrives()
    assert seen[-1] == 1000
    found = reader.find_all([each.order_uid for each in good.values()], seconds=10)
    assert [json.loads(order.body) for order in found] == [
        json.loads(each.value or b"") for each in good.values()
    ]
    assert quarantine.count(quarantined, Selection()).total() == 0


def test_only_what_the_relaxed_rule_concerned_is_stored_and_the_rest_stays(
    store: PostgresOrderStore, quarantined: PostgresQuarantine
) -> None:
    others = [record(bad_record("truncated", 7, n).value, 10 + n) for n in range(3)]
    run(store, *disagreeing(4), *others, rules=STRICT)

    answer = quarantine.redrive_all(quarantined, Selection(), actor="anna")

    assert answer == Redrives(stored=4, refused=Counter(not_json=3))
    assert quarantine.count(quarantined, Selection()).total() == 3


def test_ten_thousand_records_are_redriven_in_ten_transactions(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, *disagreeing(10_000), rules=STRICT)

    answer = quarantine.redrive_all(quarantined, Selection(), actor="anna")

    assert answer == Redrives(stored=10_000)
    assert query("SELECT count(DISTINCT xmin::text) FROM orders") == [[10]]
    assert query("SELECT DISTINCT state, settled_by, attempts FROM quarantined_records") == [
        ["redriven", "anna", 2]
    ]


def test_a_selection_is_corrected_in_slices_and_what_is_left_alone_stays(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, *records(*(sample(order_uid=f"o{n}", entry=None) for n in range(1500))))

    def correct(found: QuarantinedRecord) -> bytes | None:
        value = found.record.value or b""
        return None if b'"o7"' in value else value.replace(b'"entry": null', b'"entry": "WBIL"')

    slices = list(quarantine.correct_all(quarantined, Selection(), actor="anna", correct=correct))

    assert [len(some) for some in slices] == [999, 500]
    assert {one.outcome for some in slices for one in some} == {Outcome.STORED}
    assert query("SELECT count(DISTINCT xmin::text) FROM orders") == [[2]]
    (left,) = quarantine.find(quarantined, Selection()).records
    assert (left.order_uid, left.attempts) == ("o7", 1)


def test_a_slice_is_bounded_by_bytes(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    large = [record(sample(order_uid=f"o{n}", payment__amount=1), n) for n in range(20)]
    padded = [
        Record("orders", 0, one.offset, None, "", None, (one.value or b"") + b" " * 1_000_000)
        for one in large
    ]
    run(store, *padded, rules=STRICT)

    answer = quarantine.redrive_all(quarantined, Selection(), actor="anna")

    assert answer == Redrives(stored=20)
    assert query("SELECT count(DISTINCT xmin::text) FROM orders") == [[2]]


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, *disagreeing(3), record(b"{", 3), rules=STRICT)
    before = query("SELECT q::text FROM quarantined_records AS q ORDER BY id")

    answer = quarantine.redrive_all(quarantined, Selection(), actor="anna", dry_run=True)
    discarded = quarantine.discard_all(
        quarantined, Selection(), actor="anna", reason="none", dry_run=True
    )

    assert answer == Redrives(stored=3, refused=Counter(not_json=1))
    assert discarded == 4
    assert query("SELECT q::text FROM quarantined_records AS q ORDER BY id") == before
    assert query("SELECT count(*) FROM orders") == [[0]]


def test_a_selection_is_discarded_with_its_reason(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, *records(b"{", b"[", None))

    selection = Selection(code="not_json")
    assert quarantine.discard_all(quarantined, selection, actor="anna", reason="noise") == 2

    assert query(
        "SELECT state, reason, count(*) FROM quarantined_records GROUP BY 1, 2 ORDER BY 1"
    ) == [["discarded", "noise", 2], ["open", None, 1]]


# Side by side


def test_two_people_who_redrive_the_same_records_store_each_order_once(
    store: PostgresOrderStore, settings: Settings, query: Query
) -> None:
    run(store, *disagreeing(300), rules=STRICT)
    totals: list[Redrives] = []

    def redrive(actor: str) -> None:
        own = Database(settings)
        found = quarantine.redrive_all(PostgresQuarantine(own), Selection(), actor=actor)
        totals.append(found)
        own.close()

    assert at_once(partial(redrive, "anna"), partial(redrive, "boris")) == []

    assert sum(total.stored for total in totals) == 300
    assert sum(total.duplicates for total in totals) == 0
    assert query("SELECT count(*) FROM orders") == [[300]]
    assert query("SELECT DISTINCT attempts FROM quarantined_records") == [[2]]


def test_a_redrive_and_a_redelivery_of_the_same_records_leave_one_fate_each(
    store: PostgresOrderStore, settings: Settings, query: Query
) -> None:
    batch = disagreeing(300)
    run(store, *batch, rules=STRICT)

    def redrive() -> None:
        own = Database(settings)
        quarantine.redrive_all(PostgresQuarantine(own), Selection(), actor="anna")
        own.close()

    def redeliver() -> None:
        own = Database(settings)
        for start in range(0, 300, 50):
            run(PostgresOrderStore(own), *reversed(batch[start : start + 50]))
        own.close()

    assert at_once(redrive, redeliver) == []

    assert query("SELECT count(*) FROM orders") == [[300]]
    assert query("SELECT DISTINCT state, attempts FROM quarantined_records") == [["redriven", 2]]
    assert query("SELECT offsets::text, duplicates FROM ingested_offsets") == [["{[0,300)}", 0]]


def test_a_redelivered_record_that_is_accepted_by_now_leaves_the_quarantine(
    store: PostgresOrderStore, reader: PostgresOrderReader, quarantined: PostgresQuarantine
) -> None:
    batch = records(sample(payment__amount=1), b"{")
    run(store, *batch, rules=STRICT)

    run(store, *batch)

    by_state = {found.record.offset: found for found in quarantine.find(quarantined, EVERYTHING)[0]}
    assert (by_state[0].state, by_state[0].settled_by) == ("redriven", "ingestion")
    assert (by_state[1].state, by_state[1].attempts) == ("open", 1)
    assert status(ORDER_UID, reader).state == "stored"


def test_a_redriven_record_that_kafka_delivers_again_changes_nothing(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    batch = records(b"{")
    run(store, *batch)
    quarantine.redrive(quarantined, only(quarantined), actor="anna", document=SAMPLE_VALUE)

    run(store, *batch)

    assert query("SELECT state, attempts FROM quarantined_records") == [["redriven", 2]]
    assert query("SELECT count(*) FROM orders") == [[1]]


def test_a_database_that_goes_away_in_the_middle_leaves_whole_slices(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, *disagreeing(1500), rules=STRICT)

    def cut(done: int) -> None:
        if done == 1000:
            query("ALTER TABLE orders RENAME TO orders_gone")

    with pytest.raises(StoreUnavailableError):
        quarantine.redrive_all(quarantined, Selection(), actor="anna", on_progress=cut)

    query("ALTER TABLE orders_gone RENAME TO orders")
    assert query("SELECT count(*) FROM orders") == [[1000]]
    assert query("SELECT state, count(*) FROM quarantined_records GROUP BY 1 ORDER BY 1") == [
        ["open", 500],
        ["redriven", 1000],
    ]
    left = quarantine.redrive_all(quarantined, Selection(), actor="anna")
    assert left == Redrives(stored=500)


def test_views_answer_what_analysts_ask(
    store: PostgresOrderStore, quarantined: PostgresQuarantine, query: Query
) -> None:
    run(store, *records(sample(entry=1, locale=2), b"{"))
    quarantine.redrive(
        quarantined,
        quarantine.find(quarantined, Selection(code="not_json")).records[0].id,
        actor="anna",
        document=SAMPLE_VALUE,
    )

    assert query("SELECT code, state, records FROM quarantine_summary ORDER BY code") == [
        ["not_json", "redriven", 1],
        ["wrong_type", "open", 1],
    ]
    assert query("SELECT path, code FROM quarantined_faults ORDER BY path") == [
        ["", "not_json"],
        ["/entry", "wrong_type"],
        ["/locale", "wrong_type"],
    ]
    assert query(
        "SELECT actor, outcome, corrected, stored_order_uid FROM quarantine_history"
        " WHERE number > 1"
    ) == [["anna", "stored", True, ORDER_UID]]
