"""Look-ups through `make sam-local`: `sam local start-api` before a real database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.parts import listens
from devstack.sam_local.docker import run
from tests.servers import PostgresServer, wait_until
from tests.targets import docker
from tests.targets.database import migrated
from tests.targets.sam_local import SamLocal, sam_local
from tests.unit.orders.made import sample

STOP_SECONDS = 30


@pytest.fixture(scope="module")
def served(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SamLocal]:
    """Give `make sam-local`, beside a database of its own."""
    docker.require()
    with sam_local(migrated(postgres), tmp_path_factory.mktemp("sam_local")) as running:
        yield running


@pytest.fixture(scope="module")
def order(served: SamLocal) -> dict[str, object]:
    """Give an order that was posted."""
    order = sample(order_uid="samlocal1")
    posted = served.request("/orders", "POST", order)
    assert posted.status_code == 201, posted.text
    return order


def test_an_order_that_was_posted_can_be_read(served: SamLocal, order: dict[str, object]) -> None:
    answer = served.request("/order/samlocal1")

    assert answer.status_code == 200
    assert answer.json() == order
    assert served.request("/order/order?order_uid=samlocal1").json() == order
    assert served.request("/orders/samlocal1").json() == {"order": order}


@pytest.mark.usefixtures("order")
def test_the_environment_keeps_its_cache_from_one_request_to_the_next(served: SamLocal) -> None:
    first = served.request("/order/samlocal1")

    second = served.request("/order/samlocal1")

    assert second.headers["X-Cache"] == "HIT"
    assert second.headers["ETag"] == first.headers["ETag"]
    unchanged = served.request("/order/samlocal1", If_None_Match=first.headers["ETag"])
    assert (unchanged.status_code, unchanged.content) == (304, b"")


@pytest.mark.usefixtures("order")
def test_a_head_is_a_get_without_its_body(served: SamLocal) -> None:
    answer = served.request("/order/samlocal1", "HEAD")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/order/nosuchorder", 404, "order_not_found"),
        ("GET", "/order/not%20an%20id!", 400, "malformed_order_uid"),
        ("DELETE", "/order/samlocal1", 405, "method_not_allowed"),
        ("GET", "/quarantine/4711", 404, "quarantined_record_not_found"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_its_code(
    served: SamLocal, method: str, path: str, status: int, code: str
) -> None:
    answer = served.request(path, method)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_an_order_with_faults_is_refused_with_all_of_them(served: SamLocal) -> None:
    answer = served.request("/orders", "POST", {"order_uid": 7})

    assert answer.status_code == 422
    assert len(answer.json()["faults"]) > 1


@pytest.mark.parametrize("path", ["/health", "/ready", "/cache/stats", "/openapi.json", "/docs"])
def test_the_service_tells_of_itself(served: SamLocal, path: str) -> None:
    assert served.request(path).status_code == 200


def test_stopped_it_leaves_no_container_behind(postgres: PostgresServer, tmp_path: Path) -> None:
    docker.require()
    with sam_local(migrated(postgres), tmp_path) as running:
        assert running.request("/health").status_code == 200
        running.process.terminate()

        assert running.process.wait(STOP_SECONDS) == 0

    assert not listens(running.port)
    assert running.containers
    wait_until(lambda: not any(map(_exists, running.containers)), "the containers to be gone")


def _exists(container: str) -> bool:
    return run("inspect", container).returncode == 0
