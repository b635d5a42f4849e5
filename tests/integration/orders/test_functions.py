"""The handlers, with sample events, as Lambda calls them."""

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest

from devstack.ports import free_port
from tests.integration.conftest import Query
from tests.integration.orders.conftest import LoadFunction
from tests.servers import PostgresServer, running_cache, wait_until
from tests.unit.orders.made import ORDER_UID, Context, event, sample

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("kafka_one_order.json", "kafka"),
        ("kafka_one_order_self_managed.json", "kafka"),
        ("nats_one_order.json", "nats"),
    ],
)
def test_an_order_is_readable_over_http_with_how_it_came(
    load_function: LoadFunction, name: str, source: str
) -> None:
    response = load_function("ingest_orders").lambda_handler(event(name), Context())
    look_up = load_function("orders_api").lambda_handler
    answer = look_up(event("api_order.json"), Context())
    status = look_up(event("api_order_status.json"), Context())

    assert response == {"batchItemFailures": []}
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == sample()
    assert answer["multiValueHeaders"]["X-Cache"] == ["MISS"]
    assert json.loads(status["body"])["source"] == source


def test_a_mixed_batch_is_settled_record_by_record_and_told_in_one_line(
    load_function: LoadFunction,
    query: Query,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = load_function("ingest_orders").lambda_handler

    response = handler(event("kafka_mixed_batch.json"), Context())

    assert response == {"batchItemFailures": []}
    assert query("SELECT count(*) FROM orders") == [[2]]
    assert query("SELECT code FROM quarantined_records ORDER BY partition, record_offset") == [
        ["conflict"],
        ["tombstone"],
        ["empty_value"],
        ["wrong_type"],
        ["not_json"],
        ["not_utf8"],
        ["missing_field"],
        ["not_base64"],
    ]
    assert query(
        "SELECT partition, offsets::text, duplicates FROM ingested_offsets ORDER BY 1"
    ) == [[0, "{[0,5)}", 1], [1, "{[0,6)}", 0]]
    (line,) = caplog.records
    told = (line.stored, line.duplicates, line.undone)  # type: ignore[attr-defined]  # our extras
    assert told == (2, 1, 0)
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert metrics["QuarantinedRecords"] == [8.0]


def test_a_caller_who_asks_is_told_the_fates_beside_the_failures(
    load_function: LoadFunction,
) -> None:
    handler = load_function("ingest_orders").lambda_handler
    asks = Context(client_context=SimpleNamespace(custom={"report": "fates"}))

    first, second = (handler(event("kafka_mixed_batch.json"), asks) for _ in range(2))

    assert first["batchItemFailures"] == second["batchItemFailures"] == []
    assert (first["fates"]["stored"], first["fates"]["duplicates"]) == (2, 1)
    assert first["fates"]["quarantined"]["conflict"] == 1
    assert (second["fates"]["stored"], second["fates"]["duplicates"]) == (0, 3)
    assert first["fates"]["quarantined"] == second["fates"]["quarantined"]


def test_strict_totals_quarantine_an_order_whose_totals_disagree(
    load_function: LoadFunction, query: Query
) -> None:
    batch = event("kafka_one_order.json")
    value = base64.b64encode(json.dumps(sample(payment__amount=1)).encode()).decode()
    batch["records"]["orders-0"][0]["value"] = value

    load_function("ingest_orders", STRICT_TOTALS="true").lambda_handler(batch, Context())

    assert query("SELECT code, order_uid FROM quarantined_records") == [
        ["inconsistent_total", ORDER_UID]
    ]


def test_what_there_was_no_time_for_is_named_for_another_delivery(
    load_function: LoadFunction, query: Query
) -> None:
    (source,) = event("kafka_one_order.json")["records"]["orders-0"]
    batch = {"records": {"orders-0": [{**source, "offset": offset} for offset in range(1500)]}}

    response = load_function("ingest_orders").lambda_handler(batch, Context(milliseconds=1500))

    failures = response["batchItemFailures"]
    assert [failure["itemIdentifier"]["offset"] for failure in failures] == list(range(1000, 1500))
    assert {failure["itemIdentifier"]["partition"] for failure in failures} == {"orders-0"}
    assert query("SELECT offsets::text FROM ingested_offsets") == [["{[0,1000)}"]]


def test_a_new_environment_starts_with_the_newest_orders(load_function: LoadFunction) -> None:
    load_function("ingest_orders").lambda_handler(event("kafka_mixed_batch.json"), Context())

    api = load_function("orders_api", AWS_LAMBDA_FUNCTION_NAME="OrdersApiFunction")
    answer = api.lambda_handler(event("api_order.json"), Context())
    stats = api.lambda_handler(event("api_cache_stats.json"), Context())

    assert answer["multiValueHeaders"]["X-Cache"] == ["HIT"]
    assert json.loads(stats["body"])["size"] == 2


def test_a_second_environment_starts_from_the_shared_cache_without_its_database(
    load_function: LoadFunction, postgres: PostgresServer
) -> None:
    load_function("ingest_orders").lambda_handler(event("kafka_mixed_batch.json"), Context())
    with running_cache() as shared:
        in_lambda = {"AWS_LAMBDA_FUNCTION_NAME": "OrdersApiFunction", "CACHE_URL": shared.url}

        def starts_from_it() -> bool:
            api = load_function("orders_api", **in_lambda)
            stats = json.loads(api.lambda_handler(event("api_cache_stats.json"), Context())["body"])
            return (stats["size"], stats["second_level"]["hits"]) == (2, 2)

        wait_until(starts_from_it, "a second environment")  # where a busy machine is no fault
        postgres.stop()
        try:
            wait_until(starts_from_it, "an environment without a database")
        finally:
            postgres.start()


def test_an_order_that_one_environment_looked_up_is_shared_with_the_next(
    load_function: LoadFunction,
) -> None:
    load_function("ingest_orders").lambda_handler(event("kafka_one_order.json"), Context())
    with running_cache() as shared:

        def answer() -> Any:  # noqa: ANN401 - JSON
            api = load_function("orders_api", CACHE_URL=shared.url)
            return api.lambda_handler(event("api_order.json"), Context())

        first = answer()
        wait_until(lambda: answer()["multiValueHeaders"]["X-Cache"] == ["HIT-L2"], "its order")
        second = answer()

    assert first["multiValueHeaders"]["X-Cache"] == ["MISS"]
    assert first["body"] == second["body"]


def test_a_shared_cache_that_is_away_is_told_of_once_and_look_ups_go_on(
    load_function: LoadFunction, caplog: pytest.LogCaptureFixture
) -> None:
    load_function("ingest_orders").lambda_handler(event("kafka_one_order.json"), Context())
    api = load_function("orders_api", CACHE_URL=f"valkey://:hidden@127.0.0.1:{free_port()}")

    answers = [api.lambda_handler(event("api_order.json"), Context()) for _ in range(2)]

    assert [one["statusCode"] for one in answers] == [200, 200]
    places = [one["multiValueHeaders"]["X-Cache"] for one in answers]
    assert places == [["MISS"], ["HIT-L1"]]
    told = [record for record in caplog.records if "second level" in record.message]
    assert len(told) == 1
    assert "hidden" not in caplog.text


def test_an_environment_starts_without_its_database(
    load_function: LoadFunction, postgres: PostgresServer
) -> None:
    postgres.stop()
    try:
        api = load_function("orders_api", AWS_LAMBDA_FUNCTION_NAME="OrdersApiFunction")
        health = api.lambda_handler(event("api_health.json"), Context())
        order = api.lambda_handler(event("api_order.json"), Context())
        ready = api.lambda_handler(event("api_ready.json"), Context())
    finally:
        postgres.start()

    assert health["statusCode"] == 200
    assert order["statusCode"] == ready["statusCode"] == 503
    assert order["multiValueHeaders"]["Retry-After"] == ["2"]
    assert api.lambda_handler(event("api_ready.json"), Context())["statusCode"] == 200


def test_a_hit_logs_nothing(
    load_function: LoadFunction,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_function("ingest_orders").lambda_handler(event("kafka_one_order.json"), Context())
    api = load_function("orders_api")
    api.lambda_handler(event("api_order.json"), Context())
    capsys.readouterr()
    caplog.clear()

    api.lambda_handler(event("api_order.json"), Context())

    assert caplog.records == []
    assert capsys.readouterr().out == ""
