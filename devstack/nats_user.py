"""A NATS user: the file of its credentials in, what a connection signs in with out.

nats-py would sign with the package nkeys, which is source alone and needs a library of its own.
https://docs.nats.io/using-nats/developer/connecting/creds
"""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devstack.errors import UserError

_PARTS = re.compile(r"-----BEGIN ([A-Z ]+)-----\s+(\S+)\s+-+END \1-")
_FOR_BASE32 = 8
_PREFIX_BYTES = 2
_CHECKSUM_BYTES = 2


def options(file: str) -> dict[str, Any]:
    """Return nats-py's options; raises `UserError` for a file without a user and its key."""
    try:
        parts = dict(_PARTS.findall(Path(file).read_text()))
        token, sign = parts["NATS USER JWT"], _signature_of(parts["USER NKEY SEED"])
    except (OSError, KeyError, ValueError) as error:
        message = f"NATS_CREDENTIALS={file} is no file of a NATS user's credentials"
        raise UserError(message) from error
    return {"user_jwt_cb": lambda: bytearray(token.encode()), "signature_cb": sign}


def _signature_of(seed: str) -> Callable[[str], bytes]:
    """Read a seed: what it is for, the key, a checksum, all in base 32 without padding."""
    raw = base64.b32decode(seed + "=" * (-len(seed) % _FOR_BASE32))
    key = Ed25519PrivateKey.from_private_bytes(raw[_PREFIX_BYTES:-_CHECKSUM_BYTES])
    return lambda nonce: base64.b64encode(key.sign(nonce.encode()))
