"""Options of the form NAME=VALUE."""

from argparse import ArgumentTypeError


def pair(text: str) -> tuple[str, str]:
    """Read one; names have no equals sign in them."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        message = f"{text} is not NAME=VALUE"
        raise ArgumentTypeError(message)
    return name, value
