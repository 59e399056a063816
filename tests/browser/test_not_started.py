"""A page of the control room whose scripts are refused says so by itself; one that starts never does."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect, sync_playwright

from storage import db, operators
from tests.browser.chromium import launched
from tests.browser.test_control_room import WCAG, enter
from tests.dashboard.room import PASSWORD, add, serving
from tests.public_site import now

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 360, "height": 640}
DESK: ViewportSize = {"width": 1920, "height": 1080}
WAIT_MS = 45_000
"""The page waits a third of it."""
SAID = {
    "vi": "Trang này chưa chạy: phiên đăng nhập có thể đã hết, hoặc kết nối bị gián đoạn.",
    "en": "This page has not started: your session may have ended, or the connection failed.",
}
AGAIN = {"vi": "Đăng nhập lại hoặc tải lại trang", "en": "Log in again, or load the page again"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    add(city_url)
    with serving(city_url) as address:
        yield address


def end_session_at(page: Page, pattern: str, city_url: str) -> None:
    """Once the page asks for what matches; from then on everything is refused."""

    def end(route: Route) -> None:
        with db.connect(city_url, name="test", autocommit=True) as conn:
            operators.revoke_sessions_of(conn, "lan", now())
        route.continue_()

    page.route(pattern, end)


@pytest.mark.parametrize(
    ("path", "language", "size", "refused"),
    [
        ("/ops/", "vi", PHONE, "**/ops/assets/control_room.css*"),  # and all that comes after it
        ("/ops/", "en", DESK, "**/_dash-component-suites/**"),  # Dash's, with which the overview is drawn
        ("/ops/alerts", "vi", DESK, "**/ops/assets/control_room.css*"),
        ("/ops/data", "en", PHONE, "**/ops/assets/page.js*"),  # what the page's own script imports
    ],
)
def test_a_page_whose_session_ended_while_it_loaded_leads_to_the_login(
    browser: Browser, url: str, city_url: str, path: str, language: str, size: ViewportSize, refused: str
) -> None:
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    page = context.new_page()
    enter(page, url, f"?lang={language}")
    end_session_at(page, refused, city_url)
    page.goto(f"{url}{path}", wait_until="domcontentloaded")
    message = page.get_by_role("alert").filter(has_text=SAID[language])
    expect(message).to_be_visible(timeout=WAIT_MS)
    expect(message).to_be_in_viewport(ratio=1)
    assert Axe().run(page, context=".not-started", options={"runOnly": WCAG}).response["violations"] == []
    page.unroute_all()
    message.get_by_role("link", name=AGAIN[language]).click()
    page.locator("#username").fill("lan")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}{path}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()
    context.close()


def test_no_page_that_starts_says_so(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "?lang=en")
    pages = page.locator("nav.menu a").evaluate_all("links => links.map((link) => link.href)")
    assert len(pages) > 10
    for address in [*pages, f"{url}/ops/account", f"{url}/ops/things/hoan-kiem"]:
        page.goto(address)
        expect(page.locator("html[data-ready='1'], #replay[data-ready='1']").first).to_be_attached()
        expect(page.locator(".not-started")).to_have_css("display", "none")
    context.close()


@pytest.mark.parametrize("moment", ["", "?at=2026-11-20T12:00"])  # in a replay there is the script of its bar
def test_a_page_without_scripts_says_nothing_of_them(browser: Browser, url: str, moment: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "?lang=en")
    response = page.goto(f"{url}/ops/things/no-such-thing{moment}")
    assert response is not None
    assert response.status == 404
    expect(page.locator("main")).to_be_visible()
    expect(page.locator(".not-started")).to_have_count(0)
    context.close()
