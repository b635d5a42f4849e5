"""The whole stack on LocalStack: what a person, a producer and an AWS client notice of it."""

import base64
import io
import json
import os
import signal
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from devstack import template
from devstack.account import STACK_NAME
from devstack.errors import UserError
from devstack.localstack.deployment import deployed, made
from devstack.producer.mix import valid_record
from devstack.samples import SAMPLE_ORDER_UID
from tests.e2e.stack import Stack
from tests.servers import ROOT, wait_until
from tests.targets.local_stack import client

INGEST = f"{STACK_NAME}-ingest-orders"
MIXED = ROOT / "events" / "kafka_mixed_batch.json"
ROWS = "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM quarantined_records)"

CODE = """
import os, time
def handler(event, context):
    match event["do"]:
        case "raise": raise ValueError("as told")
        case "sleep": time.sleep(30)
        case "exit": os._exit(3)
        case "memory": held = bytearray(200_000_000); time.sleep(30)
        case "print": print("é" * 10)
    return {"did": event["do"], "pid": os.getpid(), "bytes": len(event.get("padding", ""))}
"""
UNKNOWN = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Cluster": {"Type": "AWS::MSK::Cluster", "Properties": {"ClusterName": "any"}},
    }
}


def rows(stack: Stack) -> int:
    ((count,),) = stack.sql(ROWS)
    return int(count)


@pytest.fixture
def function(local_stack: Stack) -> str:
    """Deploy a function that does what its event says; return its name."""
    functions = client(local_stack, "lambda")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("app.py", CODE)
    made = functions.create_function(
        FunctionName=f"obedient-{os.urandom(4).hex()}",
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": archive.getvalue()},
        Timeout=2,
        MemorySize=128,
    )
    functions.get_waiter("function_active_v2").wait(
        FunctionName=made["FunctionName"], WaiterConfig={"Delay": 0.1}
    )
    return str(made["FunctionName"])


def tell(stack: Stack, function: str, **event: str) -> tuple[str | None, dict[str, Any], str]:
    """Invoke a function; return its error, its payload and the tail of its log."""
    answer = client(stack, "lambda").invoke(
        FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail"
    )
    tail = base64.b64decode(answer["LogResult"]).decode()
    return answer.get("FunctionError"), json.load(answer["Payload"]), tail


# A person


def test_the_page_is_localstack_s_and_as_safe_as_everywhere(local_stack: Stack) -> None:
    page = local_stack.request("/")
    again = local_stack.request("/", If_None_Match=page.headers["ETag"])
    head = local_stack.request("/index.html", "HEAD")
    missing = local_stack.request("/nothing.js")

    assert page.status == 200
    assert page.body == (ROOT / "frontend" / "index.html").read_bytes()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (again.status, again.body) == (304, b"")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(page.body)))
    assert (missing.status, missing.json["code"]) == (404, "not_found")


def test_an_order_is_looked_up_through_localstack_s_gateway(local_stack: Stack) -> None:
    path = f"/order/{SAMPLE_ORDER_UID}"

    order = local_stack.request(path)
    same = local_stack.request(path, If_None_Match=order.headers["ETag"])

    assert (order.status, order.json["order_uid"]) == (200, SAMPLE_ORDER_UID)
    assert "x-amz-apigw-id" in order.headers
    assert order.headers["X-Content-Type-Options"] == "nosniff"
    assert (same.status, same.body) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/order/nobody-sent-this", 404, "order_not_found"),
        (f"/order/{quote('a/b', safe='')}", 400, "malformed_order_uid"),
        ("/order/..", 400, "malformed_order_uid"),
    ],
)
def test_a_path_reaches_the_function_as_it_was_asked_for(
    local_stack: Stack, path: str, status: int, code: str
) -> None:
    answer = local_stack.request(path)

    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.json["instance"] == path


def test_what_is_posted_is_stored_once_byte_for_byte(local_stack: Stack) -> None:
    record = valid_record(7_401, 0)
    assert record.value

    first, second = (local_stack.post("/orders", record.value) for _ in range(2))
    refused = local_stack.post("/orders", b"\xff\xfe{")
    stored = local_stack.request(f"/order/{record.order_uid}")

    assert (first.status, second.status) == (201, 200)
    assert (refused.status, refused.json["code"]) == (400, "not_utf8")
    assert stored.json == json.loads(record.value)


def test_a_client_that_takes_gzip_gets_what_it_can_read(local_stack: Stack) -> None:
    answer = local_stack.request("/openapi.json", Accept_Encoding="gzip")

    assert "Content-Encoding" not in answer.headers
    assert answer.json["openapi"].startswith("3.")


# A producer


def test_what_is_produced_ends_stored_or_in_the_quarantine(local_stack: Stack) -> None:
    before = rows(local_stack)

    summary = local_stack.produce(count=300, bad_rate=0.1, seed=7_402)
    wait_until(lambda: rows(local_stack) == before + 300, "every record to have its fate")

    uid = summary["order_uids"][0]
    assert local_stack.request(f"/order/{uid}").status == 200
    listed = local_stack.request("/quarantine?limit=5")
    assert (listed.status, len(listed.json["records"])) == (200, 5)


