"""`python -m devstack COMMAND`: a command line in, an exit status out; 0 only on success."""

import argparse
import os
import sys
from importlib import import_module

from devstack import settings
from devstack.commands import COMMANDS
from devstack.errors import UserError


def main(arguments: list[str]) -> int:
    """Run one command; what a person can put right is told in one line."""
    parser = argparse.ArgumentParser(prog="python -m devstack", description="The local cloud.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, description in COMMANDS.items():
        command = commands.add_parser(name, help=description, description=description)
        if name in arguments:
            module = import_module(f"devstack.commands.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen, settings.load()))
    except UserError as error:
        sys.stderr.write(f"devstack: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as in `… | head`: what is left to say has no reader
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
