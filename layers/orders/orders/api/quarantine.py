"""Quarantine: what operators ask for in; refused records and what became of them out."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import quarantine
from orders.api import problems, rendering, requests
from orders.api.answers import Answer, json_answer, link_to_next
from orders.api.requests import Event, UnprocessableError
from orders.api.routing import GET, POST, Route, Routing
from orders.errors import InvalidRequestError
from orders.quarantine import QuarantineStore, Selection
from orders.settlement import Judge, Outcome

if TYPE_CHECKING:
    from orders.api.bodies import RecordPage, RedriveBody

PAGE_RECORDS: Final = 50
LONGEST_REASON: Final = 1000
ALL_STATES: Final = "all"

_FILTERS: Final = ("state", "code", "topic", "since", "until", "text", "order_uid")


class QuarantineApi:
    """The routes of operators."""

    def __init__(self, store: QuarantineStore, judge: Judge) -> None:
        self._store = store
        self._judge = judge
        self._routing = Routing(self.routes(), unrouted=_malformed_id)

    def routes(self) -> Iterable[Route]:
        """Yield what this function answers."""
        yield Route(GET, "/quarantine", self._list)
        yield Route(GET, "/quarantine/<record_id>", self._show)
        yield Route(POST, "/quarantine/<record_id>/redrive", self._redrive)
        yield Route(POST, "/quarantine/<record_id>/discard", self._discard)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a Lambda proxy event."""
        return self._routing.answer(event, context)

    def _list(self) -> Answer:
        event = self._routing.request
        requests.check_names(event, (*_FILTERS, "limit", "cursor"))
        selection, cursor = _selection(event), requests.text(event, "cursor")
        before = None if cursor is None else requests.whole(cursor, "cursor")
        limit = requests.limit(event, PAGE_RECORDS)
        page = quarantine.find(self._store, selection, before=before, limit=limit)
        language = requests.asked_language(event)
        body: RecordPage = {
            "records": [rendering.quarantined_record(one, language) for one in page.records],
            "next_cursor": str(page.next_before) if page.next_before else None,
        }
        given = {name: value for name in _FILTERS if (value := requests.text(event, name))}
        following = {**given, "limit": str(limit)}
        link = link_to_next("/quarantine", following, page.next_before)
        return json_answer(HTTPStatus.OK, body, {**problems.worded_in(language), **link})

    def _show(self, record_id: str) -> Answer:
        language = requests.asked_language(self._routing.request)
        found = quarantine.show(self._store, requests.whole(record_id, "id"))
        body = rendering.details(found, language)
        return json_answer(HTTPStatus.OK, body, problems.worded_in(language))

    def _redrive(self, record_id: str) -> Answer:
        event = self._routing.request
        requests.check_names(event, ("force",))
        redriven = quarantine.redrive(
            self._store,
            requests.whole(record_id, "id"),
            actor=requests.actor(event),
            document=_document(event),
            force=requests.flag(event, "force"),
            judge=self._judge,
        )
        if redriven.rejection:
            return problems.of_record(redriven.rejection, event)
        body: RedriveBody = {
            "id": redriven.record_id,
            "outcome": "stored" if redriven.outcome is Outcome.STORED else "duplicate",
            "state": "redriven",
            "order_uid": redriven.order_uid or "",
        }
        return json_answer(HTTPStatus.OK, body)

    def _discard(self, record_id: str) -> Answer:
        event = self._routing.request
        number, reason = requests.whole(record_id, "id"), _reason(event)
        actor = requests.actor(event)
        record = quarantine.discard(self._store, number, actor=actor, reason=reason)
        language = requests.asked_language(event)
        body = rendering.quarantined_record(record, language)
        return json_answer(HTTPStatus.OK, body, problems.worded_in(language))


def _malformed_id(event: Event) -> Answer | None:
    """Answer for an id of characters that the router refuses."""
    error = requests.malformed("id", "a whole number from 1 on")
    return problems.of_error(error, event) if event.path.startswith("/quarantine/") else None


def _selection(event: Event) -> Selection:
    state = requests.one_of(event, "state", (*quarantine.STATES, ALL_STATES)) or quarantine.OPEN
    return Selection(
        state=None if state == ALL_STATES else state,
        code=requests.text(event, "code") or None,
        topic=requests.text(event, "topic") or None,
        since=requests.moment(event, "since"),
        until=requests.moment(event, "until"),
        text=requests.text(event, "text") or None,
        order_uid=requests.text(event, "order_uid") or None,
    )


def _document(event: Event) -> bytes | None:
    """Return the corrected document; an empty body asks for the record as it is."""
    body = requests.body(event)
    if body:
        requests.check_is_json(event)
    return body or None


def _reason(event: Event) -> str:
    requests.check_is_json(event)
    try:
        body = json.loads(requests.body(event))
    except (ValueError, RecursionError) as error:
        message = "The body is not JSON."
        raise InvalidRequestError(message, code="not_json") from error
    reason = body.get("reason") if isinstance(body, dict) and body.keys() == {"reason"} else None
    if isinstance(reason, str) and _is_reason(reason):
        return reason
    message = f"The body must hold `reason` alone: 1 to {LONGEST_REASON} characters, no NUL."
    raise UnprocessableError(message, code="malformed_reason")


def _is_reason(text: str) -> bool:
    return 1 <= len(text) <= LONGEST_REASON and requests.is_storable(text)
