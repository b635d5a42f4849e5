"""The front process as the supervisor sees it: ready, served, stopped, killed."""

import http.server
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from devstack.leftovers import is_alive
from tests.integration.runtime import front_process
from tests.integration.runtime.front_process import FrontProcess
from tests.servers import ROOT, wait_until

API = """
import json, os, time

def lambda_handler(event, context):
    wait = (event["queryStringParameters"] or {}).get("wait")
    if wait:
        print("waiting")
        time.sleep(float(wait))
    if event["pathParameters"]["order_uid"] == "crash":
        os._exit(1)
    return {"statusCode": 200, "headers": {"X-Cache": "HIT"}, "body": json.dumps(event)}
"""

ROUTE = {"Type": "Api", "Properties": {"Path": "/order/{order_uid}", "Method": "ANY"}}
FUNCTIONS: dict[str, dict[str, Any]] = {
    "ApiFunction": {"Source": API, "Timeout": 10, "Events": {"Order": ROUTE}},
    "BackgroundFunction": {"Source": "def lambda_handler(event, context): ...\n"},
}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the tests' output clean."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>Orders</title>")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def front(tmp_path: Path, site: str) -> Iterator[FrontProcess]:
    template = front_process.write_template(tmp_path, FUNCTIONS)
    running = front_process.start(tmp_path, template, site)
    yield running
    running.process.kill()
    running.process.wait()


def test_page_and_api_have_one_origin(front: FrontProcess) -> None:
    with httpx.Client(base_url=front.url, trust_env=False) as browser:
        page = browser.get("/")
        order = browser.get("/order/a%20b?x=1&x=2")
        head = browser.head("/order/abc")
        missing = browser.get("/nothing.js")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert order.headers["x-cache"] == "HIT"
    assert order.json()["pathParameters"] == {"order_uid": "a b"}
    assert order.json()["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert missing.status_code == 404


def test_a_crash_behind_the_api_is_a_502_and_the_next_request_is_served(
    front: FrontProcess,
) -> None:
    with httpx.Client(base_url=front.url, trust_env=False) as browser:
        crashed = browser.get("/order/crash")
        served = browser.get("/order/abc")

    assert (crashed.status_code, crashed.json()) == (502, {"message": "Internal server error"})
    assert served.status_code == 200


def test_sigterm_lets_a_running_request_finish_and_leaves_no_process(front: FrontProcess) -> None:
    with ThreadPoolExecutor() as threads:
        url = f"{front.url}/order/abc?wait=1"
        answer = threads.submit(httpx.get, url, trust_env=False)
        wait_until(lambda: "ApiFunction | waiting" in front.lines(), "the request to be served")
        environments = front.environments()

        status = front.stop()

        assert answer.result().status_code == 200
    assert status == 0
    assert environments
    assert not any(each.is_running() for each in environments)


def test_sigterm_ends_a_request_that_runs_on_and_on(front: FrontProcess) -> None:
    with ThreadPoolExecutor() as threads:
        url = f"{front.url}/order/abc?wait=9"
        answer = threads.submit(httpx.get, url, trust_env=False, timeout=10)
        wait_until(lambda: "ApiFunction | waiting" in front.lines(), "the request to be served")
        environments = front.environments()

        status = front.stop()

        assert answer.result().status_code == 502
    assert status == 0
    assert not any(each.is_running() for each in environments)
    assert not any("Traceback" in line for line in front.lines())


def test_environments_end_by_themselves_when_the_front_process_is_killed(
    front: FrontProcess,
) -> None:
    environments = front.environments()

    front.stop(signal.SIGKILL)

    assert environments
    wait_until(lambda: not any(map(is_alive, environments)), "the environments to end")


def test_a_busy_port_is_one_line_and_status_1(front: FrontProcess, tmp_path: Path) -> None:
    configuration = tmp_path / "front.json"

    second = subprocess.run(
        [sys.executable, "-m", "devstack.front", "--config", str(configuration)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert second.returncode == 1
    assert second.stderr == (
        f"port {front.http_port} of 127.0.0.1 cannot be used (Address already in use); "
        "choose another one\n"
    )
