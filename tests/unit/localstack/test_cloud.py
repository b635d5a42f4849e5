"""What a stack on LocalStack consists of."""

from dataclasses import replace
from pathlib import Path

import pytest

from devstack.errors import UserError
from devstack.localstack.cloud import LocalStackCloud
from devstack.localstack.server import Server
from devstack.settings import Settings
from devstack.stack import Stack
from tests.unit.addresses import ADDRESSES


def cloud(home: Path, **values: str) -> LocalStackCloud:
    addresses = replace(ADDRESSES, invoke_port=4566, aws_port=4566)
    return LocalStackCloud(Stack(Settings(values, home), addresses, print))


def test_a_localstack_of_the_user_s_is_deployed_to_and_none_is_started(tmp_path: Path) -> None:
    external = cloud(tmp_path, LOCALSTACK_ENDPOINT="http://127.0.0.1:4566")

    (front,) = external.components(("postgres",))

    assert (front.name, front.needs) == ("front", ("postgres",))
    assert front.renewed_with == ()


@pytest.mark.parametrize("name", ["FUNCTION_CODE", "FUNCTION_LAYERS"])
def test_settings_that_localstack_cannot_heed_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"^{name} is for"):
        cloud(tmp_path, **{name: "any"}).components(())


def test_a_localstack_that_is_not_installed_is_told_with_the_way_out(tmp_path: Path) -> None:
    missing = Server(tmp_path, tmp_path / "home", 4566)

    with pytest.raises(UserError, match=r"localstack is not installed here; `python3 -m devstack"):
        missing.command  # noqa: B018 - reading it is what refuses


def test_what_an_earlier_localstack_left_is_removed(tmp_path: Path) -> None:
    own = Server(tmp_path, tmp_path / "home", 4566)
    own.prepare()
    (tmp_path / "home" / "left").touch()

    own.prepare()

    assert [path.name for path in (tmp_path / "home").iterdir()] == ["code"]
