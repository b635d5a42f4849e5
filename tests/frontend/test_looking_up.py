import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.frontend.orders import (
    BY_KAFKA,
    BY_NATS,
    POSTED,
    SAMPLE_UID,
    item,
    quarantined,
    refused,
    sample,
)
from tests.frontend.site import Answer, Site, later, now, problem

SAID = """() => {
  const said = [];
  const status = document.querySelector('[role=status]');
  new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true });
  return said;
}"""


def _open(page: Page, site: Site, order_uid: str | None = None, path: str = "/") -> None:
    page.goto(site.address + path + (f"?order_uid={order_uid}" if order_uid else ""))


def _search(page: Page, order_uid: str) -> None:
    page.get_by_label("Order id").fill(order_uid)
    page.get_by_role("button", name="Look up").click()


def _heading(order_uid: str) -> re.Pattern[str]:
    return re.compile(f"^Order {order_uid}$")


@pytest.mark.parametrize("path", ["/", "/web/index.html"])
def test_a_person_who_searches_reads_the_order_that_was_sent(
    page: Page, site: Site, path: str
) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    _open(page, site, path=path)

    _search(page, f"  {SAMPLE_UID} ")

    article = page.get_by_role("article")
    expect(article).to_contain_text("1,817\u00a0USD")
    shown = article.inner_text()
    for value in (
        "Test Testov",
        "Ploshad Mira 15",
        "test@gmail.com",
        "alpha",
        "meest",
        "WBILMTEST",
    ):
        assert value in shown
    cells = page.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    assert cells == [
        *("Mascaras", "Vivienne Sabo", "0", "453\u00a0USD", "30\u00a0%", "317\u00a0USD"),
        *("202", "2389212", "9934930", "ab4219087a764ae0btest"),
    ]


def test_a_newcomer_without_an_id_is_offered_one_that_works(page: Page, site: Site) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    _open(page, site)

    page.get_by_role("link", name=SAMPLE_UID).click()

    expect(page.get_by_role("heading", name=_heading(SAMPLE_UID))).to_be_visible()


def test_someone_who_reloads_or_shares_the_address_sees_the_same_order(
    page: Page, site: Site
) -> None:
    site.answers["first"] = now(sample("first"))
    _open(page, site)
    _search(page, "first")
    expect(page).to_have_url(re.compile(r"\?order_uid=first$"))

    page.reload()

    expect(page.get_by_role("heading", name=_heading("first"))).to_be_visible()
    expect(page.get_by_label("Order id")).to_have_value("first")
    expect(page).to_have_title("Order first")


def test_someone_who_goes_back_and_forward_sees_what_they_saw(page: Page, site: Site) -> None:
    for order_uid in ("first", "second"):
        site.answers[order_uid] = now(sample(order_uid))
    _open(page, site)
    _search(page, "first")
    expect(page.get_by_role("heading", name=_heading("first"))).to_be_visible()
    _search(page, "second")
    expect(page.get_by_role("heading", name=_heading("second"))).to_be_visible()

    page.go_back()
    expect(page.get_by_role("heading", name=_heading("first"))).to_be_visible()
    page.go_back()
    expect(page.get_by_role("article")).to_be_hidden()
    page.go_forward()
    expect(page.get_by_role("heading", name=_heading("first"))).to_be_visible()


def test_someone_who_asks_again_need_not_go_back_twice(page: Page, site: Site) -> None:
    site.answers["first"] = now(sample("first"))
    _open(page, site)
    _search(page, "first")
    expect(page.get_by_role("heading", name=_heading("first"))).to_be_visible()
    _search(page, "first")

    page.go_back()

    expect(page.get_by_role("article")).to_be_hidden()


