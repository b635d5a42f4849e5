"""Faults: the rule that was broken in, its stable code and its sentences for people out.

Every code there is stands in this one table, with an English and a Russian sentence. The Russian
ones leave the words they insert uninflected.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic_core import ErrorDetails

from orders.masking import shown
from orders.model import CURRENCY_PATTERN, ORDER_UID_PATTERN, TIMESTAMP_PATTERN
from orders.paths import Path, name, pointer
from orders.record import Fault


class Rule(NamedTuple):
    """What an order must meet: the code of its fault, and the sentences to be filled in."""

    code: str
    english: str
    russian: str


class Words(NamedTuple):
    """What is inserted into a sentence and differs between the languages."""

    english: str
    russian: str


RULES: Final[Mapping[str, Rule]] = {
    # Of the record
    "tombstone": Rule(
        "tombstone",
        "The record has no value (a tombstone); send the order.",
        "У записи нет значения (tombstone); отправьте заказ.",
    ),
    "empty_value": Rule(
        "empty_value",
        "The value is empty; send the order as JSON.",
        "Значение пустое; отправьте заказ в формате JSON.",
    ),
    "too_large": Rule(
        "too_large",
        "The value has {size} bytes; an order may have {most}.",
        "Значение слишком велико, его размер в байтах: {size}; у заказа он не больше {most}.",
    ),
    "not_base64": Rule(
        "not_base64",
        "The record's {part} is not base64 in the Lambda event.",
        "В событии Lambda {part} записи — не base64.",
    ),
    "bad_headers": Rule(
        "bad_headers",
        "The record's headers are not arrays of bytes in the Lambda event.",
        "В событии Lambda заголовки записи — не массивы байтов.",
    ),
    # Of its notation
    "not_utf8": Rule(
        "not_utf8",
        "The value is not UTF-8 at byte {place}.",
        "Значение — не UTF-8, начиная с байта {place}.",
    ),
    "not_json": Rule(
        "not_json",
        "The value is not JSON at line {line}, column {column}: {complaint}.",
        "Значение — не JSON: {complaint} (строка {line}, столбец {column}).",
    ),
    "too_deep": Rule(
        "too_deep",
        "The value is nested too deeply; an order has three levels.",
        "Вложенность слишком глубокая; у заказа три уровня.",
    ),
    "duplicate_key": Rule(
        "duplicate_key",
        "{name} stands more than once.",
        "Поле {name} встречается больше одного раза.",
    ),
    "nul_character": Rule(
        "nul_character",
        "{name} holds a NUL character (\\u0000); remove it.",
        "{name}: есть символ NUL (\\u0000); удалите его.",
    ),
    "lone_surrogate": Rule(
        "lone_surrogate",
        "{name} holds half of a surrogate pair; send whole characters.",
        "{name}: есть половина суррогатной пары; отправляйте символы целиком.",
    ),
    # Of the model: the names of these rules are pydantic's error types
    "missing": Rule(
        "missing_field",
        "{name} is missing; an order has all its fields.",
        "Поле {name} отсутствует; в заказе должны быть все поля.",
    ),
    "extra_forbidden": Rule(
        "unknown_field",
        "{name} is no field of an order; remove it or correct its spelling.",
        "В заказе нет поля {name}; удалите его или исправьте его написание.",
    ),
    "int_type": Rule(
        "wrong_type",
        "{name} must be a whole number, not {found}.",
        "{name}: ожидается целое число, получено: {found}.",
    ),
    "string_type": Rule(
        "wrong_type",
        "{name} must be a text, not {found}.",
        "{name}: ожидается строка, получено: {found}.",
    ),
    "list_type": Rule(
        "wrong_type",
        "{name} must be an array, not {found}.",
        "{name}: ожидается массив, получено: {found}.",
    ),
    "model_type": Rule(
        "wrong_type",
        "{name} must be an object, not {found}.",
        "{name}: ожидается объект, получено: {found}.",
    ),
    "greater_than_equal": Rule(
        "out_of_range",
        "{name} must not be less than {ge}.",
        "{name}: значение не должно быть меньше {ge}.",
    ),
    "less_than_equal": Rule(
        "out_of_range",
        "{name} must not be more than {le}.",
        "{name}: значение не должно быть больше {le}.",
    ),
    "string_too_long": Rule(
        "too_long",
        "{name} must have at most {max_length} characters.",
        "{name}: строка слишком длинная; наибольшее число символов: {max_length}.",
    ),
    "too_long": Rule(
        "too_long",
        "{name} must have at most {max_length} entries.",
        "{name}: элементов слишком много; наибольшее их число: {max_length}.",
    ),
    "too_short": Rule(
        "too_short",
        "{name} must have at least {min_length} entry.",
        "{name}: элементов слишком мало; наименьшее их число: {min_length}.",
    ),
    "string_pattern_mismatch": Rule(
        "bad_format",
        "{name} must be {format}.",
        "{name}: неверный формат; ожидается {format}.",
    ),
    "bad_format": Rule(  # whatever else pydantic may find
        "bad_format",
        "{name}: {message}.",
        "{name}: неверное значение ({message}).",
    ),
    # Of an order that is right by itself
    "inconsistent_total": Rule(
        "inconsistent_total",
        "{name} is {actual}, but {parts} sum up to {total}.",
        "{name}: указано {actual}, а {parts} в сумме дают {total}.",
    ),
    "conflict": Rule(
        "conflict",
        "order_uid {order_uid} is stored with different content, and orders never change; "
        "send a new order under a new order_uid.",
        "Заказ с order_uid {order_uid} уже сохранён с другим содержимым, а заказы не меняются; "
        "отправьте новый заказ с новым order_uid.",
    ),
    "conflict_of_files": Rule(
        "conflict",
        "order_uid {order_uid} stands at {place} with different content, and orders never change; "
        "give a new order a new order_uid.",
        "Заказ с order_uid {order_uid} уже есть с другим содержимым ({place}), а заказы не "
        "меняются; дайте новому заказу новый order_uid.",
    ),
    "refused_by_database": Rule(
        "refused_by_database",
        "The database refuses the order as bad data (SQLSTATE {sqlstate}): {message}",
        "База данных не принимает заказ: данные неверны (SQLSTATE {sqlstate}): {message}",
    ),
    # Of the list of faults itself
    "too_many_faults": Rule(
        "too_many_faults",
        "{count} more faults are not listed.",
        "Не показано других ошибок: {count}.",
    ),
}
CODES: Final = frozenset(rule.code for rule in RULES.values())

NOTHING: Final = object()
"""Where there is no value to show."""

_WHOLE: Final = Words("The order", "Заказ")
_FORMATS: Final = {
    ORDER_UID_PATTERN: Words(
        "1 to 64 letters, digits or . _ ~ -, beginning with a letter or a digit",
        "от 1 до 64 латинских букв, цифр или знаков . _ ~ -, в начале буква или цифра",
    ),
    CURRENCY_PATTERN: Words(
        "three capital letters, as in ISO 4217",
        "код из трёх заглавных латинских букв, как в ISO 4217",
    ),
    TIMESTAMP_PATTERN: Words(
        "a time as in RFC 3339, such as 2021-11-26T06:22:19Z",
        "время по RFC 3339, например 2021-11-26T06:22:19Z",
    ),
}
_ANY_FORMAT: Final = Words("of the right format", "другой")
# A bool is an int to Python, and anything is an object.
_JSON_TYPES: Final[Mapping[type, Words]] = {
    type(None): Words("null", "null"),
    bool: Words("true or false", "true или false"),
    int: Words("a number", "число"),
    float: Words("a fraction", "дробное число"),
    str: Words("a text", "строка"),
    list: Words("an array", "массив"),
    dict: Words("an object", "объект"),
    object: Words("something else", "что-то другое"),
}
# What Python's JSON reader says; where it says something else, it stays English.
_COMPLAINTS: Final = {
    "Expecting value": "ожидается значение",
    "Expecting property name enclosed in double quotes": "ожидается имя поля в двойных кавычках",
    "Expecting ':' delimiter": "ожидается двоеточие",
    "Expecting ',' delimiter": "ожидается запятая",
    "Extra data": "после документа есть лишнее",
    "Unterminated string starting at": "строка не закрыта",
    "Invalid control character at": "внутри строки управляющий символ",
    "Invalid \\escape": "после обратной косой черты недопустимый символ",
    "Invalid \\uXXXX escape": "после \\u ожидаются четыре шестнадцатеричные цифры",
}


def fault(rule: str, path: Path = (), /, value: object = NOTHING, **arguments: object) -> Fault:
    """Say that the field at `path` breaks a rule, and show the value that does."""
    code, english, russian = RULES[rule]
    words = {"name": name(path) or _WHOLE, **arguments}
    return Fault(
        path=pointer(path),
        code=code,
        sentence=english.format_map(_in_language(words, 0)),
        russian=russian.format_map(_in_language(words, 1)),
        value=None if value is NOTHING else shown(value, path),
    )


def _in_language(words: Mapping[str, object], language: int) -> dict[str, object]:
    return {key: word[language] if isinstance(word, Words) else word for key, word in words.items()}


def explain(detail: ErrorDetails) -> Fault:
    """Say what pydantic found wrong with one field."""
    kind, context = detail["type"], detail.get("ctx", {})
    words: dict[str, Any] = {
        **context,
        "found": _json_type(detail["input"]),
        "format": _FORMATS.get(context.get("pattern", ""), _ANY_FORMAT),
        "message": detail["msg"],
    }
    rule = kind if kind in RULES else "bad_format"
    value = NOTHING if kind == "missing" else detail["input"]
    return fault(rule, detail["loc"], value, **words)


def unreadable(error: UnicodeDecodeError | json.JSONDecodeError | RecursionError) -> Fault:
    """Say why a value cannot be read at all."""
    if isinstance(error, UnicodeDecodeError):
        return fault("not_utf8", place=error.start)
    if isinstance(error, RecursionError):
        return fault("too_deep")
    complaint = Words(error.msg, _COMPLAINTS.get(error.msg, error.msg))
    return fault("not_json", line=error.lineno, column=error.colno, complaint=complaint)


def _json_type(value: object) -> Words:
    if isinstance(value, float) and not math.isfinite(value):
        return Words("NaN or Infinity", "NaN или Infinity")
    return next(words for kind, words in _JSON_TYPES.items() if isinstance(value, kind))
