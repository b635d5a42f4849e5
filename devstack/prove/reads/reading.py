"""Reading: the API asked at a steady rate while it is disturbed, how it answered out.

Asked are orders of every age, over and over or once, ids of bad records and of records that are
yet to come; every answer is held against what was sent.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection, HTTPException
from itertools import chain
from random import Random
from urllib.parse import urlsplit

from devstack.prove.background import Background
from devstack.prove.load.records import Records
from devstack.prove.reads import answers
from devstack.prove.reads.answers import Answer, Known
from devstack.prove.reads.questions import Question, Questions

TIME_OUT_SECONDS = 5.0
"""More than a function takes to tell that the store is away."""
MOST_VIOLATIONS = 20
_REMEMBERED_RECORDS = 512


@dataclass(frozen=True)
class Reads:
    """How readers were answered."""

    asked: int
    counts: Mapping[str, int]
    """By outcome: `200`, `404`, `503`, `unavailable` (no answer at all) or `violation`."""
    p50_ms: float
    p99_ms: float
    """Of the answers that came."""
    error_rate: float
    """The share of `503` and `unavailable`."""
    violations: Sequence[str]
    """The first answers that must not be, and why."""


class Reading(Background):
    """One reader with a connection of its own.

    `sent` tells how many records were sent so far, `settled_at` when a record was known to have
    its fate, on the clock `now`.
    """

    def __init__(  # noqa: PLR0913 - all that a reader has to know
        self,
        url: str,
        records: Records,
        *,
        sent: Callable[[], int],
        settled_at: Callable[[int], float | None],
        now: Callable[[], float],
        rate: float,
        seed: int,
    ) -> None:
        super().__init__(f"reader {seed}")
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []
        self.answered_seconds = array("d")
        address = urlsplit(url)
        self._connection = HTTPConnection(
            address.hostname or "", address.port, timeout=TIME_OUT_SECONDS
        )
        self._questions = Questions(
            records,
            lru_cache(_REMEMBERED_RECORDS)(records.__getitem__),
            Random(f"reader/{records.seed}/{seed}"),  # noqa: S311 - repeatable, guards nothing
        )
        self._sent = sent
        self._settled_at = settled_at
        self._now = now
        self._pause_seconds = 1 / rate
        self._seen_at: dict[int, float] = {}
        """Record → when it was first told to have its fate."""

    def work(self) -> None:
        """Ask until the end is asked for."""
        due = self._now()
        while not self.stopping.wait(max(0.0, due - self._now())):
            due = max(due, self._now() - self._pause_seconds) + self._pause_seconds
            self._ask(self._questions.next(self._sent()))
        self._connection.close()

    def _ask(self, question: Question) -> None:
        asked_at = self._now()
        settled_seconds = self._settled_seconds(question.record.number, asked_at)
        answer = self._answer(question)
        if answer is None:
            self.counts["unavailable"] += 1
            return
        self.answered_seconds.append(self._now() - asked_at)
        known = Known(question.record.number < self._sent(), settled_seconds)
        fault = answers.fault(question, answer, known)
        self._note(question, answer, fault)

    def _settled_seconds(self, number: int, now: float) -> float | None:
        known = (self._seen_at.get(number), self._settled_at(number))
        return max((now - at for at in known if at is not None), default=None)

    def _answer(self, question: Question) -> Answer | None:
        try:
            self._connection.request(question.method, question.path)
            response = self._connection.getresponse()
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, response.read())
        except (OSError, HTTPException):
            self._connection.close()  # the next request opens it anew
            return None

    def _note(self, question: Question, answer: Answer, fault: str | None) -> None:
        record = question.record
        self.counts["violation" if fault else str(answer.status)] += 1
        if fault and len(self.violations) < MOST_VIOLATIONS:
            asked = f"{question.method} {question.path}"
            self.violations.append(f"{asked} (record {record.number}, {record.kind}): {fault}")
        if not fault and answers.tells_fate(question, answer):
            self._seen_at.setdefault(record.number, self._now())


def reads(readings: Sequence[Reading]) -> Reads:
    """Sum up what readers saw."""
    counts: Counter[str] = sum((reading.counts for reading in readings), Counter())
    seconds = sorted(chain.from_iterable(reading.answered_seconds for reading in readings))
    violations = chain.from_iterable(reading.violations for reading in readings)
    asked = counts.total()
    return Reads(
        asked=asked,
        counts=counts,
        p50_ms=_percentile_ms(seconds, 0.5),
        p99_ms=_percentile_ms(seconds, 0.99),
        error_rate=(counts["503"] + counts["unavailable"]) / asked if asked else 0.0,
        violations=tuple(violations)[:MOST_VIOLATIONS],
    )


def _percentile_ms(seconds: Sequence[float], share: float) -> float:
    return round(seconds[int(share * (len(seconds) - 1))] * 1000, 3) if seconds else 0.0
