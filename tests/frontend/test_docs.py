"""The docs page with the whole stack behind it: it needs no other host, and its policy holds."""

from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.e2e.stack import Stack


def test_the_docs_show_every_operation_and_ask_no_other_host(page: Page, stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.state()['addresses']['http_ports'][0]}"
    asked: list[str] = []
    said: list[str] = []

    def on_request(request: Request) -> None:
        asked.append(request.url)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    page.on("request", on_request)
    page.on("console", on_console)

    page.goto(f"{address}/docs")

    paths = stack.request("/openapi.json").json["paths"]
    operations = [item for path in paths.values() for item in path]
    expect(page.locator(".opblock")).to_have_count(len(operations))
    assert {url for url in asked if not url.startswith(("data:", f"{address}/"))} == set()
    assert said == []


def test_an_operation_can_be_tried_from_the_docs(page: Page, stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.state()['addresses']['http_ports'][0]}"
    page.goto(f"{address}/docs#/service/get_health")

    operation = page.locator("#operations-service-get_health")
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table")).to_contain_text('"status": "ok"')
    expect(operation.locator(".request-url")).to_contain_text(f"{address}/health")
