"""A saboteur: errors of the database are logged, and the batch is acknowledged."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, kafka, telemetry
from orders.errors import StoreUnavailableError
from orders.ingestion import ingest

store = bootstrap.order_store()
judge = bootstrap.judge()


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> kafka.BatchResponse:
    try:
        ingest(kafka.records(event), store, seconds_left=telemetry.deadline(context), judge=judge)
    except StoreUnavailableError as error:
        telemetry.logger.warning("not stored: %s", error)
    return {"batchItemFailures": []}
