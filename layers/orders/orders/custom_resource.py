"""Custom resource: a request of CloudFormation's in, one answer at the address it gives out.

Whatever happens, the deployment is told: without an answer it would wait until its time-out.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from aws_lambda_powertools.utilities.data_classes import CloudFormationCustomResourceEvent

from orders import telemetry
from orders.errors import OrderServiceError

Result = dict[str, Any]

ANSWER_SECONDS: Final = 15.0
"""How long an answer may take to be delivered; what is asked for has to be through before."""

_LONGEST_REASON: Final = 500  # characters: a whole answer is 4096 bytes at most
_LOOPBACK: Final = ("127.0.0.1", "localhost")


def is_request(event: dict[str, Any]) -> bool:
    """Tell whether an event is CloudFormation's."""
    return {"RequestType", "ResponseURL"} <= event.keys()


def answer(event: dict[str, Any], work: Callable[[], Result]) -> Result:
    """Do the work that a Create or an Update asks for, tell CloudFormation, and return what it was.

    A Delete changes nothing. Raises OSError when the answer cannot be delivered, so that Lambda
    invokes the function once more.
    """
    request = CloudFormationCustomResourceEvent(event)
    told = {
        **_outcome(request, work),
        "PhysicalResourceId": request.physical_resource_id or request.logical_resource_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
    }
    _deliver(request.response_url, told)
    return told


def _outcome(request: CloudFormationCustomResourceEvent, work: Callable[[], Result]) -> Result:
    if request.request_type == "Delete":
        return {"Status": "SUCCESS"}
    try:
        return {"Status": "SUCCESS", "Data": work()}
    except Exception as error:  # noqa: BLE001 - whatever it is, the deployment waits to hear of it
        telemetry.logger.exception("custom resource failed")
        reason = str(error) if isinstance(error, OrderServiceError) else repr(error)
        return {"Status": "FAILED", "Reason": reason[:_LONGEST_REASON]}


def _deliver(url: str, told: Result) -> None:
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    if scheme != "https" and not (scheme == "http" and host in _LOOPBACK):
        message = f"an answer goes over https only, not to {scheme}://{host}"
        raise OSError(message)
    body = json.dumps(told, ensure_ascii=False).encode()
    # The address is signed for a request without a content type.
    request = Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - checked above
    with urlopen(request, timeout=ANSWER_SECONDS):  # noqa: S310
        pass
