"""A server that asks who comes: nothing in, its configuration and a user's credentials out.

What `nsc` would make: an operator, an account with JetStream, a user, each signed by the former.
https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt
"""

import base64
import binascii
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devstack import jetstream
from devstack.ports import free_port
from tests.servers import wait_until

_SEED = 18 << 3
_KINDS = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
_TRAFFIC = dict.fromkeys(("subs", "data", "payload"), -1)
_CONNECTIONS = _TRAFFIC | dict.fromkeys(("conn", "leaf", "imports", "exports"), -1)
_STREAMS = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)


class Identity:
    """An operator, an account or a user."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._key = Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        return _text(bytes([_KINDS[self.kind]]) + self._key.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        prefix = _KINDS[self.kind]
        head = bytes([_SEED | prefix >> 5, (prefix & 31) << 3])
        return _text(head + self._key.private_bytes_raw())

    def vouch_for(self, other: "Identity", **claims: object) -> str:
        """Return a token that says who the other one is."""
        header = {"typ": "JWT", "alg": "ed25519-nkey"}
        body = {
            "jti": other.public,
            "iat": int(time.time()),
            "iss": self.public,
            "sub": other.public,
            "name": other.kind,
            "nats": {"type": other.kind, "version": 2, **claims},
        }
        signed = f"{_part(header)}.{_part(body)}"
        return f"{signed}.{_url64(self._key.sign(signed.encode()))}"


def guarded() -> tuple[str, str]:
    """Return what a server's configuration needs, and a file that lets its bearer in."""
    operator, account, user = map(Identity, _KINDS)
    system = Identity("account")
    accounts = {
        system.public: operator.vouch_for(system, limits=_CONNECTIONS),
        account.public: operator.vouch_for(account, limits=_CONNECTIONS | _STREAMS),
    }
    configuration = (
        f"operator: {operator.vouch_for(operator)}\n"
        f"system_account: {system.public}\n"
        "resolver: MEMORY\n"
        f"resolver_preload: {json.dumps(accounts)}\n"
    )
    token = account.vouch_for(user, **_TRAFFIC)
    credentials = (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n"
        "\nKeep it to yourself.\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    return configuration, credentials


class Guarded(NamedTuple):
    """A server, and the file that lets its bearer in."""

    url: str
    credentials: Path


@contextmanager
def running_guarded(folder: Path) -> Iterator[Guarded]:
    """Run a server that asks who comes for the length of a `with` block."""
    made = jetstream.Server(folder / "nats", free_port())
    made.prepare()
    configuration, credentials = guarded()
    with (made.folder / "server.conf").open("a") as file:
        file.write(configuration)
    guarded_by = Guarded(made.url, folder / "user.creds")
    guarded_by.credentials.write_text(credentials)
    process = subprocess.Popen(made.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(
            lambda: jetstream.answers(made.url, str(guarded_by.credentials)), "NATS to answer"
        )
        yield guarded_by
    finally:
        process.terminate()
        process.wait(timeout=10)


def _text(raw: bytes) -> str:
    """Write a key as NATS does: a checksum behind it, base 32, no padding."""
    checksum = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + checksum).decode().rstrip("=")


def _part(claims: dict[str, Any]) -> str:
    return _url64(json.dumps(claims).encode())


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
