"""The read path: a database's and a cache's addresses in, a front that answers look-ups out.

Everything that a look-up meets is real: the edge, the gateway, the template's route, the function
in processes of its own. What it does not meet (Kafka, S3) is not started.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from devstack.parts import listens
from devstack.ports import LOCALHOST, free_port
from devstack.producer.orders import encode
from devstack.settings import ROOT
from devstack.stack import TEMPLATE
from tests.servers import wait_until

LOOK_UP = "OrdersApiFunction"
_START_SECONDS = 60
_STOP_SECONDS = 20


def parameters(database: Mapping[str, str], cache_url: str, entries: int) -> dict[str, str]:
    """Return the template's parameters; without a URL there is one level, of so many entries."""
    return {
        "DatabaseHost": database["DB_HOST"],
        "DatabasePort": database["DB_PORT"],
        "DatabaseUser": database["DB_USER"],
        "DatabasePassword": database["DB_PASSWORD"],
        "DatabaseName": database["DB_NAME"],
        "CacheMaxEntries": str(entries),
        "CacheUrl": cache_url,
        "ReservedConcurrency": "false",  # as many environments are too many for a laptop
    }


def look_up(uid: str) -> bytes:
    """Return the event of a request for an order."""
    sample: dict[str, Any] = json.loads((ROOT / "events/api_order.json").read_text("utf-8"))
    return encode(sample | {"path": f"/order/{uid}", "pathParameters": {"order_uid": uid}})


class ReadPath:
    """One front process, which keeps what it is told and what it says in a folder."""

    def __init__(self, folder: Path, given: Mapping[str, str]) -> None:
        """Take the template's parameters."""
        self._folder = folder
        self._given = given
        self._port = free_port()

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://{LOCALHOST}:{self._port}"

    def start(self) -> None:
        """Start, and wait until its first environment is up."""
        configuration = {
            "template": str(TEMPLATE),
            "parameters": self._given,
            "http_ports": [self._port],
            "invoke_port": free_port(),
            "site": f"http://{LOCALHOST}:9/none",
            "warm": [LOOK_UP],
        }
        file = self._folder / "front.json"
        file.write_text(json.dumps(configuration), encoding="utf-8")
        command = (sys.executable, "-m", "devstack.front", "--config", str(file))
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command, cwd=ROOT, stdout=said, stderr=said
            )
        wait_until(self._is_ready_or_ended, "the front to be ready", _START_SECONDS)
        assert listens(self._port), self._said.read_text()  # noqa: S101 - its last words

    def stop(self) -> None:
        """End it and its environments."""
        self._process.terminate()
        self._process.wait(_STOP_SECONDS)

    def environments(self) -> int:
        """Return how many execution environments run."""
        return len(psutil.Process(self._process.pid).children())

    @property
    def _said(self) -> Path:
        return self._folder / "said.txt"

    def _is_ready_or_ended(self) -> bool:
        return self._process.poll() is not None or "ready" in self._said.read_text()
