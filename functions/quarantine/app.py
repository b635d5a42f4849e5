"""Work with the quarantine: an operator's request in, refused records or their new fate out."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, telemetry
from orders.api.quarantine import QuarantineApi

api = QuarantineApi(bootstrap.quarantine_store(), bootstrap.judge())


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return api.answer(event, context)