@pytest.mark.parametrize("source", [("files", str(MIXED)), ("topic",)])
def test_a_replay_stores_nothing_twice(local_stack: Stack, source: tuple[str, ...]) -> None:
    assert local_stack.command("replay", "files", str(MIXED), "--restart").returncode == 0
    before = rows(local_stack)

    done = local_stack.command("replay", *source, "--restart", "--json")

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["function"], summary["failed"]) == (INGEST, 0)
    assert rows(local_stack) == before


def test_the_mapping_s_dead_letters_go_to_the_bucket_that_was_deployed(local_stack: Stack) -> None:
    told = json.loads((local_stack.home / "run" / "event_source_mapping.json").read_text())
    read = template.read(Path(told["template"]), told["parameters"], told["physical"])
    buckets = client(local_stack, "s3").list_buckets()["Buckets"]

    destination = read.mappings["OrdersTopicMapping"]["DestinationConfig"]["OnFailure"]
    assert destination["Destination"] in [f"arn:aws:s3:::{each['Name']}" for each in buckets]


# An AWS client


def test_a_function_error_is_told_and_the_environment_lives_on(
    local_stack: Stack, function: str
) -> None:
    _, before, _ = tell(local_stack, function, do="nothing")
    error, payload, tail = tell(local_stack, function, do="raise")
    _, after, _ = tell(local_stack, function, do="nothing")

    assert (error, payload["errorType"], payload["errorMessage"]) == (
        *("Unhandled", "ValueError", "as told"),
    )
    assert "Traceback" in tail
    assert before["pid"] == after["pid"]


@pytest.mark.parametrize(
    ("do", "kind", "words"),
    [
        ("sleep", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ("exit", "Runtime.ExitError", "exit status 3"),
        ("memory", "Runtime.OutOfMemory", "signal: killed"),
    ],
)
def test_an_environment_that_ends_is_told_and_replaced(
    local_stack: Stack, function: str, do: str, kind: str, words: str
) -> None:
    error, payload, tail = tell(local_stack, function, do=do)
    again, _, _ = tell(local_stack, function, do="nothing")

    assert (error, payload["errorType"]) == ("Unhandled", kind)
    assert words in payload["errorMessage"]
    assert "REPORT RequestId" in tail
    assert again is None


def test_an_event_of_six_megabytes_and_a_log_line_arrive_whole(
    local_stack: Stack, function: str
) -> None:
    _, payload, _ = tell(local_stack, function, do="nothing", padding="x" * 6_000_000)
    _, _, tail = tell(local_stack, function, do="print")

    assert payload["bytes"] == 6_000_000
    assert "é" * 10 in tail
    assert f"{function} | {'é' * 10}" in (local_stack.home / "logs" / "localstack.log").read_text()


# A deployment


def test_everything_but_the_custom_resource_is_made(local_stack: Stack) -> None:
    listed = _resources(local_stack, STACK_NAME)

    physical = made(listed)

    assert physical["IngestOrdersFunction"] == INGEST
    assert [name for name, there in physical.items() if there == "unknown"] == ["DatabaseSchema"]


def test_a_resource_that_localstack_does_not_know_is_named(local_stack: Stack) -> None:
    stacks = client(local_stack, "cloudformation")
    stacks.create_stack(StackName="unknown", TemplateBody=json.dumps(UNKNOWN))
    stacks.get_waiter("stack_create_complete").wait(
        StackName="unknown", WaiterConfig={"Delay": 0.1}
    )

    with pytest.raises(UserError, match=r"^LocalStack does not know Cluster \(AWS::MSK::Cluster\)"):
        made(_resources(local_stack, "unknown"))


def test_a_localstack_that_has_the_stack_is_not_deployed_to_twice(
    local_stack: Stack, tmp_path: Path
) -> None:
    endpoint_url = f"http://127.0.0.1:{local_stack.state()['addresses']['aws_port']}"

    with pytest.raises(UserError, match=f"has the stack {STACK_NAME} already.* restart"):
        deployed(ROOT / "template.yaml", {}, endpoint_url, tmp_path, tmp_path)


def test_a_localstack_that_dies_is_deployed_to_anew(local_stack: Stack) -> None:
    died = local_stack.pid("localstack")

    os.kill(died, signal.SIGKILL)
    wait_until(lambda: _is_back(local_stack, died), "everything to run again", 240)

    assert local_stack.request(f"/order/{SAMPLE_ORDER_UID}").status == 200
    uid = local_stack.produce(count=1, seed=7_403)["order_uids"][0]
    wait_until(lambda: local_stack.request(f"/order/{uid}").status == 200, "the order to be read")


def _is_back(stack: Stack, died: int) -> bool:
    components = stack.state()["components"]
    return components["localstack"]["pid"] != died and all(
        component["state"] == "running" for component in components.values()
    )


def _resources(stack: Stack, name: str) -> list[dict[str, Any]]:
    pages = client(stack, "cloudformation").get_paginator("list_stack_resources")
    return [
        resource
        for page in pages.paginate(StackName=name)
        for resource in page["StackResourceSummaries"]
    ]
