"""Parameters: what a request may say, with its bounds."""

from functools import partial
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import Field

from orders.api.requests import LARGEST_LIMIT, LONGEST_TEXT
from orders.model import ORDER_UID_PATTERN

_STORABLE: Final = r"^[^\x00]*$"
Text = partial(Query, max_length=LONGEST_TEXT, pattern=_STORABLE)
OrderUid = Annotated[str, Path(pattern=ORDER_UID_PATTERN, description="The order's id.")]
RecordId = Annotated[int, Path(ge=1, description="The record's number.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="Entries of a page.")]
Cursor = Annotated[
    str,
    Query(
        max_length=LONGEST_TEXT,
        pattern="^[A-Za-z0-9_-]+$",
        description="The `next_cursor` of the page before.",
    ),
]
Known = Annotated[
    str, Header(alias="If-None-Match", description="The ETag of what is known already.")
]
Languages = Annotated[
    str, Header(alias="Accept-Language", description="English (en) or Russian (ru).")
]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
