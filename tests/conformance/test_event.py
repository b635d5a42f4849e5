"""The event a function receives: its envelope, its records, their encoding."""

import base64
import json
import time

from tests.conformance.broker import Broker
from tests.conformance.rules import rule

MSK = "lambda/latest/dg/with-msk.html"
SELF_MANAGED = "lambda/latest/dg/with-kafka.html"
SCHEMA = "lambda/latest/dg/services-consume-kafka-events.html"
FILTERING = "lambda/latest/dg/kafka-filtering.html"
ARN = "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0-1"


@rule("An event of a self-managed cluster names SelfManagedKafka as its source.", SELF_MANAGED)
def test_a_self_managed_source_is_named(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value")

    (invocation,) = broker.ingest(topic)

    assert invocation.event["eventSource"] == "SelfManagedKafka"


@rule("An event of a self-managed cluster has no ARN of its source.", SELF_MANAGED)
def test_a_self_managed_source_has_no_arn(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value")

    (invocation,) = broker.ingest(topic)

    assert invocation.event.keys() == {"eventSource", "bootstrapServers", "records"}


@rule("An event of an MSK cluster names aws:kafka as its source, and the cluster's ARN.", MSK)
def test_a_cluster_of_msk_is_named_with_its_arn(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value")

    (invocation,) = broker.ingest(
        topic,
        SelfManagedEventSource=None,
        SelfManagedKafkaEventSourceConfig=None,
        AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": topic.group},
        EventSourceArn=ARN,
    )

    assert invocation.event["eventSource"] == "aws:kafka"
    assert invocation.event["eventSourceArn"] == ARN


@rule("The brokers of the event are one string of host:port, separated by commas.", MSK)
def test_the_brokers_are_one_string(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value")
    topic.servers = f"{topic.servers},{topic.servers.replace('127.0.0.1', 'localhost')}"

    (invocation,) = broker.ingest(topic)

    assert invocation.event["bootstrapServers"] == topic.servers


@rule("Records are grouped into one list per partition, under the name topic-partition.", MSK)
def test_records_are_grouped_by_topic_and_partition(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.send(b"a", b"b", partition=0)
    topic.send(b"c", partition=1)

    invocations = broker.ingest(topic)

    for invocation in invocations:
        for name, records in invocation.event["records"].items():
            assert {name} == {f"{record['topic']}-{record['partition']}" for record in records}
            assert isinstance(records, list)
    names = {name for invocation in invocations for name in invocation.event["records"]}
    assert names == {f"{topic.name}-0", f"{topic.name}-1"}


@rule("A record names its topic as text, its partition and its offset as numbers.", MSK)
def test_a_record_says_where_it_stood(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.send(b"a", b"b", partition=1)

    records = [record for invocation in broker.ingest(topic) for record in invocation.records]

    where = [(record["topic"], record["partition"], record["offset"]) for record in records]
    assert where == [(topic.name, 1, 0), (topic.name, 1, 1)]


@rule("A record's timestamp is a number of milliseconds since 1970.", MSK)
def test_a_timestamp_is_in_milliseconds(broker: Broker) -> None:
    topic = broker.topic()
    present_ms = int(time.time() * 1000)
    topic.send(b"value", timestamp_ms=present_ms)

    ((record,),) = (invocation.records for invocation in broker.ingest(topic))

    assert record["timestamp"] == present_ms


@rule("A timestamp that the producer gave has the type CREATE_TIME.", MSK)
def test_the_type_of_a_producers_timestamp_is_told(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value")

    ((record,),) = (invocation.records for invocation in broker.ingest(topic))

    assert record["timestampType"] == "CREATE_TIME"


@rule("Key and value are the bytes of the record in base64.", MSK)
def test_key_and_value_are_in_base64(broker: Broker) -> None:
    topic = broker.topic()
    key, value = b"\x00key\xff", b"\xfe\x00value"
    topic.send(value, key=key)

    ((record,),) = (invocation.records for invocation in broker.ingest(topic))

    assert base64.b64decode(record["key"], validate=True) == key
    assert base64.b64decode(record["value"], validate=True) == value


@rule("A record without a key has no key in the event.", FILTERING)
def test_a_record_without_a_key_has_none_in_the_event(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value", key=None)

    ((record,),) = (invocation.records for invocation in broker.ingest(topic))

    assert record.keys() == {
        *("topic", "partition", "offset", "timestamp", "timestampType", "value", "headers")
    }


@rule("Headers are a list of objects of one entry each: a name and a list of bytes.", MSK)
def test_headers_keep_their_order_and_their_repetitions(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value", headers=[("b", b"12"), ("a", b"3"), ("b", b"")])

    ((record,),) = (invocation.records for invocation in broker.ingest(topic))

    assert record["headers"] == [{"b": [49, 50]}, {"a": [51]}, {"b": []}]


@rule(
    "Bytes of headers are signed, as Java's are: reported by users, and by AWS's own libraries.",
    "https://github.com/aws-powertools/powertools-lambda-python/issues/6862",
)
def test_bytes_of_headers_are_signed(broker: Broker) -> None:
    topic = broker.topic()
    topic.send(b"value", headers=[("name", "ë".encode())])

    ((record,),) = (invocation.records for invocation in broker.ingest(topic))

    assert record["headers"] == [{"name": [-61, -85]}]


@rule("A record carries its value whatever it is: nothing is decoded or changed.", SCHEMA)
def test_a_value_is_passed_on_as_it_is(broker: Broker) -> None:
    topic = broker.topic()
    values = [b"", b"{}", b'{"b": 1.0, "a": "\\u00e9"}', json.dumps("text").encode(), b"\x80"]
    topic.send(*values)

    (invocation,) = broker.ingest(topic, MaximumBatchingWindowInSeconds=1)

    assert [base64.b64decode(record["value"]) for record in invocation.records] == values
