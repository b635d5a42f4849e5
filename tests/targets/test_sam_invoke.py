"""Every sample event through `make sam-invoke`, each in a container and a database of its own."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from orders import kafka, validation
from orders.config import Settings
from orders.database import Database
from orders.ingestion import ingest
from orders.repository import PostgresOrderStore
from tests.servers import ROOT, PostgresServer
from tests.targets import docker
from tests.targets.database import migrated, session
from tests.targets.sam_local import Completed, sam_invoke
from tests.unit.orders.made import event, sample

AT_ONCE = 3
"""What two cores have done soonest; more wait for each other's image."""

NAMES = sorted(path.name for path in (ROOT / "events").glob("*.json"))
ACCEPTED: dict[str, list[object]] = {"batchItemFailures": []}


@dataclass(frozen=True)
class Expected:
    """The status of an answer, and some of what its body says."""

    status: int
    some: Mapping[str, Any]


ANSWERS = {
    "api_cache_stats.json": Expected(200, {"size": 2}),
    "api_customer_orders.json": Expected(200, {}),
    "api_health.json": Expected(200, {"status": "ok"}),
    "api_method_not_allowed.json": Expected(405, {"code": "method_not_allowed"}),
    "api_openapi.json": Expected(200, {"openapi": "3.1.0"}),
    "api_order.json": Expected(200, sample()),
    "api_order_by_query.json": Expected(200, sample()),
    "api_order_in_envelope.json": Expected(200, {"order": sample()}),
    "api_order_malformed.json": Expected(400, {"code": "malformed_order_uid"}),
    "api_order_missing.json": Expected(404, {"code": "order_not_found"}),
    "api_order_status.json": Expected(200, {"state": "stored"}),
    "api_quarantine_discard.json": Expected(200, {"id": 1, "state": "discarded"}),
    "api_quarantine_list.json": Expected(200, {}),
    "api_quarantine_record.json": Expected(200, {"id": 1, "code": "conflict", "state": "open"}),
    "api_quarantine_redrive.json": Expected(409, {"code": "conflict"}),
    "api_quarantine_redrive_corrected.json": Expected(200, {"id": 1, "state": "redriven"}),
    "api_ready.json": Expected(200, {"status": "ready"}),
    "api_submit_order.json": Expected(200, {}),
    "api_submit_order_invalid.json": Expected(422, {}),
}
STORED = {
    "kafka_mixed_batch.json": (2, 8),
    "kafka_one_order.json": (1, 0),
    "kafka_one_order_self_managed.json": (1, 0),
    "nats_one_order.json": (1, 0),
}
"""How many orders and how many refused records come of a batch."""

Invoked = Callable[[str], Completed]


@pytest.fixture(scope="module")
def databases(postgres: PostgresServer) -> dict[str, dict[str, str]]:
    """Give the settings of a database for each event; what is asked finds the mixed batch there."""
    docker.require()
    empty, filled = migrated(postgres), migrated(postgres)
    with closing(Database(Settings.from_env(filled))) as database:
        ingest(
            kafka.records(event("kafka_mixed_batch.json")),
            PostgresOrderStore(database),
            seconds_left=lambda: 60,
            judge=validation.judge,
        )
    return {name: _copy(postgres, empty if name in STORED else filled, name) for name in NAMES}


@pytest.fixture(scope="module")
def invoked(databases: dict[str, dict[str, str]]) -> Iterator[Invoked]:
    """Give what waits for an event's invocation; all of them are on their way."""
    with ThreadPoolExecutor(AT_ONCE) as workers:
        futures = {
            name: workers.submit(sam_invoke, f"events/{name}", databases[name]) for name in NAMES
        }
        yield lambda name: futures[name].result()


def test_every_sample_event_is_expected_here() -> None:
    assert {*ANSWERS, *STORED, "api_docs.json"} == set(NAMES)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_request_is_answered_in_a_container(invoked: Invoked, name: str) -> None:
    done = invoked(name)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    body = json.loads(answer["body"])
    assert answer["statusCode"] == ANSWERS[name].status, body
    assert ANSWERS[name].some.items() <= body.items()


def test_a_page_is_answered_in_a_container(invoked: Invoked) -> None:
    answer = json.loads(invoked("api_docs.json").stdout)

    assert answer["statusCode"] == 200
    assert answer["multiValueHeaders"]["Content-Type"] == ["text/html; charset=utf-8"]


@pytest.mark.parametrize("name", STORED)
def test_a_batch_is_settled_in_a_container(
    invoked: Invoked, databases: dict[str, dict[str, str]], name: str
) -> None:
    done = invoked(name)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ACCEPTED
    with session(databases[name]) as opened:
        ((orders, refused),) = opened.run(
            "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM quarantined_records)"
        )
    assert (orders, refused) == STORED[name]


def test_a_migration_by_hand_says_that_nothing_is_left_to_do(
    databases: dict[str, dict[str, str]],
) -> None:
    done = sam_invoke("-", databases["api_ready.json"], "--function", "MigrateFunction")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["applied"] == []


def test_a_function_that_fails_is_told_by_the_exit_status(
    databases: dict[str, dict[str, str]],
) -> None:
    done = sam_invoke("-", databases["api_ready.json"], "--function", "IngestOrdersFunction")

    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "KeyError"


def _copy(postgres: PostgresServer, database: Mapping[str, str], name: str) -> dict[str, str]:
    copy = f"{database['DB_NAME']}_{name.removesuffix('.json')}"
    administrator = postgres.server.administrator("postgres")
    origin = f"TEMPLATE {database['DB_NAME']} OWNER {database['DB_USER']}"
    administrator.run(f"CREATE DATABASE {copy} {origin}")
    administrator.close()
    return {**database, "DB_NAME": copy}
