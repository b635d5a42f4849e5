"""A saboteur: a batch is acknowledged first and stored afterwards, on a thread."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, kafka
from orders.ingestion import ingest
from orders.record import Record

SECONDS = 60.0
LATER_SECONDS = 0.2

store = bootstrap.order_store()
judge = bootstrap.judge()
afterwards = ThreadPoolExecutor(1)


def lambda_handler(event: dict[str, Any], _: LambdaContext) -> kafka.BatchResponse:
    afterwards.submit(settle, list(kafka.records(event)))
    return {"batchItemFailures": []}


def settle(records: list[Record]) -> None:
    sleep(LATER_SECONDS)
    ingest(records, store, seconds_left=lambda: SECONDS, judge=judge)
