"""Layers: a folder in, what of it Python finds in a function's environment out.

Standard library only: LocalStack's executor imports it from another Python.
"""

from pathlib import Path


def on_path(folder: Path) -> Path:
    """Return its folder python where it lies as Lambda unpacks it, or else what stands for /opt."""
    python = folder / "python"
    return python if python.is_dir() else folder
