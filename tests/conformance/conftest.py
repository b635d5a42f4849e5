"""Fixtures of the conformance tests: what a rule is seen through."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.definition.properties import parse
from tests.conformance.broker import Broker
from tests.integration.event_source_mapping import test_refusals
from tests.integration.event_source_mapping.endpoint import lambda_endpoint
from tests.integration.event_source_mapping.local_aws import local_aws
from tests.integration.event_source_mapping.mapping_process import TEMPLATE
from tests.servers import KafkaServer
from tests.unit.event_source_mapping.fakes import FakeMapping

KAFKA_THAT_RUNS = "CONFORMANCE_KAFKA"
AWS_THAT_RUNS = "CONFORMANCE_AWS"
"""Addresses, set by the mutants' command: it would start servers anew for every mutant."""

guarded = test_refusals.guarded


@pytest.fixture(scope="session")
def conformance_kafka(request: pytest.FixtureRequest) -> KafkaServer:
    """Give the broker that runs, or the suite's own."""
    if servers := os.environ.get(KAFKA_THAT_RUNS):
        return SimpleNamespace(bootstrap_servers=servers)  # type: ignore[return-value] # all it is asked
    kafka: KafkaServer = request.getfixturevalue("kafka")
    return kafka


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """Give the address of a local AWS."""
    if address := os.environ.get(AWS_THAT_RUNS):
        yield address
        return
    with local_aws() as address:
        yield address


@pytest.fixture
def broker(
    conformance_kafka: KafkaServer, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Broker]:
    """Give a broker, and a function that accepts everything until told otherwise."""
    with lambda_endpoint() as endpoint:
        yield Broker(
            conformance_kafka, endpoint, tmp_path, lambda: str(request.getfixturevalue("aws"))
        )


@pytest.fixture
def simulate() -> type[FakeMapping]:
    """Give the mapping amid a broker, a function and a clock that do as they are told."""
    return FakeMapping


@pytest.fixture
def parsed() -> Callable[..., MappingConfiguration]:
    """Give what reads a mapping's properties, those named changed; None removes one."""

    def parsed(**changes: object) -> MappingConfiguration:
        properties = {**TEMPLATE, "Topics": ["orders"], **changes}
        # The brokers of an MSK cluster stand in no template.
        servers = "127.0.0.1:9092" if properties.get("EventSourceArn") else None
        return parse("Mapping", properties, servers)

    return parsed
