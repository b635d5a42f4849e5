"""Fixtures of the targets: each place is started once a session, when first asked for."""

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack
from tests.servers import PostgresServer
from tests.targets import docker
from tests.targets.direct import direct
from tests.targets.local_stack import running_on_localstack
from tests.targets.on_sam_local import on_sam_local
from tests.targets.seen import Seen, seen
from tests.targets.stacks import on_devstack, on_localstack, running_with_samples


@pytest.fixture(scope="session")
def local_stack() -> Iterator[Stack]:
    """Give the whole stack with its AWS side on LocalStack."""
    with running_on_localstack() as stack:
        yield stack


@pytest.fixture(scope="session")
def seen_directly(postgres: PostgresServer) -> Seen:
    """Send the ten events to the handlers themselves."""
    with direct(postgres) as place:
        return seen(place)


@pytest.fixture(scope="session")
def seen_on_devstack() -> Seen:
    """Send the ten events to the stack, with the short time-out that the last one needs."""
    with running_with_samples() as stack:
        return seen(on_devstack(stack))


@pytest.fixture(scope="session")
def seen_with_sam_local(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Send the ten events to `sam local`, where Docker is there."""
    docker.require()
    with on_sam_local(postgres, tmp_path_factory.mktemp("sam_local")) as place:
        return seen(place)


@pytest.fixture(scope="session")
def seen_on_localstack(local_stack: Stack) -> Seen:
    """Send the ten events to LocalStack."""
    return seen(on_localstack(local_stack))
