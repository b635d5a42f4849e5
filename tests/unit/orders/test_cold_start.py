"""An environment imports what it needs: nobody waits for a second level that there is not."""

import json
import os
import subprocess
import sys

from tests.servers import ROOT

PACKAGE = ROOT / "layers" / "orders" / "orders" / "second_level"
SECOND_LEVEL = {
    "orders.circuit",
    "orders.two_levels",
    "orders.second_level",
    *(f"orders.second_level.{file.stem}" for file in PACKAGE.glob("[a-z]*.py")),
}
START = "import app, json, sys; print(json.dumps(sorted(sys.modules)))"


def imported(**environment: str) -> set[str]:
    """Start the function in an interpreter of its own; return the modules that it imported."""
    path = f"{ROOT / 'functions' / 'orders_api'}:{ROOT / 'layers' / 'orders'}"
    started = subprocess.run(
        [sys.executable, "-c", START],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment},
        capture_output=True,
        check=True,
    )
    return set(json.loads(started.stdout))


def test_nothing_of_a_second_level_is_imported_without_one() -> None:
    without = imported(CACHE_URL="")
    brought = imported(CACHE_URL="valkey://cache.example") - without

    assert not without & SECOND_LEVEL
    assert brought == SECOND_LEVEL  # and no package
