"""Whose event it is: a sample event in, the function that AWS would invoke with it out."""

from collections.abc import Mapping
from typing import Any

from devstack import template
from devstack.errors import UserError
from devstack.front.routes import RouteTable
from devstack.replay import mapping
from devstack.settings import Settings
from devstack.stack import TEMPLATE

_OF_KAFKA = ("aws:kafka", "SelfManagedKafka")


def function_for(event: Mapping[str, Any], settings: Settings) -> str:
    """Return the logical id of the function; raises `UserError` when the event does not tell."""
    described = template.read(TEMPLATE, {})
    found = None
    if event.get("eventSource") in _OF_KAFKA:
        named = mapping.of_template(settings, None, settings.topic, None).configuration
        found = described.function_of(named.function_name)
    elif match := RouteTable(described.routes).match(str(event.get("resource"))):
        found = match.function(str(event.get("httpMethod")))
    if found is None:
        known = ", ".join(described.functions)
        message = (
            "the event is neither Kafka's nor of a route of the API; name its function by"
            f" --function (with make: FUNCTION=), one of {known}"
        )
        raise UserError(message)
    return found
