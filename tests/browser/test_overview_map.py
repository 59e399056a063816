"""The overview's map: alerts on it, finding Things by name, and the ways from there to their pages."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_alert_pages import browser, made, picture, url
from tests.browser.test_control_room import opened, violations
from tests.dashboard.alert_scene import Scene
from tests.processes import wait_for

pytestmark = pytest.mark.browser

__all__ = ["browser", "made", "url"]


def zoom(page: Page, button: str, *, until: int) -> None:
    """Until so many alerts are told apart; a press while the map still moves counts for nothing."""

    def pressed() -> bool:
        page.get_by_role("button", name=button).click()
        page.wait_for_timeout(300)
        return page.locator("#map a.alert-mark").count() == until

    wait_for(pressed, f"{until} alerts on the map")


def test_an_alert_on_the_map_has_shape_word_and_colour_and_leads_to_its_page(
    browser: Browser, url: str, made: Scene
) -> None:
    with opened(browser, url) as page:
        marks = page.locator("#map a.alert-mark")
        expect(marks).to_have_count(3)  # two alerts are of one place
        flooded = page.locator(f"#map a[href='/ops/alerts/{made.ids['flooded']}']")
        expect(flooded.locator(".word")).to_have_text("Critical ×2")
        expect(flooded.locator(".sign.critical")).to_have_text("✕")
        ordinary = page.locator(f"#map a[href='/ops/alerts/{made.ids['ordinary']}']")
        expect(ordinary.locator(".word")).to_have_text("Warning")
        expect(ordinary.locator(".sign.warning")).to_have_text("!")
        colours = {one.evaluate("node => getComputedStyle(node).color") for one in (flooded, ordinary)}
        assert len(colours) == 2
        picture(page, "overview-map-en")
        page.locator("#layers input[data-domain='flood']").uncheck()
        expect(marks).to_have_count(0)
        page.locator("#layers input[data-domain='flood']").check()
        zoom(page, "Zoom out", until=2)
        expect(marks).to_have_count(2)  # what would lie on each other is one: the worst stands for all
        expect(flooded.locator(".word")).to_have_text("Critical ×3")
        assert violations(page) == []
        zoom(page, "Zoom in", until=3)
        expect(marks).to_have_count(3)
        ordinary.click()
        expect(page.locator("#title")).to_have_text("Street flooded 15 cm or more")


@pytest.mark.parametrize("typed", ["tran hung dao 3", "Trần Hưng Đạo – điểm 3", "dao TRAN diem 3"])
def test_a_thing_is_found_with_and_without_diacritics(browser: Browser, url: str, typed: str) -> None:
    with opened(browser, url, "?lang=vi") as page:
        page.keyboard.press("/")
        page.keyboard.type(typed)
        expect(page.locator("#search-found [aria-selected='true']")).to_contain_text("Trần Hưng Đạo – điểm 3")
        assert violations(page) == []
        page.keyboard.press("Enter")
        expect(page.locator("#thing-name")).to_have_text("Trần Hưng Đạo – điểm 3")
        href = page.locator("#thing-name a").get_attribute("href")
        assert href is not None
        assert href.startswith("/ops/things/")
        assert page.locator("#find-place").input_value() == href.removeprefix("/ops/things/")


def test_the_found_are_gone_through_by_arrows_and_nothing_found_is_said(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        search = page.get_by_role("combobox", name="Search by name")
        search.fill("hung dao")
        chosen = page.locator("#search-found [aria-selected='true']")
        expect(chosen).to_contain_text("point 1")
        page.keyboard.press("ArrowDown")
        expect(chosen).to_contain_text("point 2")
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        search.fill("nowhere at all")
        expect(page.locator("#search-found li")).to_have_text("No place has such a name")
        assert violations(page) == []
