"""Brokers that ask who is there: a mapping they do not let in is disabled, the others go on."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined] # they are public
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from devstack.ports import free_port
from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.event_source_mapping.mapping_process import MappingProcess, Topic
from tests.servers import KafkaServer, running_kafka

READER = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.username": "reader",
    "sasl.password": "secret",
}


class GuardedKafka:
    """A broker with a second listener, where `reader` is known and may do what it is granted."""

    def __init__(self, server: KafkaServer, guarded: str) -> None:
        self.server = server
        self.guarded = guarded
        self._admin = AdminClient({"bootstrap.servers": server.bootstrap_servers})

    def grant(self, kind: ResourceType, name: str) -> None:
        """Let `reader` read a topic or a group."""
        binding = AclBinding(
            kind,
            name,
            ResourcePatternType.LITERAL,
            "User:reader",
            "*",
            AclOperation.READ,
            AclPermissionType.ALLOW,
        )
        self._admin.create_acls([binding])[binding].result()

    def settings(self, **properties: str) -> Mapping[str, object]:
        """Return a mapping process's settings, for `reader` unless properties say otherwise."""
        kafka_properties = {
            **READER,
            **{name.replace("_", "."): value for name, value in properties.items()},
        }
        return {"bootstrap_servers": self.guarded, "kafka_properties": kafka_properties}


@pytest.fixture(scope="module")
def guarded() -> Iterator[GuardedKafka]:
    """Give a running broker that asks who is there."""
    port, plain, controller = free_port(), free_port(), free_port()
    listeners = f"PLAINTEXT://127.0.0.1:{plain},GUARDED://127.0.0.1:{port}"
    login = "org.apache.kafka.common.security.plain.PlainLoginModule"
    settings = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
        "GUARDED:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.guarded.plain.sasl.jaas.config": f'{login} required user_reader="secret";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with running_kafka(settings, plain) as server:
        yield GuardedKafka(server, f"127.0.0.1:{port}")


def test_a_mapping_with_a_wrong_password_is_disabled_and_the_process_goes_on(
    guarded: GuardedKafka, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(guarded.server, partitions=1)
    settings = guarded.settings(sasl_password="wrong")

    with MappingProcess(tmp_path, topic, endpoint.url, settings=settings) as mapping:
        status = mapping.status()
        ended, seconds = mapping.terminate()

    assert (status["state"], status["reason"]) == ("Disabled", "EVENT_SOURCE_AUTHN_ERROR")
    assert status["lastProcessingResult"].startswith("PROBLEM: ")
    assert "disabled, EVENT_SOURCE_AUTHN_ERROR" in mapping.output()
    assert (ended, seconds < 5) == (0, True)


def test_a_mapping_that_may_not_read_its_topic_is_disabled_and_the_other_goes_on(
    guarded: GuardedKafka, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    allowed, forbidden = (Topic(guarded.server, partitions=1) for _ in range(2))
    guarded.grant(ResourceType.GROUP, allowed.group)
    guarded.grant(ResourceType.TOPIC, allowed.name)
    group = f"{allowed.group}-forbidden"
    guarded.grant(ResourceType.GROUP, group)

    with MappingProcess(
        tmp_path,
        allowed,
        endpoint.url,
        settings=guarded.settings(),
        also={
            "ForbiddenMapping": {
                "Topics": [forbidden.name],
                "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": group},
            }
        },
    ) as mapping:
        refused = mapping.status("ForbiddenMapping")
        allowed.produce(5)
        allowed.wait_until_committed(5)
        working = mapping.status()

    assert (refused["state"], refused["reason"]) == ("Disabled", "EVENT_SOURCE_AUTHZ_ERROR")
    assert working["state"] == "Enabled"


def test_a_mapping_that_may_not_join_its_group_is_disabled(
    guarded: GuardedKafka, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    topic = Topic(guarded.server, partitions=1)
    guarded.grant(ResourceType.TOPIC, topic.name)

    with MappingProcess(tmp_path, topic, endpoint.url, settings=guarded.settings()) as mapping:
        status = mapping.status()

    assert (status["state"], status["reason"]) == ("Disabled", "EVENT_SOURCE_AUTHZ_ERROR")
