"""The connection is encrypted when a CA is given, and only to a server that this CA vouches for."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orders.config import Settings
from orders.database import Database
from orders.errors import StoreUnavailableError


@dataclass
class TlsServer:
    """Greets as PostgreSQL does, and keeps what it is told after the handshake."""

    settings: Settings
    told: list[bytes] = field(default_factory=list)


def certificate(folder: Path, host: str) -> Path:
    """Write a self-signed certificate, which is its own CA, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsServer]:
    own = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = Settings(
            db_host="localhost", db_port=listener.getsockname()[1], db_ssl_root_cert=str(own)
        )
        server = TlsServer(settings)

        def greet() -> None:
            with listener.accept()[0] as wire, contextlib.suppress(OSError):
                wire.settimeout(5)
                wire.recv(8)
                wire.sendall(b"S")
                with context.wrap_socket(wire, server_side=True) as encrypted:
                    server.told.append(encrypted.recv(1000))

        thread = threading.Thread(target=greet)
        thread.start()
        yield server
        thread.join(timeout=10)


def connect(settings: Settings) -> str:
    """Return why no session came about: the server never finishes its greeting."""
    with pytest.raises(StoreUnavailableError) as caught:
        Database(settings).connect()
    return str(caught.value)


def test_a_server_with_the_right_certificate_is_spoken_to_in_secret(server: TlsServer) -> None:
    connect(server.settings)

    assert b"user" in b"".join(server.told)


def test_a_certificate_of_another_ca_is_refused(server: TlsServer, tmp_path: Path) -> None:
    other = certificate(tmp_path, "other")
    settings = Settings(
        db_host="localhost", db_port=server.settings.db_port, db_ssl_root_cert=str(other)
    )

    assert "CERTIFICATE_VERIFY_FAILED" in connect(settings)
    assert server.told == []


def test_a_certificate_for_another_host_is_refused(server: TlsServer) -> None:
    settings = Settings(
        db_host="127.0.0.1",
        db_port=server.settings.db_port,
        db_ssl_root_cert=server.settings.db_ssl_root_cert,
    )

    assert "CERTIFICATE_VERIFY_FAILED" in connect(settings)
    assert server.told == []


def test_a_server_that_refuses_tls_gets_no_password(tmp_path: Path) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            with listener.accept()[0] as wire:
                wire.settimeout(5)
                wire.recv(8)
                wire.sendall(b"N")
                heard.append(wire.recv(1000))

        thread = threading.Thread(target=refuse)
        thread.start()
        ca = str(certificate(tmp_path, "localhost"))
        settings = Settings(db_port=listener.getsockname()[1], db_ssl_root_cert=ca)

        assert "refuses TLS" in connect(settings)
        thread.join(timeout=10)

    assert heard == [b""]
