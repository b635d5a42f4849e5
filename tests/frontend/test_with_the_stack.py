"""The page and the whole stack behind it: what a person sees on the first day."""

from playwright.sync_api import Page, expect

from devstack.samples import SAMPLE_ORDER_UID
from tests.e2e.stack import Stack
from tests.servers import wait_until

REFUSED = """
SELECT order_uid, faults -> 0 ->> 'sentence' FROM quarantined_records
WHERE NOT EXISTS (SELECT FROM orders WHERE orders.order_uid = quarantined_records.order_uid)
    AND order_uid IS NOT NULL LIMIT 1
"""


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
    page.get_by_text("Where it came from").click()
    expect(page.get_by_role("group")).to_contain_text("Kafka topic orders, partition")


def test_a_link_to_an_order_opens_it_on_either_address(page: Page, stack: Stack) -> None:
    for path in ("/", "/web/index.html"):
        page.goto(f"{address(stack)}{path}?order_uid={SAMPLE_ORDER_UID}")

        expect(page.get_by_role("article")).to_contain_text("Test Testov")
        expect(page.get_by_role("article")).to_contain_text("Mascaras")


def test_an_order_nobody_sent_is_told_as_not_found(page: Page, stack: Stack) -> None:
    page.goto(f"{address(stack)}/?order_uid=nobody-sent-this")

    expect(page.get_by_role("status")).to_contain_text("nobody-sent-this")
    expect(page.get_by_role("status")).to_contain_text("The newest order came on")
    expect(page.get_by_role("article")).to_have_count(0)


def test_an_order_that_was_refused_is_shown_with_its_reasons(page: Page, stack: Stack) -> None:
    stack.produce(count=20, bad_rate=1, seed=31)
    wait_until(lambda: bool(stack.sql(REFUSED)), "an order to be refused")
    ((uid, sentence),) = stack.sql(REFUSED)

    page.goto(f"{address(stack)}/?order_uid={uid}")

    expect(page.get_by_role("status")).to_contain_text(f"{uid}\u2069 arrived but was refused")
    expect(page.get_by_role("listitem").filter(has_text=sentence)).to_be_visible()


def address(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.state()['addresses']['http_ports'][0]}"
