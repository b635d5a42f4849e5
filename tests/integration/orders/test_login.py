"""The login: a secret that may be rotated, a token that is signed anew, or a plain password."""

import contextlib
import dataclasses
import ssl
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from devstack.account import REGION
from devstack.ports import free_port
from orders.config import Settings
from orders.database import Database
from orders.errors import StoreUnavailableError
from tests.integration.conftest import Query
from tests.integration.orders.conftest import LoadFunction
from tests.integration.orders.listeners import silent_server
from tests.integration.orders.secret import Secret
from tests.integration.orders.tls_server import tls_server
from tests.unit.orders.made import Context, event

pytestmark = pytest.mark.usefixtures("function_role")


@pytest.fixture
def by_secret(settings: Settings, secret: Secret) -> Database:
    """Give a database that is reached with the secret alone."""
    return Database(
        dataclasses.replace(
            settings, db_user="nobody", db_password="wrong", db_secret_arn=secret.arn
        )
    )


class Rds:
    """What RDS asks for and hears; it refuses everybody, as PAM does."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, str]] = []
        """Startup message and password of each connection."""

    def __call__(self, wire: ssl.SSLSocket) -> None:
        startup = _read(wire, b"")
        wire.sendall(b"R" + (8).to_bytes(4) + (3).to_bytes(4))  # AuthenticationCleartextPassword
        password = _read(wire, b"p").rstrip(b"\0").decode()
        self.heard.append((startup, password))
        fields = b"SFATAL\0C28000\0MPAM authentication failed for user\0\0"
        wire.sendall(b"E" + (4 + len(fields)).to_bytes(4) + fields)


def _read(wire: ssl.SSLSocket, kind: bytes) -> bytes:
    """Read one message of the frontend.

    https://www.postgresql.org/docs/current/protocol-message-formats.html
    """
    with wire.makefile("rb", buffering=0) as stream:
        assert stream.read(len(kind)) == kind
        return stream.read(int.from_bytes(stream.read(4)) - 4)


def user_of(database: Database) -> object:
    with contextlib.closing(database.connect()) as session:
        return session.run("SELECT current_user::text")[0][0]


def refusal(database: Database) -> str:
    with pytest.raises(StoreUnavailableError) as caught:
        database.connect()
    return str(caught.value)


def test_a_secret_is_who_logs_in(by_secret: Database, secret: Secret) -> None:
    assert user_of(by_secret) == secret.user


def test_a_secret_is_fetched_once_for_many_connections(by_secret: Database, secret: Secret) -> None:
    user_of(by_secret)

    secret.delete()

    assert user_of(by_secret) == secret.user


def test_a_secret_that_was_rotated_is_fetched_anew(by_secret: Database, secret: Secret) -> None:
    user_of(by_secret)

    secret.rotate("second")

    assert user_of(by_secret) == secret.user
    secret.delete()
    assert user_of(by_secret) == secret.user  # and kept


def test_a_secret_that_is_refused_and_still_the_same_is_tried_once(
    secret: Secret, tmp_path: Path
) -> None:
    rds = Rds()
    with tls_server(tmp_path, rds) as way:
        reason = refusal(Database(dataclasses.replace(way, db_secret_arn=secret.arn)))

    assert reason == "the login is refused: PAM authentication failed for user (SQLSTATE 28000)"
    assert [password for _, password in rds.heard] == ["first"]


def test_a_secret_that_is_refused_though_it_is_new_is_told(
    by_secret: Database, secret: Secret, administrator: Query
) -> None:
    user_of(by_secret)
    secret.rotate("second")
    administrator(f"ALTER ROLE {secret.user} PASSWORD 'other'")

    reason = refusal(by_secret)

    assert (
        f'the login is refused: password authentication failed for user "{secret.user}"' in reason
    )
    assert "28P01" in reason


@pytest.mark.parametrize(
    "content", ["no JSON", '["a list"]', '{"username": "a"}', '{"username": "a", "password": 1}']
)
def test_a_secret_of_something_else_is_named_and_not_shown(
    by_secret: Database, secret: Secret, content: str
) -> None:
    secret.put(content)

    reason = refusal(by_secret)

    assert f"the secret {secret.arn}" in reason
    assert content not in reason


def test_a_secret_that_is_not_there_is_named(by_secret: Database, secret: Secret) -> None:
    secret.delete()

    assert f"the secret {secret.arn} cannot be read: An error occurred" in refusal(by_secret)


def test_a_secret_whose_server_hangs_is_given_up_in_about_two_seconds(
    secret: Secret, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silent_server() as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.port}")
        database = Database(dataclasses.replace(settings, db_secret_arn=secret.arn))
        before = time.monotonic()

        assert "cannot be read: Read timeout" in refusal(database)

        assert time.monotonic() - before < 2.5


def test_a_secret_whose_server_is_away_is_told(
    secret: Secret, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")

    database = Database(dataclasses.replace(settings, db_secret_arn=secret.arn))

    assert "cannot be read: Could not connect" in refusal(database)


def test_a_function_that_is_not_let_in_is_not_ready_and_its_log_says_why(
    load_function: LoadFunction, caplog: pytest.LogCaptureFixture
) -> None:
    api = load_function("orders_api", DB_PASSWORD="wrong")

    answer = api.lambda_handler(event("api_ready.json"), Context())

    assert answer["statusCode"] == 503
    assert "password" not in answer["body"]
    (line,) = caplog.records
    reason = line.reason  # type: ignore[attr-defined]  # our extra
    assert "the login is refused: password authentication failed" in reason


def test_an_iam_token_is_signed_for_each_connection_and_goes_in_secret(tmp_path: Path) -> None:
    rds = Rds()
    with tls_server(tmp_path, rds) as way:
        database = Database(dataclasses.replace(way, db_user="orders_app", db_iam_auth=True))

        reasons = {refusal(database) for _ in range(2)}

    assert reasons == {"the login is refused: PAM authentication failed for user (SQLSTATE 28000)"}
    assert len(rds.heard) == 2  # no token is tried twice
    for startup, token in rds.heard:
        asked = urlsplit(f"https://{token}")
        query = {name: value for name, (value,) in parse_qs(asked.query).items()}
        assert b"user\0orders_app\0" in startup
        assert (asked.hostname, asked.port, asked.path) == (way.db_host, way.db_port, "/")
        assert (query["Action"], query["DBUser"]) == ("connect", "orders_app")
        assert query["X-Amz-Expires"] == "900"
        assert query["X-Amz-Credential"].endswith(f"/{REGION}/rds-db/aws4_request")
        assert query["X-Amz-Security-Token"] == "aws_session_token"
        assert len(query["X-Amz-Signature"]) == 64


def test_a_token_that_cannot_be_signed_is_the_infrastructures_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    settings = Settings(db_iam_auth=True, db_ssl_root_cert="system")

    assert "no IAM token can be signed: Unable to locate credentials" in refusal(Database(settings))
