"""Private files: a value in, JSON that only its owner can read out (it may hold a password)."""

import json
from pathlib import Path


def write(file: Path, value: object) -> Path:
    """Write a value as JSON, whole or not at all; return the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(value, indent=2))
    unfinished.rename(file)
    return file
