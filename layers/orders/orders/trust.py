"""Trust: where a CA is found in, whom TLS trusts out."""

import ssl
from typing import Final

SYSTEM_TRUST: Final = "system"
"""Instead of a file: all that the system trusts."""


def trust(root_cert: str) -> ssl.SSLContext | None:
    """Return whom TLS trusts; None, where no CA is named: there is no TLS.

    To be made once: the system's takes 20 ms to load. Raises OSError for a file without a CA.
    """
    if not root_cert:
        return None
    return ssl.create_default_context(cafile=None if root_cert == SYSTEM_TRUST else root_cert)
