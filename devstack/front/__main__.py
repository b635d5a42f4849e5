"""Front process: a template in; edge, gateway, Lambda runtime and Invoke API on their ports out.

Invariant: all of it is one event loop, so a look-up crosses no second server, and nothing in it
blocks. `python -m devstack.front --config FILE`.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from devstack import asgi_server, template
from devstack.asgi_server import Server
from devstack.front.edge import Edge
from devstack.front.gateway import Gateway
from devstack.front.routes import RouteTable
from devstack.runtime.function_log import FunctionLog
from devstack.runtime.functions import Functions
from devstack.runtime.invoke_api import InvokeApi

_SITE_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the supervisor tells the front process."""

    template: Path
    parameters: Mapping[str, str]
    code: Mapping[str, Path]
    """Other code than the template's, by the functions' logical ids."""
    layers: tuple[Path, ...]
    """Further layers of every function."""
    environment: Mapping[str, str]
    """Added to every function's settings."""
    http_ports: tuple[int, ...]
    invoke_port: int
    site: str
    """The address of the site's bucket."""
    warm: tuple[str, ...]
    """The functions that are started with the front; the others start when they are first asked."""

    @classmethod
    def load(cls, path: Path) -> "Configuration":
        """Read the file the supervisor wrote."""
        settings = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            template=Path(settings["template"]),
            parameters=settings.get("parameters", {}),
            code={name: Path(folder) for name, folder in settings.get("code", {}).items()},
            layers=tuple(map(Path, settings.get("layers", ()))),
            environment=settings.get("environment", {}),
            http_ports=tuple(settings["http_ports"]),
            invoke_port=settings["invoke_port"],
            site=settings["site"],
            warm=tuple(settings["warm"]),
        )


async def serve(file: Path, log: FunctionLog) -> None:
    """Serve until SIGTERM or SIGINT; then let running requests finish, and end all environments.

    Raises `UserError` when the template cannot be read or a port is taken.
    """
    stopped = asgi_server.stop_signal()
    configuration = Configuration.load(file)
    described = template.read(configuration.template, configuration.parameters)
    blueprint = described.changed(configuration.code, configuration.layers)
    blueprint.check_servable(blueprint.unservable)
    edge_sockets = [asgi_server.bound(port) for port in configuration.http_ports]
    invoke_sockets = [asgi_server.bound(configuration.invoke_port)]
    functions = Functions.of(blueprint.functions, configuration.environment, log.write)
    async with httpx.AsyncClient(
        base_url=configuration.site, timeout=_SITE_TIMEOUT_SECONDS, trust_env=False
    ) as site:
        gateway = Gateway(RouteTable(blueprint.routes), functions.invoke)
        edge = Server(Edge(gateway, site), edge_sockets)
        invoke_api = Server(InvokeApi(functions), invoke_sockets)
        beginning = _announce(blueprint, functions, set(configuration.warm), log)
        await asgi_server.serve_until(stopped, [edge, invoke_api], beginning, functions.close)


async def _announce(
    blueprint: template.Template, functions: Functions, warm: set[str], log: FunctionLog
) -> None:
    """Start the warm functions; ready when those of them behind the API are up or failed."""
    behind_api = {route.function for route in blueprint.routes}
    await functions.provision(warm & behind_api)
    log.announce("ready")
    await functions.provision(warm - behind_api)


if __name__ == "__main__":
    sys.exit(asgi_server.main("python -m devstack.front", __doc__ or "", serve))
