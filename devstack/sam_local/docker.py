"""Docker: this machine in, whether it can run the functions' image and reach us from it out."""

import shutil
import subprocess
from collections.abc import Callable

import psutil

from devstack.errors import UserError

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
"""What SAM CLI makes the functions' containers of."""

_BRIDGE = "docker0"
_PATIENCE_SECONDS = 30


def check() -> None:
    """Raise `UserError` when Docker is not there or does not answer."""
    if not shutil.which("docker"):
        message = "`sam local` needs Docker, which is not installed; `make run` needs none"
        raise UserError(message)
    try:
        answer = run("version", "--format", "{{.Server.Version}}")
    except subprocess.TimeoutExpired as error:
        message = f"Docker does not answer within {_PATIENCE_SECONDS} s: restart its service"
        raise UserError(message) from error
    if answer.returncode:
        message = f"Docker does not answer: {_last_line(answer)}; start its service"
        raise UserError(message)


def has_image() -> bool:
    """Tell whether the functions' image is on this machine."""
    return run("image", "inspect", IMAGE).returncode == 0


def ensure_image(say: Callable[[str], None]) -> None:
    """Pull the functions' image if it is not here; raises `UserError` when that fails."""
    if has_image():
        return
    say(f"pulling {IMAGE}, once")
    pulled = run("pull", "--quiet", IMAGE, seconds=None)
    if pulled.returncode:
        message = (
            f"{IMAGE} is not here and cannot be pulled: {_last_line(pulled)}; where no registry can"
            " be reached, load it from another machine (docker save, docker load), or make a"
            " stand-in as root: `.venv/bin/python -m tests.targets.docker`"
        )
        raise UserError(message)


def bridge_address() -> str | None:
    """Return this machine's address in the containers' network; None where they are in a VM."""
    addresses = psutil.net_if_addrs().get(_BRIDGE, ())
    return next((each.address for each in addresses if each.family.name == "AF_INET"), None)


def run(
    *arguments: str, seconds: float | None = _PATIENCE_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run `docker ARGUMENTS`; raises `subprocess.TimeoutExpired`."""
    command = ["docker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return next(reversed(done.stderr.strip().splitlines()), "it did not say why")
