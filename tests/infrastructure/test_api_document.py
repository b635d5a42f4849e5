"""The description of the API is OpenAPI, and costs nothing until it is asked for."""

import subprocess
import sys

from openapi_spec_validator import validate

from tests.servers import ROOT
from tests.unit.orders.asking import DOCUMENT


def test_the_description_is_valid_openapi() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_nothing_of_the_documents_is_loaded_before_they_are_asked_for() -> None:
    program = (
        "import sys, orders.api.lookups; "
        "print([name for name in sys.modules if 'swagger' in name or 'openapi.models' in name"
        " or name in ('orders.api.documents', 'orders.api.bodies')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "layers" / "orders")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
