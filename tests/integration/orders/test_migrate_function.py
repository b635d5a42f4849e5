"""The migrate function with a real database, and a real server in the place of CloudFormation."""

import json
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from devstack.ports import free_port
from orders import bootstrap, custom_resource, migrations
from orders.database import Session
from orders.errors import StoreUnavailableError
from orders.migrations import MigrationError
from tests.integration.conftest import SQL
from tests.integration.orders.conftest import LoadFunction
from tests.unit.orders.made import Context

VERSIONS = sorted(path.name[:4] for path in SQL.glob("*.sql"))
RESULT = {"applied": VERSIONS, "newest": migrations.NEWEST}


class CloudFormation:
    """What waits for answers at `url`, as its pre-signed address does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        self.told: list[tuple[str, str | None, dict[str, Any]]] = []
        """Method, content type and body of each answer."""

    def request(self, kind: str, **more: object) -> dict[str, Any]:
        """Make what the function gets of a deployment (crpg-ref-requests)."""
        return {
            "RequestType": kind,
            "ServiceToken": "arn:aws:lambda:eu-central-1:111122223333:function:MigrateFunction",
            "ResponseURL": self.url,
            "StackId": "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders/guid",
            "RequestId": "unique",
            "LogicalResourceId": "DatabaseSchema",
            "ResourceType": "Custom::DatabaseSchema",
            "ResourceProperties": {"ServiceToken": "arn:…", "Newest": migrations.NEWEST},
            **more,
        }

    @property
    def answer(self) -> dict[str, Any]:
        ((method, content_type, body),) = self.told
        assert (method, content_type) == ("PUT", "")  # what the address is signed for
        return body


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert len(body) <= 4096
            told = (self.command, self.headers["Content-Type"], json.loads(body))
            waiting.told.append(told)
            self.send_response(waiting.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    waiting = CloudFormation(f"http://127.0.0.1:{server.server_port}/signed?X-Amz=1")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield waiting
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the migrations on the path, as devstack does with a layer's folder."""
    monkeypatch.syspath_prepend(SQL)


def test_invoked_by_hand_it_applies_what_is_pending_and_says_so(
    load_function: LoadFunction, session: Session
) -> None:
    handler = load_function("migrate").lambda_handler

    assert handler({}, Context()) == RESULT
    assert handler({}, Context()) == {"applied": [], "newest": migrations.NEWEST}
    assert migrations.pending(session, SQL) == []


def test_a_deployment_that_creates_it_is_told_what_was_applied(
    load_function: LoadFunction, cloudformation: CloudFormation
) -> None:
    handler = load_function("migrate").lambda_handler

    returned = handler(cloudformation.request("Create"), Context())

    assert cloudformation.answer == returned
    assert cloudformation.answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "DatabaseSchema",
        "StackId": "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders/guid",
        "RequestId": "unique",
        "LogicalResourceId": "DatabaseSchema",
        "Data": RESULT,
    }


def test_an_update_keeps_the_id_that_it_has(
    load_function: LoadFunction, cloudformation: CloudFormation
) -> None:
    handler = load_function("migrate").lambda_handler
    request = cloudformation.request("Update", PhysicalResourceId="given-earlier")

    handler(request, Context())

    assert cloudformation.answer["Status"] == "SUCCESS"
    assert cloudformation.answer["PhysicalResourceId"] == "given-earlier"


def test_a_deleted_stack_leaves_the_data_as_it_is(
    load_function: LoadFunction, cloudformation: CloudFormation, session: Session
) -> None:
    handler = load_function("migrate").lambda_handler

    handler(cloudformation.request("Delete", PhysicalResourceId="DatabaseSchema"), Context())

    assert cloudformation.answer["Status"] == "SUCCESS"
    assert migrations.pending(session, SQL) == VERSIONS  # nothing was done at all


def test_a_migration_that_fails_fails_the_deployment_and_is_named(
    load_function: LoadFunction, cloudformation: CloudFormation, session: Session
) -> None:
    session.script("CREATE TABLE orders ()")
    handler = load_function("migrate").lambda_handler

    handler(cloudformation.request("Create"), Context())

    assert cloudformation.answer["Status"] == "FAILED"
    assert 'migration 0001 failed: relation "orders"' in cloudformation.answer["Reason"]
    assert migrations.pending(session, SQL) == VERSIONS


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        (str(free_port()), "the database does not answer: "),
        ("five", "DB_PORT must be a whole number"),
    ],
    ids=["away", "wrong setting"],
)
def test_whatever_goes_wrong_the_deployment_is_told(
    load_function: LoadFunction,
    cloudformation: CloudFormation,
    monkeypatch: pytest.MonkeyPatch,
    port: str,
    reason: str,
) -> None:
    handler = load_function("migrate").lambda_handler
    monkeypatch.setenv("DB_PORT", port)
    bootstrap.settings.cache_clear()
    bootstrap.database.cache_clear()

    handler(cloudformation.request("Create"), Context())

    assert cloudformation.answer["Status"] == "FAILED"
    assert reason in cloudformation.answer["Reason"]
    assert cloudformation.answer["PhysicalResourceId"] == "DatabaseSchema"


def test_a_long_reason_is_cut_to_what_an_answer_may_hold(cloudformation: CloudFormation) -> None:
    def fail() -> Any:  # noqa: ANN401 - nothing
        raise StoreUnavailableError("\U0001f642" * 5000)

    custom_resource.answer(cloudformation.request("Create"), fail)

    assert cloudformation.answer["Reason"] == "\U0001f642" * 500


def test_there_is_time_left_to_tell_of_a_database_that_hangs(
    load_function: LoadFunction, cloudformation: CloudFormation, session: Session
) -> None:
    session.run(f"SELECT pg_advisory_lock({migrations.LOCK})")
    handler = load_function("migrate").lambda_handler

    handler(cloudformation.request("Create"), Context(milliseconds=16_200))

    reason = cloudformation.answer["Reason"]
    assert "another process migrates this database and was not through after 0 s" in reason


def test_an_answer_that_cannot_be_delivered_is_an_error_so_that_lambda_tries_again(
    load_function: LoadFunction, cloudformation: CloudFormation
) -> None:
    handler = load_function("migrate").lambda_handler
    nobody = f"http://127.0.0.1:{free_port()}/"

    with pytest.raises(urllib.error.URLError):
        handler(cloudformation.request("Create", ResponseURL=nobody), Context())
    cloudformation.status = 403
    with pytest.raises(urllib.error.HTTPError):
        handler(cloudformation.request("Create"), Context())

    cloudformation.status = 200
    again = handler(cloudformation.request("Create"), Context())
    assert again["Data"] == {"applied": [], "newest": migrations.NEWEST}


@pytest.mark.parametrize("url", ["http://example.com/", "file:///etc/hostname", "ftp://127.0.0.1/"])
def test_an_answer_goes_nowhere_but_over_https(cloudformation: CloudFormation, url: str) -> None:
    request = cloudformation.request("Delete", ResponseURL=url)

    with pytest.raises(OSError, match="over https only"):
        custom_resource.answer(request, dict)


def test_without_the_layer_of_migrations_it_says_which_one_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.path", [])

    with pytest.raises(MigrationError, match=f"no file of migration {migrations.NEWEST}"):
        migrations.folder()
