"""Refusals: a property of a mapping in, its value, or the reason against it, out."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from devstack.errors import UserError

Properties = Mapping[str, Any]


class RefusedError(UserError):
    """What is wrong with a property; the mapping's name is added where it is known."""


def whole_number(
    properties: Properties, name: str, allowed: range, default: int | None = None
) -> int:
    """Read a number that may be written as text; raises `RefusedError` when it is not allowed."""
    value = properties.get(name, default)
    if not re.fullmatch(r"-?\d+", str(value)) or int(value) not in allowed:
        message = f"{name}: {value!r} is not a whole number from {allowed[0]} to {allowed[-1]}"
        raise RefusedError(message)
    return int(value)


def truth(properties: Properties, name: str, *, default: bool) -> bool:
    """Read a boolean that may be written as text."""
    value = properties.get(name, default)
    try:
        return {"true": True, "false": False}[str(value).lower()]
    except KeyError as error:
        message = f"{name}: {value!r} is neither true nor false"
        raise RefusedError(message) from error


def texts(properties: Properties, name: str, allowed: Collection[str]) -> Sequence[str]:
    """Read a list of words out of those allowed."""
    values = listed(properties, name)
    if unknown := [value for value in values if value not in allowed]:
        message = f"{name}: {unknown[0]!r} is none of {', '.join(allowed)}"
        raise RefusedError(message)
    return values


def listed(properties: Properties, name: str) -> Sequence[Any]:
    """Read a list; one that is not given is empty."""
    values = properties.get(name) or ()
    if not isinstance(values, list | tuple):
        message = f"{name}: {values!r} is not a list"
        raise RefusedError(message)
    return values


def section(properties: Properties, name: str, allowed: Collection[str]) -> Properties:
    """Read the properties under a property; one that is not given has none."""
    inner = properties.get(name) or {}
    if not isinstance(inner, Mapping):
        message = f"{name}: {inner!r} is not a mapping of names to values"
        raise RefusedError(message)
    if unknown := sorted(map(str, inner.keys() - set(allowed))):
        message = f"{name}: there is no property {unknown[0]}, only {', '.join(allowed)}"
        raise RefusedError(message)
    return {key: value for key, value in inner.items() if value is not None}
