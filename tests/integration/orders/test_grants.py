"""The functions' role: it can do what every function does, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest

from orders import grants, migrations
from orders.config import Settings
from orders.database import Database, Session
from orders.errors import StoreUnavailableError
from orders.migrations import MigrationError
from tests.integration.conftest import SQL, Query
from tests.integration.orders.at_once import at_once
from tests.integration.orders.conftest import LoadFunction
from tests.integration.orders.secret import Secret
from tests.unit.orders.made import Context, event

PASSWORD = "of its secret"
TABLES = """
orders, deliveries, payments, items, quarantined_records, quarantine_attempts, ingested_offsets
"""

ASKED = {
    "submit_order": {"submit_order": 200, "submit_order_invalid": 422},
    "orders_api": {
        "order": 200,
        "order_missing": 404,
        "customer_orders": 200,
        "order_status": 200,
        "ready": 200,
    },
    "quarantine": {
        "quarantine_list": 200,
        "quarantine_record": 200,
        "quarantine_redrive": 409,
        "quarantine_redrive_corrected": 200,
    },
}
"""What each function is asked, and its status."""
FORBIDDEN = (
    "CREATE TABLE own ()",
    "CREATE SCHEMA own",
    "CREATE ROLE own",
    "DROP TABLE items",
    "ALTER TABLE orders ADD COLUMN own text",
    "CREATE INDEX ON orders (entry)",
    "TRUNCATE quarantine_attempts",
    "DELETE FROM items",
    "UPDATE orders SET entry = ''",
    "INSERT INTO orders (ingested_at) VALUES (now())",
    "UPDATE quarantined_records SET value = ''",
    "DELETE FROM quarantined_records",
    "UPDATE quarantine_attempts SET actor = 'nobody'",
    "DELETE FROM ingested_offsets",
    "INSERT INTO schema_migrations VALUES ('9999')",
    "SELECT FROM quarantine_summary",
    "SELECT FROM pg_authid",
)
PRIVILEGES = """
SELECT privilege_type, relname FROM pg_class, aclexplode(relacl), pg_roles
WHERE grantee = pg_roles.oid AND rolname = :role
UNION
SELECT format('%s (%I)', privilege_type, attname), relname
FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid, aclexplode(attacl), pg_roles
WHERE grantee = pg_roles.oid AND rolname = :role
"""

Migrate = Callable[[], Any]
Handlers = Mapping[str, Callable[[Any, Context], Any]]


@pytest.fixture
def role(settings: Settings) -> str:
    """Give a name that no other test's role has, and that must be quoted."""
    return f'App "{settings.db_name}"; --'


