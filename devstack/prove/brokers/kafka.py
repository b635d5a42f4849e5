"""Kafka as a proof's broker: a topic's watermarks and a group's commits in, its progress out."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, TopicPartition

from devstack.prove.brokers import kafka_topic
from devstack.prove.brokers.broker import BrokerAwayError, Progress
from devstack.prove.load.places import Places
from devstack.prove.load.producing import Receipts

ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Kafka:
    """One topic, and the group that reads it."""

    bootstrap_servers: str
    topic: str
    group: str

    first_offset = 0

    def destination(self, receipts: Receipts) -> AbstractContextManager[kafka_topic.KafkaTopic]:
        """Give the topic to send to."""
        return kafka_topic.opened(self.bootstrap_servers, self.topic, receipts)

    def progress(self) -> Progress:
        """Return where each partition ends and where the group goes on."""
        try:
            return self._progress()
        except KafkaException as error:
            message = f"Kafka does not tell where its topic ends: {error.args[0].str()}"
            raise BrokerAwayError(message) from error

    def date(self, _: Places) -> None:
        """Leave it: a record has the date that its sender gave it."""

    def _progress(self) -> Progress:
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap_servers, "group.id": self.group, "log_level": 0}
        )
        try:
            known = consumer.list_topics(self.topic, timeout=ANSWER_SECONDS).topics
            partitions = [
                TopicPartition(self.topic, one) for one in sorted(known[self.topic].partitions)
            ]
            ends = {
                one.partition: consumer.get_watermark_offsets(one, timeout=ANSWER_SECONDS)[1]
                for one in partitions
            }
            told = consumer.committed(partitions, timeout=ANSWER_SECONDS)
            committed = {one.partition: one.offset if one.offset >= 0 else None for one in told}
            return Progress(self.first_offset, ends, committed)
        finally:
            consumer.close()
