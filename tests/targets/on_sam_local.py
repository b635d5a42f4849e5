"""`sam local` as a place: its start-lambda and its start-api in, answers out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.ports import LOCALHOST, free_port
from devstack.sam_local.session import Session, session
from devstack.settings import Settings
from tests.servers import PostgresServer
from tests.targets.database import migrated
from tests.targets.place import INGEST_SECONDS
from tests.targets.sam_local import listening
from tests.targets.served import Served


@contextmanager
def on_sam_local(postgres: PostgresServer, folder: Path) -> Iterator[Served]:
    """Run both servers for the length of a `with` block, over a database of their own."""
    database = migrated(postgres)
    values = {**database, "INGEST_TIMEOUT_SECONDS": str(INGEST_SECONDS)}
    with (
        session(Settings(values, folder), print) as local,
        _served(local, "start-lambda", folder) as invoke_url,
        _served(local, "start-api", folder) as api_url,
    ):
        yield Served(invoke_url, api_url, database)


@contextmanager
def _served(local: Session, server: str, folder: Path) -> Iterator[str]:
    port = free_port()
    command = local.command(server, "--port", str(port), "--warm-containers", "LAZY")
    with listening(command, local.environment, port, folder / f"{server}.log"):
        yield f"http://{LOCALHOST}:{port}"
