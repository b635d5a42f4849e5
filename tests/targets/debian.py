"""Debian for tests: names of packages in, an image for Docker that holds their files out.

It stands in for an image that no registry in reach has. Nothing of the packages is run.
"""

import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from devstack.errors import UserError

_SUITE = "trixie"  # the Debian that has Python 3.13
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_FROM_DEBIAN = ("Origin: Debian", "Label: Debian", "Created-By: Packages")


def unpacked(packages: Sequence[str], folder: Path) -> Path:
    """Download packages with all they need, and return the folder with their files."""
    root = folder / "root"
    root.mkdir()
    files = sorted(
        _downloaded(packages, folder), key=lambda file: not file.name.startswith("base-files")
    )
    for file in files:  # base-files first: /lib and the like are its links
        run("dpkg-deb", "--extract", str(file), str(root))
    return root


def make_image(name: str, places: Mapping[str, Path], changes: Sequence[str], folder: Path) -> None:
    """Make an image of files and folders by their places; `changes` are lines of a Dockerfile."""
    archive = folder / "image.tar"
    with tarfile.open(archive, "w") as image:
        for place, path in places.items():
            image.add(path, place, filter=_is_of_use)
    run("docker", "import", *(f"--change={change}" for change in changes), str(archive), name)


def run(*command: str) -> str:
    """Return what a command says; raises `UserError` when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        message = f"a stand-in for an image cannot be made: {error}"
        raise UserError(message) from error
    if done.returncode:
        message = f"a stand-in for an image cannot be made: {done.stderr.strip()}"
        raise UserError(message)
    return done.stdout


def _is_of_use(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Give a file to root, and leave out what only people read."""
    member.uid = member.gid = 0
    return None if "share/doc" in member.name or "share/locale" in member.name else member


def _downloaded(packages: Sequence[str], folder: Path) -> Iterator[Path]:
    """Download from where this machine's apt gets its own."""
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
    run("apt-get", *options, "update")
    run("apt-get", *options, "--yes", "--download-only", "install", *packages)
    return (folder / "cache" / "archives").glob("*.deb")


def _mirror() -> str:
    uris = run("apt-get", "indextargets", "--format", "$(REPO_URI)", *_FROM_DEBIAN).split()
    if not uris:
        message = "an image cannot be pulled, and apt knows no Debian to make a stand-in of"
        raise UserError(message)
    return uris[0]
