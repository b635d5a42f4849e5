"""MaximumRecordAgeInSeconds: records too old to be sent."""

import time
from collections.abc import Callable

import pytest

from devstack.errors import UserError
from devstack.event_source_mapping.definition.choices import Choices
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.unit.event_source_mapping.fakes import FAILED, FakeMapping, record

RETRIES = "lambda/latest/dg/kafka-retry-configurations.html"
API = "lambda/latest/api/API_CreateEventSourceMapping.html"
CDK = (
    "https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/"
    "aws-lambda-event-sources/README.md"
)
YEAR_2020_MS = 1_577_836_800_000
TWO_MINUTES_MS = 120_000


@rule("Without MaximumRecordAgeInSeconds a record of any age is sent.", API)
def test_no_record_is_too_old_by_default(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"old", timestamp_ms=YEAR_2020_MS)

    broker.ingest(topic)

    assert broker.sent() == [[0]]


@rule("MaximumRecordAgeInSeconds is -1 (the default: no limit) or from 60 to 604,800.", API)
def test_an_age_is_a_minute_to_a_week(parsed: Callable[..., object]) -> None:
    for allowed in (None, -1, 60, 604_800):
        assert parsed(MaximumRecordAgeInSeconds=allowed)

    for refused in (-2, 0, 59, 604_801):
        with pytest.raises(UserError, match=f"MaximumRecordAgeInSeconds: {refused}"):
            parsed(MaximumRecordAgeInSeconds=refused)


@rule("A record older than MaximumRecordAgeInSeconds is not sent.", RETRIES)
def test_a_record_too_old_is_not_sent(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"old", timestamp_ms=int(time.time() * 1000) - TWO_MINUTES_MS)
    topic.send(b"young")

    broker.ingest(topic, MaximumRecordAgeInSeconds=60)

    assert broker.sent() == [[1]]
    assert topic.committed() == 2


@rule("A record that fails is tried until it is older than MaximumRecordAgeInSeconds.", RETRIES)
def test_a_record_that_grows_too_old_is_not_retried(simulate: type[FakeMapping]) -> None:
    choices = Choices(first_retry_seconds=11, longest_retry_seconds=11, retry_jitter=0)
    mapping = simulate(0, choices=choices, maximum_record_age_seconds=60)
    produced_ms = int(mapping.clock.time() * 1000)
    mapping.consumer.produce(record(0, 0)._replace(timestamp_ms=produced_ms))

    mapping.answer(*[FAILED] * 6)
    mapping.run(60)

    assert mapping.sent() == [[(0, 0)]] * 6
    assert mapping.consumer.committed == {0: 1}


@rule("A record too old goes to the destination, as one that failed.", CDK)
def test_a_record_too_old_goes_to_the_destination(broker: Broker) -> None:
    topic, dead_letters = broker.topic(), broker.topic()
    topic.send(b"old", key=b"key", timestamp_ms=YEAR_2020_MS)

    broker.ingest(
        topic,
        MaximumRecordAgeInSeconds=604_800,
        DestinationConfig={"OnFailure": {"Destination": f"kafka://{dead_letters.name}"}},
    )

    assert broker.sent() == []
    assert dead_letters.messages(1)[0].key == b"key"
