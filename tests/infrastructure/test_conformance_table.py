"""The table of conformance, and the mutants of its rules."""

from collections import Counter

import pytest

from tests.conformance.mutants import MUTANTS, Mutant
from tests.conformance.rules import rules
from tests.conformance.table import document
from tests.servers import ROOT


def test_the_table_of_conformance_is_what_its_tests_say() -> None:
    written = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")

    assert written == document(), "python -m tests.conformance.table > docs/conformance.md"


def test_no_two_rules_have_one_name_and_none_is_stated_twice() -> None:
    names = Counter((rule.topic, rule.test) for rule in rules())
    statements = Counter(rule.statement for rule in rules())

    assert set(names.values()) == set(statements.values()) == {1}


def test_every_rule_has_a_mutant_that_breaks_it() -> None:
    assert {mutant.test for mutant in MUTANTS} == {rule.test for rule in rules()}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.test)
def test_a_mutant_changes_one_place(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text(encoding="utf-8")

    assert source.count(mutant.old) == 1
    assert mutant.old != mutant.new
