"""What the tests of orders are made of: sample and generated orders, records, and fakes."""

import base64
import copy
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st

from orders.errors import InvalidRequestError, StoreUnavailableError
from orders.model import Delivery, EncodedOrder, Item, Order, Payment
from orders.record import Record
from orders.settlement import Fate
from orders.validation import Accepted, Refused

T = TypeVar("T")
EVENTS = Path(__file__).parents[3] / "events"
ORDER_UID = "b563feb7b2b84b6test"


def event(name: str) -> dict[str, Any]:
    """Read a sample event."""
    read: dict[str, Any] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return read


SAMPLE_VALUE = base64.b64decode(event("kafka_one_order.json")["records"]["orders-0"][0]["value"])


def sample(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Give the order that everybody knows; `payment__amount=1` changes a field of a part."""
    order: dict[str, Any] = json.loads(SAMPLE_VALUE)
    for name, value in copy.deepcopy(changes).items():
        part, _, field_name = name.partition("__")
        if field_name:
            order[part][field_name] = value
        else:
            order[part] = value
    return order


def record(value: object = SAMPLE_VALUE, offset: int = 0, partition: int = 0) -> Record:
    """Make a record of bytes, of None, or of what is dumped as JSON."""
    content = (
        value
        if value is None or isinstance(value, bytes)
        else json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    )
    return Record(
        "orders", partition, offset, 1_700_000_000_000 + offset, "CREATE_TIME", b"key", content
    )


def records(*values: object, partition: int = 0) -> list[Record]:
    """Make records at the offsets from 0."""
    return [record(value, offset, partition) for offset, value in enumerate(values)]


# Any order that is valid. PostgreSQL's text holds every character but NUL; surrogates are none.

_texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
) | st.text(st.sampled_from("\\\"\t\n\r\x01\x7f/,{}:Nul'é\u2028🙂"), max_size=20)
_wholes = st.integers(0, 2**63 - 1) | st.integers(0, 1000)
_timestamps = st.builds(
    "{:%Y-%m-%dT%H:%M:%S}{}{}".format,
    st.datetimes().filter(lambda moment: moment.year >= 1000),
    st.sampled_from(["", ".1", ".120", ".999999999"]),
    st.sampled_from(["Z", "+00:00", "-00:00", "+03:00", "+15:59", "-15:59"]),
)


def _part(model: Any, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:  # noqa: ANN401 - a pydantic class
    return st.fixed_dictionaries(
        {
            name: known.get(name, _wholes if info.annotation is int else _texts)
            for name, info in model.model_fields.items()
        }
    )


def orders() -> st.SearchStrategy[dict[str, Any]]:
    """Make any valid order."""
    return _part(
        Order,
        order_uid=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", fullmatch=True),
        delivery=_part(Delivery),
        payment=_part(Payment, currency=st.from_regex("[A-Z]{3}", fullmatch=True)),
        items=st.lists(_part(Item, sale=st.integers(0, 100)), min_size=1, max_size=3),
        date_created=_timestamps,
    )


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.now


@dataclass
class InMemoryOrderStore:
    """A store that keeps everything in dictionaries; it may refuse some ids as bad data."""

    refuses: Collection[str] = ()
    fails: bool = False
    orders: dict[str, Accepted] = field(default_factory=dict)
    quarantined: dict[tuple[str, int, int], Refused] = field(default_factory=dict)
    offsets: set[tuple[str, int, int]] = field(default_factory=set)
    duplicates: set[tuple[str, int, int]] = field(default_factory=set)
    released: list[tuple[str, int, int]] = field(default_factory=list)
    transactions: list[int] = field(default_factory=list)

    def transact(self, work: Callable[["InMemoryOrderStore"], T], *, seconds: float) -> T:
        """Do the work, and take everything back if it fails."""
        assert seconds > 0
        if self.fails:
            message = "down"
            raise StoreUnavailableError(message)
        before = (
            dict(self.orders),
            dict(self.quarantined),
            set(self.offsets),
            set(self.duplicates),
        )
        try:
            return work(self)
        except InvalidRequestError:
            self.orders, self.quarantined, self.offsets, self.duplicates = before
            raise

    def lock_ledger(self, records: Sequence[Record]) -> bool:
        """Lock nothing: there is one writer."""
        assert records
        return any(_place(one) in self.offsets for one in records)

    def insert_orders(self, accepted: Sequence[Accepted]) -> set[str]:
        """Keep the new ones."""
        uids = [one.order.order_uid for one in accepted]
        assert uids == sorted(set(uids))
        if set(uids) & set(self.refuses):
            message = "no"
            raise InvalidRequestError(message, code="refused_by_database", sqlstate="23514")
        new = {uid: one for uid, one in zip(uids, accepted, strict=True) if uid not in self.orders}
        self.orders |= new
        return set(new)

    def digests(self, order_uids: Collection[str]) -> Mapping[str, bytes]:
        """Return the digests that are kept."""
        return {uid: self.orders[uid].digest for uid in order_uids}

    def quarantine(self, refused: Sequence[Refused]) -> None:
        """Keep the refused."""
        for one in refused:
            self.quarantined.setdefault(_place(one.record), one)

    def documents(self, order_uids: Collection[str]) -> dict[str, EncodedOrder]:
        """Return orders that are kept."""
        return {
            uid: EncodedOrder(uid, one.order.model_dump_json(), one.digest.hex())
            for uid in order_uids
            for one in [self.orders[uid]]
        }

    def release(self, accepted: Sequence[Fate]) -> None:
        """Forget the refusals of what is accepted now."""
        for fate in accepted:
            if self.quarantined.pop(_place(fate.verdict.record), None):
                self.released.append(_place(fate.verdict.record))

    def note_offsets(self, records: Sequence[Record], duplicates: Sequence[Record]) -> None:
        """Keep the offsets."""
        self.transactions.append(len(records))
        self.duplicates |= {_place(one) for one in duplicates} - self.offsets
        self.offsets |= {_place(one) for one in records}


def _place(one: Record) -> tuple[str, int, int]:
    return one.topic, one.partition, one.offset


@dataclass
class InMemoryOrderReader:
    """A reader of a few orders, newest last; it may be down."""

    stored: dict[str, EncodedOrder] = field(default_factory=dict)
    fails: bool = False
    migrated: bool = True
    asked: list[str] = field(default_factory=list)

    def find(self, order_uid: str, *, seconds: float) -> EncodedOrder | None:
        """Return a stored order."""
        self._answer(seconds)
        self.asked.append(order_uid)
        return self.stored.get(order_uid)

    def newest(self, most: int, *, seconds: float) -> list[str]:
        """Return the last ids."""
        self._answer(seconds)
        return list(reversed(self.stored))[:most]

    def find_all(self, order_uids: Sequence[str], *, seconds: float) -> list[EncodedOrder]:
        """Return stored orders."""
        self._answer(seconds)
        self.asked += order_uids
        return [self.stored[uid] for uid in order_uids]

    def is_migrated(self, version: str, *, seconds: float) -> bool:
        """Tell what it was told."""
        self._answer(seconds)
        return self.migrated and bool(version)

    def _answer(self, seconds: float) -> None:
        assert seconds > 0
        if self.fails:
            message = "down"
            raise StoreUnavailableError(message)


def encoded(order_uid: str, body: str = "{}") -> EncodedOrder:
    """Make a ready order."""
    return EncodedOrder(order_uid, body, f"digest-of-{order_uid}")


@dataclass
class Context:
    """What Lambda tells a handler of the invocation."""

    function_name: str = "IngestOrdersFunction"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:111122223333:function:f"
    aws_request_id: str = "0f1e2d3c-0000-4000-8000-000000000000"
    milliseconds: int = 60_000
    client_context: Any = None

    def get_remaining_time_in_millis(self) -> int:
        """Tell how long the invocation may last."""
        return self.milliseconds
