"""Background: work in a thread of its own, ended when asked to, and its failure not lost."""

from threading import Event, Thread


class Background(Thread):
    """A thread that does `work` until it is done or `stopping` is set."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = Event()
        self._failure: BaseException | None = None

    def work(self) -> None:
        """Do what this thread is for."""
        raise NotImplementedError

    def run(self) -> None:
        """Keep what goes wrong for whoever stops this."""
        try:
            self.work()
        except BaseException as failure:  # noqa: BLE001 - `stop` raises it
            self._failure = failure

    def stop(self) -> None:
        """Ask it to end, wait until it has, and raise what went wrong in it."""
        self.stopping.set()
        self.join()
        if self._failure:
            raise self._failure
