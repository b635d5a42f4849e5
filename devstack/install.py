"""Set up the checkout: locked requirements in, `.venv` out; a second run installs nothing.

Runs on the machine's own Python before anything is installed: standard library only.
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


class InstallError(Exception):
    """What keeps the set-up from finishing, in one line with the way out."""


def install(purpose: str) -> None:
    """Install what `purpose` ("run", "prove" or "test") needs and is not there yet."""
    if sys.version_info < OLDEST_PYTHON:
        message = (
            f"Python {sys.version_info.major}.{sys.version_info.minor} is too old: 3.11 or newer is"
            " needed; name one with `make PYTHON=python3.12 …`"
        )
        raise InstallError(message)
    locks = [REQUIREMENTS / f"{purpose}.txt"]
    if java.installed() is None:
        locks.append(REQUIREMENTS / "jdk.txt")
    missing = [lock for lock in locks if not _is_installed(lock)]
    if missing:
        _make_environment()
        for lock in missing:
            _install(lock)


def _stamp(lock: Path) -> Path:
    return (
        ENVIRONMENT / "installed" / f"{lock.stem}-{hashlib.sha256(lock.read_bytes()).hexdigest()}"
    )


def _is_installed(lock: Path) -> bool:
    wider = (REQUIREMENTS / f"{name}.txt" for name in WIDER.get(lock.stem, ()))
    return any(_stamp(one).exists() for one in (lock, *wider))


def _make_environment() -> None:
    uv = _uv()
    if not (ENVIRONMENT / "bin" / "python").exists():
        say(f"making .venv for Python {sys.version.split()[0]}")
        run("the environment", [uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT])


def _install(lock: Path) -> None:
    say(f"installing what requirements/{lock.name} lists (progress below)")
    started = time.monotonic()
    python = ENVIRONMENT / "bin" / "python"
    # Compiled once here, not again in each of the processes that the stack starts.
    options = ["--compile-bytecode", "--require-hashes"]
    run(
        f"requirements/{lock.name}",
        [_uv(), "pip", "install", "--python", python, *options, "-r", lock],
    )
    stamp = _stamp(lock)
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
    """Install for the purpose named on the command line; 1 with one line of reason on failure."""
    try:
        install(arguments[0] if arguments else "run")
    except (InstallError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
