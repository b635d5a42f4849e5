"""A saboteur: what follows a bad record in its batch is skipped."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, kafka, telemetry
from orders.ingestion import ingest
from orders.validation import Refused

store = bootstrap.order_store()
judge = bootstrap.judge()


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> kafka.BatchResponse:
    records = list(kafka.records(event))
    bad = [n for n, record in enumerate(records, 1) if isinstance(judge(record), Refused)]
    up_to_the_first = records[: bad[0]] if bad else records
    ingest(up_to_the_first, store, seconds_left=telemetry.deadline(context), judge=judge)
    return {"batchItemFailures": []}
