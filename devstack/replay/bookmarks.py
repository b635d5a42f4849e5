"""Bookmarks: how far a replay has come in, a file under the stack's folder out, and back.

The same command finds its file again by source, target and function; it is gone when all is sent.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from devstack import private_file
from devstack.replay.events import Bookmark
from devstack.replay.summary import Summary


@dataclass
class Journey:
    """A replay between its begin and its end; both are fixed when it first starts."""

    begin: Bookmark
    end: Bookmark
    reached: dict[str, int] = field(default_factory=dict)
    summary: Summary = field(default_factory=Summary)
    resumed: bool = False

    @property
    def next(self) -> Bookmark:
        """Return where to go on."""
        return {**self.begin, **self.reached}

    @property
    def length(self) -> int:
        """Return how many positions there are."""
        return sum(self.end.values()) - sum(self.begin.values())

    @property
    def done(self) -> int:
        """Return how many positions are behind."""
        return sum(self.next.values()) - sum(self.begin.values())


class Bookmarks:
    """The file of one command."""

    def __init__(self, home: Path, identity: Sequence[str]) -> None:
        key = hashlib.sha256("\0".join(identity).encode(errors="surrogateescape")).hexdigest()
        self._file = home / "replay" / f"{key[:16]}.json"

    def read(self) -> Journey | None:
        """Return the interrupted replay; None when there is none, or none that can be read."""
        try:
            kept: dict[str, Any] = json.loads(self._file.read_text())
            summary = Summary(**kept["summary"])
            return Journey(kept["begin"], kept["end"], kept["reached"], summary, resumed=True)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, journey: Journey) -> None:
        """Write down how far it came."""
        kept = {
            "begin": journey.begin,
            "end": journey.end,
            "reached": journey.reached,
            "summary": asdict(journey.summary),
        }
        private_file.write(self._file, kept)

    def remove(self) -> None:
        """Forget a replay that is complete."""
        self._file.unlink(missing_ok=True)
