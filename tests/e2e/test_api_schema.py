"""The API does what its document says, for whatever a generator thinks of sending."""

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.stack import Stack
from tests.servers import ROOT, wait_until
from tests.unit.orders.made import sample

CUSTOMER = "api-schema"
PATIENCE_SECONDS = 120

# Repeatable: no random seed, no examples of earlier runs. Every check is on but one where the local
# stack is not AWS: nobody has to sign here.
CONFIGURATION = """
hooks = "tests.e2e.api_schema_hooks"
continue-on-failure = true

[generation]
deterministic = true
max-examples = 12
database = "none"

[dictionaries]
records = {{ values = {records} }}
cursors = {{ values = ["{cursor}"] }}

[[operations]]
include-operation-id = "list_customer_orders"
parameters = {{ cursor = {{ dictionary = "cursors", probability = 1 }} }}
# Of a cursor that nobody gave, which this phase makes up, no document can say that it is none.
phases.coverage.checks.positive_data_acceptance.expected-statuses = ["200", "400"]

[[operations]]
include-operation-id = "redrive_quarantined_record"
# A request without a body is in order, and the record that it names may be refused again.
checks.positive_data_acceptance.expected-statuses = ["200", "404", "409", "422"]

[[operations]]
include-tag = "quarantine"
parameters = {{ record_id = {{ dictionary = "records", probability = 0.7 }} }}
checks.ignored_auth.enabled = false
generation.with-security-parameters = false
"""


def test_schemathesis_finds_nothing(stack: Stack, tmp_path: Path) -> None:
    configuration = CONFIGURATION.format(records=refused_records(stack), cursor=cursor(stack))
    (tmp_path / "schemathesis.toml").write_text(configuration)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{address(stack)}/openapi.json"),
            *("--checks", "all", "--warnings", "off"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout


def address(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.state()['addresses']['http_ports'][0]}"


def refused_records(stack: Stack) -> list[int]:
    stack.produce(count=30, bad_rate=1)
    records: list[int] = []

    def are_there() -> bool:
        records[:] = [one["id"] for one in stack.request("/quarantine").json["records"]]
        return bool(records)

    wait_until(are_there, "bad records to be in the quarantine")
    return records


def cursor(stack: Stack) -> str:
    """Give a cursor that a page gave."""
    for number in range(2):
        order = sample(order_uid=f"{CUSTOMER}-{number}", customer_id=CUSTOMER)
        assert stack.post("/orders", order).status == 201
    page = stack.request(f"/orders?customer_id={CUSTOMER}&limit=1").json
    given: str = page["next_cursor"]
    return given
