"""What was produced: records and places in, a record by its place or its order's id out."""

from collections.abc import Iterator
from functools import cached_property

from devstack.prove.load.places import Place, Places
from devstack.prove.load.records import Kind, Record, Records
from devstack.prove.result import Defect, Finding


class Produced:
    """All records that the broker acknowledged."""

    def __init__(self, records: Records, places: Places) -> None:
        self._records = records
        self._places = places
        self.offsets: dict[int, dict[int, int]] = {}
        """By partition: each offset, and the number of the record there."""
        self.displaced: list[int] = []
        """Records that were acknowledged, and in whose place another one stands now."""
        for number, place in enumerate(places):
            if place:
                self._put(number, place)

    def _put(self, number: int, place: Place) -> None:
        numbers = self.offsets.setdefault(place.partition, {})
        if place.offset in numbers:
            self.displaced.append(numbers[place.offset])
        numbers[place.offset] = number

    def __len__(self) -> int:
        return sum(map(len, self.offsets.values())) + len(self.displaced)

    def numbers(self) -> Iterator[int]:
        """Yield the records' numbers, partition by partition."""
        for numbers in self.offsets.values():
            yield from numbers.values()

    def kind(self, number: int) -> Kind:
        """Tell what a record is without making it."""
        return self._records.kind(number)

    def at(self, partition: int, offset: int) -> Record | None:
        """Return what was produced there."""
        number = self.offsets.get(partition, {}).get(offset)
        return None if number is None else self._records[number]

    def good(self, order_uid: str) -> Record | None:
        """Return the good record of an order."""
        number = self._good.get(order_uid)
        return None if number is None else self._records[number]

    def finding(self, defect: Defect, number: int, what: str) -> Finding:
        """Tell something of one record, by all of its names."""
        record, place = self._records[number], self.place(number)
        where = (place.partition, place.offset)
        return Finding(defect, what, number, record.key, record.kind.value, *where)

    def place(self, number: int) -> Place:
        """Return where a record is; it must have been acknowledged."""
        place = self._places[number]
        if place is None:
            message = f"record {number} was not acknowledged"
            raise KeyError(message)
        return place

    @cached_property
    def _good(self) -> dict[str, int]:
        # Every record is made anew for this: only what is misplaced is looked for here.
        good = (number for number in self.numbers() if self.kind(number) is Kind.GOOD)
        return {self._records[number].key: number for number in good}
