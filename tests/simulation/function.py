"""The function: events in, answers out, by the layer's own code, which others may interrupt.

An invocation runs in a greenlet: wherever it waits for the database it can be left for as long as
the scheduler likes, be killed, or learn that its statement failed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped] # without types

from devstack.event_source_mapping.polling.outcome import Answer, Outcome, Unreached
from orders import kafka
from orders.errors import OrderServiceError
from orders.ingestion import ingest
from tests.simulation.chronicle import Chronicle
from tests.simulation.clock import SimulatedClock
from tests.simulation.contents import judge
from tests.simulation.session import Session
from tests.simulation.store import Store, Transaction

TIMEOUT_SECONDS = 6.0
RESERVE_SECONDS = 1.0
"""As `orders.telemetry.RESERVE_SECONDS`."""


class KilledError(BaseException):
    """The process is gone; nothing in it may catch this."""


@dataclass(frozen=True)
class Context:
    """What a handler has to work with."""

    session: Session
    seconds_left: Callable[[], float]
    answer: Callable[[Mapping[str, Any]], None]
    """Answers before the handler is through; only the dishonest do so."""


Handler = Callable[[Any, Context], Mapping[str, Any]]


def ingest_orders(event: Any, context: Context) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    """Do what functions/ingest_orders/app.py does."""
    result = ingest(
        kafka.records(event), context.session, seconds_left=context.seconds_left, judge=judge
    )
    return kafka.batch_response(result.undone)


class Environment:
    """An execution environment; it runs one invocation at a time and keeps its session warm."""

    def __init__(self, store: Store, clock: SimulatedClock) -> None:
        self.phase = ""
        self.session = Session(store, clock, self._pause)

    def _pause(self, phase: str) -> None:
        self.phase = phase
        getcurrent().parent.switch()


class Invocation:
    """One run of the handler, from its event to its answer."""

    def __init__(self, number: int, event: bytes, on_answer: Callable[[Outcome], None]) -> None:
        self.number = number
        self.event = event
        self.deadline = 0.0
        self.environment: Environment | None = None
        """None until it begins."""
        self.greenlet: greenlet | None = None
        self.is_slow = False
        self._on_answer = on_answer
        self._is_answered = False

    @property
    def transaction(self) -> Transaction | None:
        """Return the transaction it has open."""
        return self.environment.session.transaction if self.environment else None

    @property
    def is_blocked(self) -> bool:
        """Tell whether it waits for another's transaction."""
        return self.transaction is not None and self.transaction.waits_for is not None

    def answer(self, outcome: Outcome) -> None:
        """Tell the caller, once."""
        if not self._is_answered:
            self._is_answered = True
            self._on_answer(outcome)


class Function:
    """The function's invocations, at most one in each environment."""

    def __init__(
        self, store: Store, clock: SimulatedClock, chronicle: Chronicle, handler: Handler
    ) -> None:
        self.running: list[Invocation] = []
        self._store = store
        self._clock = clock
        self._chronicle = chronicle
        self._handler = handler
        self._idle: list[Environment] = []
        self.next_number = 1

    def invoke(self, event: bytes, on_answer: Callable[[Outcome], None]) -> None:
        """Let an invocation wait for its turn."""
        self.running.append(Invocation(self.next_number, event, on_answer))
        self.next_number += 1

    def go_on(self, invocation: Invocation) -> None:
        """Let it run until it waits for something, or ends."""
        if invocation.greenlet is None:
            self._begin(invocation)
        assert invocation.greenlet is not None
        assert invocation.environment is not None
        invocation.greenlet.switch()
        if invocation.greenlet.dead:
            self._idle.append(invocation.environment)
            self.running.remove(invocation)
        else:
            self._chronicle.tell(
                "invocation {} {}", invocation.number, invocation.environment.phase
            )

    def finish(self, invocation: Invocation) -> None:
        """Let it run to its end, or until it waits for another."""
        self.go_on(invocation)
        while invocation in self.running and not invocation.is_blocked:
            self.go_on(invocation)

    def lose(self, invocation: Invocation) -> None:
        """Let its caller think that it never ran; it takes its time."""
        invocation.is_slow = True
        self._chronicle.tell("the answer of invocation {} is lost", invocation.number)
        invocation.answer(Unreached("ReadTimeoutError: no answer"))

    def kill(self, invocation: Invocation, error_type: str) -> None:
        """End its process, wherever it is."""
        self.running.remove(invocation)
        if invocation.greenlet is not None and invocation.environment is not None:
            invocation.environment.session.abandon()
            invocation.greenlet.throw(KilledError)
        self._chronicle.tell("invocation {} ends: {}", invocation.number, error_type)
        error = {"errorMessage": "the process ended", "errorType": error_type}
        invocation.answer(Answer(json.dumps(error).encode(), "Unhandled"))

    def throttle(self, invocation: Invocation) -> None:
        """Refuse an invocation that has not begun."""
        self.running.remove(invocation)
        self._chronicle.tell("invocation {} is throttled", invocation.number)
        invocation.answer(Unreached("TooManyRequestsException: slow down"))

    def end_the_late(self) -> None:
        """End what runs for longer than it may."""
        for invocation in [one for one in self.running if 0 < one.deadline < self._clock.now]:
            self.kill(invocation, "Sandbox.Timedout")

    def _begin(self, invocation: Invocation) -> None:
        if not self._idle:
            self._idle.append(Environment(self._store, self._clock))
        invocation.environment = self._idle.pop()
        invocation.environment.phase = "begins"
        invocation.deadline = self._clock.now + TIMEOUT_SECONDS
        invocation.greenlet = greenlet(lambda: self._run(invocation, invocation.environment))

    def _run(self, invocation: Invocation, environment: Environment | None) -> None:
        assert environment is not None
        context = Context(
            environment.session,
            lambda: invocation.deadline - RESERVE_SECONDS - self._clock.now,
            lambda response: invocation.answer(Answer(json.dumps(response).encode(), None)),
        )
        try:
            response = self._handler(json.loads(invocation.event), context)
        except OrderServiceError as error:
            raised = {"errorMessage": str(error), "errorType": type(error).__name__}
            answer = Answer(json.dumps(raised).encode(), "Unhandled")
            self._chronicle.tell("invocation {} fails: {}", invocation.number, error)
        except KilledError:
            return
        else:
            answer = Answer(json.dumps(response).encode(), None)
            undone = len(response["batchItemFailures"])
            done = f"but for {undone} records" if undone else "for all"
            self._chronicle.tell("invocation {} answers: done {}", invocation.number, done)
        invocation.answer(answer)
