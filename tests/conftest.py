"""Fixtures of every suite: real servers, each started once a session when first asked for."""

from collections.abc import Iterator

import pytest

from tests import servers


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
