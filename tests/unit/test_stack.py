"""What a stack makes of a person's settings before its first process starts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.errors import UserError
from devstack.settings import Settings
from devstack.stack import Stack
from devstack.template import Template
from tests.unit.addresses import ADDRESSES

FUNCTION = "IngestOrdersFunction"


@pytest.fixture
def template(tmp_path: Path) -> Callable[..., Template]:
    """Give what reads the template as it is under some settings."""
    return lambda **values: Stack(Settings(values, tmp_path), ADDRESSES, print).template


def test_functions_reach_the_database_itself_unless_a_proxy_is_set(
    template: Callable[..., Template],
) -> None:
    straight = template().functions[FUNCTION].environment
    through = template(DB_PROXY="pooler.example:6432").functions[FUNCTION].environment

    assert (straight["DB_HOST"], straight["DB_PORT"]) == ("127.0.0.1", "5432")
    assert (through["DB_HOST"], through["DB_PORT"]) == ("pooler.example", "6432")


def test_the_ingest_function_s_time_out_is_the_template_s_unless_it_is_set(
    template: Callable[..., Template],
) -> None:
    assert template().timeouts[FUNCTION] == 60
    assert template(INGEST_TIMEOUT_SECONDS="6").timeouts[FUNCTION] == 6


def test_other_code_and_further_layers_reach_the_functions(
    template: Callable[..., Template], tmp_path: Path
) -> None:
    (tmp_path / "app.py").touch()

    changed = template(FUNCTION_CODE=f"{FUNCTION}={tmp_path}", FUNCTION_LAYERS=str(tmp_path))

    assert changed.functions[FUNCTION].code == tmp_path
    assert all(function.layers[0] == tmp_path for function in changed.functions.values())


def test_code_for_an_unknown_function_is_told_with_its_setting(
    template: Callable[..., Template], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"^FUNCTION_CODE: there is no function AnyFunction"):
        template(FUNCTION_CODE=f"AnyFunction={tmp_path}")


def test_a_layer_that_is_not_there_is_told_with_its_setting(
    template: Callable[..., Template],
) -> None:
    with pytest.raises(UserError, match=r"^FUNCTION_LAYERS: nowhere is no folder"):
        template(FUNCTION_LAYERS="nowhere")
