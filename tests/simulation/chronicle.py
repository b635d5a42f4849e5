"""The chronicle: what happens in, numbered lines for people out."""

from collections.abc import Iterable

from tests.simulation.clock import SimulatedClock


class Chronicle:
    """Keeps what was told; the lines are written when somebody reads them."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self._events: list[tuple[float, str, tuple[object, ...]]] = []

    def tell(self, text: str, *arguments: object) -> None:
        """Note an event, in `str.format`'s words; the arguments must not change any more."""
        self._events.append((self._clock.now, text, arguments))

    def lines(self) -> list[str]:
        return [
            f"{number:4} {now:8.2f} s  {text.format(*arguments)}"
            for number, (now, text, arguments) in enumerate(self._events, 1)
        ]


def span(topic: str, partition: int, offsets: Iterable[int]) -> str:
    """Name offsets of a partition: `orders-0[3…7]`."""
    ordered = sorted(offsets)
    ends = f"{ordered[0]}" if len(ordered) == 1 else f"{ordered[0]}…{ordered[-1]}"
    return f"{topic}-{partition}[{ends}]"
