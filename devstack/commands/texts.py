"""Texts on a command line: what was typed in, a text that can be looked for out."""

from argparse import ArgumentTypeError


def text(typed: str) -> str:
    """Read a text; an empty one, as of an unset variable, would select everything."""
    if not typed.strip():
        message = "it is empty; leave the option out, or give it a text"
        raise ArgumentTypeError(message)
    try:
        typed.encode()
    except UnicodeEncodeError as error:
        message = "it is not UTF-8"
        raise ArgumentTypeError(message) from error
    return typed
