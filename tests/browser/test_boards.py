"""Explore and boards in a real browser: pinned, arranged by keyboard, shared, exported, imported, small and large."""

import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.model import Provenance, Quality
from storage.operators import Role
from tests.browser.test_control_room import DESK, browser, opened, violations
from tests.dashboard.room import PASSWORD, add, serving
from tests.public_site import Writer, now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 740}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
MINUTE = timedelta(minutes=1)
SERIES = "hoan-kiem:pm2_5,west-lake-trich-sai:dissolved_oxygen"


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    """A day of two stations and a sonde that rise by one number, so that lowest and highest are known; no flood."""
    add(city_url, role=Role.VIEWER)
    add(city_url, "mai", Role.OPERATOR)
    writer, at = Writer(city_url), now()
    for n, station in enumerate(("hoan-kiem", "kim-lien")):
        points = [(at - m * MINUTE, 41.0 + 10 * n + m / 60) for m in range(60, 1440, 60)]
        writer.write(station, "pm2_5", *points, provenance=Provenance.SIMULATED)
    writer.write("hoan-kiem", "pm2_5", (at - 90 * MINUTE, 300.0), quality=Quality.SUSPECT)
    points = [(at - m * MINUTE, 3.0 + m / 600) for m in range(60, 1440, 60)]
    writer.write("west-lake-trich-sai", "dissolved_oxygen", *points, provenance=Provenance.SIMULATED)
    with serving(city_url) as address:
        yield address


