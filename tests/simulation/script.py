"""The script: what a history is played from; JSON in, the same JSON out."""

import json
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from tests.simulation.setting import Setting, setting


class Move(NamedTuple):
    """Something that happens: what, to which of those it can happen to, and how."""

    kind: str
    which: int
    how: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.which}:{self.how}"

    @classmethod
    def of(cls, text: str) -> Self:
        kind, which, how = text.split(":")
        return cls(kind, int(which), int(how))


@dataclass(frozen=True)
class Script:
    """A seed, and what to leave out of what follows from it."""

    seed: int
    moves: tuple[Move, ...] | None = None
    """In this order, then calm; None for those that the seed draws."""
    records: tuple[int, ...] | None = None
    """The numbers of the records that there are; None for all."""
    pollers: int | None = None
    partitions: int | None = None

    def setting(self) -> Setting:
        """Return the seed's setting, less what is left out."""
        drawn = setting(self.seed)
        kept = range(len(drawn.contents)) if self.records is None else self.records
        return replace(
            drawn,
            contents=tuple(drawn.contents[number] for number in kept),
            pollers=self.pollers or drawn.pollers,
            partitions=self.partitions or drawn.partitions,
        )

    def as_json(self) -> str:
        moves = None if self.moves is None else " ".join(map(str, self.moves))
        return json.dumps({**self.__dict__, "moves": moves})

    @classmethod
    def of_json(cls, text: str) -> Self:
        read = json.loads(text)
        if read.get("moves") is not None:
            read["moves"] = tuple(map(Move.of, read["moves"].split()))
        if read.get("records") is not None:
            read["records"] = tuple(read["records"])
        return cls(**read)
