"""The build command: sources in, what is uploaded to Lambda, and how large it is, out."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import ZIP_DEFLATED, ZipFile

from devstack import sam_cli
from devstack.console import say
from devstack.settings import Settings

_KILOBYTE = 1000


def add_arguments(_parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack build`: there are none."""


def run(_arguments: Namespace, _settings: Settings) -> int:
    """Build, and say how large each artefact is; raises `UserError` when the build fails."""
    template = sam_cli.build(_note)
    say(f"{'':<22}{'zipped':>9}{'unzipped':>10}  kB")
    for folder in sorted(template.parent.iterdir()):
        if folder.is_dir():
            zipped, unzipped = sizes(folder)
            say(f"{folder.name:<22}{_kilobytes(zipped):>9}{_kilobytes(unzipped):>10}")
    say(f"built: {template}; `sam deploy` uploads it")
    return 0


def sizes(folder: Path) -> tuple[int, int]:
    """Return the bytes of a folder's contents, zipped as for an upload and as they are."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    with TemporaryFile() as archive:
        with ZipFile(archive, "w", ZIP_DEFLATED) as zipped:
            for file in files:
                zipped.write(file, file.relative_to(folder))
        size = archive.tell()
    return size, sum(file.stat().st_size for file in files)


def _kilobytes(size: int) -> str:
    return f"{size / _KILOBYTE:,.1f}"


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
