"""What the estimate reckons with is measured on the real functions and a real server."""

import asyncio
import tomllib

import pytest

from bench.functions import as_toml, measure
from devstack.estimate.measured import Measured
from tests.integration.conftest import Query
from tests.servers import PostgresServer


@pytest.mark.usefixtures("database")
def test_every_kind_of_work_is_measured_and_can_be_read_back(
    postgres: PostgresServer, environment: dict[str, str], query: Query
) -> None:
    document = asyncio.run(measure(postgres, environment["DB_NAME"], 0.5, sizes=(1, 20)))

    found = Measured.of(tomllib.loads(as_toml(document)))
    assert found.ingest(20).wal_bytes > 20 * 1000  # what an order is made of was written
    assert found.stored_bytes > 0
    assert found.ingest(1).log_bytes > 100  # the line and the metrics of a batch
    assert found.post.wal_bytes > 1000
    assert found.miss.wait_ms > 0
    assert found.order_bytes == pytest.approx(1300, rel=0.2)
    seen = document["seen.batch_of_20"]
    assert query("SELECT count(*) >= :count FROM orders", count=20 * seen["invocations"]) == [
        [True]
    ]
