"""`python -m devstack.schemas`: write the committed documents anew, or check them."""

import argparse
import sys
from pathlib import Path

from devstack.schemas.committed import documents, drifted
from devstack.settings import ROOT


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write the documents, or check them; 1 when one of them drifted."""
    parser = argparse.ArgumentParser(prog="python -m devstack.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when one drifted")
    if parser.parse_args(arguments).check:
        found = [path.relative_to(root) for path in drifted(documents(root))]
        for path in found:
            sys.stderr.write(f"{path} drifted; `python -m devstack.schemas` writes it anew\n")
        return 1 if found else 0
    for path, text in documents(root):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
