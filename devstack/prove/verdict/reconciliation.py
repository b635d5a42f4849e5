"""The reconciliation: what was produced and what is there in, the account of every record out.

Every record must have exactly the fate that its kind calls for, and there must be nothing else.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from devstack.prove.load.places import Places
from devstack.prove.load.records import CONFLICT_CODE, Kind, Record, Records
from devstack.prove.result import Defect, Finding, Ledger
from devstack.prove.verdict.differences import differences
from devstack.prove.verdict.evidence import Evidence, QuarantinedRecord, StoredOrder
from devstack.prove.verdict.offsets import has
from devstack.prove.verdict.partitions import disagreements
from devstack.prove.verdict.produced import Produced

FINDINGS_KEPT = 1000

_STORED, _QUARANTINED = 1, 2
_THOUGH = {
    Kind.BAD: "it is bad ({0.code})",
    Kind.REPEAT: "it repeats record {0.original}",
    Kind.CONFLICT: "it contradicts record {0.original}",
}


def reconcile(records: Records, places: Places, evidence: Evidence) -> Ledger:
    """Account for every record that the broker acknowledged, by its number."""
    account = _Account(Produced(records, places), evidence, len(records))
    findings = account.findings()
    off = list(islice(findings, FINDINGS_KEPT))
    defects = Counter(finding.defect for finding in chain(off, findings))
    return account.ledger(off, {one: defects[one] for one in Defect if defects[one]})


class _Account:
    def __init__(self, produced: Produced, evidence: Evidence, most: int) -> None:
        self._produced = produced
        self._evidence = evidence
        self._traces = bytearray(most)
        self._stored = self._conflicts = self._quarantined = 0
        self._repeats: Counter[int] = Counter()
        """By partition: those that the ledger must have counted."""
        self._released_repeats = 0
        """Those that left the quarantine, which the ledger does not count."""

    def ledger(self, off: list[Finding], defects: dict[Defect, int]) -> Ledger:
        counted = sum(settled.duplicates for settled in self._evidence.ledger.values())
        return Ledger(
            topic=self._evidence.topic,
            produced=len(self._produced),
            stored=self._stored,
            duplicates=counted + self._released_repeats,
            conflicts=self._conflicts,
            quarantined=self._quarantined,
            off=off,
            defects=defects,
        )

    def findings(self) -> Iterator[Finding]:
        for order in self._evidence.orders:
            yield from self._of_order(order)
        for row in self._evidence.quarantined:
            yield from self._of_row(row)
        for number in self._produced.numbers():
            if not self._traces[number]:
                yield from self._of_untraced(number)
        for number in self._produced.displaced:
            what = "acknowledged, but another record has its offset: the broker has lost it"
            yield self._produced.finding(Defect.LOST, number, what)
        yield from disagreements(self._produced, self._evidence, self._repeats)

    # What is stored

    def _of_order(self, order: StoredOrder) -> Iterator[Finding]:
        self._stored += 1
        record = self._record(order)
        if record and record.kind is Kind.GOOD and record.key == order.order_uid:
            yield from self._of_stored(order, record)
            yield from self._of_time(order, record)
        else:
            yield from self._of_stored_amiss(order, record)

    def _of_stored_amiss(self, order: StoredOrder, record: Record | None) -> Iterator[Finding]:
        """Tell of what came from elsewhere, and compare it with the order that it should be."""
        original = self._produced.good(order.order_uid)
        place = f"{order.topic}-{order.partition}@{order.offset}"
        if record and record.key == order.order_uid:
            self._traces[record.number] |= _STORED
            what = f"stored, though {_THOUGH[record.kind].format(record)}"
            yield self._produced.finding(Defect.WRONG_FATE, record.number, what)
        elif original:
            what = f"stored as if it came from {place}"
            yield self._produced.finding(Defect.MISPLACED, original.number, what)
        else:
            what = f"stored as if it came from {place}, but never produced"
            yield Finding(Defect.FOREIGN, what, order_uid=order.order_uid)
        if original:
            yield from self._of_stored(order, original)

    def _of_stored(self, order: StoredOrder, record: Record) -> Iterator[Finding]:
        self._traces[record.number] |= _STORED
        differing = differences(record.value or b"", order)
        if differing:
            what = f"stored otherwise than sent: {differing}"
            yield self._produced.finding(Defect.CHANGED, record.number, what)

    # What is quarantined

    def _of_row(self, row: QuarantinedRecord) -> Iterator[Finding]:
        record = self._record(row)
        if record and _was_released(row, record):
            self._note_released(record)
            return
        self._conflicts += row.code == CONFLICT_CODE
        self._quarantined += row.code != CONFLICT_CODE
        if record:
            yield from self._of_refused(row, record)
            yield from self._of_time(row, record)
            self._traces[record.number] |= _QUARANTINED
        else:
            what = f"quarantined from {row.topic} as {row.code}, but never produced"
            yield Finding(Defect.FOREIGN, what, partition=row.partition, offset=row.offset)

    def _note_released(self, record: Record) -> None:
        # A good one must be stored now, as if it never had been refused.
        if record.kind is Kind.REPEAT:
            self._released_repeats += 1
            self._traces[record.number] |= _QUARANTINED

    def _of_refused(self, row: QuarantinedRecord, record: Record) -> Iterator[Finding]:
        trace = self._traces[record.number]
        wrong = (
            (Defect.TWICE, "quarantined more than once" if trace & _QUARANTINED else ""),
            (Defect.WRONG_FATE, _wrong_fate(row, record, is_stored=bool(trace & _STORED))),
            (Defect.CHANGED, _changed(row, record)),
        )
        for defect, what in wrong:
            if what:
                yield self._produced.finding(defect, record.number, what)

    # What is neither

    def _of_untraced(self, number: int) -> Iterator[Finding]:
        partition, offset, _ = self._produced.place(number)
        settled = has(self._evidence.settled(partition).runs, offset)
        if settled and self._produced.kind(number) is Kind.REPEAT:
            self._repeats[partition] += 1
        else:
            what = "in the ledger, but nothing came of it" if settled else "nothing came of it"
            yield self._produced.finding(Defect.LOST, number, what)

    def _of_time(self, row: StoredOrder | QuarantinedRecord, record: Record) -> Iterator[Finding]:
        sent = self._produced.place(record.number).timestamp_ms
        if row.produced_at_ms != sent:
            what = f"produced_at is {row.produced_at_ms} ms, it was dated {sent} ms"
            yield self._produced.finding(Defect.MISPLACED, record.number, what)

    def _record(self, row: StoredOrder | QuarantinedRecord) -> Record | None:
        if row.topic != self._evidence.topic or row.partition is None or row.offset is None:
            return None
        return self._produced.at(row.partition, row.offset)


def _was_released(row: QuarantinedRecord, record: Record) -> bool:
    """Tell whether a good record was refused at first and settled later, which is as good."""
    return row.state == "redriven" and record.code is None and row.stored_order_uid == record.key


def _wrong_fate(row: QuarantinedRecord, record: Record, *, is_stored: bool) -> str:
    if record.code is None:
        as_well = ", and stored as well" if is_stored else ""
        return f"quarantined as {row.code}, though nothing is wrong with it{as_well}"
    if row.code != record.code:
        return f"quarantined as {row.code}, not as {record.code}"
    return "" if row.state == "open" else f"quarantined, but no longer: {row.state}"


def _changed(row: QuarantinedRecord, record: Record) -> str:
    wrong = [
        what
        for what, kept, sent in (
            ("key", row.key, record.key.encode()),
            ("value", row.value, record.value),
        )
        if kept != sent
    ]
    return f"quarantined with another {' and '.join(wrong)} than sent" if wrong else ""
