"""One order's way: through the topic, the functions and the database to whoever asks for it."""

import json
import re
from typing import Any

import pytest
from botocore.config import Config

from devstack import samples
from devstack.account import bucket_name
from devstack.event_source_mapping.clients.aws_client import BUCKETS_OF_NO_PLACE, aws_client
from tests.e2e.stack import Stack
from tests.servers import wait_until

UID = samples.SAMPLE_ORDER_UID
SAMPLE = json.loads(samples.sample().value or b"")


@pytest.mark.parametrize("path", [f"/order/{UID}", f"/order/order?order_uid={UID}"])
def test_the_sample_order_comes_out_as_it_went_in(stack: Stack, path: str) -> None:
    answer = stack.request(path)

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json == SAMPLE


def test_the_plural_route_puts_the_order_into_an_envelope(stack: Stack) -> None:
    assert stack.request(f"/orders/{UID}").json == {"order": SAMPLE}


def test_both_ports_of_the_contract_answer_alike(stack: Stack) -> None:
    first, second = stack.state()["addresses"]["http_ports"]

    assert stack.request(f"/order/{UID}", port=first).json == SAMPLE
    assert stack.request(f"/order/{UID}", port=second).json == SAMPLE


def test_a_first_look_up_misses_and_a_second_hits(stack: Stack) -> None:
    uid = stack.produce(count=1)["order_uids"][0]
    wait_until(lambda: bool(stored(stack, uid)), "the order to be stored")

    first, second = stack.request(f"/order/{uid}"), stack.request(f"/order/{uid}")

    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert first.body == second.body
    assert re.search(r"\bdur=[\d.]+", second.headers["Server-Timing"])


def test_an_unchanged_order_is_not_sent_again(stack: Stack) -> None:
    tag = stack.request(f"/order/{UID}").headers["ETag"]

    answer = stack.request(f"/order/{UID}", If_None_Match=tag)

    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", tag)


def test_head_answers_like_get_without_the_body(stack: Stack) -> None:
    answer = stack.request(f"/order/{UID}", "HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["ETag"] == stack.request(f"/order/{UID}").headers["ETag"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/order/nobody-has-this", 404, "order_not_found"),
        ("GET", "/orders/nobody-has-this", 404, "order_not_found"),
        ("GET", "/order/%20%20", 400, "malformed_order_uid"),
        ("GET", "/order/order", 400, "malformed_order_uid"),
        ("DELETE", f"/order/{UID}", 405, "method_not_allowed"),
        ("PUT", "/health", 405, "method_not_allowed"),
    ],
)
def test_a_request_that_cannot_be_answered_gets_a_problem_document(
    stack: Stack, method: str, path: str, status: int, code: str
) -> None:
    answer = stack.request(path, method)

    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json["code"] == code
    assert answer.json["status"] == status
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_the_state_of_the_service_can_be_asked(stack: Stack) -> None:
    stats = stack.request("/cache/stats").json

    assert stack.request("/health").status == 200
    assert stack.request("/ready").status == 200
    assert {"hits", "misses", "negative_hits", "size", "capacity", "evictions"} <= stats.keys()


@pytest.mark.parametrize("path", ["/", "/web/index.html"])
def test_the_page_is_served_beside_the_api(stack: Stack, path: str) -> None:
    answer = stack.request(path)

    assert answer.status == 200
    assert b"<search" in answer.body
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_demo_shows_a_miss_a_hit_and_a_reason(stack: Stack) -> None:
    done = stack.command("demo")

    assert done.returncode == 0, done.stderr
    assert "X-Cache MISS" in done.stdout
    assert "X-Cache HIT" in done.stdout
    assert "equals what went in" in done.stdout
    assert "quarantined" in done.stdout
    assert "6. Its look-up: 200" in done.stdout


def test_the_status_tells_what_runs_as_json(stack: Stack) -> None:
    done = stack.command("status", "--json")

    status = json.loads(done.stdout)
    assert (done.returncode, status["up"]) == (0, True)
    assert set(status["components"]) == {"postgres", "kafka", "aws", "front", "mapping"}


def test_what_the_mapping_gives_up_has_its_place(stack: Stack) -> None:
    aws = f"http://127.0.0.1:{stack.state()['addresses']['aws_port']}"
    buckets = aws_client("s3", aws, Config(read_timeout=5), BUCKETS_OF_NO_PLACE)

    names = {bucket["Name"] for bucket in buckets.list_buckets()["Buckets"]}

    assert names == {bucket_name("SiteBucket"), bucket_name("FailedBatchesBucket")}


def stored(stack: Stack, uid: str) -> list[list[Any]]:
    return stack.sql("SELECT FROM orders WHERE order_uid = :uid", uid=uid)
