"""The proving stack: a folder in, a stack of its own to start, look into and kill out.

What it is told leads nowhere else: no setting of a person's reaches it.
"""

import os
import secrets
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import pg8000.exceptions
import pg8000.native
import psutil

from devstack import leftovers, postgres, state, template
from devstack.errors import UserError
from devstack.ports import LOCALHOST, is_free
from devstack.prove.arena import processes
from devstack.settings import ROOT, Settings, Source, addresses
from devstack.stack import TEMPLATE
from devstack.waiting import until

FUNCTION = "IngestOrdersFunction"
TIMEOUT_SECONDS = 4
"""The ingest function's: short, since some faults last as long."""

_START_SECONDS = 90
_STOP_SECONDS = 20
_KILL_SECONDS = 10
_PROBE_SECONDS = 0.05
_LAST_WORDS = 3

_LOWEST_PORT, _HIGHEST_PORT = 10_000, 20_000  # below those that the kernel gives to clients
_PORTS = ("HTTP_PORT", "LAMBDA_PORT", "AWS_PORT", "KAFKA_PORT", "NATS_PORT", "DB_PORT")
_DATABASE = "orders_db"
_LEFT_TO_THEIR_DEFAULTS = (
    *("CACHE", "CACHE_MAX_ENTRIES", "CACHE_TTL_SECONDS", "CACHE_URL"),
    *("DB_HOST", "DB_NAME", "DB_PASSWORD", "DB_SSL_ROOT_CERT", "DB_USER"),
    *("FUNCTION_CODE", "KAFKA_BROKER", "KAFKA_TOPIC", "LOG_LEVEL", "MAPPING_CHOICES"),
    *("NATS_CREDENTIALS", "NATS_STREAM", "NATS_URL", "STRICT_TOTALS"),
)
_RUNNING = ("starting", "running")


class GoneError(Exception):
    """What was to be reached is away just now."""


class ProvingStack:
    """A stack whose functions reach PostgreSQL through a proxy, and have the chaos layer."""

    topic = "orders"
    """Of Kafka, or the stream."""
    group = "serverless-orders"
    """Of Kafka, or the durable consumer."""

    def __init__(
        self, home: Path, source: Source = Source.KAFKA, more: Mapping[str, str] | None = None
    ) -> None:
        """Choose the ports, which stay; `more` are further settings of the stack."""
        ports = _free_ports()
        self.home = home.absolute()
        self.source = source
        """What its orders come from, and the name of that component."""
        self.proxy_port = next(ports)
        self.chaos_folder = self.home / "run" / "chaos"
        """Where the chaos layer has to be before the start."""
        self._settings = {
            **dict.fromkeys(_LEFT_TO_THEIR_DEFAULTS, ""),  # so that .env does not set them either
            **{name: str(next(ports)) for name in _PORTS},
            "DEVSTACK_HOME": str(self.home),
            "DB_PROXY": f"{LOCALHOST}:{self.proxy_port}",
            "FUNCTION_LAYERS": str(self.chaos_folder),
            "INGEST_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "PYTHONPATH": str(self.chaos_folder),
            "SOURCE": source,
            **(more or {}),
        }
        self.addresses = addresses(Settings(self._settings, self.home))
        self._database = postgres.Server(self.home / "postgres", self.addresses.db_port)
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where the API answers."""
        return f"http://{LOCALHOST}:{self.addresses.http_ports[0]}"

    def start(self) -> None:
        """Start it and wait until it is up.

        Raises `UserError` with its last words when it is not within 90 s.
        """
        with self._log.open("ab") as log:
            self._supervisor = subprocess.Popen(
                (sys.executable, "-m", "devstack", "up", "--no-samples"),
                cwd=ROOT,
                env={**os.environ, **self._settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches whoever proves, who stops it then
            )
        until(lambda: self._is_up or not self.is_running, _START_SECONDS, _PROBE_SECONDS)
        if not self._is_up:
            self.kill()
            message = f"the stack to be proved does not start: {self._last_words()}"
            raise UserError(message)

    def stop(self) -> None:
        """Stop it politely; what does not stop is ended."""
        if self._supervisor and self.is_running:
            self._supervisor.send_signal(signal.SIGTERM)
            until(lambda: not self.is_running, _STOP_SECONDS, _PROBE_SECONDS)
        self.kill()

    def kill(self) -> int:
        """End every process of it at once, as a power cut does; return how many there were."""
        # Once reaped, its pid may be somebody else's.
        supervisor = self._supervisor.pid if self._supervisor and self.is_running else None
        found = processes.of_stack(supervisor, self.home, self._database.data)
        processes.kill(sorted(found, key=lambda process: process.pid != supervisor))
        if self._supervisor:
            self._supervisor.wait(_KILL_SECONDS)
        until(lambda: not any(map(leftovers.is_alive, found)), _KILL_SECONDS)
        leftovers.end(self.home)  # what one of them started while it was found
        return len(found)

    @property
    def is_running(self) -> bool:
        """Tell whether its supervisor lives."""
        return self._supervisor is not None and self._supervisor.poll() is None

    def pid(self, component: str) -> int:
        """Return a component's process id; raises `GoneError` when it does not run now."""
        if process := self._process(component):
            return process.pid
        message = f"{component} does not run"
        raise GoneError(message)

    def environments(self) -> list[psutil.Process]:
        """Return the execution environments of the ingest function."""
        return processes.of_function(self._function_name, self._process("front"))

    @cached_property
    def _function_name(self) -> str:
        return template.read(TEMPLATE, {}).function_names[FUNCTION]

    def owner_of(self, client_port: int) -> psutil.Process | None:
        """Return the ingest function's environment that speaks from a port; None: nobody does."""
        owners = (one for one in self.environments() if client_port in processes.local_ports(one))
        return next(owners, None)

    def administrator(self, seconds: float = 10) -> pg8000.native.Connection:
        """Open a superuser's connection to the orders, past the proxy.

        No wait on it lasts longer. Raises `GoneError` when PostgreSQL does not answer.
        """
        try:
            return self._database.administrator(_DATABASE, seconds)
        except (OSError, pg8000.exceptions.Error, struct.error) as error:
            message = f"PostgreSQL does not answer: {error}"
            raise GoneError(message) from error

    @property
    def _log(self) -> Path:
        return self.home / "up.log"

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return " | ".join(lines[-_LAST_WORDS:])

    @property
    def _state(self) -> state.State | None:
        told = state.read(self.home) if self.is_running else None
        # One that a killed proof has left may still tell of itself.
        return told if told and self._supervisor and told.pid == self._supervisor.pid else None

    @property
    def _is_up(self) -> bool:
        told = self._state
        return told is not None and told.up

    def _process(self, component: str) -> psutil.Process | None:
        told = self._state
        status = told.components.get(component, {}) if told else {}
        return processes.alive(status["pid"]) if status.get("state") in _RUNNING else None


def _free_ports() -> Iterator[int]:
    """Begin anywhere, so that two who choose at once choose different ones."""
    first = _LOWEST_PORT + secrets.randbelow((_HIGHEST_PORT - _LOWEST_PORT) // 2)
    return filter(is_free, range(first, _HIGHEST_PORT))
