"""Fixtures of the mapping's tests."""

from collections.abc import Iterator

import pytest

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint, lambda_endpoint


@pytest.fixture
def endpoint() -> Iterator[LambdaEndpoint]:
    """Give a Lambda endpoint that accepts everything until told otherwise."""
    with lambda_endpoint() as running:
        yield running
