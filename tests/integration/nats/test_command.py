"""`python -m devstack nats-source` as a person runs it, or a container."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.nats.source import ReadStream
from tests.servers import ROOT


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "devstack", "nats-source", *words]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the environment of a machine on which no stack runs."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("NATS_")}
    return {**own, "DEVSTACK_HOME": str(tmp_path)}


def test_it_reads_a_stream_into_a_function_of_any_name_and_stops_when_told(
    stream: ReadStream, endpoint: LambdaEndpoint, environment: dict[str, str]
) -> None:
    stream.produce(5)
    words = ("--group", stream.group, "--function", "prod-ingest-orders")

    process = subprocess.Popen(
        command(*words, "--endpoint-url", endpoint.url, "--aws-endpoint-url", endpoint.url),
        cwd=ROOT,
        env={**environment, "NATS_URL": stream.url, "NATS_STREAM": stream.name},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        stream.wait_until_acknowledged(5)
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=10)

    assert process.returncode == 0
    assert "prod-ingest-orders" in endpoint.invocations[0].path
    assert f"nats:{stream.name}" in said
    assert [place.offset for place in endpoint.places()] == [1, 2, 3, 4, 5]


def test_without_a_server_it_says_how_to_name_one(environment: dict[str, str]) -> None:
    done = subprocess.run(
        command(), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr == ("devstack: no NATS server is named; give --server, or set NATS_URL\n")
