"""Answer look-ups: an API Gateway request in, the order from the warm cache or PostgreSQL out."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, telemetry
from orders.api.lookups import OrdersApi

cache = bootstrap.order_cache()  # lives as long as this execution environment
api = OrdersApi(cache, bootstrap.order_reader())


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return api.answer(event, context)
