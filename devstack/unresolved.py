"""Unresolved values: what a template leaves to AWS, kept in its place until somebody needs it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Unresolved:
    """Stands for a value that cannot be known here."""

    reason: str
    """Why, and what a person can do about it."""


def unresolved_in(value: object) -> Unresolved | None:
    """Find the first unresolved value in a resolved one."""
    if isinstance(value, Unresolved):
        return value
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        return next(filter(None, map(unresolved_in, value)), None)
    return None


def needs_aws(what: str, name: str) -> Unresolved:
    """Return what stands for a value of AWS's that can be given by `name`."""
    return Unresolved(f"{what} is not known here; give --parameter '{name}=value'")
