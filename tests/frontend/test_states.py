import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.frontend.orders import SAMPLE_UID, quarantined, refused, sample
from tests.frontend.site import Answer, Site, later, now, problem

NOT_FOUND = "There is no order \u2068{}\u2069. If it was sent just now, it may be on its way."
REFUSED = "Order \u2068{}\u2069 arrived but was refused, for the reasons below."
MALFORMED = (
    "\u2068{}\u2069 is not an order id. Ids are up to 64 letters (a–z), digits and . _ ~ - "
    "and start with a letter or digit."
)


def _open(page: Page, site: Site, order_uid: str) -> None:
    page.goto(f"{site.address}/?order_uid={order_uid}")


def _says(page: Page, sentence: str) -> None:
    expect(page.get_by_role("status")).to_have_text(sentence)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (problem(404, "order_not_found", "Order not found"), NOT_FOUND.format("asked")),
        (problem(400, "malformed_order_uid", "Malformed"), MALFORMED.format("asked")),
        (
            problem(503, "store_unavailable", "Unavailable", Retry_After="5"),
            "The orders cannot be read right now. Try again in 5 seconds.",
        ),
        (
            problem(503, "store_unavailable", "Unavailable", Retry_After="1"),
            "The orders cannot be read right now. Try again in 1 second.",
        ),
        (
            problem(503, "store_unavailable", "Unavailable"),
            "The orders cannot be read right now. Try again in a moment.",
        ),
        (
            problem(500, "internal_error", "Internal error"),
            "The service did not answer with an order (500 Internal error).",
        ),
        (now(b"<h1>Bad Gateway", 502), "The service did not answer with an order (502)."),
        (now(b"<h1>Log in first"), "The service did not answer with an order (200)."),
        (now([1, 2]), "The service did not answer with an order (200)."),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_someone_who_gets_no_order_is_told_why_in_a_plain_sentence(
    page: Page, site: Site, answer: Answer, sentence: str
) -> None:
    site.answers["asked"] = answer

    _open(page, site, "asked")

    _says(page, sentence)
    expect(page.get_by_role("article")).to_be_hidden()


def test_someone_whose_order_was_refused_reads_why_and_since_when(page: Page, site: Site) -> None:
    older = refused(("", "It is not JSON."), at="2026-11-20T08:00:00Z")
    newer = refused(
        ("/payment/amount", "It has to be a whole number."), ("/items/0", "The price is missing.")
    )
    site.statuses["asked"] = now(quarantined(newer, older))

    _open(page, site, "asked")

    _says(page, REFUSED.format("asked"))
    article = page.get_by_role("article", name="Why it was refused")
    expect(article.get_by_role("heading", level=3)).to_have_text(
        ["21 Nov 2026, 09:00:00 UTC", "20 Nov 2026, 08:00:00 UTC"]
    )
    first, second = article.get_by_role("list").all()
    expect(first.get_by_role("listitem")).to_have_text(
        ["It has to be a whole number. /payment/amount", "The price is missing. /items/0"]
    )
    expect(second.get_by_role("listitem")).to_have_text("It is not JSON.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_someone_whose_order_was_mended_since_gets_it_by_trying_again(
    page: Page, site: Site
) -> None:
    site.statuses["asked"] = now(quarantined(refused(("", "It is not JSON."))))
    _open(page, site, "asked")
    again = page.get_by_role("button", name="Try again")
    expect(page.get_by_role("list")).to_be_visible()

    site.answers["asked"] = now(sample("asked"))
    again.click()

    expect(page.get_by_role("article", name="Order asked")).to_be_visible()
    expect(page.get_by_role("list")).to_have_count(0)
    expect(page.get_by_label("Order id")).to_be_focused()


def test_someone_whose_next_search_finds_nothing_does_not_take_the_reasons_for_it(
    page: Page, site: Site
) -> None:
    site.statuses["asked"] = now(quarantined(refused(("", "It is not JSON."))))
    _open(page, site, "asked")
    expect(page.get_by_role("list")).to_be_visible()

    page.get_by_label("Order id").fill("unknown")
    page.keyboard.press("Enter")

    _says(page, NOT_FOUND.format("unknown"))
    expect(page.get_by_role("article")).to_be_hidden()
    expect(page.get_by_label("Order id")).to_be_focused()


@pytest.mark.parametrize(
    ("newest", "more"),
    [
        ("2026-11-21T09:00:00.123456Z", " The newest order came on 21 Nov 2026, 09:00:00 UTC."),
        (None, ""),
    ],
)
def test_someone_whose_order_nobody_knows_is_told_how_fresh_that_is(
    page: Page, site: Site, newest: str | None, more: str
) -> None:
    freshness = {"newest_ingested_at": newest, "newest_produced_at": newest, "age_seconds": None}
    site.statuses["asked"] = now({"state": "unknown", "freshness": freshness})

    _open(page, site, "asked")

    _says(page, NOT_FOUND.format("asked") + more)
    expect(page.get_by_role("article")).to_be_hidden()