@pytest.fixture
def master(administrator: Query, settings: Settings, secret: Secret) -> Secret:
    """Give the secret of one as RDS's master user is: it makes roles, and owns the database."""
    administrator(f"ALTER ROLE {secret.user} CREATEROLE")
    administrator(f"ALTER DATABASE {settings.db_name} OWNER TO {secret.user}")
    administrator(f"REVOKE ALL ON DATABASE {settings.db_name} FROM PUBLIC")  # who is careful
    administrator("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    return secret


@pytest.fixture
def migrate(
    load_function: LoadFunction, master: Secret, monkeypatch: pytest.MonkeyPatch, role: str
) -> Migrate:
    monkeypatch.syspath_prepend(SQL)

    def migrate() -> Any:  # noqa: ANN401 - JSON
        app = load_function("migrate", DB_SECRET_ARN=master.arn, DB_APP_USER=role)
        return app.lambda_handler({}, Context())

    return migrate


@pytest.fixture
def handlers(
    migrate: Migrate, load_function: LoadFunction, administrator: Query, role: str
) -> Handlers:
    """Give functions that log in as the role, once somebody gave it a password."""
    migrate()
    administrator(f"ALTER ROLE {quoted(role)} PASSWORD '{PASSWORD}'")
    own = {"DB_SECRET_ARN": "", "DB_USER": role, "DB_PASSWORD": PASSWORD}
    names = ("ingest_orders", *ASKED)
    return {name: load_function(name, **own).lambda_handler for name in names}


@pytest.fixture
def session_of_role(handlers: Handlers, settings: Settings, role: str) -> Iterator[Session]:
    assert handlers  # the role is there
    with closing(Database(replace(settings, db_user=role, db_password=PASSWORD)).connect()) as one:
        yield one


def quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'


def use_everything(handlers: Handlers) -> Iterator[int]:
    """Call every function with every kind of statement; yield what HTTP says."""
    for _ in range(2):  # new, then redelivered
        handlers["ingest_orders"](event("kafka_mixed_batch.json"), Context())
    for function, asked in ASKED.items():
        for name in asked:
            yield handlers[function](event(f"api_{name}.json"), Context())["statusCode"]
    discard = {**event("api_quarantine_discard.json"), "path": "/quarantine/2/discard"}
    yield handlers["quarantine"](discard, Context())["statusCode"]


def test_the_role_can_do_what_every_function_does(handlers: Handlers) -> None:
    expected = [status for asked in ASKED.values() for status in asked.values()] + [200]

    assert [*map(int, use_everything(handlers))] == expected


def test_the_role_can_do_nothing_else(session_of_role: Session) -> None:
    def is_denied(statement: str) -> bool:
        with pytest.raises(StoreUnavailableError) as caught:
            session_of_role.run(statement)
        return "SQLSTATE 42501" in str(caught.value)

    assert [statement for statement in FORBIDDEN if not is_denied(statement)] == []


def test_the_role_has_nothing_that_it_does_not_need(
    handlers: Handlers, administrator: Query, role: str
) -> None:
    """Take one privilege away at a time: something that worked must fail."""

    def fails() -> bool:
        administrator(f"TRUNCATE {TABLES} RESTART IDENTITY")
        try:
            return HTTPStatus.SERVICE_UNAVAILABLE in use_everything(handlers)
        except StoreUnavailableError:
            return True

    not_needed = []
    for privilege, table in administrator(PRIVILEGES, role=role):
        administrator(f"REVOKE {privilege} ON {table} FROM {quoted(role)}")
        not_needed += [] if fails() else [f"{privilege} on {table}"]
        administrator(f"GRANT {privilege} ON {table} TO {quoted(role)}")
    assert not_needed == []
    assert not fails()


def test_migrating_again_takes_back_what_somebody_added(
    handlers: Handlers, migrate: Migrate, administrator: Query, role: str
) -> None:
    granted = administrator(PRIVILEGES, role=role)
    administrator(f"GRANT DELETE, UPDATE (entry) ON orders TO {quoted(role)}")

    migrate()

    assert sorted(administrator(PRIVILEGES, role=role)) == sorted(granted)
    assert HTTPStatus.SERVICE_UNAVAILABLE not in use_everything(handlers)


def test_who_migrates_and_is_the_role_itself_stays_what_it_is(
    migrate: Migrate, settings: Settings, master: Secret, administrator: Query
) -> None:
    migrate()
    own = Database(replace(settings, db_secret_arn=master.arn))

    grants.admit(own, master.user, by_iam=False, seconds=5)

    ((may_delete,),) = administrator(
        "SELECT has_table_privilege(:role, 'orders', 'DELETE')", role=master.user
    )
    assert may_delete


@pytest.fixture
def rds_iam(administrator: Query, master: Secret) -> Iterator[None]:
    """Make what RDS has: its master user may grant the role that lets others log in by IAM."""
    administrator("CREATE ROLE rds_iam")
    administrator(f"GRANT rds_iam TO {master.user} WITH ADMIN OPTION")
    yield
    administrator("DROP ROLE rds_iam")


def is_in_rds_iam(administrator: Query, role: str) -> object:
    return administrator("SELECT pg_has_role(:role, 'rds_iam', 'MEMBER')", role=role)[0][0]


@pytest.mark.usefixtures("rds_iam")
def test_on_rds_the_role_may_log_in_by_iam_if_that_is_how_it_does(
    migrate: Migrate, administrator: Query, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    migrate()
    assert not is_in_rds_iam(administrator, role)  # or its password would be refused

    monkeypatch.setenv("DB_IAM_AUTH", "true")
    migrate()

    assert is_in_rds_iam(administrator, role)


def test_elsewhere_there_is_no_such_role_to_grant(
    migrate: Migrate, administrator: Query, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setenv("DB_IAM_AUTH", "true")

    migrate()

    assert administrator(PRIVILEGES, role=role)


def test_who_may_not_make_roles_is_told_so(database: Database, role: str) -> None:
    with pytest.raises(MigrationError) as caught:
        grants.admit(database, role, by_iam=False, seconds=5)

    assert str(caught.value) == (
        f"role {role} cannot be given what the functions need:"
        " permission denied to create role (SQLSTATE 42501)"
    )


def test_a_role_that_cannot_be_granted_everything_is_not_made(
    migrate: Migrate, settings: Settings, master: Secret, administrator: Query, role: str
) -> None:
    migrate()
    other = f"other {role}"
    administrator(f"ALTER TABLE ingested_offsets OWNER TO {settings.db_user}")
    own = Database(replace(settings, db_secret_arn=master.arn))

    with pytest.raises(MigrationError, match="permission denied for table ingested_offsets"):
        grants.admit(own, other, by_iam=False, seconds=5)

    assert not administrator("SELECT FROM pg_roles WHERE rolname = :role", role=other)


def test_grants_wait_for_whoever_migrates_but_not_for_ever(
    database: Database, query: Query, role: str
) -> None:
    query(f"SELECT pg_advisory_lock({migrations.LOCK})")

    with pytest.raises(MigrationError, match="canceling statement due to statement timeout"):
        grants.admit(database, role, by_iam=False, seconds=0.1)


def test_two_at_once_do_not_disturb_each_other(
    migrate: Migrate, settings: Settings, master: Secret, administrator: Query, role: str
) -> None:
    migrate()
    other = f"other {role}"

    own = Database(replace(settings, db_secret_arn=master.arn))

    failures = at_once(*[lambda: grants.admit(own, other, by_iam=False, seconds=10)] * 4)

    assert failures == []
    assert administrator(PRIVILEGES, role=other)
