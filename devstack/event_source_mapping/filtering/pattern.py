"""The event pattern: EventBridge's pattern syntax in, a test of parsed JSON out.

A pattern is compiled once, into closures. What an array in the data means, and what is absent, is
taken from https://github.com/aws/event-ruler, which EventBridge runs.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devstack.event_source_mapping.filtering.matchers import is_scalar, operation, shown, test_of
from devstack.event_source_mapping.refusals import RefusedError

OR = "$or"
ABSENT = object()
"""What stands where a document has nothing."""

_Match = Callable[[Any, object], bool]
"""A test of a part of a document; the second argument is the whole of it."""

_EMPTY: Mapping[str, object] = {}


def _no_json(literal: str) -> object:
    message = f"{literal} is no JSON"
    raise ValueError(message)


# Numbers become their text, as bytes: 300 is not 300.0, and neither is the string "300".
read: Callable[[str], Any] = json.JSONDecoder(
    parse_int=str.encode, parse_float=str.encode, parse_constant=_no_json
).decode
"""Parse JSON for a test; raises `ValueError`, or `RecursionError` when it is nested too deeply."""


def compiled(pattern: object) -> Callable[[object], bool]:
    """Return the test of a pattern that was `read`; raises `RefusedError` when it is none."""
    match = _match(pattern, ())
    return lambda document: match(document, document)


def _match(pattern: object, path: tuple[str, ...]) -> _Match:
    if isinstance(pattern, dict) and pattern:
        return _object(pattern, path)
    if isinstance(pattern, list) and pattern:
        return _leaf(pattern, path)
    message = f"{'.'.join(path)}: {shown(pattern)} is no object and no list with something in it"
    raise RefusedError(message)


def _object(pattern: Mapping[str, object], path: tuple[str, ...]) -> _Match:
    fields = [
        either(inner, lambda some: _match(some, path)) if name == OR else _field(name, inner, path)
        for name, inner in pattern.items()
    ]
    # All fields within one object: elements of an array do not match by halves.
    return lambda part, whole: any(
        all(field(some, whole) for field in fields) for some in _objects(part)
    )


def _field(name: str, pattern: object, path: tuple[str, ...]) -> _Match:
    match = _match(pattern, (*path, name))
    return lambda some, whole: match(some.get(name, ABSENT), whole)


def _leaf(matchers: Sequence[object], path: tuple[str, ...]) -> _Match:
    exact = frozenset(filter(is_scalar, matchers))
    operations = [operation(matcher) for matcher in matchers if not is_scalar(matcher)]
    presence = [operand for name, operand in operations if name == "exists"]
    if not all(isinstance(operand, bool) for operand in presence):
        message = f"{'.'.join(path)}: exists is either true or false"
        raise RefusedError(message)
    tests = [test_of(name, operand) for name, operand in operations if name != "exists"]

    def match(part: object, whole: object) -> bool:
        leaves = _leaves(part)
        if True in presence and leaves:
            return True
        if any(leaf in exact or any(test(leaf) for test in tests) for leaf in leaves):
            return True
        # In an array, absent is what no element has.
        return False in presence and not _exists(whole, path)

    return match


def either(
    alternatives: object, compile_one: Callable[[Mapping[str, object]], Callable[..., bool]]
) -> Callable[..., bool]:
    """Return the test of a `$or`: one of its patterns matches."""
    found = alternatives if isinstance(alternatives, list) else []
    if not found or not all(isinstance(some, dict) for some in found):
        message = f"{OR}: {shown(alternatives)} is no list of patterns"
        raise RefusedError(message)
    tests = [compile_one(some) for some in found]
    return lambda *given: any(test(*given) for test in tests)


def _exists(part: object, path: Sequence[str]) -> bool:
    if not path:
        return bool(_leaves(part))
    return any(_exists(some.get(path[0], ABSENT), path[1:]) for some in _objects(part))


def _objects(part: object) -> Sequence[Mapping[str, object]]:
    return [some for some in _elements(part) if isinstance(some, dict)] or [_EMPTY]


def _leaves(part: object) -> Sequence[object]:
    return [some for some in _elements(part) if some is not ABSENT and not isinstance(some, dict)]


def _elements(part: object) -> Sequence[object]:
    """Return what an array holds, those within it included; anything else is its own element."""
    if not isinstance(part, list):
        return (part,)
    found: list[object] = []
    left = [part]
    while left:  # a loop, as arrays may be nested as deeply as the parser can follow
        for element in left.pop():
            (left if isinstance(element, list) else found).append(element)
    return found
