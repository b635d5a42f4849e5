"""The mapping process: a configuration file in, every mapping of a template running until SIGTERM.

`python -m devstack.event_source_mapping --config FILE`
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from devstack.errors import UserError
from devstack.event_source_mapping.foreground import failed, run_until_signalled
from devstack.event_source_mapping.settings import read_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mappings until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m devstack.event_source_mapping", description=__doc__
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="JSON, see settings.Settings"
    )
    path: Path = parser.parse_args(arguments).config
    try:
        settings = read_settings(json.loads(path.read_text(encoding="utf-8")))
    except (UserError, OSError, ValueError) as error:
        return failed(error)
    return run_until_signalled(settings)


if __name__ == "__main__":
    sys.exit(main())
