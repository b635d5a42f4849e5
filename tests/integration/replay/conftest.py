"""Fixtures of the replay's tests: a Lambda endpoint, and the command against it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint, lambda_endpoint
from tests.integration.replay.command import ReplayCommand


@pytest.fixture
def endpoint() -> Iterator[LambdaEndpoint]:
    """Give a Lambda endpoint that accepts everything until told otherwise."""
    with lambda_endpoint() as running:
        yield running


@pytest.fixture
def command(endpoint: LambdaEndpoint, tmp_path: Path) -> ReplayCommand:
    """Give `python -m devstack replay` against the endpoint."""
    return ReplayCommand(tmp_path / "home", endpoint.url)
