"""The LocalStack server: a folder and a port in, the process that serves AWS's APIs there out.

Invariant: it keeps nothing. What it makes lies in the folder, and goes before the next start.
"""

import os
import shutil
import signal
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from devstack.errors import UserError
from devstack.localstack import FUNCTION_PYTHON
from devstack.ports import LOCALHOST
from devstack.settings import ROOT

STOP_SIGNAL: Final = signal.SIGKILL
"""It has nothing to save, and asked politely it often stays."""

_HEALTH_SECONDS: Final = 2
_ENTRY_POINTS: Final = Path(__file__).parent / "entry_points"


@dataclass(frozen=True)
class Server:
    """One LocalStack of the stack's own, without Docker."""

    tools: Path
    folder: Path
    port: int

    @property
    def command(self) -> tuple[str, ...]:
        """Return what runs it."""
        return (str(_python(self.tools / "localstack")), "-m", "localstack.runtime.main")

    @property
    def environment(self) -> dict[str, str]:
        """Return its settings.

        https://docs.localstack.cloud/references/configuration/
        """
        return {
            "DISABLE_EVENTS": "1",
            "DNS_ADDRESS": "0",
            "FILESYSTEM_ROOT": str(self.folder),
            "GATEWAY_LISTEN": f"{LOCALHOST}:{self.port}",
            "GATEWAY_SERVER": "hypercorn",  # the default one listens on every address
            "LAMBDA_RUNTIME_EXECUTOR": "devstack",
            "LS_LOG": "error",
            "OVERRIDE_IN_DOCKER": "0",
            # The new one refuses what only SAM resolves, as !Ref OrdersApiFunction.Alias.
            "PROVIDER_OVERRIDE_CLOUDFORMATION": "engine-legacy",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, _ENTRY_POINTS))),
            "TMPDIR": str(self._code),  # where it unpacks the functions' code
            "XDG_CACHE_HOME": str(self.folder),  # where it remembers entry points
            FUNCTION_PYTHON: str(_python(self.tools / "runtime")),
        }

    def prepare(self) -> None:
        """Remove what an earlier one made."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._code.mkdir(parents=True)

    @property
    def _code(self) -> Path:
        return self.folder / "code"


def answers(port: int) -> bool:
    """Tell whether LocalStack answers on a port of this machine."""
    connection = HTTPConnection(LOCALHOST, port, timeout=_HEALTH_SECONDS)
    try:
        connection.request("GET", "/_localstack/health")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _python(environment: Path) -> Path:
    python = environment / "bin" / "python"
    if not python.exists():
        message = (
            f"{environment.name} is not installed here;"
            " `python3 -m devstack.install sam localstack runtime` installs it"
        )
        raise UserError(message)
    return python
