"""Moments on a command line: text in, a time out; argparse tells what was expected."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime

from devstack.replay import selection


def milliseconds(text: str) -> int:
    """Read a time as milliseconds since 1970."""
    try:
        return selection.milliseconds(text)
    except (ValueError, OverflowError) as error:
        raise _no_time(text) from error


def moment(text: str) -> datetime:
    """Read a time, or a date, which stands for its midnight; in UTC unless it says otherwise."""
    try:
        return datetime.fromtimestamp(selection.milliseconds(text) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _no_time(text) from error


def _no_time(text: str) -> ArgumentTypeError:
    return ArgumentTypeError(f"{text} is no time; give 2026-01-31T12:00:00Z or seconds since 1970")
