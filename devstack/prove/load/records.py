"""Records: a seed and a count in, any record by its number out, again and again the same bytes.

Of a record nothing is kept; only which numbers are no good ones is, so that a million records take
little memory, and whoever checks them makes them anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from random import Random

from devstack.producer.bad_records import KINDS
from devstack.producer.orders import Order, encode, order

CONFLICT_CODE = "conflict"
_NEAR = 8
"""How far back a near original lies at most, so that both may come in one batch."""


class Kind(StrEnum):
    """What a record is, from which its fate follows."""

    GOOD = "good"
    """A valid order whose id is new: stored."""
    BAD = "bad"
    """No order, under an id that no order has: quarantined."""
    REPEAT = "repeat"
    """The very bytes of an earlier good one: a duplicate, counted."""
    CONFLICT = "conflict"
    """A valid order under the id of an earlier good one, of other content: quarantined."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it is produced, and what must become of it."""

    number: int
    kind: Kind
    key: str
    """The order's id, for bad records too."""
    value: bytes | None
    code: str | None = None
    """Of the fault that it must be quarantined for."""
    original: int | None = None
    """The number of the good record that it repeats or contradicts."""


class Records:
    """So many records of a seed, the shares of their kinds exact to a whole record."""

    def __init__(  # noqa: PLR0913 - what a test may wish for otherwise
        self,
        seed: int,
        count: int,
        *,
        bad_kinds: Sequence[str] = tuple(KINDS),
        bad: float = 0.02,
        repeats: float = 0.01,
        conflicts: float = 0.01,
    ) -> None:
        self.seed = seed
        self._count = count
        draw = Random(f"{seed}/kinds")  # noqa: S311 - repeatable, guards nothing
        shares = {Kind.BAD: bad, Kind.REPEAT: repeats, Kind.CONFLICT: conflicts}
        self._kinds = _drawn_kinds(draw, count, shares)
        """Of all that are no good ones, in the order of their numbers."""
        spoilt = [number for number, kind in self._kinds.items() if kind is Kind.BAD]
        self._spoilt = dict(zip(spoilt, cycle(map(KINDS.__getitem__, bad_kinds)), strict=False))
        self._originals = {
            number: _drawn_original(draw, number, self._kinds)
            for number in self._kinds
            if number not in self._spoilt
        }

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Record]:
        return map(self.__getitem__, range(self._count))

    def __getitem__(self, number: int) -> Record:
        kind, original = self.kind(number), self._originals.get(number)
        whole = order(self.seed, number if original is None else original)
        value, code = self._value_and_code(number, kind, whole)
        return Record(number, kind, whole["order_uid"], value, code, original)

    def kind(self, number: int) -> Kind:
        """Tell what a record is without making it."""
        if not 0 <= number < self._count:
            message = f"there is no record {number} among {self._count}"
            raise IndexError(message)
        return self._kinds.get(number, Kind.GOOD)

    def _value_and_code(
        self, number: int, kind: Kind, whole: Order
    ) -> tuple[bytes | None, str | None]:
        match kind:
            case Kind.BAD:
                bad = self._spoilt[number]
                return bad.spoil(whole), bad.code
            case Kind.CONFLICT:
                return encode(_CHANGES[number % len(_CHANGES)](whole)), CONFLICT_CODE
            case _:
                return encode(whole), None


def _drawn_kinds(draw: Random, count: int, shares: Mapping[Kind, float]) -> dict[int, Kind]:
    """Draw which numbers are no good records; the first one is, so that originals precede."""
    kinds = [kind for kind, share in shares.items() for _ in range(round(count * share))]
    if len(kinds) >= max(count, 1):
        message = f"of {count} records, {len(kinds)} cannot be bad, repeated or conflicting"
        raise ValueError(message)
    draw.shuffle(kinds)
    numbers = sorted(draw.sample(range(1, count), len(kinds)))
    return dict(zip(numbers, kinds, strict=True))


def _drawn_original(draw: Random, number: int, kinds: Mapping[int, Kind]) -> int:
    """Draw an earlier good record, near or far."""
    furthest = max(0, number - _NEAR) if draw.getrandbits(1) else 0
    original = draw.randrange(furthest, number)
    while original in kinds:
        original -= 1
    return original


def _with(part: str, **changes: object) -> Callable[[Order], Order]:
    return lambda whole: {**whole, part: {**whole[part], **changes}}


def _of_other_last_item(whole: Order) -> Order:
    *others, last = whole["items"]
    return {**whole, "items": [*others, {**last, "status": last["status"] + 1}]}


def _created_in_other_words(whole: Order) -> Order:
    return {**whole, "date_created": whole["date_created"].replace("Z", "+00:00")}


_CHANGES: tuple[Callable[[Order], Order], ...] = (
    lambda whole: {**whole, "customer_id": f"{whole['customer_id']}-other"},
    lambda whole: {**whole, "sm_id": whole["sm_id"] + 1},
    _with("delivery", name="Somebody Else"),
    _with("payment", request_id="again"),
    _of_other_last_item,
    _created_in_other_words,
)
"""Each makes another order of one that is valid, and of which the totals agree still."""
