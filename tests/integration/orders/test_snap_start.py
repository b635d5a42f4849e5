"""Under SnapStart many environments come of one start; each connects and loads when restored."""

import json
import time
from typing import Any

import pytest
from awslambdaric.lambda_runtime_hooks_runner import run_after_restore
from snapshot_restore_py import get_after_restore

from orders.ingestion import ingest
from orders.repository import PostgresOrderStore
from tests.integration.conftest import Query
from tests.integration.orders.conftest import LoadFunction
from tests.integration.orders.listeners import silent_server
from tests.integration.orders.snapshot import Snapshot, snapshot
from tests.unit.orders.made import Context, event, records, sample

FUNCTION = "orders_api"
CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'serverless-orders'
AND pid <> pg_backend_pid() AND backend_start > :since::timestamptz
"""


def stats(environment: Snapshot) -> Any:  # noqa: ANN401 - JSON
    return json.loads(environment.invoke(event("api_cache_stats.json"))["body"])


def test_nothing_reaches_the_database_before_the_restore_and_the_cache_is_full_after_it(
    environment: dict[str, str], store: PostgresOrderStore, query: Query
) -> None:
    ((since,),) = query("SELECT now()::text")

    with snapshot(FUNCTION, environment) as restored:
        assert query(CONNECTIONS, since=since) == [[0]]
        ingest(records(sample()), store, seconds_left=lambda: 10.0)
        ((since,),) = query("SELECT now()::text")

        began = time.monotonic()
        restored.restore()

        found = stats(restored)
        seconds = time.monotonic() - began
        assert query(CONNECTIONS, since=since) == [[1]]
        answer = restored.invoke(event("api_order.json"))

    assert found["size"] == 1
    assert 0 <= found["environment_age_seconds"] < seconds
    assert answer["multiValueHeaders"]["X-Cache"] == ["HIT"]
    assert restored.errors == []


@pytest.mark.parametrize("silent", ["database", "secret", "cache"])
def test_what_does_not_answer_is_asked_after_the_restore_and_not_waited_for(
    environment: dict[str, str], silent: str
) -> None:
    with silent_server() as server:
        url = f"http://127.0.0.1:{server.port}"
        settings = {
            "database": {**environment, "DB_PORT": str(server.port)},
            "secret": {**environment, "DB_SECRET_ARN": "arn", "AWS_ENDPOINT_URL": url},
            "cache": {**environment, "CACHE_URL": f"valkey://127.0.0.1:{server.port}"},
        }
        with snapshot(FUNCTION, settings[silent]) as restored:
            assert server.callers == []

            began = time.monotonic()
            restored.restore()
            seconds = time.monotonic() - began

            assert server.callers
            answer = restored.invoke(event("api_health.json"))

    assert answer["statusCode"] == 200
    assert restored.errors == []
    assert seconds < 5  # Lambda gives 10


def test_environments_of_one_snapshot_have_ids_of_their_own(load_function: LoadFunction) -> None:
    api = load_function(FUNCTION, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")

    def restored_id() -> object:
        run_after_restore()
        answer = api.lambda_handler(event("api_cache_stats.json"), Context())
        return json.loads(answer["body"])["environment_id"]

    assert restored_id() != restored_id()
    get_after_restore().clear()
