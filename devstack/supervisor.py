"""The supervisor: components in, a running stack out, until a signal or a component ends it.

What dies is started again with back-off; what keeps dying ends the stack with its last words.
Nothing that was started is left behind.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from devstack.component import Component, NotReadyError
from devstack.console import Console
from devstack.errors import UserError

FIRST_PAUSE_SECONDS = 0.5
"""Before the second of several restarts in a row; the first is made at once."""
LONGEST_PAUSE_SECONDS = 4.0
SETTLED_AFTER_SECONDS = 10.0
"""A component that answered this long has its earlier failures forgotten."""
FAILURES_ALLOWED = 8
_LAST_WORDS = 12
_PROBE_SECONDS = 0.05


@dataclass
class Status:
    """What is known of a component now."""

    state: str = "waiting"
    pid: int | None = None
    restarts: int = 0


@dataclass
class _Runner:
    """Keeps one component running."""

    component: Component
    console: Console
    changed: Callable[[], None]
    status: Status = field(default_factory=Status)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    renewed: list["_Runner"] = field(default_factory=list)
    """Those that are to start anew when this one does."""
    _process: asyncio.subprocess.Process | None = None
    _reading: asyncio.Task[None] | None = None
    _last_words: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_WORDS))

    async def run(self, needs: Sequence[asyncio.Event]) -> None:
        """Start, watch and restart until cancelled; raises `UserError` when it keeps dying."""
        failures = 0
        while True:
            for need in needs:
                await need.wait()
            began = time.monotonic()
            await self._live()
            for runner in self.renewed:
                runner.renew()
            if time.monotonic() - began > SETTLED_AFTER_SECONDS:
                failures = 0
            failures += 1
            if failures >= FAILURES_ALLOWED:
                message = "\n  ".join([f"{self.component.name} keeps dying:", *self._last_words])
                raise UserError(message)
            self.status.restarts += 1
            pause = _pause(failures)
            when = f"in {pause:g} s" if pause else "at once"
            self.console.say(f"{self.component.name} ended; started again {when}")
            await asyncio.sleep(pause)

    async def _live(self) -> None:
        """Run the process once, from preparation to its end."""
        component = self.component
        await asyncio.to_thread(component.prepare)
        process = await asyncio.create_subprocess_exec(
            *component.command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **component.environment},
            start_new_session=True,  # Ctrl-C reaches the supervisor alone
            user=component.user,
        )
        self._process = process
        self._set("starting", process.pid)
        self._reading = asyncio.create_task(self._read(process))
        try:
            await self._until_it_answers(process)
            await _end_of(process)
        finally:
            self.answering.clear()
            self._set("ended" if process.returncode is not None else "stopping", process.pid)
        _signal_group(process.pid, signal.SIGKILL)  # what it may have left behind
        await asyncio.shield(self._reading)  # a stop waits for it too
        self._last_words.append(f"(ended with status {process.returncode})")

    async def _until_it_answers(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + self.component.ready_within_seconds
        while process.returncode is None:
            if await asyncio.to_thread(self._is_of_use):
                self._set("running", process.pid)
                self.answering.set()
                return
            if time.monotonic() > deadline:
                self._last_words.append(
                    f"(did not answer within {self.component.ready_within_seconds:g} s)"
                )
                _signal_group(process.pid, signal.SIGKILL)
                return
            await asyncio.sleep(_PROBE_SECONDS)

    def _is_of_use(self) -> bool:
        try:
            if not self.component.answers():
                return False
            self.component.settle()
        except NotReadyError:
            return False
        return True

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in _lines(process.stdout):
            self._last_words.append(line)
            self.console.line(self.component.name, line)

    def renew(self) -> None:
        """End the process, if it runs; it is started anew when what it needs answers."""
        if self._process and self._process.returncode is None:
            _signal_group(self._process.pid, self.component.stop_signal)

    async def stop(self, outlived_by: Iterable["asyncio.Task[None]"]) -> None:
        """Stop the process after what needs it: politely first, then for good."""
        for task in outlived_by:
            await task
        if self._process and self._process.returncode is None:
            await self._end(self._process)
        if self._reading:  # to its last word, so that the pipe is closed before the loop is
            await asyncio.wait({self._reading}, timeout=self.component.grace_seconds)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        self._set("stopping", process.pid)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self.component.stop_signal)
        try:
            async with asyncio.timeout(self.component.grace_seconds):
                await _end_of(process)
        except TimeoutError:
            self.console.say(f"{self.component.name} does not stop; killed")
        _signal_group(process.pid, signal.SIGKILL)  # what it may have left behind
        await process.wait()
        self._set("stopped", None)

    def _set(self, state: str, pid: int | None) -> None:
        self.status.state, self.status.pid = state, pid
        self.changed()


class Supervisor:
    """Runs components until `stop` is called or one of them cannot be kept alive."""

    def __init__(self, components: Iterable[Component], console: Console) -> None:
        self._console = console
        self._runners = {
            component.name: _Runner(component, console, self._changed) for component in components
        }
        for runner in self._runners.values():
            for name in runner.component.renewed_with:
                self._runners[name].renewed.append(runner)
        self._stopping = asyncio.Event()
        self._observers: list[Callable[[dict[str, Status]], None]] = []

    def observe(self, observer: Callable[[dict[str, Status]], None]) -> None:
        """Call `observer` with every component's status whenever one changes."""
        self._observers.append(observer)

    def stop(self) -> None:
        """Ask the stack to stop; `run` returns when it has."""
        self._stopping.set()

    async def run(self, when_up: Callable[[], Any]) -> None:
        """Run the stack; `when_up` is called once, in a thread, when everything answers.

        Raises `UserError` when a component cannot be started or kept alive.
        """
        running = [
            asyncio.create_task(runner.run(self._events(runner.component.needs)))
            for runner in self._runners.values()
        ]
        up = asyncio.create_task(self._announce(when_up))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            watched = {*running, up, stopping}
            while stopping in watched:
                done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # raises what ended it
                if stopping in done:
                    break
        finally:
            for task in (*running, up, stopping):
                task.cancel()
            await asyncio.gather(*running, up, stopping, return_exceptions=True)
            await self._stop_all()

    async def _announce(self, when_up: Callable[[], Any]) -> None:
        for runner in self._runners.values():
            await runner.answering.wait()
        await asyncio.to_thread(when_up)

    async def _stop_all(self) -> None:
        tasks: dict[str, asyncio.Task[None]] = {}
        for name, runner in reversed(self._runners.items()):
            dependents = [task for other, task in tasks.items() if name in self._needs(other)]
            tasks[name] = asyncio.create_task(runner.stop(dependents))
        await asyncio.gather(*tasks.values())

    def _needs(self, name: str) -> tuple[str, ...]:
        return self._runners[name].component.needs

    def _events(self, names: Iterable[str]) -> list[asyncio.Event]:
        return [self._runners[name].answering for name in names]

    def _changed(self) -> None:
        statuses = {name: runner.status for name, runner in self._runners.items()}
        for observer in self._observers:
            observer(statuses)


def _pause(failures: int) -> float:
    """Return how long to wait after so many failures in a row."""
    if failures == 1:
        return 0.0
    return min(FIRST_PAUSE_SECONDS * 2.0 ** (failures - 2), LONGEST_PAUSE_SECONDS)


async def _end_of(process: asyncio.subprocess.Process) -> None:
    """Wait for the process alone; `wait()` would wait for whoever inherited its output too."""
    while process.returncode is None:  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(_PROBE_SECONDS)


def _signal_group(pid: int, what: signal.Signals) -> None:
    """Signal a component's process group, which its process leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, what)


async def _lines(stream: asyncio.StreamReader) -> Any:  # noqa: ANN401 - an async generator of str
    """Yield a process's lines; one longer than the buffer comes in parts."""
    while True:
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            if end.partial:
                yield end.partial.decode(errors="replace")
            return
        except asyncio.LimitOverrunError as overrun:
            line = await stream.readexactly(overrun.consumed)
        yield line.decode(errors="replace").rstrip("\n")
