"""The whole stack with its AWS side on LocalStack, for every test that looks at it.

The fixture `local_stack` (in conftest.py) starts it once a session and gives a Stack of
tests/e2e/stack.py: `request` and `post` ask the edge, `sql` asks the database, `command` runs
devstack's commands, and `client` below is any AWS client of it. Functions are called as on AWS
(`serverless-orders-migrate`); the ingest function's time-out is short, and the sample orders are
stored.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import boto3
from botocore.config import Config

from devstack import install, leftovers
from devstack.account import REGION
from tests.e2e.stack import Stack
from tests.targets.stacks import running_with_samples

_ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=60)


@contextmanager
def running_on_localstack() -> Iterator[Stack]:
    """Run it for the length of a `with` block; when told to stop, it leaves no process."""
    install.install("localstack")
    with running_with_samples("--on", "localstack") as stack:
        yield stack
        owned = stack.processes()
        assert stack.end() == 0
        assert not [process for process in owned if leftovers.is_alive(process)]


def client(stack: Stack, service: Literal["cloudformation", "lambda", "s3"]) -> Any:  # noqa: ANN401 - each service has a client class of its own
    """Return a client of the stack's LocalStack."""
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{stack.state()['addresses']['aws_port']}",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=_ONCE,
    )
