"""Orders through a stream into PostgreSQL: the ledger adds up, whatever is killed on the way."""

import json
import signal
from pathlib import Path
from threading import Lock

from devstack import samples
from orders import kafka, validation
from orders.database import Database
from orders.ingestion import ingest
from orders.repository import PostgresOrderStore
from tests.integration.conftest import Query
from tests.integration.event_source_mapping.endpoint import Invocation, LambdaEndpoint, Reply
from tests.integration.nats.function import invoked
from tests.integration.nats.source import ForeignClient, ReadStream, source
from tests.servers import running_nats, wait_until

ORDERS = 400


class Ingesting:
    """What the function does with an event, one at a time."""

    def __init__(self, database: Database) -> None:
        self._store = PostgresOrderStore(database)
        self._lock = Lock()

    def __call__(self, invocation: Invocation) -> Reply:
        with self._lock:
            records = list(kafka.records(invocation.event))
            result = ingest(records, self._store, seconds_left=lambda: 60.0, judge=validation.judge)
        assert not result.undone
        return Reply()


def order(uid: str, city: str = "Kiryat Mozkin") -> bytes:
    content = json.loads(samples.sample().value or b"")
    content["order_uid"] = uid
    content["payment"]["transaction"] = uid
    content["delivery"]["city"] = city
    return json.dumps(content).encode()


def test_the_ledger_adds_up_whatever_is_killed(
    database: Database, query: Query, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    endpoint.answer = Ingesting(database)
    with running_nats() as server:
        stream = ReadStream(server)
        # Each order comes twice, the second time with another content: who is first stays.
        stream.publish(
            order(f"order{number}", city)
            for number in range(ORDERS)
            for city in ("first", "second")
        )
        with source(tmp_path, stream, endpoint.url, BatchSize=20) as mapping:
            for _ in range(2):
                seen = len(endpoint.invocations)
                wait_until(invoked(endpoint, seen + 5), "work")
                server.stop(signal.SIGKILL)
                server.start()
                wait_until(invoked(endpoint, seen + 10), "work")
                mapping.kill()
                mapping.start()
            stream.wait_until_acknowledged(2 * ORDERS, seconds=60)

    assert query("SELECT topic, partition, offsets::text FROM ingested_offsets") == [
        [f"nats:{stream.name}", 0, f"{{[1,{2 * ORDERS + 1})}}"]
    ]
    assert query("SELECT count(*) FROM orders") == [[ORDERS]]
    assert query("SELECT DISTINCT city FROM deliveries") == [["first"]]
    assert query("SELECT count(*) FROM quarantined_records") == [[ORDERS]]


def test_what_a_foreign_client_sends_is_stored_or_quarantined_with_all_of_it(
    database: Database, query: Query, stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    endpoint.answer = Ingesting(database)
    headers = b"NATS/1.0\r\nSource: shop\r\nSource: \xff\r\n\r\n"
    with ForeignClient(stream.server) as client:
        client.publish(stream.name.encode(), order("fromafar"), headers)
        client.publish(stream.name.encode() + b".\xff", b"not an order", headers)
        client.publish(stream.name.encode(), b"")

    with source(tmp_path, stream, endpoint.url):
        stream.wait_until_acknowledged(3)

    assert query("SELECT order_uid FROM orders") == [["fromafar"]]
    assert query("SELECT count(*) FROM quarantined_records") == [[2]]
    assert query("SELECT offsets::text FROM ingested_offsets") == [["{[1,4)}"]]
