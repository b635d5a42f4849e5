"""The local S3 (and what else of AWS the stack needs): a port in, moto's server on it out."""

import argparse
import logging
import os
import sys
import warnings

from moto.server import main as serve

from devstack.account import ACCOUNT
from devstack.ports import LOCALHOST


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM; every request is forgotten when the process ends."""
    parser = argparse.ArgumentParser(prog="python -m devstack.aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args(arguments).port
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT  # so that a template's ARNs name what is here
    serve(["-H", LOCALHOST, "-p", str(port)])


if __name__ == "__main__":
    main(sys.argv[1:])
