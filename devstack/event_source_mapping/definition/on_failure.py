"""The on-failure destination of a mapping: DestinationConfig in, an ARN or `kafka://topic` out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
https://docs.aws.amazon.com/lambda/latest/api/API_OnFailure.html
"""

import re

from devstack.event_source_mapping.definition.controls import require_provisioned
from devstack.event_source_mapping.refusals import Properties, RefusedError, section

_NAME = "DestinationConfig"
_TOPIC = re.compile(r"kafka://([^.][a-zA-Z0-9\-_.]{0,248})")
_ARN = re.compile(r"arn:aws[a-zA-Z0-9-]*:(sqs|sns|s3):([a-z]{2,}-[a-z-]+-\d)?:(\d{12})?:.+")


def destination(properties: Properties, source_topic: str, *, provisioned: bool) -> str | None:
    """Read DestinationConfig; None when what fails is dropped."""
    config = section(properties, _NAME, ("OnFailure", "OnSuccess"))
    if config.get("OnSuccess"):
        message = f"{_NAME}: OnSuccess is not for event source mappings"
        raise RefusedError(message)
    given = section(config, "OnFailure", ("Destination",)).get("Destination")
    if not given:
        return None
    if topic := _TOPIC.fullmatch(str(given)):
        require_provisioned([f"{_NAME} {given}"], provisioned=provisioned)
        _check_topic(topic[1], source_topic)
    elif not _ARN.fullmatch(str(given)):
        message = (
            f"{_NAME}: {given!r} is neither the ARN of an SQS queue, an SNS topic or an S3 bucket"
            " nor kafka:// and a topic's name"
        )
        raise RefusedError(message)
    return str(given)


def _check_topic(topic: str, source_topic: str) -> None:
    if topic == source_topic:
        message = f"{_NAME}: {topic} is the topic that the mapping reads"
        raise RefusedError(message)
