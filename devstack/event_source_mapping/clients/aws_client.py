"""A client of AWS: a service and where it is in, the boto3 client that signs for it out."""

from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from devstack.account import REGION

AWS = "aws"
"""What a person writes in place of an endpoint's address for AWS itself."""

BUCKETS_OF_NO_PLACE = "us-east-1"
"""The region whose buckets need no location."""

CONNECT_TIMEOUT_SECONDS = 3
LOCAL_CREDENTIAL = "local"
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


def aws_client(
    service: Literal["cloudformation", "lambda", "s3", "sns", "sqs"],
    endpoint_url: str | None,
    config: Config,
    region: str | None = None,
) -> Any:  # noqa: ANN401 - each service has a client class of its own
    """Return a client; `endpoint_url` None is AWS itself, `region` None the configured one.

    An endpoint of this machine is signed for with made-up credentials: nobody checks them, and
    looking for real ones would ask a metadata service that is not there.
    """
    session = boto3.Session()
    here = endpoint_url is not None and urlsplit(endpoint_url).hostname in _THIS_MACHINE
    credential = LOCAL_CREDENTIAL if here else None
    return session.client(
        service,
        endpoint_url=endpoint_url,
        region_name=region or session.region_name or REGION,
        aws_access_key_id=credential,
        aws_secret_access_key=credential,
        config=Config(connect_timeout=CONNECT_TIMEOUT_SECONDS).merge(config),
    )
