"""The desk: settings in, one database's quarantine, who works on it and by which rules out."""

import getpass
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from devstack import database
from devstack.errors import UserError
from devstack.settings import Settings
from orders import quarantine, validation
from orders.database import Database
from orders.errors import OrderServiceError, StoreUnavailableError
from orders.migrations import NEWEST
from orders.quarantine import OPEN, QuarantinedRecord, QuarantineStore, Selection
from orders.repository import PostgresOrderReader, PostgresQuarantine
from orders.settlement import Judge

_PAGE_RECORDS = 50
_CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Desk:
    """What every request needs, and whose request it is."""

    store: QuarantineStore
    actor: str
    judge: Judge
    editor: str = ""
    """The command of the person's editor; empty when none is named."""

    def records(self, selection: Selection) -> Iterator[QuarantinedRecord]:
        """Yield the records that are meant without their values, newest first, page by page."""
        before: int | None = None
        while True:
            page = quarantine.find(self.store, selection, before=before, limit=_PAGE_RECORDS)
            yield from page.records
            if page.next_before is None:
                return
            before = page.next_before

    def settled(self, ids: Sequence[int]) -> list[QuarantinedRecord]:
        """Return those of the records that are open no longer.

        Raises `UserError` when one is not there at all, before anything is done to the others.
        """
        if not ids:
            return []
        found = {one.id: one for one in self.records(Selection(state=None, ids=tuple(ids)))}
        for record_id in ids:
            if record_id not in found:
                message = f"there is no quarantined record {record_id}; list --state all shows all"
                raise UserError(message)
        return [found[record_id] for record_id in ids if found[record_id].state != OPEN]


@contextmanager
def opened(settings: Settings) -> Iterator[Desk]:
    """Open the desk over the running stack's database, or over the one that DB_HOST names.

    Raises `UserError` when it is away, is not migrated, or refuses what was asked.
    """
    own = database.function_settings(settings, *database.place(settings))
    connected = Database(own)
    judge = partial(validation.judge, strict_totals=own.strict_totals)
    try:
        with database.told_of(own):
            _require_migrations(connected)
            actor = f"cli:{_login_name()}"
            yield Desk(PostgresQuarantine(connected), actor, judge, _editor(settings))
    except StoreUnavailableError:
        raise
    except OrderServiceError as error:
        raise UserError(str(error)) from error
    finally:
        connected.close()


def _require_migrations(connected: Database) -> None:
    reader = PostgresOrderReader(connected)
    if not reader.is_migrated(NEWEST, seconds=_CONNECT_SECONDS):
        message = f"migration {NEWEST} is not applied; run `python -m devstack migrate` first"
        raise UserError(message)


def _editor(settings: Settings) -> str:
    return settings.text("VISUAL", settings.text("EDITOR", ""))


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name, as in some containers
        return f"uid-{os.getuid()}"
