"""The NATS source as its task definition runs it: in a container, with few rights."""

import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devstack import jetstream
from tests.infrastructure.transformed import NATS, NATS_CREDENTIALS, stack
from tests.integration.event_source_mapping.endpoint import lambda_endpoint
from tests.integration.nats.accounts import Guarded, running_guarded
from tests.integration.nats.source import ReadStream
from tests.servers import NatsServer, wait_until
from tests.targets import nats_source_image

MADE_UP = {"AWS_ACCESS_KEY_ID": "made", "AWS_SECRET_ACCESS_KEY": "up"}
"""The task's role, on AWS."""


@pytest.fixture(scope="module")
def image() -> str:
    return nats_source_image.require()


def rights(task: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options by which Docker does as the task definition says."""
    yield from ("--user", own["User"], "--memory", f"{task['Memory']}m")
    yield from (f"--cap-drop={name}" for name in own["LinuxParameters"]["Capabilities"]["Drop"])
    if own["ReadonlyRootFilesystem"]:
        yield "--read-only"
    if own["LinuxParameters"]["InitProcessEnabled"]:
        yield "--init"
    yield from ("--volume", own["MountPoints"][0]["ContainerPath"])


@contextmanager
def running(
    image: str,
    endpoint_url: str,
    log: Path,
    secrets: Mapping[str, str],
    parameters: Mapping[str, str],
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the container of the task, which finds this machine's servers."""
    task = stack(NATS, parameters).properties["NatsSourceTask"]
    (own,) = task["ContainerDefinitions"]
    assert {one["Name"] for one in own["Secrets"]} == secrets.keys()
    variables = {one["Name"]: one["Value"] for one in own["Environment"]}
    given = {**variables, **MADE_UP, **secrets}
    command = [
        *("docker", "run", "--rm", "--network", "host", *rights(task, own)),
        *(f"--env={name}={value}" for name, value in given.items()),
        *(image, *own["Command"], "--endpoint-url", endpoint_url),
    ]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)  # which Docker passes on
        process.wait(timeout=60)


def test_messages_are_read_and_acknowledged_with_the_rights_of_the_task(
    image: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    stream = ReadStream(nats_server)
    stream.group = "serverless-orders"  # as the stack is called
    stream.produce(300)

    log, secrets = tmp_path / "log", {"NATS_URL": stream.url}
    with (
        lambda_endpoint() as endpoint,
        running(image, endpoint.url, log, secrets, {"NatsStream": stream.name}) as container,
    ):
        wait_until(
            lambda: container.poll() is not None or stream.is_acknowledged(300), "all messages"
        )
        assert container.poll() is None, log.read_text()

    assert [place.offset for place in endpoint.places()] == list(range(1, 301))
    (path,) = {invocation.path for invocation in endpoint.invocations}
    assert path.endswith("/functions/serverless-orders-ingest-orders/invocations")
    assert container.returncode == 0, log.read_text()
    assert "ERROR" not in log.read_text()


def test_a_secret_of_the_task_lets_it_in(image: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running_guarded(tmp_path) as server, lambda_endpoint() as endpoint:
        jetstream.ensure_stream(server.url, "orders", str(server.credentials))
        secrets = {
            "NATS_URL": server.url,
            "NATS_CREDENTIALS_TEXT": server.credentials.read_text(),
        }
        with running(image, endpoint.url, log, secrets, NATS_CREDENTIALS) as container:
            wait_until(
                lambda: container.poll() is not None or reads(server), "a consumer of the stream"
            )
            assert container.poll() is None, log.read_text()


def reads(server: Guarded) -> bool:
    """Tell whether somebody made a consumer of the stream."""
    stream = jetstream.asked(
        server.url, str(server.credentials), lambda nats: nats.jetstream().stream_info("orders")
    )
    return bool(stream.state.consumer_count)
