"""Set up the checkout: locked requirements in, environments out; a second run installs nothing.

A tool whose dependencies clash with ours has an environment of its own, `.tools/NAME`. Runs on the
machine's own Python before anything is installed: standard library only.
"""

from __future__ import annotations  # an old Python must get far enough to be told so

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from devstack import certificates, java

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "requirements"
ENVIRONMENT = ROOT / ".venv"
UV_ENVIRONMENT = ROOT / ".tools" / "uv"
OLDEST_PYTHON = (3, 11)
WIDER = {"run": ("prove", "test"), "prove": ("test",)}
"""The locks that contain all that another one lists."""
TOOLS = {"checkov": None, "localstack": "3.13", "runtime": "3.13", "sam": None}
"""Tools, and the Python that one needs; None for the machine's own."""


class InstallError(Exception):
    """What keeps the set-up from finishing, in one line with the way out."""


def install(purpose: str) -> None:
    """Install what `purpose` ("run", "prove", "test" or a tool) needs and is not there yet."""
    if sys.version_info < OLDEST_PYTHON:
        message = (
            f"Python {sys.version_info.major}.{sys.version_info.minor} is too old: 3.11 or newer is"
            " needed; name one with `make PYTHON=python3.12 …`"
        )
        raise InstallError(message)
    environment = ROOT / ".tools" / purpose if purpose in TOOLS else ENVIRONMENT
    locks = [REQUIREMENTS / f"{purpose}.txt"]
    if environment == ENVIRONMENT and java.installed() is None:
        locks.append(REQUIREMENTS / "jdk.txt")
    missing = [lock for lock in locks if not _is_installed(lock, environment)]
    if missing:
        _make_environment(environment, _interpreter(TOOLS.get(purpose)))
        for lock in missing:
            _install(lock, environment)


def _stamp(lock: Path, environment: Path) -> Path:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return environment / "installed" / f"{lock.stem}-{digest}"


def _is_installed(lock: Path, environment: Path) -> bool:
    wider = (REQUIREMENTS / f"{name}.txt" for name in WIDER.get(lock.stem, ()))
    return any(_stamp(one, environment).exists() for one in (lock, *wider))


def _interpreter(version: str | None) -> str:
    """Name the Python that an environment is made of: one that is here, or one for uv to fetch."""
    if version is None:
        return sys.executable
    # pyenv's own commands answer for the selected versions only, and uv gives up on the others.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = pyenv.glob(f"versions/{version}.*/bin/python{version}")
    return str(next(found, version))


def _make_environment(environment: Path, python: str) -> None:
    uv = _uv()
    if not (environment / "bin" / "python").exists():
        say(f"making {environment.relative_to(ROOT)}")
        run(
            f"an environment for Python {python}",
            [uv, "venv", "--quiet", "--python", python, environment],
        )


def _install(lock: Path, environment: Path) -> None:
    say(f"installing what requirements/{lock.name} lists (progress below)")
    started = time.monotonic()
    python = environment / "bin" / "python"
    # Compiled once here, not again in each of the processes that the stack starts.
    options = ["--compile-bytecode", "--require-hashes"]
    run(
        f"requirements/{lock.name}",
        [_uv(), "pip", "install", "--python", python, *options, "-r", lock],
    )
    stamp = _stamp(lock, environment)
    stamp.parent.mkdir(exist_ok=True)
    for older in stamp.parent.glob(f"{lock.stem}-*"):
        older.unlink()
    stamp.touch()
    say(f"installed in {time.monotonic() - started:.0f} s")


def _uv() -> Path:
    """Return uv, from its own package, in an environment of its own."""
    uv = UV_ENVIRONMENT / "bin" / "uv"
    if not uv.exists():
        say("installing uv")
        shutil.rmtree(UV_ENVIRONMENT, ignore_errors=True)
        run(
            "an environment for uv (on Debian and Ubuntu: apt install python3-venv)",
            [sys.executable, "-m", "venv", UV_ENVIRONMENT],
        )
        pip = [str(UV_ENVIRONMENT / "bin" / "python"), "-m", "pip"]
        lock = REQUIREMENTS / "uv.txt"
        run(
            "uv",
            [
                *pip,
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "-r",
                lock,
            ],
        )
    return uv


def run(what: str, command: Sequence[str | Path]) -> None:
    """Run a command with its progress on the terminal; raises `InstallError` when it fails."""
    environment = {**os.environ, **certificates.trusted()}
    if subprocess.run(command, check=False, stdout=sys.stderr, env=environment).returncode:
        message = (
            f"could not install {what}: the cause stands above; when it was the network or a full"
            " disk, put it right and start again, nothing needs to be cleaned up"
        )
        raise InstallError(message)


def say(line: str) -> None:
    """Print a line of progress, apart from what programs read on standard output."""
    print(f"set-up | {line}", file=sys.stderr, flush=True)  # noqa: T201 - the set-up's only voice


def main(arguments: list[str]) -> int:
    """Install for the purposes named on the command line; 1 with a line of reason on failure."""
    try:
        for purpose in arguments or ["run"]:
            install(purpose)
    except (InstallError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