def test_someone_whose_order_arrives_while_they_ask_gets_it(page: Page, site: Site) -> None:
    status = site.statuses["asked"] = later({"state": "stored", "topic": "orders"})
    _open(page, site, "asked")
    _says(page, "Looking it up …")

    site.answers["asked"] = now(sample("asked"))
    status.released.set()

    expect(page.get_by_role("article")).to_be_visible()
    assert site.asked == ["asked", "asked"]


def test_someone_whose_order_is_on_its_way_from_store_to_answer_is_not_kept_waiting(
    page: Page, site: Site
) -> None:
    site.statuses["asked"] = now({"state": "stored", "topic": "orders"})

    _open(page, site, "asked")

    _says(page, NOT_FOUND.format("asked"))
    assert site.asked == ["asked", "asked"]


@pytest.mark.parametrize(
    "answer",
    [
        problem(503, "store_unavailable", "Unavailable", Retry_After="5"),
        problem(404, "route_not_found", "Not Found"),
        now(b"<h1>Bad Gateway", 502),
        now([1, 2]),
        None,
    ],
    ids=lambda answer: str(answer and answer.status),
)
def test_someone_is_told_that_there_is_no_order_even_where_the_reason_cannot_be_had(
    page: Page, site: Site, answer: Answer | None
) -> None:
    if answer:
        site.statuses["asked"] = answer
    else:
        page.route("**/status", lambda route: route.abort("connectionrefused"))

    _open(page, site, "asked")

    _says(page, NOT_FOUND.format("asked"))


def test_someone_who_types_what_is_no_id_is_told_without_asking_the_service(
    page: Page, site: Site
) -> None:
    page.goto(site.address)

    for typed in ("..", "a/../../b", "-x", "<b>", "é", "x" * 65, "a b", "שלום"):
        page.get_by_label("Order id").fill(typed)
        page.keyboard.press("Enter")

        _says(page, MALFORMED.format(typed))
    assert site.asked == []


def test_someone_who_types_only_spaces_is_asked_for_an_id(page: Page, site: Site) -> None:
    page.goto(site.address)

    page.get_by_label("Order id").fill("   ")
    page.get_by_role("button", name="Look up").click()

    expect(page.get_by_label("Order id")).to_be_focused()
    assert page.locator("input:invalid").count() == 1
    expect(page).to_have_url(f"{site.address}/")


def test_someone_whose_second_search_fails_does_not_take_the_first_order_for_it(
    page: Page, site: Site
) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    _open(page, site, SAMPLE_UID)
    expect(page.get_by_role("article")).to_be_visible()

    page.get_by_label("Order id").fill("unknown")
    page.keyboard.press("Enter")

    _says(page, NOT_FOUND.format("unknown"))
    expect(page.get_by_role("article")).to_be_hidden()


def test_someone_who_waited_gets_the_order_by_trying_again(page: Page, site: Site) -> None:
    site.answers["asked"] = problem(503, "store_unavailable", "Unavailable", Retry_After="5")
    _open(page, site, "asked")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()

    site.answers["asked"] = now(sample("asked"))
    again.click()

    expect(page.get_by_role("article")).to_be_visible()
    expect(again).to_be_hidden()
    expect(page.get_by_label("Order id")).to_be_focused()


def test_someone_on_a_slow_line_sees_that_the_page_is_at_work(page: Page, site: Site) -> None:
    answer = site.answers["slow"] = later(sample("slow"))

    _open(page, site, "slow")

    _says(page, "Looking it up …")
    expect(page.get_by_role("main")).to_have_attribute("aria-busy", "true")
    answer.released.set()
    expect(page.get_by_role("article")).to_be_visible()
    expect(page.get_by_role("main")).to_have_attribute("aria-busy", "false")


def test_someone_without_a_connection_is_told_and_served_once_it_is_back(
    page: Page, site: Site, context: BrowserContext
) -> None:
    site.answers["asked"] = now(sample("asked"))
    page.goto(site.address)
    context.set_offline(offline=True)
    page.get_by_label("Order id").fill("asked")
    page.keyboard.press("Enter")
    _says(page, "You are offline. The order is looked up as soon as you are back.")

    context.set_offline(offline=False)

    expect(page.get_by_role("article")).to_be_visible()


def test_someone_whose_service_is_not_running_is_told_so(page: Page, site: Site) -> None:
    def refuse(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/order/*", refuse)

    _open(page, site, "asked")

    _says(page, "The service does not answer. Check that it is running.")
