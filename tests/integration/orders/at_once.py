"""Several pieces of work at once, each in a thread of its own."""

import threading
from collections.abc import Callable

_PATIENCE_SECONDS = 60


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Begin all of it at the same moment, wait for the last, and return what was raised."""
    failures: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def safely(work: Callable[[], object]) -> None:
        try:
            gate.wait(timeout=10)
            work()
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=safely, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=_PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    return failures
