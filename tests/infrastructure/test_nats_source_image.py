"""The image of the container that reads NATS, as far as files tell: no registry is in reach."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infrastructure.transformed import NATS, NATS_CREDENTIALS, stack
from tests.servers import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
LOCK = (ROOT / "requirements" / "nats-source.txt").read_text()
ENTRYPOINT = "devstack/container/nats-source.sh"
COMMAND = "devstack.commands.nats_source"
_IMPORTED = f"""
import importlib.metadata, json, sys
import devstack.__main__, {COMMAND}
files = [m.__file__ for m in sys.modules.values() if m.__name__.split(".")[0] == "devstack"]
tops = {{name.split(".")[0] for name in sys.modules}}
of = importlib.metadata.packages_distributions()
packages = {{package for top in tops for package in of.get(top, ())}}
json.dump({{"files": files, "packages": sorted(packages)}}, sys.stdout)
"""


def let_through() -> list[str]:
    """Return what .dockerignore lets Docker see, which is nothing but what it names."""
    text = (ROOT / ".dockerignore").read_text()
    first, *names, last = [line for line in text.splitlines() if not line.startswith("#")]
    assert (first, last) == ("*", "**/__pycache__")
    return [name.removeprefix("!") for name in names]


def shown() -> Iterator[str]:
    for name in let_through():
        path = ROOT / name
        files = path.rglob("*") if path.is_dir() else [path]
        yield from (str(file.relative_to(ROOT)) for file in files if file.suffix != ".pyc")


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Lay the files out as the image has them."""
    root = tmp_path / "app"
    for name in shown():
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    return root


def test_the_image_has_the_modules_that_the_source_imports_and_no_others(
    imported: dict[str, list[str]],
) -> None:
    needed = {str(Path(file).relative_to(ROOT)) for file in imported["files"]}

    comes_along = {"devstack/event_source_mapping/__main__.py"}  # with its folder
    assert {name for name in shown() if name.endswith(".py")} - comes_along == needed - comes_along


def test_the_image_has_the_packages_that_the_source_imports(
    imported: dict[str, list[str]],
) -> None:
    locked = set(re.findall(r"^([a-z0-9.-]+)==", LOCK, re.MULTILINE))

    assert {name.lower().replace("_", "-") for name in imported["packages"]} - {"certifi"} <= locked


def test_what_is_copied_into_the_image_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)

    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert all(any(seen.startswith(name) for seen in shown()) for name in copied)


def test_the_image_has_its_python_from_one_place_and_its_packages_by_hash() -> None:
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))

    assert bases == {"python:3.13-slim-trixie"}
    assert "--require-hashes" in DOCKERFILE
    assert "--only-binary :all:" in DOCKERFILE


def test_nobody_in_the_container_is_root_and_the_task_agrees_who_it_is() -> None:
    task = stack(NATS).properties["NatsSourceTask"]
    (container,) = task["ContainerDefinitions"]
    (mounted,) = container["MountPoints"]

    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == [container["User"]]
    assert f"--uid {container['User']} " in DOCKERFILE
    # What lies there belongs to the user: …/AmazonECS/latest/developerguide/bind-mounts.html
    assert f"\nVOLUME {mounted['ContainerPath']}\n" in DOCKERFILE
    for name in ("DEVSTACK_HOME", "TMPDIR"):  # all that is written
        assert re.search(rf" {name}={mounted['ContainerPath']}\b", DOCKERFILE), name


def test_the_source_takes_the_command_of_the_task(image: Path) -> None:
    (container,) = stack(NATS).properties["NatsSourceTask"]["ContainerDefinitions"]

    done = subprocess.run(
        [sys.executable, "-m", "devstack", "nats-source", *container["Command"], "--help"],
        cwd=image,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert {word for word in container["Command"] if word.startswith("--")} <= set(
        re.findall(r"--[a-z-]+", done.stdout)
    )


def test_a_secret_becomes_the_file_that_signs_in_and_nobody_else_reads_it(tmp_path: Path) -> None:
    (container,) = stack(NATS, NATS_CREDENTIALS).properties["NatsSourceTask"][
        "ContainerDefinitions"
    ]
    secrets = {one["Name"]: f"the {one['Name']}\n" for one in container["Secrets"]}
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$@"\nenv\n')
    python.chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", ROOT / ENTRYPOINT, "--group", "orders"],
        env={
            **secrets,
            "DEVSTACK_HOME": str(tmp_path),
            "PATH": f"{python.parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    command, *variables = done.stdout.splitlines()
    assert command == "-m devstack nats-source --group orders"
    file = tmp_path / "user.creds"
    assert f"NATS_CREDENTIALS={file}" in variables
    assert not any(each.startswith("NATS_CREDENTIALS_TEXT=") for each in variables)
    assert file.read_text().strip() == "the NATS_CREDENTIALS_TEXT"
    assert file.stat().st_mode & 0o077 == 0
