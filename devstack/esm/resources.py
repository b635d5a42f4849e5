"""Resources on the local AWS: a template in; queues, topics and buckets that are there out."""

from botocore.config import Config

from devstack.account import REGION
from devstack.event_source_mapping.clients.aws_client import BUCKETS_OF_NO_PLACE, aws_client
from devstack.template import Template

_PATIENCE = Config(read_timeout=5, retries={"total_max_attempts": 3})

_FIFO = ".fifo"


def make(described: Template, endpoint_url: str) -> None:
    """Make what the template has, unless it is there.

    Raises botocore's `ClientError` or `BotoCoreError` when the local AWS does not.
    """
    sqs = aws_client("sqs", endpoint_url, _PATIENCE, REGION)
    for name in described.queues:
        sqs.create_queue(QueueName=name, Attributes=_kind(name, "FifoQueue"))
    sns = aws_client("sns", endpoint_url, _PATIENCE, REGION)
    for name in described.topics:
        sns.create_topic(Name=name, Attributes=_kind(name, "FifoTopic"))
    s3 = aws_client("s3", endpoint_url, _PATIENCE, BUCKETS_OF_NO_PLACE)
    for name in described.buckets:
        s3.create_bucket(Bucket=name)


def _kind(name: str, fifo: str) -> dict[str, str]:
    return {fifo: "true"} if name.endswith(_FIFO) else {}
