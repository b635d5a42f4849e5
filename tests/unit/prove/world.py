"""A world as it must be after a proof, every part of which a test may spoil."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zlib import crc32

from devstack.prove.brokers.broker import Progress
from devstack.prove.load.places import Place, Places
from devstack.prove.load.records import Kind, Record, Records
from devstack.prove.result import Ledger
from devstack.prove.verdict.evidence import Evidence, QuarantinedRecord, Settled, StoredOrder
from devstack.prove.verdict.reconciliation import reconcile

TOPIC = "orders"
PARTITIONS = 2
RECORDS = Records(seed=5, count=60, bad=0.1, repeats=0.1, conflicts=0.1)


class World:
    """What every record of `RECORDS` should have become; `first` is that of all offsets."""

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.places = Places(len(RECORDS))
        self.orders: dict[int, StoredOrder] = {}
        self.quarantine: dict[int, list[QuarantinedRecord]] = {}
        self.duplicates: Counter[int] = Counter()
        self.ends: Counter[int] = Counter(dict.fromkeys(range(PARTITIONS), first))
        for record in RECORDS:
            self._settle(record)
        self.runs: dict[int, tuple[tuple[int, int], ...]] = {
            partition: ((first, end),) for partition, end in self.ends.items()
        }
        self.committed: dict[int, int | None] = dict(self.ends)

    def place(self, number: int) -> Place:
        place = self.places[number]
        assert place
        return place

    def change_order(self, number: int, **changes: Any) -> None:  # noqa: ANN401 - fields of any type
        self.orders[number] = replace(self.orders[number], **changes)

    def change_refused(self, number: int, **changes: Any) -> None:  # noqa: ANN401
        (row,) = self.quarantine[number]
        self.quarantine[number] = [replace(row, **changes)]

    def ledger(self) -> Ledger:
        """Reconcile."""
        rows = [row for some in self.quarantine.values() for row in some]
        settled = {
            partition: Settled(runs, self.duplicates[partition])
            for partition, runs in self.runs.items()
        }
        progress = Progress(self.first, self.ends, self.committed)
        evidence = Evidence(TOPIC, self.orders.values(), rows, settled, progress)
        return reconcile(RECORDS, self.places, evidence)

    def _settle(self, record: Record) -> None:
        partition = crc32(record.key.encode()) % PARTITIONS
        place = Place(partition, self.ends[partition], 1_700_000_000_000 + record.number)
        self.places.put(record.number, place)
        self.ends[partition] += 1
        if record.kind is Kind.GOOD:
            self.orders[record.number] = stored(record, place)
        elif record.kind is Kind.REPEAT:
            self.duplicates[partition] += 1
        else:
            self.quarantine[record.number] = [refused(record, place, record.code or "")]


def stored(record: Record, place: Place) -> StoredOrder:
    value = record.value or b""
    document = json.loads(value)
    created = datetime.fromisoformat(document["date_created"])
    return StoredOrder(
        order_uid=record.key,
        topic=TOPIC,
        partition=place.partition,
        offset=place.offset,
        produced_at_ms=place.timestamp_ms,
        created_ms=int(created.timestamp() * 1000),
        digest=hashlib.sha256(value).hexdigest(),
        positions=list(range(len(document["items"]))),
        document=document,
    )


def refused(record: Record, place: Place, code: str) -> QuarantinedRecord:
    return QuarantinedRecord(
        topic=TOPIC,
        partition=place.partition,
        offset=place.offset,
        produced_at_ms=place.timestamp_ms,
        key=record.key.encode(),
        value=record.value,
        code=code,
        state="open",
        stored_order_uid=None,
    )


def numbers(kind: Kind) -> Iterator[int]:
    """Yield the numbers of records of one kind."""
    return (number for number in range(len(RECORDS)) if RECORDS.kind(number) is kind)


def first(kind: Kind) -> int:
    return next(numbers(kind))
