"""Front process: a template in; edge, gateway, Lambda runtime and Invoke API on their ports out.

Invariant: all of it is one event loop, so a look-up crosses no second server, and nothing in it
blocks. `python -m devstack.front --config FILE`.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from devstack import asgi, template
from devstack.errors import UserError
from devstack.front.edge import Edge
from devstack.front.gateway import Gateway
from devstack.front.routes import RouteTable
from devstack.runtime.function_log import FunctionLog
from devstack.runtime.functions import Functions
from devstack.runtime.invoke_api import InvokeApi
from devstack.settings import LOCALHOST

GRACE_SECONDS = 3
_SITE_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the supervisor tells the front process."""

    template: Path
    parameters: Mapping[str, str]
    environment: Mapping[str, str]
    """Added to every function's settings."""
    http_ports: tuple[int, ...]
    invoke_port: int
    site: str
    """The address of the site's bucket."""

    @classmethod
    def load(cls, path: Path) -> "Configuration":
        """Read the file the supervisor wrote."""
        settings = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            template=Path(settings["template"]),
            parameters=settings.get("parameters", {}),
            environment=settings.get("environment", {}),
            http_ports=tuple(settings["http_ports"]),
            invoke_port=settings["invoke_port"],
            site=settings["site"],
        )


async def run(configuration: Configuration, log: FunctionLog) -> None:
    """Serve until SIGTERM or SIGINT; then let running requests finish, and end all environments.

    Raises `UserError` when the template cannot be read or a port is taken.
    """
    stopped = _stop_signal()
    blueprint = template.read(configuration.template, configuration.parameters)
    edge_sockets = [_bound(port) for port in configuration.http_ports]
    invoke_sockets = [_bound(configuration.invoke_port)]
    functions = Functions.of(blueprint.functions, configuration.environment, log.write)
    async with httpx.AsyncClient(
        base_url=configuration.site, timeout=_SITE_TIMEOUT_SECONDS, trust_env=False
    ) as site:
        gateway = Gateway(RouteTable(blueprint.routes), functions.invoke)
        edge = _Server(Edge(gateway, site), edge_sockets)
        invoke_api = _Server(InvokeApi(functions), invoke_sockets)
        serving = asyncio.gather(edge.serve_all(), invoke_api.serve_all())
        readiness = asyncio.create_task(_announce(blueprint, functions, log))
        either: set[asyncio.Future[Any]] = {serving, stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        readiness.cancel()
        edge.should_exit = invoke_api.should_exit = True
        await asyncio.wait({serving}, timeout=GRACE_SECONDS)
        await functions.close()
        await serving


async def _announce(blueprint: template.Template, functions: Functions, log: FunctionLog) -> None:
    """Start an environment of each function; ready when those behind the API are up or failed."""
    behind_api = {route.function for route in blueprint.routes}
    await functions.provision(behind_api)
    log.announce("ready")
    await functions.provision(set(blueprint.functions) - behind_api)


def _stop_signal() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopped


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOCALHOST, port))
    except OSError as error:
        listener.close()
        message = (
            f"port {port} of {LOCALHOST} cannot be used ({error.strerror}); choose another one"
        )
        raise UserError(message) from error
    return listener


class _Server(uvicorn.Server):
    def __init__(self, application: asgi.Application, sockets: list[socket.socket]) -> None:
        self._sockets = sockets
        super().__init__(
            uvicorn.Config(
                application,
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=60,  # a poller's pause must not race with our closing
                timeout_graceful_shutdown=2 * GRACE_SECONDS,  # the environments end before it
            )
        )

    async def serve_all(self) -> None:
        await self.serve(self._sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process: there are two servers in it."""
        yield


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def main() -> int:
    """Run the process; 0 after SIGTERM, 1 with one line on stderr when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m devstack.front", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON, see Configuration")
    configuration = Configuration.load(parser.parse_args().config)
    log = FunctionLog(sys.stdout)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run(configuration, log))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        log.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
