"""The page and the whole stack behind it: what a person sees on the first day."""

from playwright.sync_api import Page, expect

from devstack.samples import SAMPLE_ORDER_UID
from tests.e2e.stack import Stack
from tests.servers import wait_until


def test_an_order_that_came_through_kafka_is_shown_first_as_a_miss_then_as_a_hit(
    page: Page, stack: Stack
) -> None:
    uid = stack.produce(count=1)["order_uids"][0]
    stored = "SELECT FROM orders WHERE order_uid = :uid"
    wait_until(lambda: bool(stack.sql(stored, uid=uid)), "the order to be stored")
    page.goto(address(stack))

    page.get_by_label("Order id").fill(uid)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Cache miss")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Cache hit")
    expect(page.get_by_role("article")).to_contain_text(uid)


def test_a_link_to_an_order_opens_it_on_either_address(page: Page, stack: Stack) -> None:
    for path in ("/", "/web/index.html"):
        page.goto(f"{address(stack)}{path}?order_uid={SAMPLE_ORDER_UID}")

        expect(page.get_by_role("article")).to_contain_text("Test Testov")
        expect(page.get_by_role("article")).to_contain_text("Mascaras")


def test_an_order_nobody_sent_is_told_as_not_found(page: Page, stack: Stack) -> None:
    page.goto(f"{address(stack)}/?order_uid=nobody-sent-this")

    expect(page.get_by_role("status")).to_contain_text("nobody-sent-this")
    expect(page.get_by_role("article")).to_have_count(0)


def address(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.state()['addresses']['http_ports'][0]}"
