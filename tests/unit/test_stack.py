"""What a stack makes of a person's settings before its first process starts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.errors import UserError
from devstack.settings import Addresses, Settings
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


def test_look_ups_have_a_shared_cache_only_where_there_is_one(tmp_path: Path) -> None:
    def cache_url(addresses: Addresses) -> str:
        stack = Stack(Settings({}, tmp_path), addresses, print)
        return stack.template.functions["OrdersApiFunction"].environment["CACHE_URL"]

    assert cache_url(ADDRESSES) == ""
    shared = replace(ADDRESSES, cache_url="valkey://127.0.0.1:6379")
    assert cache_url(shared) == "valkey://127.0.0.1:6379"


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("nats://127.0.0.1:4222", "127.0.0.1:4222"),
        ("tls://clerk:secret@a.example,tls://b.example:4333", "a.example:4222,b.example:4333"),
    ],
)
def test_the_mapping_is_told_where_nats_is_without_what_signs_in(
    tmp_path: Path, url: str, servers: str
) -> None:
    stack = Stack(
        Settings({"SOURCE": "nats"}, tmp_path),
        replace(ADDRESSES, kafka_broker="", nats_url=url),
        print,
    )

    assert stack.source_address == servers


def test_an_address_that_is_none_of_nats_is_refused(tmp_path: Path) -> None:
    addresses = replace(ADDRESSES, kafka_broker="", nats_url="http://nats.example")
    stack = Stack(Settings({"SOURCE": "nats"}, tmp_path), addresses, print)

    with pytest.raises(UserError, match=r"^NATS_URL is not nats://host:port"):
        stack.source_address  # noqa: B018 - reading it is the test
