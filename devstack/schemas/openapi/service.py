"""Service: the routes that tell how it is, and describe it."""

from typing import Any

from devstack.schemas.openapi.answers import ETAG, NOT_MODIFIED, REQUEST_ID, header, ok, problem
from devstack.schemas.openapi.parameters import Known
from devstack.schemas.openapi.routes import SERVING, reads
from orders.api import bodies
from orders.cache import CacheStats


@reads("/cache/stats", SERVING, {200: ok(CacheStats, "Since the environment started.")})
def get_cache_stats() -> None:
    """Tell what the cache did, of the execution environment that answers."""


@reads("/health", SERVING, {200: ok(bodies.Health, "It answers.")})
def get_health() -> None:
    """Tell that the function answers."""


@reads(
    "/ready",
    SERVING,
    {
        200: ok(bodies.Readiness, "It is ready."),
        503: problem(
            "The database does not answer (`store_unavailable`) or is not migrated "
            "(`migration_pending`).",
            headers={"Retry-After": header("Seconds.")},
        ),
    },
)
def get_readiness() -> None:
    """Tell whether the database answers and is migrated."""


@reads(
    "/openapi.json",
    SERVING,
    {200: ok(dict[str, Any], "This document.", ETAG), **NOT_MODIFIED},
)
def get_openapi(if_none_match: Known = "") -> None:
    """Describe the API."""


@reads(
    "/docs",
    SERVING,
    {
        200: {
            "description": "The page.",
            "headers": {**REQUEST_ID, **ETAG},
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        **NOT_MODIFIED,
    },
)
def get_docs(if_none_match: Known = "") -> None:
    """Show this description, to read it and to try it."""
