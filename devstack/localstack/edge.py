"""Edge process: a template's routes and a deployed API in, page and API on the edge's ports out.

`python -m devstack.localstack.edge --config FILE`.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from devstack import asgi_server, template
from devstack.asgi_server import Server
from devstack.front.deployed_api import DeployedApi
from devstack.front.edge import Edge
from devstack.front.gateway import INTEGRATION_TIMEOUT_SECONDS
from devstack.front.routes import RouteTable
from devstack.runtime.function_log import FunctionLog

_SITE_SECONDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the supervisor tells the process."""

    template: Path
    parameters: Mapping[str, str]
    http_ports: tuple[int, ...]
    api: str
    """The address of the API's stage."""
    site: str
    """The address of the server that has the page."""
    site_host: str
    """By what name that server knows the page."""

    @classmethod
    def load(cls, path: Path) -> "Configuration":
        """Read the file the supervisor wrote."""
        settings = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            template=Path(settings["template"]),
            parameters=settings["parameters"],
            http_ports=tuple(settings["http_ports"]),
            api=settings["api"],
            site=settings["site"],
            site_host=settings["site_host"],
        )


async def serve(file: Path, log: FunctionLog) -> None:
    """Serve until SIGTERM or SIGINT; raises `UserError` when a port is taken."""
    stopped = asgi_server.stop_signal()
    configuration = Configuration.load(file)
    routes = RouteTable(template.read(configuration.template, configuration.parameters).routes)
    sockets = [asgi_server.bound(port) for port in configuration.http_ports]
    async with (
        _client(configuration.api, INTEGRATION_TIMEOUT_SECONDS) as api,
        _client(configuration.site, _SITE_SECONDS, configuration.site_host) as site,
    ):
        server = Server(Edge(DeployedApi(routes, api), site), sockets)
        await asgi_server.serve_until(stopped, [server], _announce(log), _nothing_to_close)


def _client(base_url: str, seconds: float, host: str | None = None) -> httpx.AsyncClient:
    headers = {"host": host} if host else None
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=seconds, trust_env=False)


async def _announce(log: FunctionLog) -> None:
    log.announce("ready")


async def _nothing_to_close() -> None:
    """Close nothing: requests on their way end with the server."""


if __name__ == "__main__":
    sys.exit(asgi_server.main("python -m devstack.localstack.edge", __doc__ or "", serve))
