"""Faults of the broker: what leads every partition restarted, killed or paused, its state lost."""

import signal
from collections.abc import Callable, Sequence
from random import Random

from devstack import jetstream
from devstack.errors import UserError
from devstack.prove.arena.proxy import MissedError
from devstack.prove.faults.fault import Fault, Injection
from devstack.prove.faults.processes import paused, signalled
from devstack.prove.faults.surroundings import Surroundings
from devstack.settings import Source


def _of_broker(fault: Callable[[str], Injection]) -> Injection:
    """Return the fault of the component that the stack's orders come from."""

    def inject(surroundings: Surroundings, draw: Random, seconds: float) -> str:
        return fault(surroundings.stack.source)(surroundings, draw, seconds)

    return inject


def _consumer_deleted(surroundings: Surroundings, _draw: Random, _seconds: float) -> str:
    stack = surroundings.stack
    url, stream, durable = stack.addresses.nats_url, stack.topic, stack.group
    try:
        jetstream.asked(
            url, None, lambda client: client.jetstream().delete_consumer(stream, durable)
        )
    except UserError as error:
        raise MissedError(str(error)) from error
    return f"{durable} of stream {stream}"


FAULTS: Sequence[Fault] = (
    Fault(
        "broker-restarted",
        "the broker is stopped in order (SIGTERM)",
        (0, 0),
        _of_broker(lambda component: signalled(component, signal.SIGTERM)),
        takes_seconds=5.0,
    ),
    Fault(
        "broker-killed",
        "SIGKILL of the broker",
        (0, 0),
        _of_broker(lambda component: signalled(component, signal.SIGKILL)),
        takes_seconds=5.0,
    ),
    Fault(
        "leader-paused",
        "the leader of every partition stands still (SIGSTOP)",
        (2, 10),
        _of_broker(paused),
    ),
    Fault(
        "consumer-deleted",
        "the durable consumer of the stream is deleted while it works, and with it what was read",
        (0, 0),
        _consumer_deleted,
        takes_seconds=3.0,
        sources=(Source.NATS,),
    ),
)
