"""An order that is posted, and a refused one that is mended: over HTTP, as people do it."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from devstack.producer.delivery import produce
from devstack.producer.kafka_topic import kafka_topic
from devstack.producer.mix import Record, bad_record, valid_record
from devstack.samples import sample
from tests.e2e.stack import Stack
from tests.servers import wait_until

SEED = 90_000
"""No other test makes orders of it."""


def order(number: int, **changes: object) -> dict[str, Any]:
    return {**json.loads(valid_record(SEED, number).value or b""), **changes}


def send(stack: Stack, *records: Record) -> None:
    broker = stack.state()["addresses"]["kafka_broker"]
    produce(records, kafka_topic(broker, "orders"))


def test_a_posted_order_gets_the_seeds_message_and_comes_back_as_it_was_sent(stack: Stack) -> None:
    sent = {**json.loads(sample().value or b""), "order_uid": "b563feg7bdg3286ttjr67siej"}

    before = stack.request(f"/order/{sent['order_uid']}")
    answer = stack.post("/orders", sent)

    assert (before.status, answer.status) == (404, 201)
    assert answer.json["message"] == "Order processed and saved successfully"
    assert stack.request(f"/order/{sent['order_uid']}").json == sent
    assert stack.request(f"/orders/{sent['order_uid']}").json == {"order": sent}
    status = stack.request(f"/orders/{sent['order_uid']}/status").json
    assert (status["state"], status["source"], status["topic"]) == ("stored", "http", None)


def test_two_hundred_identical_orders_posted_at_once_are_stored_once(stack: Stack) -> None:
    sent = json.dumps(order(2)).encode()

    with ThreadPoolExecutor(200) as people:
        answers = list(people.map(lambda _: stack.post("/orders", sent), range(200)))

    assert Counter(answer.status for answer in answers) == {201: 1, 200: 199}
    uid = order(2)["order_uid"]
    assert stack.sql("SELECT count(*) FROM orders WHERE order_uid = :uid", uid=uid) == [[1]]


def test_another_order_of_the_same_id_is_told_where_it_differs(stack: Stack) -> None:
    stack.post("/orders", order(3))

    answer = stack.post("/orders", order(3, entry="OTHER"))

    assert (answer.status, answer.json["code"]) == (409, "conflict")
    assert [each["path"] for each in answer.json["differences"]] == ["/entry"]


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "entry is missing"), ("ru-RU,ru;q=0.9", "entry")]
)
def test_every_fault_is_told_in_the_sender_s_language(
    stack: Stack, language: str, sentence: str
) -> None:
    sent = order(4, locale=7)
    del sent["entry"]

    answer = stack.post("/orders", sent, Accept_Language=language)

    assert answer.status == 422
    assert answer.headers["Content-Language"] == language[:2]
    assert {(each["path"], each["code"]) for each in answer.json["faults"]} == {
        ("/entry", "missing_field"),
        ("/locale", "wrong_type"),
    }
    assert any(sentence in each["sentence"] for each in answer.json["faults"])


def test_a_customer_s_orders_are_listed_page_by_page(stack: Stack) -> None:
    sent = [order(10 + n, customer_id="customer-of-five") for n in range(5)]
    for each in sent:
        assert stack.post("/orders", each).status == 201

    first = stack.request("/orders?customer_id=customer-of-five&limit=3").json
    rest = stack.request(
        f"/orders?customer_id=customer-of-five&limit=3&cursor={first['next_cursor']}"
    ).json

    assert first["orders"] + rest["orders"] == sent[::-1]
    assert rest["next_cursor"] is None


def test_a_refused_order_tells_why_and_is_mended(stack: Stack) -> None:
    refused = bad_record("lower_case_currency", SEED, 20)
    send(stack, refused)

    def status() -> dict[str, Any]:
        answer: dict[str, Any] = stack.request(f"/orders/{refused.order_uid}/status").json
        return answer

    wait_until(lambda: status()["state"] == "quarantined", "the record to be quarantined")

    (entry,) = status()["quarantined"]
    assert entry["faults"][0]["path"] == "/payment/currency"
    shown = stack.request(f"/quarantine/{entry['id']}").json
    assert shown["value"]["text"].encode() == refused.value
    still = stack.post(f"/quarantine/{entry['id']}/redrive", b"")
    assert (still.status, still.json["code"]) == (422, "bad_format")

    corrected = order(20)
    mended = stack.post(f"/quarantine/{entry['id']}/redrive", corrected)

    assert (mended.status, mended.json["outcome"]) == (200, "stored")
    assert stack.request(f"/order/{refused.order_uid}").json == corrected
    settled = stack.request(f"/quarantine/{entry['id']}").json
    assert (settled["state"], len(settled["attempts"])) == ("redriven", 3)


def test_a_conflict_on_the_topic_is_shown_by_the_status(stack: Stack) -> None:
    newcomer = {**order(30), "entry": "OTHER"}
    uid = newcomer["order_uid"]
    send(stack, Record(uid, json.dumps(order(30)).encode()))
    wait_until(lambda: stack.request(f"/order/{uid}").status == 200, "the order to be stored")
    send(stack, Record(uid, json.dumps(newcomer).encode()))

    def conflicts() -> list[Any]:
        found: list[Any] = stack.request(f"/orders/{uid}/status").json["conflicts"]
        return found

    wait_until(lambda: bool(conflicts()), "the conflict to be quarantined")

    (conflict,) = conflicts()
    assert (conflict["stored"], conflict["received"]) == (order(30), newcomer)
    assert [each["path"] for each in conflict["differences"]] == ["/entry"]
