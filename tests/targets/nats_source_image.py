"""The image of the NATS source: this checkout in, what Docker makes of its Dockerfile out.

Where no registry can be reached, the image that it starts from is one of Debian's Python 3.13, and
brings the locked packages along: nothing is fetched while Docker builds.
"""

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from devstack.errors import UserError
from devstack.sam_local.docker import check, run
from tests.servers import ROOT, TOOLS
from tests.targets import debian

TAG = "serverless-orders-nats-source:test"

_BASES = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
_PULL_SECONDS = 120
_BUILD_SECONDS = 600
_PACKAGES = (
    "base-files",
    "ca-certificates",
    "coreutils",
    "dash",
    "libpam-modules",
    "libstdc++6",
    "passwd",
    "python3.13",
    "python3.13-venv",
)
_ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "shadow": "root:*:20000:0:99999:7:::\n",
    "group": "root:x:0:\n",
    "gshadow": "root:*::\n",
}
_ENVIRONMENT = (
    "ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin LANG=C.UTF-8 PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels"
)
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def require() -> str:
    """Return the image; skip where there is no Docker, and fail in CI."""
    try:
        return built()
    except UserError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Docker here: {error}")


@cache
def built() -> str:
    """Build the image and return its name; raises `UserError` where that cannot be."""
    check()
    for base in _BASES:
        if run("image", "inspect", base).returncode and not _is_pulled(base):
            with TemporaryDirectory() as folder:
                _make_stand_in(base, Path(folder))
    done = run("build", "--tag", TAG, str(ROOT), seconds=_BUILD_SECONDS)
    assert done.returncode == 0, done.stderr or done.stdout
    return TAG


def _is_pulled(image: str) -> bool:
    try:
        return run("pull", "--quiet", image, seconds=_PULL_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _make_stand_in(base: str, folder: Path) -> None:
    root = debian.unpacked(_PACKAGES, folder)
    for name, text in _ACCOUNTS.items():
        (root / "etc" / name).write_text(text)
    authorities = (root / "usr/share/ca-certificates").rglob("*.crt")
    trusted = (
        root / "etc/ssl/certs/ca-certificates.crt"
    )  # which the package makes when it is set up
    trusted.write_bytes(b"".join(file.read_bytes() for file in sorted(authorities)))
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3.13")
    _download_wheels(root / "wheels")
    debian.make_image(base, {"/": root}, [_ENVIRONMENT], folder)


def _download_wheels(folder: Path) -> None:
    platforms = (f"--platform={name}" for name in _PLATFORMS)
    debian.run(
        str(TOOLS / "uv" / "bin" / "pip"),
        *("download", "--quiet", "--require-hashes", "--only-binary=:all:"),
        *("--python-version=3.13", "--implementation=cp", *platforms),
        *("--dest", str(folder), "--requirement", str(ROOT / "requirements" / "nats-source.txt")),
    )
