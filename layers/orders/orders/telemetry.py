"""Telemetry: what happened in, log lines and metrics out; the time that is left in, seconds out."""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from orders.ingestion import Result
from orders.kafka import Fates
from orders.record import Record

Answer = TypeVar("Answer")
Handler = Callable[[dict[str, Any], LambdaContext], Answer]

RESERVE_SECONDS: Final = 1.0
"""What a function keeps of its time to answer."""

NAMESPACE: Final = "ServerlessOrders"
"""Where CloudWatch shows the metrics; without one, a batch would fail after its commit."""

ASKS_FOR_FATES: Final = {"report": "fates"}
"""What the client context holds under `custom` when the caller wants the fates told."""

logger: Final = Logger()
metrics: Final = Metrics(namespace=NAMESPACE)


def invocation(handler: Handler[Answer]) -> Handler[Answer]:
    """Put the request's id on every log line, and flush the metrics that were added, if any."""

    @logger.inject_lambda_context
    @wraps(handler)
    def observed(event: dict[str, Any], context: LambdaContext) -> Answer:
        try:
            return handler(event, context)
        finally:
            if metrics.metric_set:
                metrics.flush_metrics()

    return observed


def deadline(context: LambdaContext) -> Callable[[], float]:
    """Return a clock of the seconds that are left to work in."""
    return lambda: context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS


def batch_ingested(records: Iterable[Record], result: Result) -> None:
    """Report a batch: one line, what became of its records, and how old the oldest of them is."""
    quarantined = result.quarantined.total()
    logger.info(
        "batch ingested",
        stored=result.stored,
        duplicates=result.duplicates,
        quarantined=dict(result.quarantined),
        undone=len(result.undone),
    )
    counts = {
        "OrdersStored": result.stored,
        "DuplicateRecords": result.duplicates,
        "QuarantinedRecords": quarantined,
        "UndoneRecords": len(result.undone),
    }
    for name, count in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    times = [record.produced_at_ms for record in records if record.produced_at_ms is not None]
    if times:
        seconds = max(time.time() - min(times) / 1000, 0.0)  # the producer's clock may be ahead
        metrics.add_metric(name="OldestRecordAge", unit=MetricUnit.Seconds, value=seconds)


def fates(result: Result, context: LambdaContext) -> Fates | None:
    """Count the fates of a batch for a caller whose client context asks for them.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html: `custom` is the caller's own.
    """
    client = context.client_context
    if not client or client.custom != ASKS_FOR_FATES:
        return None
    return {
        "stored": result.stored,
        "duplicates": result.duplicates,
        "quarantined": dict(result.quarantined),
    }


def store_unavailable(error: Exception) -> None:
    """Report that a request found the store unavailable, and why."""
    logger.warning("store unavailable", reason=str(error))


def second_level_fault(reason: str) -> None:
    """Report that the shared cache failed, and why."""
    logger.warning("second level of the cache failed", reason=reason)
