"""The watcher of a stream: a server in, where it ends and where the consumer goes on out."""

import json
from collections.abc import Mapping
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
from devstack.event_source_mapping.reporting.watcher import Watcher

REQUEST_SECONDS = 2.0


class StreamOffsetsWatcher(Watcher):
    """The offsets of one mapping's stream."""

    faults = (UserError,)

    def __init__(self, configuration: MappingConfiguration, place: Place) -> None:
        super().__init__(configuration.topic)
        self._place = place
        self._consumer = requests.durable_name(configuration.consumer_group)
        self._starts_late = configuration.starting_position is StartingPosition.LATEST

    def look(self) -> Mapping[int, Offsets]:
        """Ask once."""
        return jetstream.asked(self._place.url, self._place.credentials, self._look)

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
