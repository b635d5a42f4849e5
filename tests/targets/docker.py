"""Docker for tests: this machine in, the image of the functions' containers, or a reason, out.

`python -m tests.targets.docker` sees to the image by itself. Where no registry can be reached, a
stand-in is made of Debian's Python 3.13 and AWS's own runtime client: it is no Amazon Linux.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from devstack import install
from devstack.errors import UserError
from devstack.sam_local.docker import IMAGE, check, has_image, run
from tests.servers import TOOLS

_PULL_SECONDS = 120
_SUITE = "trixie"  # the Debian that has Python 3.13
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_PACKAGES = (
    "base-files",
    "coreutils",
    "dash",
    "libstdc++6",
    "libpython3.13-stdlib",
    "python3.13-minimal",
)
_FROM_DEBIAN = ("Origin: Debian", "Label: Debian", "Created-By: Packages")
_BOOTSTRAP = """\
#!/bin/sh
exec /usr/bin/python3.13 -m awslambdaric "$_HANDLER"
"""
_ENVIRONMENT = "ENV LANG=C.UTF-8 PYTHONPATH=/opt/python:/var/runtime LAMBDA_TASK_ROOT=/var/task"
_RUNTIME = TOOLS / "runtime" / "lib" / "python3.13" / "site-packages"


def require() -> None:
    """Skip where Docker is not there or has no image; in CI, fail."""
    try:
        ensure_image()
    except UserError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Docker here: {error}")


@cache
def ensure_image() -> None:
    """See to the functions' image; raises `UserError` when there is none and none can be made."""
    check()
    if not has_image() and not _is_pulled():
        with TemporaryDirectory() as folder:
            _make_stand_in(Path(folder))


def _is_pulled() -> bool:
    try:
        pulled = run("pull", "--quiet", IMAGE, seconds=_PULL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return pulled.returncode == 0


def _make_stand_in(folder: Path) -> None:
    install.install("runtime")
    root = folder / "root"
    root.mkdir()
    packages = sorted(_downloaded(folder), key=lambda file: not file.name.startswith("base-files"))
    for package in packages:  # base-files first: /lib and the like are its links
        _run("dpkg-deb", "--extract", str(package), str(root))
    with tarfile.open(folder / "image.tar", "w") as image:
        image.add(root, "/", filter=_is_of_use)
        image.add(_RUNTIME, "/var/runtime", filter=_is_of_use)
        _add_bootstrap(image, folder)
    changes = (f"--change={change}" for change in (_ENVIRONMENT, "WORKDIR /var/task"))
    _run("docker", "import", *changes, str(folder / "image.tar"), IMAGE)


def _downloaded(folder: Path) -> Iterator[Path]:
    """Download Debian packages with all they need, from where this machine's apt gets its own."""
    sources = f"deb [signed-by={_KEYS}] {_mirror()} {_SUITE} main\n"
    (folder / "sources.list").write_text(sources)
    (folder / "status").touch()  # nothing is installed there yet
    for name in ("lists", "cache/archives"):
        (folder / name / "partial").mkdir(parents=True)
    own = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Debug::NoLocking": "true",
        "Acquire::Languages": "none",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",  # who else could not write here
    }
    options = [f"--option={name}={value}" for name, value in own.items()]
    _run("apt-get", *options, "update")
    _run("apt-get", *options, "--yes", "--download-only", "install", *_PACKAGES)
    return (folder / "cache" / "archives").glob("*.deb")


def _mirror() -> str:
    uris = _run("apt-get", "indextargets", "--format", "$(REPO_URI)", *_FROM_DEBIAN).split()
    if not uris:
        message = f"{IMAGE} cannot be pulled, and apt knows no Debian to make a stand-in of"
        raise UserError(message)
    return uris[0]


def _is_of_use(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    return None if "share/doc" in member.name or "share/locale" in member.name else member


def _add_bootstrap(image: tarfile.TarFile, folder: Path) -> None:
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(_BOOTSTRAP)
    bootstrap.chmod(0o755)
    image.add(bootstrap, "/var/runtime/bootstrap", filter=_is_of_use)


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        message = f"a stand-in for {IMAGE} cannot be made: {error}"
        raise UserError(message) from error
    if done.returncode:
        message = f"a stand-in for {IMAGE} cannot be made: {done.stderr.strip()}"
        raise UserError(message)
    return done.stdout


if __name__ == "__main__":
    try:
        ensure_image()
    except UserError as error:
        sys.exit(str(error))
