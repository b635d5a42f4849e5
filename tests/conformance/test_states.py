"""The state of a mapping, the reason for it, and the result of the latest invocation."""

from confluent_kafka.admin import ResourceType  # type: ignore[attr-defined] # it is public

from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.integration.event_source_mapping.endpoint import FUNCTION_ERROR
from tests.integration.event_source_mapping.test_refusals import GuardedKafka
from tests.servers import wait_until

API = "lambda/latest/api/API_EventSourceMappingConfiguration.html"
TROUBLES = "lambda/latest/dg/with-kafka-troubleshoot.html"


@rule("A mapping that reads is Enabled.", API)
def test_a_mapping_that_reads_is_enabled(broker: Broker) -> None:
    with broker.mapping(broker.topic()) as mapping:
        wait_until(lambda: mapping.status()["state"] == "Enabled", "the mapping to be enabled")


@rule("A mapping with Enabled false is Disabled, and reads nothing.", API)
def test_a_mapping_that_is_not_enabled_reads_nothing(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)

    with broker.mapping(topic, Enabled=False) as mapping:
        state = mapping.status()["state"]

    assert state == "Disabled"
    assert broker.sent() == []


@rule("LastProcessingResult is OK when the function succeeded.", API)
def test_the_latest_result_is_ok(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(1)

    with broker.mapping(topic) as mapping:
        wait_until(lambda: mapping.status()["lastProcessingResult"] == "OK", "a result", 10)


@rule("LastProcessingResult tells what was wrong when the function failed.", API)
def test_the_latest_result_tells_what_was_wrong(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(1)
    broker.endpoint.answer = lambda _: FUNCTION_ERROR

    with broker.mapping(topic) as mapping:
        wait_until(lambda: "ValueError" in mapping.status()["lastProcessingResult"], "a fault", 10)


@rule("A mapping whose brokers do not know it stops: EVENT_SOURCE_AUTHN_ERROR.", TROUBLES)
def test_a_mapping_that_is_not_known_stops(broker: Broker, guarded: GuardedKafka) -> None:
    topic = broker.topic_of(guarded.server)
    settings = guarded.settings(sasl_password="wrong")

    with broker.mapping(topic, settings=settings) as mapping:
        status = mapping.status()

    assert (status["state"], status["reason"]) == ("Disabled", "EVENT_SOURCE_AUTHN_ERROR")


@rule("A mapping that may not read its topic stops: EVENT_SOURCE_AUTHZ_ERROR.", TROUBLES)
def test_a_mapping_that_may_not_read_stops(broker: Broker, guarded: GuardedKafka) -> None:
    topic = broker.topic_of(guarded.server)
    guarded.grant(ResourceType.GROUP, topic.group)

    with broker.mapping(topic, settings=guarded.settings()) as mapping:
        status = mapping.status()

    assert (status["state"], status["reason"]) == ("Disabled", "EVENT_SOURCE_AUTHZ_ERROR")
