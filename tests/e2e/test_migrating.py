"""The schema of a running stack, taken back by the command and applied by the function."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from orders.migrations import NEWEST
from tests.e2e.stack import Stack


@pytest.fixture
def migrated(stack: Stack) -> Iterator[Stack]:
    """Give the stack, whose schema is the newest again for whoever comes next."""
    yield stack
    assert stack.command("migrate").returncode == 0


def invoke(stack: Stack) -> Any:  # noqa: ANN401 - any JSON
    """Invoke the migrate function as on AWS."""
    client = boto3.client(
        "lambda",
        endpoint_url=f"http://127.0.0.1:{stack.state()['addresses']['invoke_port']}",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    answer = client.invoke(FunctionName="MigrateFunction", Payload=b"{}")
    return json.loads(answer["Payload"].read())


def test_the_function_applies_what_the_command_took_back(migrated: Stack) -> None:
    taken_back = migrated.command("migrate", "--down", "--json")
    lacking = migrated.request("/ready")

    applied = invoke(migrated)

    assert json.loads(taken_back.stdout)["taken_back"] == NEWEST, taken_back.stderr
    assert (lacking.status, lacking.json["code"]) == (503, "migration_pending")
    assert applied == {"applied": [NEWEST], "newest": NEWEST}
    assert invoke(migrated) == {"applied": [], "newest": NEWEST}
    assert migrated.request("/ready").status == 200
