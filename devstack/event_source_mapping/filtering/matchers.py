"""The matchers of an event pattern: an operator and its operand in, a test of one value out.

Numbers are kept as their text, in bytes so that they are no strings.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html has a table of them.
"""

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any

from devstack.event_source_mapping.refusals import RefusedError

Test = Callable[[Any], bool]

_COMPARISONS: Mapping[object, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def is_scalar(value: object) -> bool:
    """Tell whether a value stands for itself: text, a number, true, false or null."""
    return not isinstance(value, (dict, list))


def shown(value: object) -> str:
    """Write a part of a pattern as a message shows it."""
    return json.dumps(value, default=bytes.decode, ensure_ascii=False)


def operation(matcher: object) -> tuple[str, object]:
    """Return the operator and the operand; raises `RefusedError` when there is not one of each."""
    if not isinstance(matcher, dict) or len(matcher) != 1:
        message = f"{shown(matcher)} is not a value, nor one operator with its operand"
        raise RefusedError(message)
    return next(iter(matcher.items()))


def test_of(name: str, operand: object) -> Test:
    """Return what an operator tests; raises `RefusedError` for one that Lambda does not have."""
    if name not in _OPERATORS:
        message = f"{name} is no operator; they are exists, {', '.join(_OPERATORS)}"
        raise RefusedError(message)
    return _OPERATORS[name](operand)


def _prefix(operand: object) -> Test:
    start = _text("prefix", operand)
    return lambda value: isinstance(value, str) and value.startswith(start)


def _suffix(operand: object) -> Test:
    end = _text("suffix", operand)
    return lambda value: isinstance(value, str) and value.endswith(end)


def _equals_ignore_case(operand: object) -> Test:
    folded = _text("equals-ignore-case", operand).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _anything_but(operand: object) -> Test:
    if isinstance(operand, dict):
        unwanted = test_of(*operation(operand))
        return lambda value: not unwanted(value)
    values = operand if isinstance(operand, list) else [operand]
    if not values or not all(map(is_scalar, values)):
        message = f"anything-but: {shown(operand)} is no value and no list of values"
        raise RefusedError(message)
    excluded = frozenset(values)
    return lambda value: value not in excluded


def _numeric(operand: object) -> Test:
    terms = operand if isinstance(operand, list) else []
    signs, numbers = terms[::2], terms[1::2]
    if (
        len(terms) not in (2, 4)
        or not all(isinstance(number, bytes) for number in numbers)
        or not all(isinstance(sign, str) and sign in _COMPARISONS for sign in signs)
    ):
        message = 'numeric: one or two comparisons, as in [">", 0, "<=", 5]'
        raise RefusedError(message)
    limits = [
        (_COMPARISONS[sign], float(number)) for sign, number in zip(signs, numbers, strict=True)
    ]
    return lambda value: (
        isinstance(value, bytes) and all(holds(float(value), limit) for holds, limit in limits)
    )


def _text(name: str, operand: object) -> str:
    if not isinstance(operand, str):
        message = f"{name}: {shown(operand)} is no text"
        raise RefusedError(message)
    return operand


_OPERATORS: Mapping[str, Callable[[object], Test]] = {
    "anything-but": _anything_but,
    "equals-ignore-case": _equals_ignore_case,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
}
