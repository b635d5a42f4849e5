"""Stored orders: how many in, a database that holds them and what each of them is out."""

import hashlib
import json
from collections.abc import Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

from devstack import migrate
from devstack.producer.orders import encode, order
from devstack.settings import Settings
from orders import config
from orders.database import Database
from orders.ingestion import ingest
from orders.record import Record
from orders.repository import PostgresOrderStore

SEED = 8
_SECONDS = 60.0
_FIRST_MS = 1_767_225_600_000


class StoredOrders:
    """Orders of a database by their ids, those stored first standing first."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self.uids = list(values)
        self._values = values
        self._digests = {uid: hashlib.sha256(value).hexdigest() for uid, value in values.items()}
        self._seen: dict[str, bytes] = {}

    def is_right(self, uid: str, etag: str, body: bytes) -> bool:
        """Tell whether this is what was stored under an id, and its digest."""
        if etag != f'"{self._digests[uid]}"':
            return False
        if self._seen.get(uid) != body and _parsed(body) == json.loads(self._values[uid]):
            self._seen[uid] = body
        return self._seen.get(uid) == body


def store(settings: Mapping[str, str], many: int) -> StoredOrders:
    """Migrate a database, which `settings` name, and ingest so many orders as from a topic."""
    one = Settings(settings, Path())
    migrate.apply(one, settings["DB_HOST"], int(settings["DB_PORT"]))
    made = islice((order(SEED, number) for number in count()), many)
    values = {each["order_uid"]: encode(each) for each in made}
    database = Database(config.Settings.from_env(settings))
    records = map(_record, count(), values.items())
    result = ingest(records, PostgresOrderStore(database), seconds_left=lambda: _SECONDS)
    database.close()
    if result.stored != many:
        message = f"{many} orders were to be stored: {result}"
        raise RuntimeError(message)
    return StoredOrders(values)


def _record(offset: int, item: tuple[str, bytes]) -> Record:
    uid, value = item
    return Record("orders", 0, offset, _FIRST_MS + offset, "CREATE_TIME", uid.encode(), value)


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body)
    except ValueError:
        return None
