import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tests.frontend.site import Site, serving

# What lets a browser run without a desktop, and keeps it from calling home.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MILLISECONDS = 10_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)


# Of the package, not the session: while Playwright is on, no other test can run an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=_chromium(own), args=FLAGS)
        yield browser
        browser.close()


def _chromium(own: str) -> str:
    """Find a Chromium: the named one, the system's, or one that `playwright install` brought."""
    candidates = (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES))
    if found := next(filter(None, candidates), None):
        return found
    if Path(own).exists():
        return own
    reason = "no Chromium: install one as a system package, or name it in CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def running_site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    yield running_site
    running_site.forget()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Give a page; whatever the test is about, its scripts must not fail nor break the policy."""
    faults: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if "Security Policy" in message.text:
            faults.append(message.text)

    def on_error(error: Error) -> None:
        faults.append(str(error))

    page = context.new_page()
    page.on("console", on_console)
    page.on("pageerror", on_error)
    yield page
    assert faults == []
