import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.frontend.orders import SAMPLE_UID, quarantined, refused, sample
from tests.frontend.site import FRONTEND, Site, now

CONTRAST = """() => {
  const luminance = (colour) => {
    const [red, green, blue] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === 'rgba(0, 0, 0, 0)' ? ground(element.parentElement) : colour;
  };
  return Array.from(document.querySelectorAll('body *')).filter((element) =>
    element.checkVisibility() && Array.from(element.childNodes).some((node) =>
      node.nodeType === 3 && node.data.trim())
  ).map((element) => {
    const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const [dark, light] = pair.sort((one, other) => one - other);
    return [(light + 0.05) / (dark + 0.05), element.outerHTML.slice(0, 80)];
  }).sort(([one], [other]) => one - other);
}"""


def test_someone_with_only_a_keyboard_looks_an_order_up_and_keeps_their_place(
    page: Page, site: Site
) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    page.goto(site.address)

    page.keyboard.press("Tab")
    page.keyboard.type(SAMPLE_UID)
    page.keyboard.press("Enter")

    expect(page.get_by_role("article")).to_be_visible()
    expect(page.get_by_label("Order id")).to_be_focused()


def test_someone_who_hears_the_page_finds_its_landmarks_and_is_told_of_changes(
    page: Page, site: Site
) -> None:
    page.goto(site.address)

    expect(page.get_by_role("search").get_by_role("textbox", name="Order id")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_accessible_description(f"For example {SAMPLE_UID}")
    expect(page.get_by_role("main").get_by_role("status")).to_be_attached()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")


@pytest.mark.parametrize("width", [320, 1280])
def test_someone_who_hears_the_items_hears_a_table_at_any_width(
    page: Page, site: Site, width: int
) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    page.set_viewport_size({"width": width, "height": 800})

    page.goto(f"{site.address}/?order_uid={SAMPLE_UID}")

    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader", name="Total price")).to_be_attached()
    expect(table.get_by_role("row").nth(1).get_by_role("cell")).to_have_count(10)
    # Some browsers forget what a table is once its display changes, unless its roles are told.
    assert page.locator(":is(table, table *):not(bdi, [role])").count() == 0


def test_someone_with_weak_eyes_may_zoom(page: Page, site: Site) -> None:
    page.goto(site.address)

    viewport = page.locator("meta[name=viewport]").get_attribute("content")

    assert viewport == "width=device-width"


@pytest.mark.parametrize("order_uid", [SAMPLE_UID, "unknown", "refused"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_someone_with_weak_eyes_can_read_every_word(
    browser: Browser, site: Site, scheme: str, order_uid: str
) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    site.statuses["refused"] = now(quarantined(refused(("/items", "It is empty."))))
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{site.address}/?order_uid={order_uid}")
    expect(page.get_by_role("status")).not_to_be_empty()

    ratio, worst = page.evaluate(CONTRAST)[0]

    assert ratio >= 4.5, worst  # WCAG 2.2, 1.4.3
    page.close()


def test_someone_who_likes_the_dark_is_not_blinded(browser: Browser, site: Site) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(site.address)
        grounds.append(
            page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
        )
        page.close()

    assert grounds == ["rgb(245, 246, 250)", "rgb(18, 20, 28)"]


@pytest.mark.parametrize(
    ("order_uid", "last"), [("unknown", "Try again"), (SAMPLE_UID, "Where it came from")]
)
def test_someone_with_a_thumb_can_hit_every_control(
    page: Page, site: Site, order_uid: str, last: str
) -> None:
    site.answers[SAMPLE_UID] = now(sample())
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site.address}/?order_uid={order_uid}")
    expect(page.get_by_text(last)).to_be_visible()

    for control in page.locator(":is(button, input, summary):visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_someone_on_a_bad_line_loads_less_than_15_kilobytes() -> None:
    assert sum(file.stat().st_size for file in FRONTEND.iterdir()) < 15_000


def test_nobody_meets_text_that_became_markup() -> None:
    for file in FRONTEND.iterdir():
        text = file.read_text()

        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", text), file
        assert not re.search(r"<style|<script>|\sstyle=|\son[a-z]+=\"", text), file
