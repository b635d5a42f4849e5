"""Runtime process: a template in, the Lambda Invoke API of some of its functions on a port out.

`python -m devstack.runtime --config FILE`.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devstack import asgi_server, template
from devstack.asgi_server import Server
from devstack.runtime.function_log import FunctionLog
from devstack.runtime.functions import Functions
from devstack.runtime.invoke_api import InvokeApi


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the process is told."""

    template: Path
    parameters: Mapping[str, str]
    environment: Mapping[str, str]
    """Added to every function's settings."""
    functions: Sequence[str]
    """Logical ids of those to serve."""
    invoke_port: int

    @classmethod
    def load(cls, path: Path) -> "Configuration":
        """Read the configuration file's JSON."""
        settings = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            template=Path(settings["template"]),
            parameters=settings.get("parameters", {}),
            environment=settings.get("environment", {}),
            functions=settings["functions"],
            invoke_port=settings["invoke_port"],
        )


async def serve(file: Path, log: FunctionLog) -> None:
    """Serve until SIGTERM or SIGINT; then let running requests finish, and end all environments.

    Raises `UserError` when the template cannot be read, a function not be served, or the port is
    taken.
    """
    stopped = asgi_server.stop_signal()
    configuration = Configuration.load(file)
    blueprint = template.read(configuration.template, configuration.parameters)
    blueprint.check_servable(configuration.functions)
    sockets = [asgi_server.bound(configuration.invoke_port)]
    chosen = {name: blueprint.functions[name] for name in configuration.functions}
    functions = Functions.of(chosen, configuration.environment, log.write, every_version=True)
    server = Server(InvokeApi(functions), sockets)
    await asgi_server.serve_until(
        stopped, [server], functions.provision(set(chosen)), functions.close
    )


if __name__ == "__main__":
    sys.exit(asgi_server.main("python -m devstack.runtime", __doc__ or "", serve))
