"""The binding: a connection in, the durable consumer that is read there out, made if need be."""

import json
from collections.abc import Mapping
from typing import Any

from nats.aio.client import Client

from devstack.event_source_mapping.clients.nats import requests
from devstack.event_source_mapping.clients.nats.requests import Bound
from devstack.event_source_mapping.definition.configuration import MappingConfiguration

ANSWER_SECONDS = 2.0
STREAM_NOT_FOUND = 10059
CONSUMER_NOT_FOUND = 10014
"""https://github.com/nats-io/nats-server/blob/main/server/errors.json"""

WORK_QUEUE = "workqueue"
"""Whose consumers may begin nowhere else than at its beginning."""


class ApiError(Exception):
    """JetStream does not do what it was asked; `code` is its own."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("description")))
        self.code = error.get("err_code")


class Binding:
    """The consumer of one mapping, as often as it is bound."""

    def __init__(self, configuration: MappingConfiguration, stream: str) -> None:
        self._configuration = configuration
        self._stream = stream
        self._consumer = requests.durable_name(configuration.consumer_group)
        self._stream_created: str | None = None
        self.next_sequence = 0
        """Where a consumer of the same stream goes on that somebody deleted."""

    async def bind(self, client: Client) -> Bound:
        """Return the consumer; raises `ApiError`, and `ConsumerUnfitError` for a wrong one."""
        stream, consumer = self._stream, self._consumer
        found = await _asked(client, requests.stream_info(stream))
        try:
            info = await _asked(client, requests.consumer_info(stream, consumer))
        except ApiError as error:
            if error.code != CONSUMER_NOT_FOUND:
                raise
            body = requests.creation(self._configuration, stream, self._start(found))
            info = await _asked(client, requests.consumer_creation(stream, consumer), body)
        self._stream_created = found["created"]
        return requests.bound(found, info)

    def _start(self, stream: Mapping[str, Any]) -> Mapping[str, Any]:
        if stream["config"]["retention"] == WORK_QUEUE:
            return requests.EVERYTHING  # which is what nobody has acknowledged
        if self._stream_created is None:
            return requests.beginning(self._configuration)
        if self._stream_created == stream["created"] and self.next_sequence:
            return requests.since(self.next_sequence)
        return requests.EVERYTHING


async def _asked(client: Client, subject: str, body: bytes = b"") -> Mapping[str, Any]:
    answer = await client.request(subject, body, timeout=ANSWER_SECONDS)
    told: Mapping[str, Any] = json.loads(answer.data)
    if "error" in told:
        raise ApiError(told["error"])
    return told
