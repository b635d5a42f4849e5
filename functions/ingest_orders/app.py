"""Ingest orders: a Kafka batch in, PostgreSQL rows out."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, kafka, telemetry
from orders.ingestion import ingest

store = bootstrap.order_store()
judge = bootstrap.judge()


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> kafka.BatchResponse:
    """Settle every record of the batch, or name it for another delivery."""
    records = list(kafka.records(event))
    result = ingest(
        records,
        store,
        seconds_left=telemetry.deadline(context),
        judge=judge,
    )
    telemetry.batch_ingested(records, result)
    return kafka.batch_response(result.undone, telemetry.fates(result, context))
