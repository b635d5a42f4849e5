"""Sealing: a key and its content in, a value for a cache that others write to out, and back.

A value that is not exactly what was sealed under this very key is none: not another key's, not a
part, not what somebody else wrote. The seal tells accidents, not attackers: it has no secret.
"""

import hashlib
from collections.abc import Sequence

from orders.model import EncodedOrder


def seal_order(key: bytes, order: EncodedOrder) -> bytes:
    """Return what is kept of an order."""
    return _sealed(key, f"{order.digest}\n{order.body}".encode())


def unseal_order(key: bytes, order_uid: str, value: bytes) -> EncodedOrder | None:
    """Return the order that was sealed under the key, or None."""
    content = _unsealed(key, value)
    if content is None:
        return None
    digest, _, body = content.partition("\n")
    return EncodedOrder(order_uid, body, digest)


def seal_ids(key: bytes, order_uids: Sequence[str]) -> bytes:
    """Return what is kept of a list of orders' ids."""
    return _sealed(key, "\n".join(order_uids).encode())


def unseal_ids(key: bytes, value: bytes) -> list[str] | None:
    """Return the ids that were sealed under the key, or None."""
    content = _unsealed(key, value)
    return None if content is None else content.split("\n")


def _sealed(key: bytes, content: bytes) -> bytes:
    return _seal(key, content) + b"\n" + content


def _unsealed(key: bytes, value: bytes) -> str | None:
    seal, _, content = value.partition(b"\n")
    return content.decode(errors="replace") if seal == _seal(key, content) else None


def _seal(key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(key + b"\0" + content).hexdigest().encode()
