"""Functions of tests: an endpoint in, how it answers changed."""

import threading
from collections.abc import Callable

from tests.integration.event_source_mapping.endpoint import Invocation, LambdaEndpoint, Reply


def hanging(endpoint: LambdaEndpoint) -> threading.Event:
    """Let invocations wait until the event that is returned is set."""
    released = threading.Event()

    def hang(_: Invocation) -> Reply:
        released.wait(60)
        return Reply()

    endpoint.answer = hang
    return released


def invoked(endpoint: LambdaEndpoint, times: int) -> Callable[[], bool]:
    return lambda: len(endpoint.invocations) >= times
