"""The filter of a mapping: filter patterns and the values of records in, which ones pass out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html
"""

from collections.abc import Callable, Sequence

from devstack.event_source_mapping.filtering.pattern import ABSENT, OR, compiled, either, read
from devstack.event_source_mapping.refusals import RefusedError

MAXIMUM_FILTERS = 10
"""AWS allows five, and ten to those who ask for it."""

_JSON_OPENS_WITH = ("{", "[")

_Test = Callable[[object], bool]


class Filter:
    """The filters of one mapping; a record passes when one of them matches.

    Raises `RefusedError` for patterns AWS would not accept, or would not obey.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        if len(patterns) > MAXIMUM_FILTERS:
            message = f"FilterCriteria: {len(patterns)} filters; ten are the most there may be"
            raise RefusedError(message)
        self._tests = [_test_of_record(pattern) for pattern in patterns]

    def passes(self, value: bytes | None) -> bool:
        """Tell whether a record with this value goes to the function.

        A pattern for JSON decides about objects and arrays, one for plain strings about all other
        text. Where the two do not meet, and where the value is no UTF-8, the value is not looked
        at: as a Kafka record has nothing else to filter by, it passes.

        Of a tombstone AWS does not tell. It is a record whose `value` is absent, so that only
        `exists: false` matches it.
        """
        try:
            content = ABSENT if value is None else _content(value)
        except UnicodeDecodeError:
            return True
        return any(test(content) for test in self._tests)


def _content(value: bytes) -> object:
    text = value.decode()
    if text.lstrip().startswith(_JSON_OPENS_WITH):
        try:
            return read(text)
        except (ValueError, RecursionError):
            return text
    return text


def _test_of_record(text: str) -> _Test:
    try:
        return _test_of_fields(read(text))
    except (ValueError, RecursionError, RefusedError) as error:
        message = f"FilterCriteria: Pattern {text}: {error}"
        raise RefusedError(" ".join(message.split())) from error


def _test_of_fields(pattern: object) -> _Test:
    if not isinstance(pattern, dict) or not pattern:
        message = "not a JSON object with a pattern in it"
        raise RefusedError(message)
    if unknown := sorted(pattern.keys() - {"value", OR}):
        message = f"{unknown[0]}: records of Kafka are filtered by value alone"
        raise RefusedError(message)
    tests = [
        either(inner, _test_of_fields) if name == OR else _test_of_value(inner)
        for name, inner in pattern.items()
    ]
    return lambda content: all(test(content) for test in tests)


def _test_of_value(pattern: object) -> _Test:
    match = compiled(pattern)
    for_plain_text = isinstance(pattern, list)

    def test(content: object) -> bool:
        if content is not ABSENT and isinstance(content, str) is not for_plain_text:
            return True
        return match(content)

    return test
