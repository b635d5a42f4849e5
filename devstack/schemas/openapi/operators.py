"""Operators: the routes of the quarantine."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from devstack.schemas.openapi.answers import (
    LANGUAGE,
    LINK,
    NO_RECORD,
    NO_STORE,
    NOT_AS_JSON,
    OPERATORS_ONLY,
    ok,
    problem,
    too_large,
)
from devstack.schemas.openapi.parameters import Languages, Limit, RecordId, Text, Time
from devstack.schemas.openapi.routes import operates
from orders.api import bodies
from orders.api.quarantine import PAGE_RECORDS
from orders.api.routing import GET, POST
from orders.model import Order


@operates(
    GET,
    "/quarantine",
    responses={
        200: ok(bodies.RecordPage, "A page of records.", {**LINK, **LANGUAGE}),
        400: problem("`malformed_` and the parameter's name, or `unknown_parameter`."),
        **OPERATORS_ONLY,
        **NO_STORE,
    },
)
def list_quarantined_records(  # noqa: PLR0913 - each is a filter
    *,
    state: Annotated[
        Literal["open", "redriven", "discarded", "all"],
        Query(description="What became of the record since."),
    ] = "open",
    code: Annotated[str, Text(description="The code of the first fault.")] = "",
    topic: Annotated[str, Text(description="The topic that it came on.")] = "",
    since: Annotated[Time, Query(description="Quarantined at this time or later.")] = "",
    until: Annotated[Time, Query(description="Quarantined before this time.")] = "",
    text: Annotated[str, Text(description="In the value, the key or the sentences.")] = "",
    order_uid: Annotated[str, Text(description="The order's id, where it could be read.")] = "",
    limit: Limit = PAGE_RECORDS,
    cursor: Annotated[int, Query(ge=1, description="The `next_cursor` of the page before.")] = 0,
    accept_language: Languages = "en",
) -> None:
    """List refused records, the newest first."""


@operates(
    GET,
    "/quarantine/<record_id>",
    responses={
        200: ok(bodies.RecordDetails, "The record.", LANGUAGE),
        400: problem("The number is none: `malformed_id`."),
        **OPERATORS_ONLY,
        **NO_RECORD,
        **NO_STORE,
    },
)
def get_quarantined_record(record_id: RecordId, accept_language: Languages = "en") -> None:
    """Show all that is known of a refused record."""


@operates(
    POST,
    "/quarantine/<record_id>/redrive",
    responses={
        200: ok(bodies.RedriveBody, "It is stored, or was before (a duplicate)."),
        400: problem("`malformed_id`, `malformed_force`, `unknown_parameter`."),
        **OPERATORS_ONLY,
        **NO_RECORD,
        409: problem(
            "It is settled (`not_open`), was tried too often (`redrive_limit`), or another order "
            "is stored under its id (`conflict`, with `faults`).",
            bodies.Problem | bodies.RefusalProblem,
        ),
        **too_large(bodies.Problem),
        **NOT_AS_JSON,
        422: problem(
            "It is refused again; the `code` is the first fault's.",
            bodies.RefusalProblem,
            LANGUAGE,
        ),
        **NO_STORE,
    },
)
def redrive_quarantined_record(
    record_id: RecordId,
    order: Annotated[  # None leaves the body out
        Order, Body(description="What to try in place of its value; may be left out.")
    ] = None,  # type: ignore[assignment]
    force: Annotated[bool, Query(description="Even if it was tried too often.")] = False,  # noqa: FBT002 - a query
    accept_language: Languages = "en",
) -> None:
    """Try a refused record again.

    As it is, or a corrected document in its place. What was tried is kept with the record.
    """


@operates(
    POST,
    "/quarantine/<record_id>/discard",
    responses={
        200: ok(bodies.RecordBody, "No order will come of it; the record is kept.", LANGUAGE),
        400: problem("`malformed_id`, `not_json`."),
        **OPERATORS_ONLY,
        **NO_RECORD,
        409: problem("It is settled: `not_open`."),
        **too_large(bodies.Problem),
        **NOT_AS_JSON,
        422: problem("The reason is none: `malformed_reason`."),
        **NO_STORE,
    },
)
def discard_quarantined_record(
    record_id: RecordId,
    reason: Annotated[bodies.Reason, Body(description="Why.")],
    accept_language: Languages = "en",
) -> None:
    """Close a refused record of which no order shall come."""
