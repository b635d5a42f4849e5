import re
from dataclasses import fields

import pytest

from devstack.event_source_mapping.definition.choices import AS_DEFAULT, Choices
from tests.servers import ROOT

DOCUMENT = ROOT / "docs" / "event_source_mapping.md"


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", DOCUMENT.read_text(), re.MULTILINE))


def test_the_table_of_switches_lists_exactly_those_there_are() -> None:
    assert list(rows()) == [choice.name for choice in fields(Choices)]


@pytest.mark.parametrize("name", [choice.name for choice in fields(Choices)])
def test_the_table_gives_the_default_in_the_form_it_is_set(name: str) -> None:
    assert Choices.of({name: rows()[name]}) == AS_DEFAULT
