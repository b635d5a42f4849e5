"""The link: the address of a server in, what a consumer there is given, as it comes, out.

nats-py runs on a thread of its own. Every connection is a session with a number, made anew when it
ends; what was meant for an earlier one is not sent, because a consumer that was made anew counts
from 1 again: an acknowledgement of the old one would be a message of the new one lost.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from devstack import jetstream
from devstack.event_source_mapping.clients.nats import wire
from devstack.event_source_mapping.clients.nats.binding import (
    STREAM_NOT_FOUND,
    ApiError,
    Binding,
)
from devstack.event_source_mapping.clients.nats.events import (
    Answered,
    Arrived,
    Broken,
    Closed,
    Event,
    Missing,
    Opened,
    Outgoing,
    Refused,
)
from devstack.event_source_mapping.clients.nats.messages import HANDLES, message
from devstack.event_source_mapping.clients.nats.place import Place
from devstack.event_source_mapping.clients.nats.requests import ConsumerUnfitError
from devstack.event_source_mapping.definition.configuration import MappingConfiguration

RETRY_SECONDS = 0.5
LOOK_SECONDS = 0.1
CLOSE_SECONDS = 0.5

_log = logging.getLogger(__name__)


class _Refusal(Exception):  # noqa: N818 - not an error of ours
    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Link(Thread):
    """The thread; `events` is what it tells, `send` what it is told."""

    def __init__(self, place: Place, configuration: MappingConfiguration, name: str) -> None:
        super().__init__(name=f"nats {name}", daemon=True)
        self.events: SimpleQueue[Event] = SimpleQueue()
        self._place = place
        self._name = name
        self._binding = Binding(configuration, place.stream)
        self._loop = asyncio.new_event_loop()
        self._outbox: asyncio.Queue[tuple[int, Sequence[Outgoing]]] = asyncio.Queue()
        self._renewed = 0, ""
        """The latest session that is to end, and why."""
        self._last: tuple[int, Sequence[Outgoing]] = 0, ()
        self._leaving = False
        self._refusal: _Refusal | None = None
        self._cause: Exception | None = None
        """Why no server of several can be reached, which nats-py's own error does not say."""

    def goes_on_at(self, sequence: int) -> None:
        """Note where a consumer goes on that somebody deletes."""
        self._binding.next_sequence = sequence

    def send(self, session: int, publications: Sequence[Outgoing]) -> None:
        """Publish, in this order, if the session goes on."""
        self._loop.call_soon_threadsafe(self._outbox.put_nowait, (session, publications))

    def renew(self, session: int, why: str) -> None:
        """End a session; another begins."""
        self._renewed = session, why

    def leave(self, session: int, publications: Sequence[Outgoing]) -> None:
        """Publish the last, and end; do not wait."""

        def leave() -> None:
            self._last = session, publications
            self._leaving = True

        self._loop.call_soon_threadsafe(leave)

    def run(self) -> None:
        """Run sessions until told to leave."""
        self._loop.set_exception_handler(_tell_nobody)
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._sessions())
        except BaseException as error:  # noqa: BLE001 - whoever polls raises it
            self.events.put(Broken(error))

    async def _sessions(self) -> None:
        number = 0
        while not self._leaving:
            number += 1
            self.events.put(await self._session(number))
            pause = 0.0
            while not self._leaving and (pause < RETRY_SECONDS or self._refusal):
                await asyncio.sleep(LOOK_SECONDS)
                pause += LOOK_SECONDS

    async def _session(self, number: int) -> Event:
        """Return how it ended."""
        self._cause = None
        try:
            client = await wire.connect(
                self._place.url, self._place.credentials, self._name, self._heard
            )
        except jetstream.FAULTS as error:
            return self._fault(self._cause or error)
        try:
            return await self._work(client, number)
        except (*jetstream.FAULTS, ApiError, ConsumerUnfitError) as error:
            return self._fault(error)
        finally:
            await _discard(client)

    async def _work(self, client: wire.WholeClient, number: int) -> Event:
        bound = await self._binding.bind(client)
        inbox = client.new_inbox()

        async def receive(one: Msg) -> None:
            self.events.put(_event(number, one, inbox))

        listening = await client.subscribe(
            f"{inbox}.>", cb=receive, pending_msgs_limit=0, pending_bytes_limit=0
        )
        self.events.put(Opened(number, bound))
        while self._goes_on(client, number):
            with suppress(TimeoutError):
                session, some = await asyncio.wait_for(self._outbox.get(), LOOK_SECONDS)
                if session == number:
                    await _publish(client, some, inbox)
        session, last = self._last
        if session == number and client.is_connected:
            await listening.unsubscribe()  # or what is given back comes here again
            await _publish(client, last, inbox)
        return self._end_of(client, number)

    def _end_of(self, client: wire.WholeClient, number: int) -> Event:
        if self._refusal:
            return Refused(self._refusal.reason, str(self._refusal))
        session, why = self._renewed
        fault = why if session == number else client.last_error or "the connection was closed"
        return Closed("DisconnectException", f"{self._shown}: {fault}")

    def _goes_on(self, client: wire.WholeClient, number: int) -> bool:
        if client.is_closed or self._refusal or self._renewed[0] == number:
            return False
        return not (self._leaving and self._outbox.empty())

    async def _heard(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self._refusal = _Refusal("EVENT_SOURCE_AUTHZ_ERROR", f"{self._shown}: {error}")
        elif isinstance(error, jetstream.FAULTS):
            self._cause = error
        else:
            self.events.put(Broken(error))

    def _fault(self, error: Exception) -> Event:
        text = " ".join(str(error).split()) or type(error).__name__
        if self._refusal:
            return Refused(self._refusal.reason, str(self._refusal))
        if isinstance(error, NatsError) and "authorization violation" in text.lower():
            self._refusal = _Refusal("EVENT_SOURCE_AUTHN_ERROR", text)
            return Refused(self._refusal.reason, f"{self._shown}: {text}")
        if isinstance(error, ConsumerUnfitError):
            self._refusal = _Refusal("ESM_CONFIG_NOT_VALID", text)
            return Refused(self._refusal.reason, text)
        if isinstance(error, ApiError) and error.code == STREAM_NOT_FOUND:
            return Missing(f"{self._shown}: there is no stream {self._place.stream}")
        return Closed(type(error).__name__, f"{self._shown}: {text}")

    @property
    def _shown(self) -> str:
        return f"NATS at {jetstream.addresses(self._place.url)}"


def _event(number: int, one: Msg, inbox: str) -> Event:
    if one.reply.startswith(HANDLES):
        return Arrived(number, message(one.subject, one.reply, wire.raw_headers(one), one.data))
    headers = one.headers or {}
    what = one.subject.removeprefix(f"{inbox}.")
    return Answered(
        number, what, headers.get("Status", ""), headers.get("Description", ""), one.data
    )


async def _publish(client: wire.WholeClient, some: Sequence[Outgoing], inbox: str) -> None:
    for subject, body, answer in some:
        await client.publish(subject, body, f"{inbox}.{answer}" if answer else "")


async def _discard(client: wire.WholeClient) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            if client.is_connected:
                await client.flush()
            await client.close()
    except jetstream.FAULTS as error:
        _log.debug("%s", error)
    client.abort()


def _tell_nobody(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    # nats-py's tasks end in faults that the session has told of already.
    _log.debug("%s", context)
