"""Faults of the event source mapping: killed, joined by another one, or records sent twice."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psutil

from devstack import mappings, private_file
from devstack.prove.arena.proxy import Course, MissedError, Moment
from devstack.prove.arena.stack import ProvingStack
from devstack.prove.faults.fault import PATIENCE_SECONDS, Fault
from devstack.prove.faults.invocations import catch
from devstack.prove.faults.processes import lasting, running, signalled
from devstack.prove.faults.surroundings import Surroundings
from devstack.settings import Source
from devstack.waiting import until

JOIN_SECONDS = 20.0
"""How long a second mapping may take to be given partitions."""
REPLAY_SECONDS = 30.0
"""When a replay that does not come to its end is ended: other faults may stand in its way."""
RECENT_RECORDS = (20, 400)

ENDS = (signal.SIGTERM, signal.SIGKILL)


def _commit_lost(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
    mapping = running(surroundings, "mapping")

    def act(_: psutil.Process) -> Course:
        mapping.kill()
        return Course.PASS

    invocation = catch(surroundings, Moment.COMMIT_ANSWERED, act)
    return f"pid {mapping.pid}, when pid {invocation.pid} had committed for it"


def _joined(surroundings: Surroundings, draw: Random, seconds: float) -> str:
    end = draw.choice(ENDS)
    first = running(surroundings, "mapping")
    own, status_file = _own_configuration(surroundings.stack)
    command = [sys.executable, "-m", "devstack.event_source_mapping", "--config", str(own)]
    with _beside(first, command, subprocess.DEVNULL) as process:
        second = psutil.Process(process.pid)
        until(lambda: _partitions(status_file) or process.poll() is not None, JOIN_SECONDS)
        taken = _partitions(status_file)
        lasted = lasting(second, seconds)
        process.send_signal(end)
        until(lambda: process.poll() is not None, PATIENCE_SECONDS)
    if not taken:
        message = "the second mapping was given no partition"
        raise MissedError(message)
    return f"pid {process.pid} with {', '.join(taken)}, {lasted}, ended by {end.name}"


def _own_configuration(stack: ProvingStack) -> tuple[Path, Path]:
    """Write what the stack's mapping is told, but where it tells of itself; return both files.

    They lie in the same folder, where members of the group find names that are free.
    """
    folder = stack.home / "run"
    told = json.loads((folder / "event_source_mapping.json").read_text())
    status_file = folder / "joined.json"
    own = {"ready_file": str(folder / "joined.ready"), "status_file": str(status_file)}
    status_file.unlink(missing_ok=True)  # of one that was killed
    return private_file.write(folder / "joined.configuration.json", {**told, **own}), status_file


def _partitions(status_file: Path) -> list[str]:
    """Return the partitions that a mapping process has processed something of."""
    try:
        told = json.loads(status_file.read_text())
    except FileNotFoundError:
        return []
    return [
        name
        for mapping in told["mappings"].values()
        for name, places in mapping["lag"]["partitions"].items()
        if places["processedOffset"] is not None
    ]


def _delivered_twice(surroundings: Surroundings, draw: Random, _seconds: float) -> str:
    recent = draw.randint(*RECENT_RECORDS)
    mapping = running(surroundings, "mapping")
    place, end = draw.choice(sorted(_ends(surroundings.stack).items()))
    part = _part(surroundings.stack, place, max(0, end - recent), end - 1)
    command = [sys.executable, "-m", "devstack", "replay", *part, "--restart", "--json"]
    with _beside(mapping, command, subprocess.PIPE) as process:
        try:
            told, _ = process.communicate(timeout=REPLAY_SECONDS)
        except subprocess.TimeoutExpired:
            return f"{place} from {recent} before its end on, cut short"
    if not told or process.returncode < 0:  # it ended, or was ended with the stack
        message = "the replay did not get anything through"
        raise MissedError(message)
    return f"{json.loads(told)['sent']} records of {place} once more"


def _part(stack: ProvingStack, place: str, first: int, last: int) -> Sequence[str]:
    """Tell the replay of these offsets of a partition."""
    if stack.source is Source.NATS:
        return ("stream", stack.topic, f"--from-sequence={first}", f"--to-sequence={last}")
    topic, _, partition = place.rpartition("-")
    offsets = (f"--from-offset={first}", f"--to-offset={last}")
    return ("topic", topic, "--partition", partition, *offsets)


def _ends(stack: ProvingStack) -> Mapping[str, int]:
    """Return where the topic's partitions that hold something end, as the mapping last saw it."""
    places = {
        name: int(place["endOffset"])
        for mapping in mappings.read(stack.home).values()
        for name, place in mapping["lag"]["partitions"].items()
        if place["endOffset"]
    }
    if not places:
        message = "the mapping tells of nothing that could be sent again"
        raise MissedError(message)
    return places


@contextmanager
def _beside(
    component: psutil.Process, command: Sequence[str], output: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in the environment of a component; it is gone with the `with` block.

    It has the stack's mark too, so that it is ended with a stack that is killed.
    """
    process = subprocess.Popen(
        command,
        env=component.environ(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


FAULTS: Sequence[Fault] = (
    Fault(
        "mapping-killed",
        "SIGKILL of the mapping",
        (0, 0),
        signalled("mapping", signal.SIGKILL),
        takes_seconds=2.0,
    ),
    Fault(
        "mapping-joined",
        "a second mapping joins the consumer group, works, and leaves in order or by SIGKILL",
        (2, 10),
        _joined,
        takes_seconds=6.0,
        sources=(Source.KAFKA,),
    ),
    Fault(
        "commit-lost",
        "SIGKILL of the mapping when a batch is stored and the broker does not know yet",
        (0, 0),
        _commit_lost,
        takes_seconds=2.0,
    ),
    Fault(
        "delivered-twice",
        "recent records are sent to the function once more, while it works",
        (0, 0),
        _delivered_twice,
        takes_seconds=2.0,
    ),
)
