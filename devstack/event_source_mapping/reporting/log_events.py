"""The log events of a mapping: what happens in, one line of JSON in AWS's form out.

AWS writes them to the function's log group; here they are lines of the process's output.
https://docs.aws.amazon.com/lambda/latest/dg/esm-logging.html
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devstack.account import ACCOUNT, REGION
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.definition.controls import LOG_LEVELS

JAVA_NAMES = {
    "_ALL_BROKERS_DOWN": "DisconnectException",
    "_AUTHENTICATION": "SaslAuthenticationException",
    "_SSL": "SslAuthenticationException",
    "_TIMED_OUT": "TimeoutException",
    "_TRANSPORT": "DisconnectException",
    "_UNKNOWN_TOPIC": "UnknownTopicOrPartitionException",
    "CLUSTER_AUTHORIZATION_FAILED": "ClusterAuthorizationException",
    "FENCED_INSTANCE_ID": "FencedInstanceIdException",
    "GROUP_AUTHORIZATION_FAILED": "GroupAuthorizationException",
    "ILLEGAL_GENERATION": "IllegalGenerationException",
    "REBALANCE_IN_PROGRESS": "RebalanceInProgressException",
    "SASL_AUTHENTICATION_FAILED": "SaslAuthenticationException",
    "TOPIC_AUTHORIZATION_FAILED": "TopicAuthorizationException",
    "UNKNOWN_MEMBER_ID": "UnknownMemberIdException",
    "UNKNOWN_TOPIC_OR_PART": "UnknownTopicOrPartitionException",
}
"""librdkafka's names for what AWS's poller, a Java client, calls by the names of exceptions."""


def write_line(line: str) -> None:
    """Write a line of the process's output, in one piece."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class LogEvents:
    """The log events of one mapping, of the levels it asks for."""

    def __init__(
        self,
        configuration: MappingConfiguration,
        kafka_properties: Mapping[str, Any],
        write: Callable[[str], None] = write_line,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._configuration = configuration
        self._kafka_properties = kafka_properties
        self._write = write
        self._clock = clock

    def processing(self, number: int, code: str, message: str) -> None:
        """Tell of a fault of poller `number`."""
        error = {"errorMessage": message, "errorCode": JAVA_NAMES.get(code, code)}
        self._tell("WARN", "ESM_PROCESSING_EVENT", number, {"error": error})

    def poller_status(
        self, number: int, member: str, assigned: Sequence[int], generation: int, partitions: int
    ) -> None:
        """Tell which of all `partitions` poller `number` reads, since the `generation`th change."""
        mapping, properties = self._configuration, self._kafka_properties
        connection = {
            "brokerEndpoints": mapping.bootstrap_servers,
            "consumerId": member,
            "topics": [mapping.topic],
            "consumerGroupId": mapping.consumer_group,
            "securityProtocol": str(properties.get("security.protocol", "PLAINTEXT")).upper(),
            "saslMechanism": properties.get("sasl.mechanism") or properties.get("sasl.mechanisms"),
            "totalPartitionCount": partitions,
            "assignedPartitionCount": len(assigned),
            "partitionsAssignmentGeneration": generation,
            "assignedPartitions": [f"{mapping.topic}-{p}" for p in sorted(assigned)],
            "networkConfig": None,  # of a VPC, which this machine is not
        }
        about = {"kafkaEventSourceConnection": connection}
        self._tell("INFO", "POLLER_STATUS_EVENT", number, about)

    def kafka_status(self, offsets: Mapping[str, Mapping[str, int | None]]) -> None:
        """Tell how far every partition is, by name; of the mapping, so by its first poller."""
        told = [{"partition": name, **places} for name, places in offsets.items()]
        self._tell("DEBUG", "KAFKA_STATUS_EVENT", 0, {"kafkaPartitionOffsets": told})

    def _tell(self, level: str, kind: str, number: int, about: Mapping[str, object]) -> None:
        mapping = self._configuration
        least = mapping.log_level
        if least is None or LOG_LEVELS.index(level) < LOG_LEVELS.index(least):
            return
        event = {
            "eventType": kind,
            "timestamp": int(self._clock() * 1000),
            "resourceArn": mapping_arn(mapping.uuid),
            "eventSourceArn": mapping.event_source_arn,
            "eventProcessorId": f"{mapping.uuid}/{number}",
            "logLevel": level,
            **about,
        }
        self._write(json.dumps(event))


def mapping_arn(uuid: str) -> str:
    """Name a mapping as AWS would."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"
