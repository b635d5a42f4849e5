"""Fixtures of the NATS source's tests."""

from collections.abc import Iterator

import pytest

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint, lambda_endpoint
from tests.integration.nats.source import ReadStream
from tests.servers import NatsServer


@pytest.fixture
def endpoint() -> Iterator[LambdaEndpoint]:
    """Give a Lambda endpoint that accepts everything until told otherwise."""
    with lambda_endpoint() as running:
        yield running


@pytest.fixture
def stream(nats_server: NatsServer) -> ReadStream:
    """Give an empty stream."""
    return ReadStream(nats_server)
