"""docs/deployment.md names only what is there."""

import re

from devstack.commands import COMMANDS
from devstack.sam import document
from tests.servers import ROOT

PAGE = (ROOT / "docs" / "deployment.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
TEMPLATES = [
    document.load((ROOT / name).read_text()) for name in ("template.yaml", "infrastructure.yaml")
]


def test_every_make_target_is_there() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)\b", PAGE))

    assert named
    assert {name for name in named if f"\n{name}:" not in MAKEFILE} == set()


def test_every_devstack_command_is_there() -> None:
    named = set(re.findall(r"python -m devstack ([a-z]+)", PAGE))

    assert named
    assert named <= COMMANDS.keys()


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", PAGE)

    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_every_parameter_output_and_alarm_is_one_of_the_templates() -> None:
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)[`=]|\(output (\w+)\)|--name (\w+)`", PAGE))
    parts = ("Parameters", "Outputs", "Resources")

    known = {name for template in TEMPLATES for part in parts for name in template[part]}
    assert {name for names in named for name in names if name} <= known
