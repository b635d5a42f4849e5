"""Submit an order: an API Gateway request in, PostgreSQL rows and the word of them out."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, telemetry
from orders.api.submissions import SubmissionsApi

api = SubmissionsApi(bootstrap.order_store(), bootstrap.judge())


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return api.answer(event, context)
