"""The destinations on AWS: what a mapping gave up in, a message or an object out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from botocore.config import Config

from devstack.event_source_mapping.clients.aws_client import aws_client
from devstack.event_source_mapping.definition.configuration import MappingConfiguration
from devstack.event_source_mapping.destinations.invocation_record import InvocationRecords
from devstack.event_source_mapping.polling.given_up import GivenUp

Deliver = Callable[[GivenUp], None]
"""Returns when it is done; raises botocore's `ClientError` or `BotoCoreError` when it cannot be."""

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 3}, read_timeout=10)


def sqs(arn: str, configuration: MappingConfiguration, endpoint_url: str | None) -> Deliver:
    """Send a message to a queue, which is found by its name and account."""
    *_, region, account, name = arn.split(":")
    client = aws_client("sqs", endpoint_url, _CONFIG, region)
    documents = InvocationRecords(configuration)

    def deliver(given_up: GivenUp) -> None:
        queue = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
        client.send_message(QueueUrl=queue["QueueUrl"], MessageBody=documents.for_message(given_up))

    return deliver


def sns(arn: str, configuration: MappingConfiguration, endpoint_url: str | None) -> Deliver:
    """Publish a message to a topic."""
    *_, region, _account, _name = arn.split(":")
    client = aws_client("sns", endpoint_url, _CONFIG, region)
    documents = InvocationRecords(configuration)
    return lambda given_up: client.publish(TopicArn=arn, Message=documents.for_message(given_up))


def s3(arn: str, configuration: MappingConfiguration, endpoint_url: str | None) -> Deliver:
    """Put an object into a bucket.

    How AWS names it for Kafka is not documented. Its names for Kinesis are followed, with the topic
    in place of the shard: `aws/lambda/UUID/TOPIC/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-UUID`.
    """
    *_, bucket = arn.split(":")
    # A bucket's name in the path, as one in the host name needs a resolver that knows of it.
    style = Config(s3={"addressing_style": "path" if endpoint_url else "auto"})
    client = aws_client("s3", endpoint_url, _CONFIG.merge(style))
    documents = InvocationRecords(configuration)
    folder = f"aws/lambda/{configuration.uuid}/{configuration.topic}"

    def deliver(given_up: GivenUp) -> None:
        name = f"{datetime.now(UTC):%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid4()}"
        client.put_object(
            Bucket=bucket,
            Key=f"{folder}/{name}",
            Body=documents.for_object(given_up).encode(),
            ContentType="application/json",
        )

    return deliver
