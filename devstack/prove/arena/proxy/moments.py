"""Moments of a connection: somebody who waits for one in, what is to become of it then out."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum, auto


class Moment(Enum):
    """What can be waited for."""

    COMMIT_ASKED = auto()
    """The client's COMMIT has come and is not passed on yet."""
    COMMIT_SENT = auto()
    """It was passed on just now and is not answered yet."""
    COMMIT_ANSWERED = auto()
    """The server's answer that it has committed has come and is not passed on yet."""
    COMMIT_PASSED = auto()
    """The client has the answer."""
    COPY_DATA = auto()
    """Rows of a COPY have come from the client and are not passed on yet."""


class Course(Enum):
    """What becomes of a connection."""

    PASS = auto()
    DROP = auto()
    """Both sides are reset."""
    SILENCE = auto()
    """It stays open, and nothing is passed on any more, either way."""


class MissedError(Exception):
    """Nothing came by."""


class Catches:
    """Who waits for which moment; each moment of a connection is given to one of them."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Moment, deque[_Catch]] = defaultdict(deque)

    async def reached(self, moment: Moment, client_port: int) -> Course:
        """Ask whoever has waited longest; pass when nobody waits."""
        waiting = self._waiting[moment]
        while waiting:
            catch = waiting.popleft()
            if catch.came.set_running_or_notify_cancel():
                catch.came.set_result(client_port)
                return await asyncio.wrap_future(catch.course)
        return Course.PASS

    def wait(
        self,
        moment: Moment,
        act: Callable[[int], Course],
        seconds: float,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Wait for the moment, in a thread that is not the loop's; raises `MissedError`."""
        catch = _Catch()
        loop.call_soon_threadsafe(self._waiting[moment].append, catch)
        client_port = catch.port(moment, seconds)
        course = Course.PASS
        try:
            course = act(client_port)
        finally:
            if catch.course.set_running_or_notify_cancel():  # the connection may be gone
                catch.course.set_result(course)


class _Catch:
    def __init__(self) -> None:
        self.came: Future[int] = Future()
        self.course: Future[Course] = Future()

    def port(self, moment: Moment, seconds: float) -> int:
        try:
            return self.came.result(seconds)
        except TimeoutError:
            if self.came.cancel():
                message = f"no connection came to {moment.name} within {seconds:g} s"
                raise MissedError(message) from None
            return self.came.result()  # it came just now
