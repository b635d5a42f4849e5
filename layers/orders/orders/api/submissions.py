"""Submissions: an order that is posted in, the word that it is stored or what is wrong out."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import submission
from orders.api import problems, rendering, requests
from orders.api.answers import Answer, json_answer
from orders.api.bodies import OrderMessage
from orders.api.routing import POST, Route, Routing
from orders.settlement import Judge
from orders.submission import Conflict, OrderStore, Submitted

STORED: Final = "Order processed and saved successfully"
STORED_BEFORE: Final = "Order is already stored"


class SubmissionsApi:
    """The route that takes orders."""

    def __init__(self, store: OrderStore, judge: Judge) -> None:
        self._store = store
        self._judge = judge
        self._routing = Routing(self.routes())

    def routes(self) -> Iterable[Route]:
        """Yield what this function answers."""
        yield Route(POST, "/orders", self._submit)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a Lambda proxy event."""
        return self._routing.answer(event, context)

    def _submit(self) -> Answer:
        event = self._routing.request
        requests.check_is_json(event)
        outcome = submission.submit(requests.body(event), self._store, judge=self._judge)
        if isinstance(outcome, Submitted):
            return _stored(outcome)
        if isinstance(outcome, Conflict):
            differences = rendering.differences(outcome.differences)
            return problems.of_body(outcome.rejection, event, differences)
        return problems.of_body(outcome, event)


def _stored(outcome: Submitted) -> Answer:
    uid = outcome.order_uid
    if not outcome.new:
        return json_answer(HTTPStatus.OK, OrderMessage(message=STORED_BEFORE, order_uid=uid))
    message = OrderMessage(message=STORED, order_uid=uid)
    return json_answer(HTTPStatus.CREATED, message, {"Location": f"/order/{quote(uid)}"})
