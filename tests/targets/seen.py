"""What is seen of an event: an answer and a database's change in, comparable fields out."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from tests.targets.database import session
from tests.targets.effect import effect, snapshot
from tests.targets.events import EVENTS, Event, prepare
from tests.targets.place import Answer, Place

Fields = Mapping[str, str]
"""status, header NAME, body, FunctionError, errorType, errorMessage, rows of TABLE → value."""
Seen = Mapping[str, Fields]
"""Event → fields."""

LEFT_OUT: Final = {
    "connection": "how the server keeps connections",
    "content-length": "follows from the body, which is compared",
    "date": "when it was answered",
    "keep-alive": "how the server keeps connections",
    "server": "which program speaks HTTP",
    "transfer-encoding": "how the server writes bodies",
    "x-amz-apigw-id": "the gateway's own number of the request",
    "x-amzn-requestid": "the gateway's own number of the request",
    "x-amzn-trace-id": "the gateway's own number of the request",
}
"""Headers that no two answers have in common, and why."""

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
REWRITTEN: Final = {
    "header x-request-id": (_UUID, "…", "each invocation has its own"),
    "header server-timing": (r"dur=[0-9.]+", "dur=…", "how long it took"),
    "errorMessage": (_UUID, "…", "the invocation's id"),
}
"""Fields whose changing part is replaced: pattern, replacement, and what it is."""


def seen(place: Place) -> Seen:
    """Send the events one after the other; return the fields of each."""
    prepare(place)
    return {event.name: _fields(place, event) for event in EVENTS}


def _fields(place: Place, event: Event) -> Fields:
    with session(place.database) as opened:
        before = snapshot(opened)
        answer = event.ask(place)
        changed = effect(before, snapshot(opened))
    fields = {"status": str(answer.status), **_told(answer), **_headers(answer)}
    fields |= {f"rows of {table}": "\n".join(rows) for table, rows in changed.items()}
    return {name: _rewritten(name, value) for name, value in fields.items()}


def _told(answer: Answer) -> dict[str, str]:
    content = _json(answer.body)
    if not answer.headers and isinstance(content, dict) and "errorType" in content:
        told = {"errorType": content["errorType"], "errorMessage": content["errorMessage"]}
    else:
        # An SDK hands over JSON, whose spaces nobody sees; over HTTP every byte counts.
        told = {"body": answer.body if answer.headers or content is None else json.dumps(content)}
    return told | ({"FunctionError": answer.function_error} if answer.function_error else {})


def _json(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except ValueError:
        return None


def _headers(answer: Answer) -> dict[str, str]:
    lower = {name.lower(): value for name, value in answer.headers.items()}
    return {f"header {name}": value for name, value in lower.items() if name not in LEFT_OUT}


def _rewritten(name: str, value: str) -> str:
    if name not in REWRITTEN:
        return value
    pattern, replacement, _ = REWRITTEN[name]
    return re.sub(pattern, replacement, value)
