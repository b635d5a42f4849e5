"""What the repository promises about itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.commands import COMMANDS
from devstack.install import WIDER
from devstack.settings import Settings
from tests.servers import ROOT

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
LOCKS = sorted([*ROOT.glob("requirements/*.txt"), ROOT / "layers/orders/requirements.txt"])


def test_every_make_target_the_readme_names_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", README))

    assert named
    assert {name for name in named if f"\n{name}:" not in MAKEFILE} == set()


def test_every_devstack_command_the_readme_names_exists() -> None:
    named = set(re.findall(r"python -m devstack ([a-z][a-z-]*)", README))

    assert named
    assert named <= COMMANDS.keys()


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_file_names_no_address(lock: Path) -> None:
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_everything_locked_has_a_hash(lock: Path) -> None:
    text = lock.read_text()

    pinned = re.findall(r"^[a-z0-9].*", text, flags=re.MULTILINE)
    assert pinned
    assert all(re.fullmatch(r"[0-9a-f]{64}  .+:.+:.+", one) or one.endswith("\\") for one in pinned)


@pytest.mark.parametrize(("narrow", "wide"), [(n, w) for n, some in WIDER.items() for w in some])
def test_who_has_installed_more_needs_no_second_set_up(narrow: str, wide: str) -> None:
    listed = {name: (ROOT / f"requirements/{name}.txt").read_text() for name in (narrow, wide)}

    pinned = {
        name: set(re.findall(r"^[a-z0-9][^ ]*==[^ ]+", text, flags=re.MULTILINE))
        for name, text in listed.items()
    }
    assert pinned[narrow] <= pinned[wide]


def test_every_setting_of_the_example_is_one_that_is_read() -> None:
    sources = "".join(
        file.read_text() for file in [*ROOT.glob("devstack/*.py"), *ROOT.glob("layers/**/*.py")]
    )

    for name in re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE):
        assert f'"{name}"' in sources, name


def test_a_second_set_up_installs_nothing_and_says_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devstack.install", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("", "")


def test_the_home_of_the_stack_is_inside_the_checkout_by_default() -> None:
    assert Settings({}, ROOT / ".devstack").home.parent == ROOT
