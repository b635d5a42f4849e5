"""Make violations: a valid order in, every way to break one rule of its JSON Schema once out.

They are derived from the schema, so that whatever is added to the model is tried too.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from devstack.producer.orders import Order
from devstack.schemas.order import order_schema

Schema = dict[str, Any]

_UNKNOWN_FIELD: Final = "coupon"
_ONE_OF_EACH_TYPE: Final[dict[str, Any]] = {
    "null": None,
    "boolean": True,
    "integer": 1,
    "number": 0.5,
    "string": "1",
    "array": [],
    "object": {},
}
_ODD_TEXTS: Final = (
    "",
    "\0",
    "?",
    "usd",
    "../b563feb7",
    "26.11.2021 06:22",
    "2021-02-29T00:00:00Z",
)


class Violation(NamedTuple):
    """An order with one fault."""

    name: str
    """The fault's code and its JSON pointer, and what tells it from others of both."""
    code: str
    pointer: str
    document: Any


def violations(order: Order) -> Iterator[Violation]:
    """Break each rule for each field of an order, one at a time."""
    schema = order_schema()
    for code, pointer, how, document in _Breaking(schema["$defs"]).of(schema, order, ""):
        yield Violation(f"{code} {pointer} {how}".rstrip(), code, pointer, document)


class _Broken(NamedTuple):
    """A value that breaks a rule, somewhere in it."""

    code: str
    pointer: str
    how: str
    value: Any


class _Breaking:
    """The ways to break the rules of a schema and of what it refers to."""

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._definitions = definitions

    def of(self, schema: Schema, value: Any, pointer: str) -> Iterator[_Broken]:  # noqa: ANN401 - JSON
        """Yield copies of a valid value, each with one fault."""
        if "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        yield from _of_wrong_type(schema, pointer)
        match schema["type"]:
            case "object":
                yield from self._objects(schema, value, pointer)
            case "array":
                yield from self._arrays(schema, value, pointer)
            case "string":
                yield from _texts(schema, pointer)
            case "integer":
                yield from _numbers(schema, pointer)

    def _objects(self, schema: Schema, value: Order, pointer: str) -> Iterator[_Broken]:
        for name in schema["required"]:
            rest = {key: entry for key, entry in value.items() if key != name}
            yield _Broken("missing_field", f"{pointer}/{name}", "", rest)
        if schema["additionalProperties"] is False:
            more = {**value, _UNKNOWN_FIELD: "SPRING"}
            yield _Broken("unknown_field", f"{pointer}/{_UNKNOWN_FIELD}", "", more)
        for name, inner in schema["properties"].items():
            for broken in self.of(inner, value[name], f"{pointer}/{name}"):
                yield broken._replace(value={**value, name: broken.value})

    def _arrays(self, schema: Schema, value: list[Any], pointer: str) -> Iterator[_Broken]:
        for least in filter(None, [schema.get("minItems")]):
            yield _Broken("too_short", pointer, "", value[: least - 1])
        for most in filter(None, [schema.get("maxItems")]):
            yield _Broken("too_long", pointer, "", [_small(value[0])] * (most + 1))
        first, *others = value
        for broken in self.of(schema["items"], first, f"{pointer}/0"):
            yield broken._replace(value=[broken.value, *others])


def _of_wrong_type(schema: Schema, pointer: str) -> Iterator[_Broken]:
    for kind, value in _ONE_OF_EACH_TYPE.items():
        if kind != schema["type"]:
            yield _Broken("wrong_type", pointer, kind, value)


def _texts(schema: Schema, pointer: str) -> Iterator[_Broken]:
    if "maxLength" in schema:
        yield _Broken("too_long", pointer, "", "W" * (schema["maxLength"] + 1))
    for text in _ODD_TEXTS:
        if not re.search(schema.get("pattern", ""), text):
            code = "nul_character" if "\0" in text else "bad_format"
            yield _Broken(code, pointer, repr(text), text)


def _numbers(schema: Schema, pointer: str) -> Iterator[_Broken]:
    if "minimum" in schema:
        yield _Broken("out_of_range", pointer, "low", schema["minimum"] - 1)
    if "maximum" in schema:
        yield _Broken("out_of_range", pointer, "high", schema["maximum"] + 1)


def _small(item: Order) -> Order:
    """Empty an item, so that many of them stay a record of allowed size."""
    return {name: type(value)() for name, value in item.items()}