def test_an_impatient_person_never_sees_an_older_answer_over_a_newer_one(
    page: Page, site: Site
) -> None:
    first = site.answers["first"] = later(sample("first"))
    second = site.answers["second"] = later(sample("second"))
    _open(page, site)
    said = page.evaluate_handle(SAID)
    _search(page, "first")
    expect(page.get_by_role("status")).to_have_text("Looking it up …")
    _search(page, "second")

    first.released.set()
    page.evaluate("() => fetch('/order/unknown')")  # comes after the first answer would have
    second.released.set()

    expect(page.get_by_role("heading", name=_heading("second"))).to_be_visible()
    sentences = set(said.json_value())
    assert sentences == {"Looking it up …", page.get_by_role("status").text_content()}


def test_an_operator_sees_whether_the_cache_helped_this_very_time(page: Page, site: Site) -> None:
    timing = "cache;dur=0.012, db;dur=3.14"
    site.answers["first"] = now(
        sample("first"),
        X_Cache="MISS",
        Server_Timing=timing,
        ETag='"1"',
        Cache_Control="max-age=60",
    )
    _open(page, site)

    _search(page, "first")
    status = page.get_by_role("status")
    expect(status).to_have_text(
        re.compile(
            r"^Cache miss, read from the database · [\d.]+\sms there and back"
            r" · cache 0\.012\sms · db 3\.1\sms$"
        )
    )
    _search(page, "first")

    expect(status).to_contain_text("Cache hit")
    assert site.asked == ["first", "first"]


@pytest.mark.parametrize(
    ("cache", "sentence", "looks_like"),
    [
        ("MISS", "Cache miss, read from the database", "MISS"),
        ("HIT", "Cache hit", "HIT"),
        ("HIT-L1", "Cache hit", "HIT"),
        ("HIT-L2", "Shared cache hit", "HIT"),
    ],
)
def test_an_operator_sees_which_cache_helped(
    page: Page, site: Site, cache: str, sentence: str, looks_like: str
) -> None:
    site.answers["like"] = now(sample("like"), X_Cache=looks_like)
    site.answers["first"] = now(sample("first"), X_Cache=cache)
    status, colour = page.get_by_role("status"), "element => getComputedStyle(element).borderColor"
    _open(page, site, "like")
    expect(status).to_contain_text("there and back")
    expected = status.evaluate(colour)

    _search(page, "first")

    expect(page.get_by_role("heading", name=_heading("first"))).to_be_visible()
    expect(status).to_have_text(re.compile(f"^{sentence} · "))
    assert status.evaluate(colour) == expected


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (now({"state": "stored", **BY_KAFKA}), "Kafka topic orders, partition 0, offset 5"),
        (now({"state": "stored", **BY_NATS}), "NATS stream orders, message 17"),
        (now({"state": "stored", **POSTED}), "Posted over HTTP"),
        (problem(503, "store_unavailable", "Unavailable"), "Not known right now"),
        (now(b"<h1>Bad Gateway", 502), "Not known right now"),
    ],
    ids=["kafka", "nats", "http", "503", "502"],
)
def test_an_operator_who_asks_is_told_where_an_order_came_from(
    page: Page, site: Site, answer: Answer, place: str
) -> None:
    site.answers["first"] = now(sample("first"))
    site.statuses["first"] = answer
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _open(page, site, "first")
    question = page.get_by_text("Where it came from")
    expect(question).to_be_visible()
    assert not [url for url in asked if url.endswith("/status")]

    question.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("group")).to_have_text(f"Where it came from{place}")
    question.click()
    question.click()
    expect(page.get_by_role("group")).to_have_text(f"Where it came from{place}")


@pytest.mark.parametrize(
    ("came", "place"),
    [
        (BY_KAFKA, "Kafka topic orders, partition 0, offset 5"),
        (BY_NATS, "NATS stream orders, message 17"),
    ],
    ids=["kafka", "nats"],
)
def test_someone_whose_order_was_refused_reads_where_it_came_from(
    page: Page, site: Site, came: dict[str, Any], place: str
) -> None:
    site.statuses["first"] = now(quarantined(refused(("", "It is not JSON."), came=came)))

    _open(page, site, "first")

    expect(page.get_by_text(place, exact=True)).to_be_visible()


