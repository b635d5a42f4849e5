"""The connection is encrypted when a CA is given, and only to a server that this CA vouches for."""

import contextlib
import dataclasses
import selectors
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orders.config import Settings
from orders.database import Database
from orders.errors import StoreUnavailableError
from orders.ingestion import ingest
from orders.repository import PostgresOrderReader, PostgresOrderStore
from tests.integration.orders.listeners import accepting
from tests.integration.orders.tls_server import certificate, tls_server
from tests.unit.orders.made import ORDER_UID, records, sample


@dataclass
class TlsServer:
    """Keeps what it is told after the handshake, and says no more."""

    settings: Settings
    told: list[bytes] = field(default_factory=list)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsServer]:
    told: list[bytes] = []
    with tls_server(tmp_path, lambda wire: told.append(wire.recv(1000))) as settings:
        yield TlsServer(settings, told)


@pytest.fixture
def encrypted(tmp_path: Path, database: Database, settings: Settings) -> Iterator[Settings]:
    """Give the way through TLS to the migrated database, as a proxy before it has it."""
    assert database  # whose schema is there

    def forward(client: ssl.SSLSocket) -> None:
        with socket.create_connection((settings.db_host, settings.db_port)) as server:
            _pass_on(client, server)

    with tls_server(tmp_path, forward) as way:
        yield dataclasses.replace(
            settings,
            db_host=way.db_host,
            db_port=way.db_port,
            db_ssl_root_cert=way.db_ssl_root_cert,
        )


def _pass_on(client: ssl.SSLSocket, server: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, (client, server))
        selector.register(server, selectors.EVENT_READ, (server, client))
        while True:
            for key, _ in selector.select():
                source, target = key.data
                data = source.recv(2**16)
                if not data:
                    return
                target.sendall(data)


def refusal(settings: Settings) -> str:
    """Return why no session came about: the server never finishes its greeting."""
    with pytest.raises(StoreUnavailableError) as caught:
        Database(settings).connect()
    return str(caught.value)


def test_a_server_with_the_right_certificate_is_spoken_to_in_secret(server: TlsServer) -> None:
    refusal(server.settings)

    assert b"user" in b"".join(server.told)


def test_a_certificate_of_another_ca_is_refused(server: TlsServer, tmp_path: Path) -> None:
    other = str(certificate(tmp_path, "other"))

    reason = refusal(dataclasses.replace(server.settings, db_ssl_root_cert=other))

    assert "CERTIFICATE_VERIFY_FAILED" in reason
    assert server.told == []


def test_a_certificate_for_another_host_is_refused(server: TlsServer) -> None:
    reason = refusal(dataclasses.replace(server.settings, db_host="127.0.0.1"))

    assert "CERTIFICATE_VERIFY_FAILED" in reason
    assert server.told == []


def test_a_server_that_refuses_tls_gets_no_password(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def refuse(wire: socket.socket) -> None:
        with wire:
            wire.settimeout(5)
            wire.recv(8)
            wire.sendall(b"N")
            heard.append(wire.recv(1000))

    with accepting(refuse) as port:
        ca = str(certificate(tmp_path, "localhost"))

        assert "refuses TLS" in refusal(Settings(db_port=port, db_ssl_root_cert=ca))

    assert heard == [b""]


def test_the_service_works_through_tls(encrypted: Settings) -> None:
    with contextlib.closing(Database(encrypted)) as database:
        batch = records(sample(), None)

        assert ingest(batch, PostgresOrderStore(database), seconds_left=lambda: 10.0).stored == 1
        assert PostgresOrderReader(database).find(ORDER_UID, seconds=2)


def test_system_trusts_whom_the_system_trusts(
    encrypted: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = dataclasses.replace(encrypted, db_ssl_root_cert="system")
    assert "CERTIFICATE_VERIFY_FAILED" in refusal(system)

    monkeypatch.setenv("SSL_CERT_FILE", encrypted.db_ssl_root_cert)  # OpenSSL's: the system's store

    Database(system).connect().close()


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["absent", "something else"])
def test_a_file_without_a_ca_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)

    assert f"DB_SSL_ROOT_CERT {path} holds no CA" in refusal(Settings(db_ssl_root_cert=str(path)))
