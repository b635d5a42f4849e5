"""What `sam build` makes of the sources, as Lambda unpacks it."""

import subprocess
from pathlib import Path

import pytest

from devstack import sam_cli
from tests.servers import ROOT, TOOLS

MEGABYTE = 1_000_000
PYTHON_OF_LAMBDA = TOOLS / "runtime" / "bin" / "python"
FUNCTIONS = {
    "IngestOrdersFunction": "ingest_orders",
    "MigrateFunction": "migrate",
    "OrdersApiFunction": "orders_api",
    "QuarantineFunction": "quarantine",
    "SubmitOrderFunction": "submit_order",
}
# Powertools, pg8000 and pydantic, and what they need. Lambda has boto3 itself.
PACKAGES = {
    "annotated_types",
    "asn1crypto",
    "aws_lambda_powertools",
    "dateutil",
    "jmespath",
    "orders",
    "pg8000",
    "pydantic",
    "pydantic_core",
    "scramp",
    "six.py",
    "typing_extensions.py",
    "typing_inspection",
}


@pytest.fixture(scope="session")
def built() -> Path:
    """Give the folder of what is built."""
    return sam_cli.build(print).parent


def test_the_layer_holds_the_package_and_what_it_needs_and_nothing_else(built: Path) -> None:
    layer = built / "OrdersLayer" / "python"

    packages = {path.name for path in layer.iterdir() if path.suffix != ".dist-info"}

    assert {path.name for path in layer.parent.iterdir()} == {"python"}
    assert packages - {"__pycache__"} == PACKAGES  # of the modules that are no package
    assert sum(file.stat().st_size for file in layer.rglob("*")) < 30 * MEGABYTE


def test_all_of_the_layer_is_compiled_for_the_python_of_lambda_alone(built: Path) -> None:
    layer = built / "OrdersLayer" / "python"

    compiled = {file.name for file in layer.rglob("*.pyc")}

    assert {name.split(".")[-2] for name in compiled} == {"cpython-313"}
    assert {f"{file.stem}.cpython-313.pyc" for file in layer.rglob("*.py")} == compiled


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_its_handler_and_nothing_else(built: Path, function: str) -> None:
    files = {file.relative_to(built / function) for file in (built / function).rglob("*")}

    assert files == {Path("app.py")}


def test_the_migrations_lie_at_the_root_of_their_layer(built: Path) -> None:
    files = {file.name for file in (built / "MigrationsLayer").rglob("*")}

    assert files == {file.name for file in (ROOT / "sql").glob("*.sql")}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_is_imported_from_what_is_built_alone(built: Path, function: str) -> None:
    path = [str(built / function), str(built / "OrdersLayer" / "python")]
    script = f"import sys; sys.path[:0] = {path}; import app; assert app.lambda_handler"

    # -I and -S: neither what is installed, nor the working folder, nor PYTHONPATH.
    done = subprocess.run(
        [PYTHON_OF_LAMBDA, "-I", "-S", "-B", "-c", script],
        env={"POWERTOOLS_SERVICE_NAME": "test"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_what_is_built_of_the_same_sources_is_not_built_again(built: Path) -> None:
    said: list[str] = []

    assert sam_cli.build(said.append).parent == built
    assert said == []
