"""Bodies: what the answers hold, as JSON.

The types hold for the code that makes an answer, and OpenAPI's components are made of them.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # of Python itself from 3.12 on, says pydantic

from orders.model import Order, OrderUid
from orders.record import Source

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time as in RFC 3339, in UTC."""
Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=1)]


class FaultBody(TypedDict):
    """One thing that is wrong, in words that a person can act on."""

    path: Annotated[str, Field(description="JSON pointer to the field; empty: the whole record.")]
    code: Annotated[str, Field(description="Stable; for programs.")]
    sentence: Annotated[str, Field(description="In the language of Content-Language.")]
    value: Annotated[str | None, Field(description="What was found there, as JSON, cut, masked.")]


class DifferenceBody(TypedDict):
    """One place where two documents differ; a side that has nothing there is left out."""

    path: Annotated[str, Field(description="JSON pointer to the place.")]
    stored: NotRequired[Any]
    received: NotRequired[Any]


class Problem(TypedDict):
    """Why a request was not done (RFC 9457)."""

    type: Literal["about:blank"]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    code: Annotated[str, Field(description="Stable; for programs.")]
    detail: str
    instance: str


class RefusalProblem(Problem):
    """Why a document is no order: all that is wrong with it, at most 100 faults in full."""

    faults: Annotated[list[FaultBody], Field(min_length=1)]


class ConflictProblem(RefusalProblem):
    """Where the order differs from the one that is stored under its id."""

    differences: NotRequired[list[DifferenceBody]]


class GatewayMessage(TypedDict):
    """What API Gateway answers when it does not ask the function, or the function failed."""

    message: str | None


class OrderEnvelope(TypedDict):
    """An order by its name."""

    order: Order


class OrderPage(TypedDict):
    """Orders, those that were stored last first."""

    orders: list[Order]
    next_cursor: Annotated[str | None, Field(description="For the next page; null: the last one.")]


class OrderMessage(TypedDict):
    """What became of an order that was posted."""

    message: str
    order_uid: OrderUid


class Arrival(TypedDict):
    """How and when a record came; null where it came without, as over HTTP."""

    source: Source
    topic: Annotated[str | None, Field(description="Of a stream of NATS: `nats:` and its name.")]
    partition: int | None
    offset: Annotated[int | None, Field(description="In a stream of NATS, the sequence.")]
    produced_at: Moment | None


class ConflictBody(TypedDict):
    """The stored order, the one that came later under its id, and where they differ."""

    stored: Order
    received: Any
    differences: list[DifferenceBody]


class RefusedBody(Arrival):
    """A refused record that bore the id."""

    id: Number
    state: Literal["open", "redriven", "discarded"]
    code: str
    faults: list[FaultBody]
    quarantined_at: Moment


class RefusedNewcomer(RefusedBody, ConflictBody):
    """A record that was refused since another order of its id was stored before."""


class FreshnessBody(TypedDict):
    """How fresh the store is; null in an empty one."""

    newest_ingested_at: Moment | None
    newest_produced_at: Moment | None
    age_seconds: Annotated[float, Field(ge=0)] | None


class StoredStatus(Arrival):
    """How a stored order came, and which others were refused since."""

    order_uid: OrderUid
    state: Literal["stored"]
    ingested_at: Moment
    conflicts: list[RefusedNewcomer]


class QuarantinedStatus(TypedDict):
    """Why no record of this id is an order."""

    order_uid: OrderUid
    state: Literal["quarantined"]
    quarantined: Annotated[list[RefusedBody], Field(min_length=1)]


class UnknownStatus(TypedDict):
    """How fresh the store is, in which nothing of this id is."""

    order_uid: OrderUid
    state: Literal["unknown"]
    freshness: FreshnessBody


class Health(TypedDict):
    """That the function answers."""

    status: Literal["ok"]


class Readiness(TypedDict):
    """That the database answers and is migrated."""

    status: Literal["ready"]
    migration: str


_WholeBytes = Annotated[
    int, Field(description="How many bytes there are, where only the beginning is shown.")
]


class TextBytes(TypedDict):
    """Bytes that are UTF-8."""

    text: str
    whole_bytes: NotRequired[_WholeBytes]


class OtherBytes(TypedDict):
    """Bytes that are not UTF-8."""

    base64: str
    whole_bytes: NotRequired[_WholeBytes]


Bytes = TextBytes | OtherBytes


class HeaderBody(TypedDict):
    """A header of the record."""

    name: str
    value: Bytes


class RecordBody(Arrival):
    """A refused record, without its bytes."""

    id: Number
    state: Literal["open", "redriven", "discarded"]
    code: Annotated[str, Field(description="Of the first fault.")]
    faults: list[FaultBody]
    order_uid: str | None
    timestamp_type: str
    quarantined_at: Moment
    validator_version: int
    attempt_count: Annotated[int, Field(ge=0, description="How often it met the rules.")]
    settled_at: Moment | None
    settled_by: str | None
    reason: Annotated[str | None, Field(description="Why it was discarded.")]
    stored_order_uid: Annotated[str | None, Field(description="The order that came of it.")]


class RecordPage(TypedDict):
    """Refused records, the newest first."""

    records: list[RecordBody]
    next_cursor: Annotated[str | None, Field(description="For the next page; null: the last one.")]


class AttemptBody(TypedDict):
    """One time that the record met the rules; the first is its arrival."""

    number: Number
    attempted_at: Moment
    actor: str
    outcome: Literal["stored", "duplicate", "refused"]
    faults: list[FaultBody]
    validator_version: int
    document: Annotated[Bytes | None, Field(description="What was tried in place of its value.")]


class RecordDetails(RecordBody):
    """All that is known of a refused record."""

    key: Bytes | None
    value: Bytes | None
    headers: list[HeaderBody]
    attempts: list[AttemptBody]
    conflict: ConflictBody | None


class RedriveBody(TypedDict):
    """What a redrive came to."""

    id: Number
    outcome: Literal["stored", "duplicate"]
    state: Literal["redriven"]
    order_uid: OrderUid


@with_config(ConfigDict(extra="forbid"))
class Reason(TypedDict):
    """Why no order shall come of a record."""

    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
