"""SAM CLI, from an environment of its own: its arguments in, what it printed, or a build, out."""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devstack import certificates, install
from devstack.errors import UserError

ROOT = Path(__file__).parent.parent
BUILT = ROOT / ".aws-sam" / "build"
_SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
_SOURCES = ("functions", "layers", "sql", "samconfig.toml", "template.yaml")


def build(say: Callable[[str], None]) -> Path:
    """Build layers and functions, unless that was done of these very sources; return the template.

    Whoever asks at the same time waits. Raises `UserError` when the build fails.
    """
    ensure_installed()
    with _one_at_a_time():
        stamp = BUILT / f".of-{_digest()}"  # a `sam build` by hand removes it with the rest
        if not stamp.exists():
            say("building layers and functions (sam build)")
            run("build")
            stamp.touch()
    return BUILT / "template.yaml"


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run `sam` in the checkout and return what it printed; raises `UserError` when it fails."""
    done = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env={**surroundings(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"`sam {arguments[0]}` failed: {_last_words(done.stdout)}"
        raise UserError(message)
    return done.stdout


def ensure_installed() -> None:
    """Install SAM CLI and the Python that compiles the layer, where they are not there yet."""
    try:
        for tool in ("sam", "runtime"):
            install.install(tool)
    except install.InstallError as error:
        raise UserError(str(error)) from error


def command(*arguments: str) -> tuple[str, ...]:
    """Return what to run for `sam ARGUMENTS`."""
    return (str(_SAM), *arguments)


def surroundings() -> dict[str, str]:
    """Return the environment for `sam`: it reports to nobody, and writes into the checkout only."""
    return {
        **os.environ,
        **certificates.trusted(),
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(ROOT / ".aws-sam" / "home"),  # instead of ~/.aws-sam
    }


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error: ")]
    return (errors or lines or ["it said nothing"])[-1].removeprefix("Error: ")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    BUILT.parent.mkdir(exist_ok=True)
    with (BUILT.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest() -> str:
    digest = hashlib.sha256()
    for file in sorted(_files()):
        digest.update(f"{file.relative_to(ROOT)} {file.stat().st_size}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for source in _SOURCES:
        path = ROOT / source
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
