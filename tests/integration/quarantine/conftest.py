"""Real ingestion into a test's own database, and the command on it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from orders import validation
from orders.database import Database
from orders.ingestion import ingest
from orders.record import Record
from orders.repository import PostgresOrderStore
from tests.integration.quarantine.command import QuarantineCommand

Ingest = Callable[[list[Record]], None]


@pytest.fixture
def ingested(database: Database) -> Ingest:
    """Give what settles records as the function does where STRICT_TOTALS is set."""

    def ingested(records: list[Record]) -> None:
        strictly = partial(validation.judge, strict_totals=True)
        store = PostgresOrderStore(database)
        assert not ingest(records, store, seconds_left=lambda: 60.0, judge=strictly).undone

    return ingested


@pytest.fixture
def quarantine(
    tmp_path: Path, database: Database, environment: dict[str, str]
) -> QuarantineCommand:
    """Give the command, on the migrated database."""
    assert database
    return QuarantineCommand(tmp_path, environment)
