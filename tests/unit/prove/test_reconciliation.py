"""Whatever is not as it must be is found, and named by the record's own names."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from devstack.prove.brokers.broker import Progress
from devstack.prove.load.places import Place, Places
from devstack.prove.load.records import Kind, Records
from devstack.prove.result import Defect, Finding, Ledger
from devstack.prove.verdict.evidence import Evidence
from devstack.prove.verdict.reconciliation import FINDINGS_KEPT, reconcile
from tests.unit.prove.world import RECORDS, TOPIC, World, first, numbers, refused, stored

Change = Callable[[dict[str, Any]], dict[str, Any]]

GOOD, BAD, REPEAT, CONFLICT = map(first, (Kind.GOOD, Kind.BAD, Kind.REPEAT, Kind.CONFLICT))


@pytest.fixture
def world() -> World:
    return World()


def only(ledger: Ledger) -> Finding:
    (finding,) = ledger.off
    assert ledger.defects == {finding.defect: 1}
    assert not ledger.holds
    return finding


def of(ledger: Ledger, defect: Defect) -> Finding:
    (finding,) = (one for one in ledger.off if one.defect is defect)
    return finding


def test_a_world_as_it_must_be_has_no_findings_and_its_numbers_add_up(world: World) -> None:
    ledger = world.ledger()

    assert ledger == Ledger(
        TOPIC, produced=60, stored=42, duplicates=6, conflicts=6, quarantined=6, off=[]
    )
    assert ledger.holds


@pytest.mark.parametrize("first_offset", [0, 1])
def test_offsets_may_begin_with_any_number_and_every_record_counts(first_offset: int) -> None:
    world = World(first_offset)
    assert world.ledger().holds

    world.runs[0] = ((first_offset + 1, world.ends[0]),)

    assert only(world.ledger()).what == f"offset {first_offset} produced, but not in the ledger"


def test_a_record_whose_offset_the_broker_gave_to_another_as_well_is_lost(world: World) -> None:
    later, earlier = reversed([*islice(numbers(Kind.GOOD), 2)])
    world.places.put(earlier, world.place(later))
    del world.orders[earlier]

    ledger = world.ledger()

    lost = of(ledger, Defect.LOST)
    assert (lost.number, lost.order_uid) == (earlier, RECORDS[earlier].key)
    assert lost.what.startswith("acknowledged, but another record has its offset")
    assert ledger.produced == len(RECORDS) == ledger.settled + 1


@pytest.mark.parametrize("number", [GOOD, BAD, CONFLICT])
def test_a_record_without_a_fate_is_lost_and_named_by_all_of_its_names(
    world: World, number: int
) -> None:
    world.orders.pop(number, None)
    world.quarantine.pop(number, None)

    ledger = world.ledger()

    record, place = RECORDS[number], world.place(number)
    assert only(ledger) == Finding(
        Defect.LOST,
        "in the ledger, but nothing came of it",
        number,
        record.key,
        record.kind.value,
        place.partition,
        place.offset,
    )
    assert ledger.produced == ledger.settled + 1


def test_a_record_that_the_ledger_does_not_know_either_is_lost_and_a_gap(world: World) -> None:
    place = world.place(REPEAT)
    end = world.ends[place.partition]
    world.runs[place.partition] = ((0, place.offset), (place.offset + 1, end))
    world.duplicates[place.partition] -= 1

    ledger = world.ledger()

    assert of(ledger, Defect.LOST).number == REPEAT
    gap = of(ledger, Defect.LEDGER)
    assert (gap.partition, gap.offset) == (place.partition, place.offset)
    assert gap.what == f"offset {place.offset} produced, but not in the ledger"


def test_an_order_that_was_never_produced_is_found(world: World) -> None:
    world.orders[-1] = replace(world.orders[GOOD], order_uid="somebody-elses", offset=4711)

    finding = only(world.ledger())

    assert (finding.defect, finding.order_uid) == (Defect.FOREIGN, "somebody-elses")
    assert "orders-" in finding.what
    assert "@4711" in finding.what


def test_an_order_of_no_topic_was_never_produced(world: World) -> None:
    world.orders[-1] = replace(
        world.orders[GOOD], order_uid="posted", topic=None, partition=None, offset=None
    )

    assert only(world.ledger()).defect is Defect.FOREIGN


def with_part(name: str, **changes: object) -> Change:
    return lambda whole: {**whole, name: {**whole[name], **changes}}


def with_items(change: Callable[[list[Any]], list[Any]]) -> Change:
    return lambda whole: {**whole, "items": change(whole["items"])}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda whole: {**whole, "locale": "xx"}, 'locale is "xx", was sent as "'),
        (with_part("payment", amount=-7), "payment.amount is -7, was sent as "),
        (with_part("payment", amount="7"), 'payment.amount is "7", was sent as '),
        (with_part("delivery", city=""), 'delivery.city is "", was sent as '),
        (lambda whole: {**whole, "delivery": None}, "delivery is missing"),
        (lambda whole: {**whole, "payment": None}, "payment is missing"),
        (lambda whole: {**whole, "coupon": "SPRING"}, "coupon was never sent"),
        (with_part("delivery", floor=3), "delivery.floor was never sent"),
        (with_items(lambda items: items[:-1]), "items[0] is missing"),
        (with_items(lambda items: [*items, *items]), "items[1] was never sent"),
        (with_items(lambda items: [{**items[0], "price": 0}]), "items[0].price is 0, was sent as "),
    ],
)
def test_an_order_that_is_stored_otherwise_than_sent_is_told_field_by_field(
    world: World,
    change: Change,
    told: str,
) -> None:
    number = next(n for n, order in world.orders.items() if len(order.document["items"]) == 1)
    world.change_order(number, document=change(world.orders[number].document))

    finding = only(world.ledger())

    assert (finding.defect, finding.number) == (Defect.CHANGED, number)
    assert f"stored otherwise than sent: {told}" in finding.what


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"digest": "00"}, "content_digest is not that of what was sent"),
        ({"created_ms": 0}, "the column date_created is another moment than 20"),
        ({"positions": [3]}, "items have the positions [3]"),
    ],
)
def test_what_no_document_shows_is_compared_too(
    world: World, changes: dict[str, Any], told: str
) -> None:
    world.change_order(GOOD, **changes)

    finding = only(world.ledger())

    assert finding.defect is Defect.CHANGED
    assert told in finding.what


def test_of_many_differences_the_first_ones_are_told(world: World) -> None:
    document = dict.fromkeys(world.orders[GOOD].document, 0)
    world.change_order(GOOD, document=document)

    assert only(world.ledger()).what.endswith("; and 9 more")


@pytest.mark.parametrize(
    "changes", [{"offset": 4711}, {"partition": 9}, {"topic": "others"}, {"produced_at_ms": 0}]
)
def test_a_wrong_provenance_is_found(world: World, changes: dict[str, Any]) -> None:
    world.change_order(GOOD, **changes)

    finding = only(world.ledger())

    assert (finding.defect, finding.number) == (Defect.MISPLACED, GOOD)


def test_a_changed_order_of_wrong_provenance_is_both(world: World) -> None:
    world.change_order(GOOD, offset=4711, digest="00")

    assert world.ledger().defects == {Defect.CHANGED: 1, Defect.MISPLACED: 1}


def test_a_good_record_in_the_quarantine_is_of_a_wrong_fate(world: World) -> None:
    world.quarantine[GOOD] = [refused(RECORDS[GOOD], world.place(GOOD), "not_json")]
    del world.orders[GOOD]

    finding = only(world.ledger())

    assert (finding.defect, finding.number) == (Defect.WRONG_FATE, GOOD)
    assert finding.what == "quarantined as not_json, though nothing is wrong with it"


def test_a_good_record_in_the_quarantine_may_be_stored_as_well(world: World) -> None:
    world.quarantine[GOOD] = [refused(RECORDS[GOOD], world.place(GOOD), "not_json")]

    ledger = world.ledger()

    assert only(ledger).what.endswith(", and stored as well")
    assert ledger.settled == ledger.produced + 1


def test_a_good_record_that_left_the_quarantine_counts_as_stored(world: World) -> None:
    row = refused(RECORDS[GOOD], world.place(GOOD), "not_json")
    released = replace(row, state="redriven", stored_order_uid=RECORDS[GOOD].key)
    world.quarantine[GOOD] = [released]

    assert world.ledger() == World().ledger()

    del world.orders[GOOD]
    assert only(world.ledger()).defect is Defect.LOST


def test_a_repeat_that_left_the_quarantine_counts_as_a_duplicate(world: World) -> None:
    row = refused(RECORDS[REPEAT], world.place(REPEAT), "refused_by_database")
    released = replace(row, state="redriven", stored_order_uid=RECORDS[REPEAT].key)
    world.quarantine[REPEAT] = [released]
    world.duplicates[world.place(REPEAT).partition] -= 1

    assert world.ledger() == World().ledger()


def test_a_bad_record_that_is_stored_is_of_a_wrong_fate(world: World) -> None:
    order = replace(stored(RECORDS[GOOD], world.place(BAD)), order_uid=RECORDS[BAD].key)
    world.orders[BAD] = order
    del world.quarantine[BAD]

    finding = only(world.ledger())

    assert (finding.defect, finding.number) == (Defect.WRONG_FATE, BAD)
    assert finding.what == f"stored, though it is bad ({RECORDS[BAD].code})"


@pytest.mark.parametrize("number", [BAD, CONFLICT])
def test_a_record_that_is_quarantined_twice_is_there_twice(world: World, number: int) -> None:
    world.quarantine[number] *= 2

    ledger = world.ledger()

    assert only(ledger).defect is Defect.TWICE
    assert ledger.settled == ledger.produced + 1


@pytest.mark.parametrize("number", [BAD, CONFLICT])
@pytest.mark.parametrize(
    ("changes", "defect", "told"),
    [
        ({"code": "no_code"}, Defect.WRONG_FATE, "quarantined as no_code, not as "),
        ({"state": "discarded"}, Defect.WRONG_FATE, "quarantined, but no longer: discarded"),
        ({"value": b"?"}, Defect.CHANGED, "quarantined with another value than sent"),
        ({"key": None}, Defect.CHANGED, "quarantined with another key than sent"),
        ({"produced_at_ms": None}, Defect.MISPLACED, "produced_at is None ms, it was dated "),
    ],
)
def test_what_is_kept_of_a_refused_record_is_what_was_sent(
    world: World, number: int, changes: dict[str, Any], defect: Defect, told: str
) -> None:
    world.change_refused(number, **changes)

    finding = only(world.ledger())

    assert (finding.defect, finding.number) == (defect, number)
    assert told in finding.what


def test_a_quarantined_record_that_was_never_produced_is_found(world: World) -> None:
    (row,) = world.quarantine[BAD]
    world.quarantine[BAD].append(replace(row, topic="others"))

    finding = only(world.ledger())

    assert finding.defect is Defect.FOREIGN
    assert finding.what.startswith("quarantined from others as ")


def test_a_repeat_that_is_quarantined_is_of_a_wrong_fate(world: World) -> None:
    world.quarantine[REPEAT] = [refused(RECORDS[REPEAT], world.place(REPEAT), "conflict")]
    world.duplicates[world.place(REPEAT).partition] -= 1

    finding = only(world.ledger())

    assert (finding.defect, finding.number) == (Defect.WRONG_FATE, REPEAT)


@pytest.mark.parametrize("number", [REPEAT, CONFLICT])
def test_what_came_later_and_was_stored_in_place_of_the_first_is_of_a_wrong_fate(
    world: World, number: int
) -> None:
    original = RECORDS[number].original
    assert original is not None
    world.orders[original] = stored(RECORDS[number], world.place(number))

    ledger = world.ledger()

    finding = of(ledger, Defect.WRONG_FATE)
    assert finding.number == number
    assert finding.what.endswith(f" record {original}")
    if number == CONFLICT:
        assert of(ledger, Defect.CHANGED).number == original


@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_wrong_count_of_duplicates_is_found(world: World, off_by: int) -> None:
    world.duplicates[1] += off_by

    finding = only(world.ledger())

    assert (finding.defect, finding.partition) == (Defect.LEDGER, 1)
    right = World().duplicates[1]
    assert finding.what == f"the ledger counts {right + off_by} duplicates, but there are {right}"


def test_a_gap_in_the_ledger_is_told_with_its_offsets(world: World) -> None:
    place = world.place(GOOD)
    end = world.ends[place.partition]
    world.runs[place.partition] = ((0, 3), (7, end))

    finding = of(world.ledger(), Defect.LEDGER)

    assert finding.what == "offset 3…6 (4 offsets) produced, but not in the ledger"
    assert (finding.partition, finding.offset) == (place.partition, 3)


def test_an_offset_of_the_ledger_that_was_never_produced_is_found(world: World) -> None:
    end = world.ends[0]
    world.runs[0] = ((0, end + 2),)

    finding = only(world.ledger())

    assert finding.defect is Defect.LEDGER
    assert finding.what == f"offset {end}…{end + 1} (2 offsets) in the ledger, but never produced"


def test_a_ledger_of_a_partition_that_is_not_there_is_found(world: World) -> None:
    world.runs[9] = ((5, 6),)

    assert only(world.ledger()).what == "offset 5 in the ledger, but never produced"


def test_a_record_in_the_topic_that_was_never_produced_is_found(world: World) -> None:
    world.ends[0] += 1
    world.committed[0] = world.ends[0]

    finding = only(world.ledger())

    assert finding.defect is Defect.FOREIGN
    assert finding.what == f"offset {world.ends[0] - 1} in the topic, but never produced"


def test_a_record_that_the_broker_lost_is_lost(world: World) -> None:
    world.ends[0] -= 1
    world.committed[0] = world.ends[0]

    finding = only(world.ledger())

    assert finding.defect is Defect.LOST
    assert finding.what == f"offset {world.ends[0]} acknowledged, but not in the topic"


@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_commit_that_is_not_at_the_end_is_found(world: World, off_by: int) -> None:
    end = world.ends[1]
    world.committed[1] = end + off_by

    finding = only(world.ledger())

    assert (finding.defect, finding.partition) == (Defect.COMMIT, 1)
    assert finding.what == (
        f"the group has committed offset {end + off_by}, the partition ends at {end}"
    )


def test_a_group_that_never_committed_is_found_unless_there_was_nothing(world: World) -> None:
    world.committed[1] = None
    world.committed[2], world.ends[2] = None, 0

    finding = only(world.ledger())

    assert finding.what.startswith("the group has committed nothing, ")


def test_a_record_that_was_never_acknowledged_is_not_expected(world: World) -> None:
    place = world.place(GOOD)
    world.places.put(GOOD, Place(place.partition, -1, -1))
    del world.orders[GOOD]

    ledger = world.ledger()

    assert ledger.produced == ledger.settled == 59
    assert ledger.defects == {
        Defect.FOREIGN: 1,
        Defect.LEDGER: 1,
    }  # it is in the topic all the same


def test_all_is_counted_and_the_first_findings_are_kept() -> None:
    records = Records(seed=1, count=FINDINGS_KEPT + 500, bad=0, repeats=0, conflicts=0)
    places = Places(len(records))
    for number in range(len(records)):
        places.put(number, Place(0, number, 0))
    end = {0: len(records)}

    ledger = reconcile(records, places, Evidence(TOPIC, (), (), {}, Progress(0, end, end)))

    assert len(ledger.off) == FINDINGS_KEPT
    assert ledger.defects == {Defect.LOST: len(records), Defect.LEDGER: 1}
