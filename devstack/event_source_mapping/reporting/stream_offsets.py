"""The watcher of a stream: a server in, where it ends and where the consumer goes on out.

Everything is asked of the server, once a second, so that it holds for other readers as well.
"""

import json
import logging
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any

from nats.aio.client import Client

from devstack import jetstream
from devstack.errors import UserError
from devstack.event_source_mapping.clients.nats import requests
from devstack.event_source_mapping.clients.nats.messages import PARTITION
from devstack.event_source_mapping.clients.nats.place import Place
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from devstack.event_source_mapping.reporting.lag import Offsets

LOOK_SECONDS = 1.0
REQUEST_SECONDS = 2.0

_log = logging.getLogger(__name__)


class StreamOffsetsWatcher(Thread):
    """The offsets of one mapping's stream, as last seen."""

    def __init__(self, configuration: MappingConfiguration, place: Place) -> None:
        super().__init__(name=f"offsets of {configuration.topic}", daemon=True)
        self._place = place
        self._consumer = requests.durable_name(configuration.consumer_group)
        self._starts_late = configuration.starting_position is StartingPosition.LATEST
        self._stopping = Event()
        self.looked = Event()
        """The server has answered."""
        self.offsets: Mapping[int, Offsets] = {}

    def run(self) -> None:
        """Look once a second; while the server does not answer, what was seen last stands."""
        while not self._stopping.is_set():
            try:
                self.offsets = jetstream.asked(self._place.url, self._place.credentials, self._look)
                self.looked.set()
            except UserError as error:
                _log.debug("%s: %s", self.name, error)
            self._stopping.wait(LOOK_SECONDS)

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()

    async def _look(self, client: Client) -> Mapping[int, Offsets]:
        stream = await _told(client, requests.stream_info(self._place.stream))
        consumer = await _told(client, requests.consumer_info(self._place.stream, self._consumer))
        if "state" not in stream:
            return {}
        return {PARTITION: self._offsets(stream["state"], consumer)}

    def _offsets(self, state: Mapping[str, Any], consumer: Mapping[str, Any]) -> Offsets:
        begin, end = state["first_seq"], state["last_seq"] + 1
        if "ack_floor" not in consumer:
            return Offsets(end, end if self._starts_late else begin, None, begin)
        committed = consumer["ack_floor"]["stream_seq"] + 1
        # Messages that were deleted are neither delivered nor acknowledged.
        is_through = not (consumer["num_pending"] or consumer["num_ack_pending"])
        return Offsets(end, end if is_through else max(committed, begin), committed, begin)


async def _told(client: Client, subject: str) -> Mapping[str, Any]:
    answer = await client.request(subject, timeout=REQUEST_SECONDS)
    told: Mapping[str, Any] = json.loads(answer.data)
    return told
