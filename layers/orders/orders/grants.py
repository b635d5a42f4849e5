"""Grants: the name of a role in, a role that may do what the functions' statements do out.

No more than that: what is stored cannot be changed or removed with it, nor the schema, and of a
refused record only what became of it. The role has no password of ours: it logs in with an IAM
token, or whoever makes the secret that the functions read gives it the password in there.
No migration: the name is a setting, and every call sets right what somebody changed meanwhile.
"""

from contextlib import closing
from typing import Final

from orders.database import Database, Session
from orders.errors import OrderServiceError
from orders.migrations import LOCK, MigrationError

_PRIVILEGES: Final = {
    "schema_migrations": "SELECT",
    "orders": """SELECT, INSERT (
        order_uid, track_number, entry, locale, internal_signature, customer_id, delivery_service,
        shardkey, sm_id, date_created, date_created_text, oof_shard, source, topic, partition,
        record_offset, produced_at, content_digest)""",
    "deliveries": "SELECT, INSERT",
    "payments": "SELECT, INSERT",
    "items": "SELECT, INSERT",
    "quarantined_records": """SELECT, INSERT (
        topic, partition, record_offset, produced_at, timestamp_type, key, value, headers, code,
        faults, order_uid, validator_version
    ), UPDATE (
        code, faults, order_uid, validator_version, state, attempts, settled_at, settled_by, reason,
        stored_order_uid)""",
    "quarantine_attempts": """SELECT, INSERT (
        record_id, number, actor, outcome, faults, validator_version, document)""",
    "ingested_offsets": "SELECT, INSERT (topic, partition), UPDATE (offsets, duplicates)",
}
"""What orders.repository asks of each table; a lock (FOR UPDATE) needs the UPDATE of a column.

While a deployment runs, the code before it works with these too: it must find what it needs.
"""

_FACTS: Final = """
SELECT quote_ident(:role::name), quote_ident(current_database()), quote_ident(current_schema()),
    :role::name = current_user,
    EXISTS (SELECT FROM pg_roles WHERE rolname = :role::name),
    EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam')
"""


def admit(database: Database, role: str, *, by_iam: bool, seconds: float) -> None:
    """Make the role unless it is there, and let it do what the functions do, no more.

    `by_iam` lets it log in by IAM, which needs RDS: elsewhere there is no such role. Nothing is
    done for an empty name and for the role that this is done as.
    Raises MigrationError, with everything as it was, or StoreUnavailableError.
    """
    if not role:
        return
    with closing(database.connect()) as session:
        session.allow(seconds + 1)  # the server's own limit comes first
        try:
            _admit(session, role, by_iam=by_iam, seconds=seconds)
        except OrderServiceError as error:
            message = f"role {role} cannot be given what the functions need: {error}"
            raise MigrationError(message) from error


def _admit(session: Session, role: str, *, by_iam: bool, seconds: float) -> None:
    # Alone, as two who grant at once fail; the lock ends with the transaction.
    session.script(
        f"BEGIN; SET LOCAL statement_timeout = {max(int(seconds * 1000), 1)};"
        f" SELECT pg_advisory_xact_lock({LOCK})"
    )
    ((name, database, schema, is_own, is_there, has_rds),) = session.run(_FACTS, role=role)
    if is_own:
        return
    statements = [
        *([] if is_there else [f"CREATE ROLE {name} LOGIN"]),
        *([f"GRANT rds_iam TO {name}"] if by_iam and has_rds else []),
        f"GRANT CONNECT ON DATABASE {database} TO {name}",
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
    ]
    for table, privileges in _PRIVILEGES.items():
        statements += [
            f"REVOKE ALL ON {table} FROM {name}",
            f"GRANT {privileges} ON {table} TO {name}",
        ]
    session.script("; ".join([*statements, "COMMIT"]))
