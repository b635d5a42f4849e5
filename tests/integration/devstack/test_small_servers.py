"""The stack's small servers: Valkey and NATS, as devstack starts them and asks them."""

import signal

import pytest

from devstack import jetstream
from devstack.errors import UserError
from devstack.ports import free_port
from tests.servers import NatsServer, running_cache, running_nats


def test_a_stream_is_made_once_and_outlives_its_server() -> None:
    with running_nats() as server:
        jetstream.ensure_stream(server.url, "orders")
        server.stop(signal.SIGKILL)
        server.start()

        assert _subjects(server, "orders") == ["orders", "orders.>"]


def test_a_stream_of_somebody_else_s_is_used_as_it_is(nats_server: NatsServer) -> None:
    jetstream.asked(
        nats_server.url,
        None,
        lambda client: client.jetstream().add_stream(name="theirs", subjects=["shop.created"]),
    )

    jetstream.ensure_stream(nats_server.url, "theirs")

    assert _subjects(nats_server, "theirs") == ["shop.created"]


def test_a_nats_server_that_is_away_is_told_in_one_line_without_its_password() -> None:
    url = f"nats://clerk:secret@127.0.0.1:{free_port()}"

    with pytest.raises(UserError, match=r"^NATS at 127\.0\.0\.1:\d+ does not .* NATS_URL") as told:
        jetstream.ensure_stream(url, "orders")

    assert "secret" not in str(told.value)
    assert not jetstream.answers(url)


def test_a_valkey_server_answers_while_it_runs_and_does_not_stand_still() -> None:
    with running_cache() as cache:
        assert cache.server.answers()
        cache.send_signal(signal.SIGSTOP)
        assert not cache.server.answers()
        cache.stop()
        assert not cache.server.answers()


def _subjects(server: NatsServer, stream: str) -> list[str] | None:
    info = jetstream.asked(server.url, None, lambda client: client.jetstream().stream_info(stream))
    return info.config.subjects
