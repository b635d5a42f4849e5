"""Work beside the poller: jobs in, what became of them out, on threads a stop does not wait for."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

_Job = TypeVar("_Job")
_Done = TypeVar("_Done")


class Background(Generic[_Job, _Done]):
    """A few threads that do one kind of job, each job once, in the order they were submitted."""

    def __init__(self, work: Callable[[_Job], _Done], name: str, threads: int = 1) -> None:
        self._work = work
        self._submitted: SimpleQueue[_Job | None] = SimpleQueue()
        self._completed: SimpleQueue[_Done | Exception] = SimpleQueue()
        self._threads = [Thread(target=self._run, name=name, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, job: _Job) -> None:
        """Do a job, later."""
        self._submitted.put(job)

    def completed(self) -> Iterator[_Done]:
        """Yield what has come of jobs since the last call, without waiting.

        Raises what a thread did not expect: nothing would ever be told of that job.
        """
        while not self._completed.empty():
            done = self._completed.get()
            if isinstance(done, Exception):
                raise done
            yield done

    def close(self) -> None:
        """Let the threads end when they have done what was submitted; do not wait."""
        for _ in self._threads:
            self._submitted.put(None)

    def _run(self) -> None:
        while (job := self._submitted.get()) is not None:
            try:
                self._completed.put(self._work(job))
            except Exception as error:  # noqa: BLE001 - it is raised again in `completed`
                self._completed.put(error)
