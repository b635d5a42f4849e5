"""Stacks as places: a stack, its AWS side its own or LocalStack's, in; its addresses out."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from devstack.front.proxy_event import STAGE
from devstack.localstack.deployment import resources
from devstack.ports import LOCALHOST
from devstack.samples import GENERATED
from tests.e2e.stack import Stack, running_stack
from tests.servers import wait_until
from tests.targets.place import INGEST_SECONDS
from tests.targets.served import Served


@contextmanager
def running_with_samples(*options: str) -> Iterator[Stack]:
    """Run a stack for the length of a `with` block, from when the sample orders are stored."""
    with running_stack(*options, INGEST_TIMEOUT_SECONDS=str(INGEST_SECONDS)) as stack:
        wait_until(partial(_has_samples, stack), "the sample orders to be stored")
        yield stack


def on_devstack(stack: Stack) -> Served:
    """Return its Invoke API and its edge."""
    addresses = stack.state()["addresses"]
    return Served(
        invoke_url=f"http://{LOCALHOST}:{addresses['invoke_port']}",
        api_url=f"http://{LOCALHOST}:{addresses['http_ports'][0]}",
        database=_database(stack),
    )


def on_localstack(stack: Stack) -> Served:
    """Return LocalStack's Invoke API and its API Gateway."""
    endpoint_url = f"http://{LOCALHOST}:{stack.state()['addresses']['aws_port']}"
    physical = resources(endpoint_url)
    return Served(
        invoke_url=endpoint_url,
        api_url=f"{endpoint_url}/_aws/execute-api/{physical['OrdersApi']}/{STAGE}",
        database=_database(stack),
        function_name=physical.__getitem__,
    )


def _database(stack: Stack) -> dict[str, str]:
    addresses = stack.state()["addresses"]
    return {"DB_HOST": addresses["db_host"], "DB_PORT": str(addresses["db_port"])}


def _has_samples(stack: Stack) -> bool:
    return stack.sql("SELECT count(*) FROM orders") == [[GENERATED + 1]]
