"""Certificates: whom this machine trusts, so that downloads work behind a company's proxy too.

Imports the standard library only, since the set-up asks it before anything is installed.
"""

from __future__ import annotations  # an old Python must get far enough to be told so

import os
import ssl
from pathlib import Path


def trusted() -> dict[str, str]:
    """Return what tells uv and requests to trust the system's certificates; {} when it has none.

    What the environment says already stays as it is.
    """
    paths = ssl.get_default_verify_paths()
    places = [Path(place) for place in (paths.cafile, paths.capath) if place]
    store = next((place for place in places if _holds_some(place)), None)
    if store is None:
        return {}
    wanted = {"UV_SYSTEM_CERTS": "true", "REQUESTS_CA_BUNDLE": str(store)}
    return {name: value for name, value in wanted.items() if name not in os.environ}


def _holds_some(place: Path) -> bool:
    return place.is_file() or (place.is_dir() and any(place.iterdir()))
