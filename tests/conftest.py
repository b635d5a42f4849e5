"""Fixtures of every suite: real servers, each started once a session when first asked for."""

from collections.abc import Iterator

import pytest

from tests import servers
from tests.e2e.stack import Stack, running_stack


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.PostgresServer]:
    """Give a running PostgreSQL server."""
    with servers.running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[servers.KafkaServer]:
    """Give a running Kafka broker."""
    with servers.running_kafka() as server:
        yield server


@pytest.fixture(scope="session")
def nats_server() -> Iterator[servers.NatsServer]:
    """Give a running NATS server with JetStream."""
    with servers.running_nats() as server:
        yield server


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Give the whole stack, running, to tests that do not end it."""
    with running_stack() as running:
        yield running
