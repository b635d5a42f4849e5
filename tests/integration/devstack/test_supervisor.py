"""How the supervisor keeps processes running, with real ones."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from devstack import leftovers
from devstack.component import Component
from devstack.console import Console
from devstack.errors import UserError
from devstack.supervisor import Status, Supervisor
from tests.servers import wait_until

PATIENCE_SECONDS = 20
SERVE = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVE}"
BREEDING = (
    "import subprocess, sys;"
    f"subprocess.Popen([sys.executable, '-c', {SERVE!r}, '/dev/null']); {SERVE}"
)

LAST_WORDS = 10_000
TALKATIVE = f"""
import signal, sys

def last_words(*_):
    sys.stdout.write("".join(f"word {{number}}\\n" for number in range({LAST_WORDS})))
    sys.exit()

signal.signal(signal.SIGTERM, last_words)
{SERVE}
"""


@dataclass
class Stack:
    """A supervisor under test with the history of what became of its components."""

    folder: Path
    components: list[Component] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)
    statuses: dict[str, Status] = field(default_factory=dict)

    def add(
        self,
        name: str,
        program: str = SERVE,
        *needs: str,
        grace: float = 4,
        renewed_with: tuple[str, ...] = (),
    ) -> None:
        file = self.folder / f"{name}.ready"
        self.components.append(
            Component(
                name=name,
                command=lambda: (sys.executable, "-c", program, str(file)),
                answers=file.exists,
                needs=needs,
                renewed_with=renewed_with,
                prepare=lambda: file.unlink(missing_ok=True),
                grace_seconds=grace,
            )
        )

    @property
    def said(self) -> list[str]:
        """What the supervisor told, without the times."""
        lines = (self.folder / "logs" / "stack.log").read_text().splitlines()
        return [line.split(" ", 2)[2] for line in lines]

    def pid(self, name: str) -> int:
        pid = self.statuses[name].pid
        assert pid is not None
        return pid

    async def run(self, when_up: Callable[[Supervisor], None]) -> None:
        loop = asyncio.get_running_loop()
        with closing(Console(self.folder / "logs")) as console:
            supervisor = Supervisor(self.components, console)
            supervisor.observe(self._note)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await supervisor.run(lambda: loop.call_soon_threadsafe(when_up, supervisor))

    def _note(self, statuses: dict[str, Status]) -> None:
        self.statuses = statuses
        for name, status in statuses.items():
            if not self.history or (name, status.state) not in self.history:
                self.history.append((name, status.state))


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def test_what_is_needed_starts_first_and_stops_last(stack: Stack) -> None:
    stack.add("database")
    stack.add("service", SERVE, "database")

    asyncio.run(stack.run(lambda supervisor: supervisor.stop()))

    order = [event for event in stack.history if event[1] in {"running", "starting", "stopped"}]
    assert order == [
        ("database", "starting"),
        ("database", "running"),
        ("service", "starting"),
        ("service", "running"),
        ("service", "stopped"),
        ("database", "stopped"),
    ]


def test_a_killed_component_is_started_again(stack: Stack) -> None:
    stack.add("service")

    async def kill_once_then_stop() -> None:
        killed: list[int] = []

        async def wait_for_another(supervisor: Supervisor) -> None:
            def is_another() -> bool:
                return (
                    stack.statuses["service"].state == "running"
                    and stack.pid("service") not in killed
                )

            while not is_another():  # noqa: ASYNC110 - `run` bounds it
                await asyncio.sleep(0.01)
            supervisor.stop()

        tasks: list[asyncio.Task[None]] = []

        def kill(supervisor: Supervisor) -> None:
            killed.append(stack.pid("service"))
            os.kill(killed[0], signal.SIGKILL)
            tasks.append(asyncio.ensure_future(wait_for_another(supervisor)))

        await stack.run(kill)

    asyncio.run(kill_once_then_stop())

    assert stack.statuses["service"].restarts == 1
    assert "service ended; started again at once" in stack.said


def test_what_dies_again_and_again_is_started_after_ever_longer_pauses(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.supervisor.FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("devstack.supervisor.LONGEST_PAUSE_SECONDS", 0.03)
    monkeypatch.setattr("devstack.supervisor.FAILURES_ALLOWED", 5)
    stack.add("service", "raise SystemExit(1)")

    with pytest.raises(UserError, match="service keeps dying"):
        asyncio.run(stack.run(lambda _: None))

    pauses = [line.partition("started again ")[2] for line in stack.said]
    assert pauses == ["at once", "in 0.01 s", "in 0.02 s", "in 0.03 s"]


def test_what_keeps_dying_ends_the_stack_with_its_last_words(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.supervisor.FIRST_PAUSE_SECONDS", 0.01)
    stack.add("service", "raise SystemExit('no licence found')")

    with pytest.raises(UserError, match=r"(?s)service keeps dying:.*no licence found.*status 1"):
        asyncio.run(stack.run(lambda _: None))


def test_what_ignores_sigterm_is_killed_after_its_grace(stack: Stack) -> None:
    stack.add("stubborn", STUBBORN, grace=0.2)
    pids: list[int] = []

    def stop(supervisor: Supervisor) -> None:
        pids.append(stack.pid("stubborn"))
        supervisor.stop()

    asyncio.run(stack.run(stop))

    assert not psutil.pid_exists(pids[0])


def test_the_last_words_of_what_is_stopped_are_all_kept(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.supervisor._PROBE_SECONDS", 0)  # its end is seen at once
    stack.add("talkative", TALKATIVE)

    asyncio.run(stack.run(lambda supervisor: supervisor.stop()))

    words = (stack.folder / "logs" / "talkative.log").read_text().splitlines()
    assert len(words) == LAST_WORDS
    assert words[-1].endswith(f"word {LAST_WORDS - 1}")


def test_children_of_a_component_do_not_outlive_it(stack: Stack) -> None:
    stack.add("parent", BREEDING)
    children: list[psutil.Process] = []

    def stop(supervisor: Supervisor) -> None:
        children.extend(psutil.Process(stack.pid("parent")).children())
        supervisor.stop()

    asyncio.run(stack.run(stop))

    assert children
    # Killed they are; the system takes a moment over it.
    wait_until(lambda: not any(map(leftovers.is_alive, children)), "their end", 2)


def test_a_component_that_never_answers_is_killed_and_its_silence_told(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.supervisor.FAILURES_ALLOWED", 1)
    stack.components.append(
        Component(
            name="silent",
            command=lambda: (sys.executable, "-c", "import time; time.sleep(60)"),
            answers=lambda: False,
            ready_within_seconds=0.3,
        )
    )

    with pytest.raises(UserError, match=r"did not answer within 0\.3 s"):
        asyncio.run(stack.run(lambda _: None))


def test_a_fault_of_the_preparation_ends_the_stack_at_once(stack: Stack) -> None:
    def refuse() -> None:
        message = "the disk is full"
        raise UserError(message)

    stack.components.append(
        Component("service", lambda: ("false",), answers=lambda: True, prepare=refuse)
    )

    with pytest.raises(UserError, match="the disk is full"):
        asyncio.run(stack.run(lambda _: None))


def test_what_another_one_leaves_untrue_starts_anew_after_it(stack: Stack) -> None:
    stack.add("cloud")
    stack.add("service", SERVE, "cloud", renewed_with=("cloud",))
    stack.add("bystander", SERVE, "cloud")
    pids: dict[str, list[int]] = {}

    def replace_the_cloud(supervisor: Supervisor) -> None:
        names = ("cloud", "service", "bystander")
        before = [stack.pid(name) for name in names]
        os.kill(before[0], signal.SIGKILL)

        def look() -> None:
            now = [stack.statuses[name] for name in names]
            if now[1].pid == before[1] or any(status.state != "running" for status in now):
                asyncio.get_running_loop().call_later(0.02, look)
                return
            pids.update(before=before, after=[stack.pid(name) for name in names])
            supervisor.stop()

        look()

    asyncio.run(stack.run(replace_the_cloud))

    changed = [old != new for old, new in zip(pids["before"], pids["after"], strict=True)]
    assert changed == [True, True, False]
