"""Selections: which refused records are meant in, a WHERE clause with its parameters out."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from orders import literals
from orders.paths import escaped
from orders.quarantine import Selection

OF_ORDER: Final = """
(order_uid = :order_uid::text
    OR (key = convert_to(:order_uid::text, 'UTF8') AND length(key) <= 64))
"""
_WITH_TEXT: Final = """
(position(convert_to(:text::text, 'UTF8') IN value) > 0
    OR position(convert_to(:text::text, 'UTF8') IN key) > 0
    OR position(lower(:text::text) IN lower(faults::text)) > 0)
"""


class Condition(NamedTuple):
    """A WHERE clause and its parameters."""

    where: str
    parameters: dict[str, str]


def condition(
    selection: Selection, *, before: int | None = None, after: int | None = None
) -> Condition:
    """Write the condition for records that are meant, with ids below and above these."""
    parts = list(_parts(selection))
    if before is not None:
        parts.append(("id < :before::bigint", "before", str(before)))
    if after is not None:
        parts.append(("id > :after::bigint", "after", str(after)))
    where = " AND ".join(["WHERE true", *(part for part, _, _ in parts)])
    return Condition(where, {name: value for _, name, value in parts})


def _parts(selection: Selection) -> Iterator[tuple[str, str, str]]:
    """Yield conditions, each with the name and the value of its parameter."""
    if selection.state is not None:
        yield "state = :state::text", "state", selection.state
    if selection.code is not None:
        yield "code = :code::text", "code", escaped(selection.code)
    if selection.topic is not None:
        yield "topic = :topic::text", "topic", escaped(selection.topic)
    if selection.since is not None:
        yield "quarantined_at >= :since::timestamptz", "since", selection.since.isoformat()
    if selection.until is not None:
        yield "quarantined_at < :until::timestamptz", "until", selection.until.isoformat()
    if selection.order_uid is not None:
        yield OF_ORDER, "order_uid", escaped(selection.order_uid)
    if selection.text is not None:
        yield _WITH_TEXT, "text", escaped(selection.text)
    if selection.ids:
        yield "id = ANY(:ids::bigint[])", "ids", literals.numbers(selection.ids)
