"""Accounts, one's own account and the audit trail in a real browser."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.operators import Role
from tests.browser import test_control_room
from tests.browser.test_control_room import DESK, browser, enter, violations
from tests.browser.test_notices import LANGUAGES, SMALL
from tests.dashboard.room import PASSWORD, add, serving

pytestmark = pytest.mark.browser

__all__ = ["browser"]

PICTURES = os.environ.get("PICTURES")
NEW = "a-new-password"


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    add(city_url, role=Role.ADMIN)
    add(city_url, "mai", Role.OPERATOR)
    add(city_url, "tuong-lon", Role.VIEWER)
    with serving(city_url) as address:
        yield address


def go(page: Page, url: str, path: str, language: str = "en") -> None:
    page.goto(f"{url}/ops/{path}?lang={language}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_an_admin_adds_somebody_who_comes_in_and_is_shut_out_again(browser: Browser, url: str) -> None:
    with test_control_room.opened(browser, url) as page:
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="People").click()
        page.get_by_label("User name").fill("ha")
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#new-result")).to_have_text("ha was added.")
        other = browser.new_context()
        theirs = other.new_page()
        theirs.goto(f"{url}/ops/login?lang=en&next=/ops/account")
        theirs.locator("#username").fill("ha")
        theirs.locator("#password").fill(PASSWORD)
        theirs.keyboard.press("Enter")
        expect(theirs.locator("html[data-ready='1']")).to_be_attached()
        expect(theirs.locator("#sessions > li")).to_have_count(1)
        expect(theirs.get_by_role("link", name="People")).to_have_count(0)
        row = page.locator("#people > li", has_text="ha").filter(has_text="operator").first
        page.get_by_role("button", name="Close the account ha").click()
        expect(page.locator("#people-result")).to_have_text("Changed: ha.")
        expect(row).to_contain_text("Closed since")
        expect(theirs.locator("#username")).to_be_visible()  # the open page notices by itself
        theirs.goto(f"{url}/ops/account")
        expect(theirs.locator("#username")).to_be_visible()
        other.close()
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audit trail").click()
        page.get_by_label("To what").fill("ha")
        page.get_by_role("button", name="Find").click()
        expect(page.locator("#events tr")).to_have_count(3)
        expect(page.locator("#events")).to_contain_text("account closed")


def test_a_role_that_is_refused_stands_in_the_list_as_it_is(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "?lang=en")
    go(page, url, "people")
    page.get_by_label("Role of lan").select_option("viewer")
    expect(page.locator("#people-result")).to_contain_text("One administrator must be left")
    expect(page.get_by_label("Role of lan")).to_have_value("admin")
    context.close()


def test_one_changes_one_s_password_and_comes_in_with_the_new_one(browser: Browser, url: str) -> None:
    with test_control_room.opened(browser, url) as page:
        page.get_by_role("link", name="lan · admin").click()
        page.get_by_label("Present password").fill(PASSWORD)
        page.get_by_label("New password").fill(NEW)
        page.get_by_role("button", name="Change the password").click()
        expect(page.locator("#password-result")).to_contain_text("All sessions have ended")
        page.locator("#password-result").get_by_role("link", name="Log in").click()
        page.locator("#username").fill("lan")
        page.locator("#password").fill(NEW)
        page.keyboard.press("Enter")
        expect(page.locator("html[data-ready='1']")).to_be_attached()


@LANGUAGES
@pytest.mark.parametrize("size", [SMALL, DESK], ids=["small", "desk"])
def test_the_pages_are_accessible_and_fit(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with test_control_room.opened(browser, url, f"?lang={language}", size=size) as page:
        for path in ("people", "audit", "account"):
            go(page, url, path, language)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
            picture(page, f"{path}-{language}-{size['width']}")
        go(page, url, "people", language)
        page.locator("#people button").first.click()
        assert violations(page) == []
        picture(page, f"people-password-{language}-{size['width']}")