def test_an_accountant_reads_every_digit_of_a_large_amount(page: Page, site: Site) -> None:
    order = sample("large")
    order["payment"]["amount"] = 2**63 - 1
    site.answers["large"] = now(order)

    _open(page, site, "large")

    expect(page.get_by_role("article")).to_contain_text("9,223,372,036,854,775,807\u00a0USD")


def test_someone_far_away_reads_times_as_their_own_clock_shows_them(
    browser: Browser, site: Site
) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    page = browser.new_page(locale="ru-RU", timezone_id="Asia/Almaty")

    _open(page, site, SAMPLE_UID)

    times = page.get_by_role("time")
    expect(times).to_have_count(2)
    created, paid = times.all()
    expect(created).to_have_text(re.compile("26 нояб. 2021.*12:22:19"))
    expect(created).to_have_attribute("datetime", "2021-11-26T06:22:19.000Z")
    expect(paid).to_have_attribute("datetime", "2021-11-26T06:22:07.000Z")
    page.close()


def test_someone_whose_order_names_no_real_time_reads_what_was_sent(page: Page, site: Site) -> None:
    order = sample("odd")
    order["payment"]["payment_dt"] = 2**60
    order["date_created"] = "soon"
    site.answers["odd"] = now(order)

    _open(page, site, "odd")

    expect(page.get_by_role("article")).to_contain_text("soon · 1 item")
    expect(page.get_by_role("article")).to_contain_text("1,152,921,504,606,846,976")


def test_a_developer_gets_to_the_order_as_json(page: Page, site: Site) -> None:
    site.answers["a.b~c"] = now(sample("a.b~c"), Content_Type="application/json")
    _open(page, site, "a.b~c")

    page.get_by_role("link", name="This order as JSON").click()

    expect(page).to_have_url(f"{site.address}/order/a.b~c")


def test_nobody_is_harmed_by_markup_in_an_order(page: Page, site: Site) -> None:
    markup = (
        "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
    )
    order = sample("markup")
    order["delivery"]["name"] = order["items"][0]["name"] = order["payment"]["currency"] = markup
    site.answers["markup"] = now(order)

    _open(page, site, "markup")

    expect(page.get_by_role("cell").first).to_have_text(markup)
    expect(page).to_have_title("Order markup")
    assert page.locator("article img, article script").count() == 0


def test_nobody_is_harmed_by_markup_in_a_reason(page: Page, site: Site) -> None:
    markup = "<img src=x onerror=\"document.title='harmed'\">"
    site.statuses["markup"] = now(quarantined(refused((markup, markup))))

    _open(page, site, "markup")

    expect(page.get_by_role("listitem")).to_have_text(f"{markup} {markup}")
    expect(page).to_have_title("Order markup")
    assert page.locator("article img").count() == 0


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nobody_scrolls_sideways_for_very_long_values(page: Page, site: Site, width: int) -> None:
    order = sample("x" * 64)
    order["delivery"] = dict.fromkeys(order["delivery"], "W" * 400)
    order["items"] = [item("W" * 400), item("שלום")]
    site.answers["x" * 64] = now(order)
    site.statuses["y" * 64] = now(quarantined(refused(("/W" * 400, "W" * 400))))
    page.set_viewport_size({"width": width, "height": 800})

    for order_uid in ("x" * 64, "y" * 64):
        _open(page, site, order_uid)

        expect(page.get_by_role("article")).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") == width


def test_someone_with_the_largest_order_allowed_reads_every_line_of_it(
    page: Page, site: Site
) -> None:
    order = sample("many")
    order["items"] *= 5000
    site.answers["many"] = now(order)

    _open(page, site, "many")

    expect(page.get_by_role("article")).to_contain_text("5,000 items")
    assert page.get_by_role("row").count() == 5001
