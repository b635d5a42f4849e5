"""A server that lets in who holds a NATS user's credentials, and nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import jetstream
from devstack.errors import UserError
from tests.integration.nats.accounts import Guarded, guarded, running_guarded


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Guarded]:
    with running_guarded(tmp_path) as server:
        yield server


def test_who_holds_the_credentials_is_let_in(server: Guarded) -> None:
    jetstream.ensure_stream(server.url, "orders", str(server.credentials))

    found = jetstream.asked(
        server.url, str(server.credentials), lambda nats: nats.jetstream().stream_info("orders")
    )
    assert found.config.name == "orders"


def test_who_holds_none_or_another_s_is_not(server: Guarded, tmp_path: Path) -> None:
    _, stranger = guarded()
    (tmp_path / "stranger.creds").write_text(stranger)

    for credentials in (None, str(tmp_path / "stranger.creds")):
        with pytest.raises(UserError, match="Authorization Violation"):
            jetstream.ensure_stream(server.url, "orders", credentials)


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"a user, and no key"])
def test_a_file_that_holds_no_credentials_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "user.creds"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(UserError, match=r"user\.creds is no file of a NATS user's credentials"):
        jetstream.ensure_stream("nats://127.0.0.1:1", "orders", str(file))
