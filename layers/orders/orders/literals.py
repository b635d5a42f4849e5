"""Literals: judged records in, what PostgreSQL reads as arrays, COPY text, ranges and JSON out.

Values are escaped by the array or row, not one by one: NUL, which no text of PostgreSQL can hold
and the model therefore refuses, stands between them until then.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from orders.quarantine.store import Attempted
from orders.record import Fault, Rejection
from orders.validation import VERSION, Accepted, Refused


def multirange(offsets: Iterable[int]) -> str:
    """Write offsets as PostgreSQL's int8multirange, runs joined."""
    runs: list[list[int]] = []
    for offset in sorted(offsets):
        if runs and offset <= runs[-1][1]:
            runs[-1][1] = max(runs[-1][1], offset + 1)
        else:
            runs.append([offset, offset + 1])
    return "{" + ",".join(f"[{first},{end})" for first, end in runs) + "}"


def texts(values: Iterable[str]) -> str:
    """Write a text[] literal."""
    joined = "\0".join(values)
    escaped = joined.replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
    return f'{{"{escaped}"}}'


def numbers(values: Iterable[int | None]) -> str:
    """Write a literal of an array of numbers."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def copy_text(rows: Iterable[str]) -> bytes:
    """Escape rows of NUL-separated values for COPY's text format.

    https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
    """
    return "".join(
        row.replace("\\", "\\\\")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\t", "\\t")
        .replace("\0", "\t")
        + "\n"
        for row in rows
    ).encode()


def order_columns(accepted: Sequence[Accepted]) -> dict[str, str]:
    """Write the columns of orders, each as one array literal."""
    orders = [one.order for one in accepted]
    records = [one.record for one in accepted]
    return {
        "order_uid": texts(order.order_uid for order in orders),
        "track_number": texts(order.track_number for order in orders),
        "entry": texts(order.entry for order in orders),
        "locale": texts(order.locale for order in orders),
        "internal_signature": texts(order.internal_signature for order in orders),
        "customer_id": texts(order.customer_id for order in orders),
        "delivery_service": texts(order.delivery_service for order in orders),
        "shardkey": texts(order.shardkey for order in orders),
        "sm_id": numbers(order.sm_id for order in orders),
        "date_created": texts(order.date_created for order in orders),
        "oof_shard": texts(order.oof_shard for order in orders),
        "source": texts(record.source for record in records),
        "topic": texts(record.topic for record in records),
        "partition": numbers(record.partition for record in records),
        "record_offset": numbers(record.offset for record in records),
        "produced_at_ms": numbers(record.produced_at_ms for record in records),
        "digest": texts(one.digest.hex() for one in accepted),
    }


def delivery_row(accepted: Accepted) -> str:
    """Return a row of deliveries, NUL between its values."""
    of, uid = accepted.order.delivery, accepted.order.order_uid
    return (
        f"{uid}\0{of.name}\0{of.phone}\0{of.zip}\0{of.city}\0{of.address}\0{of.region}\0{of.email}"
    )


def payment_row(accepted: Accepted) -> str:
    """Return a row of payments, NUL between its values."""
    of, uid = accepted.order.payment, accepted.order.order_uid
    return (
        f"{uid}\0{of.transaction}\0{of.request_id}\0{of.currency}\0{of.provider}\0{of.amount}\0"
        f"{of.payment_dt}\0{of.bank}\0{of.delivery_cost}\0{of.goods_total}\0{of.custom_fee}"
    )


def item_rows(accepted: Iterable[Accepted]) -> Iterable[str]:
    """Return the rows of items, NUL between their values."""
    return (
        f"{one.order.order_uid}\0{position}\0{of.chrt_id}\0{of.track_number}\0{of.price}\0{of.rid}\0"
        f"{of.name}\0{of.sale}\0{of.size}\0{of.total_price}\0{of.nm_id}\0{of.brand}\0{of.status}"
        for one in accepted
        for position, of in enumerate(one.order.items)
    )


def refused_row(refused: Refused) -> dict[str, Any]:
    """Return a row of quarantined_records as JSON can hold it."""
    record, rejection = refused.record, refused.rejection
    return {
        "topic": record.topic,
        "partition": record.partition,
        "record_offset": record.offset,
        "produced_at_ms": record.produced_at_ms,
        "timestamp_type": record.timestamp_type,
        "key": _base64(record.key),
        "value": _base64(record.value),
        "headers": [_header(name, value) for name, value in record.headers],
        **_rejection_row(rejection),
        "validator_version": VERSION,
    }


def attempt_row(attempted: Attempted) -> dict[str, Any]:
    """Return a row of quarantine_attempts as JSON can hold it."""
    verdict = attempted.fate.verdict
    found = (
        _rejection_row(verdict.rejection)
        if isinstance(verdict, Refused)
        else {"code": None, "faults": [], "order_uid": verdict.order.order_uid}
    )
    return {
        "record_id": attempted.record_id,
        "outcome": attempted.fate.outcome,
        **found,
        "validator_version": VERSION,
        "document": _base64(attempted.document),
    }


def faults(rows: Iterable[dict[str, Any]]) -> tuple[Fault, ...]:
    """Read the faults of a row."""
    return tuple(
        Fault(
            row["path"], row["code"], row["sentence"], row.get("sentence_ru", ""), row.get("value")
        )
        for row in rows
    )


def headers(rows: Iterable[dict[str, str]]) -> tuple[tuple[str, bytes], ...]:
    """Read the headers of a row, as they were delivered."""
    return tuple((_header_name(row), base64.b64decode(row["value"])) for row in rows)


def _header_name(row: dict[str, str]) -> str:
    if "name" in row:
        return row["name"]
    return base64.b64decode(row["name_base64"]).decode(errors="surrogatepass")


def _rejection_row(rejection: Rejection) -> dict[str, Any]:
    return {
        "code": rejection.code,
        "faults": [_fault_row(fault) for fault in rejection.faults],
        "order_uid": rejection.order_uid,
    }


def _fault_row(fault: Fault) -> dict[str, str | None]:
    return {
        "path": fault.path,
        "code": fault.code,
        "sentence": fault.sentence,
        "sentence_ru": fault.russian,
        "value": fault.value,
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _header(name: str, value: bytes) -> dict[str, str | None]:
    """Keep the order and doubles of headers, and names that a PostgreSQL text cannot hold."""
    if "\0" in name or name != name.encode(errors="replace").decode():
        raw = name.encode(errors="surrogatepass")
        return {"name_base64": _base64(raw), "value": _base64(value)}
    return {"name": name, "value": _base64(value)}