def go(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def titles(page: Page) -> list[str]:
    return page.locator(".board-panel h2").evaluate_all(
        "found => found.map((one) => one.firstChild.textContent.trim())"
    )


def pin(page: Page, button: str, board: str, *, new: bool = False) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    asked = page.get_by_role("dialog")
    expect(asked.locator("option")).not_to_have_count(0)
    if new:
        asked.get_by_label("Name").fill(board)
    else:
        asked.locator("select").select_option(label=board)
    asked.get_by_role("button", name="Pin", exact=True).click()
    expect(asked.get_by_role("status")).to_contain_text("Pinned.")


def test_explore_shows_two_series_as_they_were_written(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, f"{url}/ops/things/hoan-kiem?property=pm2_5&range=24h")
        page.get_by_role("link", name="Compare with others").click()
        words = page.locator("#chart-words")
        expect(words).to_contain_text(
            "Hoan Kiem: Fine particles PM2.5: lowest 42.0 µg/m³, highest 64.0 µg/m³"
        )
        expect(words).to_contain_text("Suspect or failed: 1")
        page.locator("#find").fill("ho tay trich sai oxy")
        page.get_by_role("button", name="Dissolved oxygen (DO) (Water quality)").click()
        expect(words).to_contain_text("lowest 3.10 mg/L, highest 5.30 mg/L")
        expect(page.locator("#plot .yaxislayer-above, #plot .y2tick").first).to_be_attached()
        expect(page.locator("#plot .legendtext")).to_have_count(2)
        page.locator("#table-details summary").click()
        expect(page.locator("#table-rows tr")).to_have_count(23 + 23 + 1)
        shared = page.url
        page.get_by_role("button", name="Remove West Lake - Trich Sai").click()
        expect(words).not_to_contain_text("mg/L")
        go(page, shared)
        expect(words).to_contain_text("mg/L")
        picture(page, "explore-en-1920")


@pytest.mark.parametrize(("language", "size"), [("vi", SMALL), ("en", DESK)])
def test_pages_are_accessible_and_fit(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        for n, path in enumerate(
            ("explore", f"explore?series={SERIES},kim-lien:pm2_5,flood-tong-dan:water_depth", "boards")
        ):
            go(page, f"{url}/ops/{path}")
            if "series" in path:
                expect(page.locator("#plot .js-plotly-plot, #plot .main-svg").first).to_be_attached()
                page.locator("#find").fill("tay mo")
                expect(page.locator("#found button").first).to_be_visible()
            picture(page, f"explore-{n}-{language}-{size['width']}")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.locator("#title").fill("Ca đêm")
        page.locator("#new button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ca đêm")
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        board = page.url
        picture(page, f"board-empty-{language}-{size['width']}")
        file = {
            "format": "hanoi-board",
            "version": 1,
            "title": "Trực ca",
            "panels": [
                {"kind": "title", "text": "Không khí", "width": 3},
                {"kind": "domain", "page": "air", "panel": "hours", "choices": {}, "width": 2},
                {"kind": "series", "thing": "hoan-kiem", "property": "pm2_5", "width": 1},
                {"kind": "explore", "series": SERIES.split(","), "width": 2},
                {"kind": "text", "text": "Gọi 0900 khi ngập.", "width": 1},
                {"kind": "series", "thing": "nowhere", "property": "pm2_5", "width": 1},
                {"kind": "series", "thing": "flood-tong-dan", "property": "water_depth", "width": 1},
            ],
        }
        go(page, f"{url}/ops/boards")
        page.locator("#file").set_input_files(
            {"name": "b.json", "mimeType": "application/json", "buffer": json.dumps(file).encode()}
        )
        expect(page.get_by_role("heading", level=1)).to_have_text("Trực ca")
        expect(page.locator(".board-panel")).to_have_count(7)
        for panel in page.locator(".board-panel:has(.plot)").all():
            panel.scroll_into_view_if_needed()
            expect(panel).to_have_attribute("data-state", re.compile("empty|old"))
        # the two that show particles, which were written as simulated; of the hours' index nothing was written
        expect(page.locator(".board-panel .badge")).to_have_count(2)
        page.locator("#arrange").click()
        picture(page, f"board-arranging-{language}-{size['width']}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.locator("#arrange").click()
        picture(page, f"board-{language}-{size['width']}")
        go(page, f"{page.url.partition('?')[0]}?wall=1")
        expect(page.locator("#range")).to_be_hidden()
        expect(page.locator(".board-panel .main-svg").first).to_be_attached()
        picture(page, f"board-wall-{language}-{size['width']}")
        assert board != page.url


def test_a_board_is_pinned_arranged_shared_and_copied(browser: Browser, url: str, tmp_path: Path) -> None:
    with opened(browser, url) as page:
        go(page, f"{url}/ops/domains/air?lang=en")
        hours = page.locator("#hours h2").evaluate("one => one.firstChild.textContent")
        pin(page, f"Pin to a board: {hours}", "Night shift", new=True)
        go(page, f"{url}/ops/things/hoan-kiem?property=pm2_5")
        expect(page.locator("#plot .main-svg").first).to_be_attached()
        pin(page, "Pin to a board", "Night shift")
        go(page, f"{url}/ops/explore?series={SERIES}")
        pin(page, "Pin to a board", "Night shift")
        page.get_by_role("link", name="Open the board").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Night shift")
        first = [f"Air quality: {hours}", "Hoan Kiem: Fine particles PM2.5"]
        expect(page.locator(".board-panel")).to_have_count(3)
        assert titles(page)[:2] == first
        expect(page.locator(".board-panel").nth(1).locator(".words")).to_contain_text("64.0 µg/m³")

        page.locator("#arrange").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name=f"Move later: {first[0]}").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#result")).to_contain_text(f"{first[0]}: panel 2 of 3. Saved.")
        page.get_by_label(f"Columns: {first[0]}").select_option("3")
        expect(page.locator("#result")).to_have_text("Saved.")
        page.reload()
        expect(page.locator(".board-panel")).to_have_count(3)
        assert titles(page)[:2] == first[::-1]
        expect(page.locator(".board-panel").nth(1)).to_have_attribute("data-width", "3")
        page.locator("#arrange").click()
        page.locator(".drag").nth(1).drag_to(page.locator(".board-panel").first.locator("h2"))
        expect(page.locator("#result")).to_have_text("Saved.")
        assert titles(page)[:2] == first
        page.locator("#shared").check()
        expect(page.locator("#about .pill")).to_have_text("everybody sees it")
        board = page.url
        with page.expect_download() as kept:
            page.locator("#export").click()
        kept.value.save_as(tmp_path / "board.json")

        other = browser.new_context(viewport={"width": 1280, "height": 800})
        theirs = other.new_page()
        theirs.goto(f"{url}/ops/?lang=en")
        theirs.locator("#username").fill("mai")
        theirs.locator("#password").fill(PASSWORD)
        theirs.keyboard.press("Enter")
        expect(theirs.locator("html[data-ready='1']")).to_be_attached()
        go(theirs, f"{url}/ops/boards")
        theirs.locator("#others").get_by_role("link", name="Night shift").click()
        expect(theirs.locator(".board-panel")).to_have_count(3)
        expect(theirs.locator("#about")).to_contain_text("Only lan and administrators change this board.")
        expect(theirs.locator("#arrange")).to_be_hidden()
        go(theirs, f"{url}/ops/boards")
        theirs.locator("#file").set_input_files(tmp_path / "board.json")
        expect(theirs.locator(".board-panel")).to_have_count(3)
        assert titles(theirs) == titles(page)
        assert theirs.url != board
        again = theirs.request.get(f"{url}/ops/api{theirs.url.partition('/ops')[2].partition('?')[0]}/file")
        assert again.json() == json.loads((tmp_path / "board.json").read_text("utf-8"))
        other.close()
