"""The commits: acknowledgements sent in, which of them the server has confirmed out.

The server takes them in the order they were sent: one that is confirmed confirms all before it.
"""

from devstack.event_source_mapping.clients.nats.events import Answered

CONFIRM_SECONDS = 2.0
_NAME = "commit"


class Commits:
    """The commits of one session that are on their way."""

    def __init__(self) -> None:
        self._sent: dict[str, tuple[int, float]] = {}
        self._at_once: list[int] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._sent) + len(self._at_once)

    def begin(self, next_sequence: int, now: float) -> str:
        """Note a commit; return the name of its answer."""
        self._number += 1
        answer = f"{_NAME}.{self._number}"
        self._sent[answer] = next_sequence, now + CONFIRM_SECONDS
        return answer

    def confirm_at_once(self, next_sequence: int) -> None:
        """Note a commit of which nothing is held any more."""
        self._at_once.append(next_sequence)

    def taken_at_once(self) -> list[int]:
        """Return, and forget, the commits that needed no answer."""
        taken, self._at_once = self._at_once, []
        return taken

    def is_of(self, answer: Answered) -> bool:
        """Tell whether an answer is a commit's."""
        return answer.what.startswith(f"{_NAME}.")

    def end(self, answer: Answered) -> int | None:
        """Return what is committed now; None when that was known."""
        if answer.what not in self._sent:
            return None
        while True:
            name = next(iter(self._sent))
            next_sequence, _ = self._sent.pop(name)
            if name == answer.what:
                return next_sequence

    def is_overdue(self, now: float) -> bool:
        """Tell whether the server should have answered by now."""
        return any(until <= now for _, until in self._sent.values())
