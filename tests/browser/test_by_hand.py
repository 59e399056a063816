"""Entering by hand on a phone, with the real broker and ingest behind it; and what citizens see of it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.embedded.mosquitto import Mosquitto
from tests.browser import test_control_room, test_public_page
from tests.browser.test_control_room import DESK, PHONE, browser, violations
from tests.dashboard.room import add
from tests.dashboard.room import serving as serving_room
from tests.processes import ingest_env, running, wait_for
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 740}
LAPTOP = {"width": 1366, "height": 768}
SIZES = pytest.mark.parametrize(
    "size", [SMALL, PHONE, LAPTOP, DESK], ids=["small", "phone", "laptop", "desk"]
)
LANGUAGES = pytest.mark.parametrize("language", ["vi", "en"])
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
NO_ENTRY = "#C1121C"
"""The red of the sign, as assets/map.js paints it; nothing else on a map has it."""


@pytest.fixture
def url(city_url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[str]:
    """A control room from which one can enter, with ingest behind it."""
    add(city_url)
    env = ingest_env(city_url, broker.url("ingest"))
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        serving_room(city_url, manual_url=broker.url("manual")) as address,
    ):
        yield address


@pytest.fixture
def served(city_url: str) -> Iterator[Served]:
    Writer(city_url).write("ltk-01-b01", "occupied", (now(), 0.0))
    with serving(city_url) as site:
        yield site


def go(page: Page, url: str, query: str = "?lang=en") -> None:
    page.goto(f"{url}/ops/by-hand{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_a_flood_is_reported_from_a_phone_and_citizens_see_who_says_so(
    browser: Browser, url: str, served: Served
) -> None:
    with (
        test_control_room.opened(browser, url, size=SMALL) as page,
        test_public_page.opened(browser, served, "/en/") as citizen,
    ):
        go(page, url)
        page.get_by_label("Find by name").fill("tống đả")
        page.get_by_role("radio", name="Tong Dan").check()
        page.get_by_role("radio", name="Severe").check()
        expect(page.get_by_role("textbox", name="Water depth")).to_have_value("40")
        page.get_by_role("textbox", name="Water depth").fill("52,5")
        expect(page.get_by_role("radio", name="Impassable")).to_be_checked()
        page.get_by_label("Note").fill("a caller")
        page.get_by_role("button", name="Report").click()
        expect(page.locator("#entry-result")).to_contain_text("Stored; it holds until")
        entry = page.locator("#entries li").first
        expect(entry).to_contain_text("Tong Dan")
        expect(entry).to_contain_text("Water depth: 52.5 cm")
        expect(entry).to_contain_text("Entered by lan")
        picture(page, "by-hand-stored")
        row = citizen.locator("tr", has=citizen.locator('button[data-thing="flood-tong-dan"]'))
        expect(row).to_contain_text("Impassable")
        expect(row).to_contain_text("reported by the centre until")
        test_public_page.choose(citizen, "flood-tong-dan")
        expect(citizen.locator("#detail .values .note").first).to_contain_text(
            "reported by the centre (until"
        )
        assert violations(citizen) == []
        picture(citizen, "by-hand-citizen")
        page.get_by_role("button", name="Cancel entry").click()
        expect(page.locator("#list-result")).to_contain_text("it counts no more")
        expect(row).to_contain_text("Expired")
        expect(citizen.locator("#detail .status")).to_contain_text("Expired")
        expect(citizen.locator("#detail .values .note").first).to_contain_text("expired")
        picture(citizen, "by-hand-citizen-expired")


def test_a_road_a_bay_and_a_sample_by_keyboard_and_citizens_see_the_closed_road(
    browser: Browser, url: str, served: Served
) -> None:
    with (
        test_control_room.opened(browser, url) as page,
        test_public_page.opened(browser, served, "/en/") as citizen,
    ):
        go(page, url)
        page.get_by_role("radio", name="Flooded street").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("radio", name="Road closed")).to_be_checked()
        page.get_by_label("Find by name").fill("tong dan")
        page.get_by_role("radio", name="Tong Dan").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Report").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#entries li").first).to_contain_text("Road closed: Yes")
        row = citizen.locator("tr", has=citizen.locator('button[data-thing="flood-tong-dan"]'))
        expect(row).to_contain_text("Road closed (reported by the centre until")
        test_public_page.choose(citizen, "flood-tong-dan")
        expect(citizen.locator("#detail .status")).to_contain_text("Road closed (reported by the centre")
        said = citizen.locator("#detail .values tr", has_text="Road closed").locator(".note").first
        expect(said).to_contain_text(re.compile(r"\((just now|.+ ago)\)"))
        expect(said).not_to_contain_text("day of")
        expect(citizen.locator("#legend-body")).to_contain_text("Road closed")
        assert violations(citizen) == []
        wait_for(lambda: citizen.evaluate(test_public_page.PAINTED, NO_ENTRY) > 20, "the sign on the map")
        picture(citizen, "by-hand-road-closed")
        page.get_by_role("radio", name="Bay out of service").check()
        page.get_by_label("Find by name").fill("ltk-01-b07")
        page.locator("input[name=place]").first.check()
        page.get_by_role("button", name="Report").click()
        expect(page.locator("#entries li").first).to_contain_text("Out of service: Yes")
        page.get_by_role("radio", name="West Lake sample").check()
        page.get_by_label("Find by name").fill("trich sai")
        page.locator("input[name=place]").first.check()
        expect(page.locator("#values")).to_contain_text("usually 4 to 11")
        page.get_by_label("pH", exact=False).first.fill("7.4")
        page.get_by_label("Biochemical oxygen demand").fill("900000")
        page.get_by_role("button", name="Report").click()
        expect(page.locator("#entry-result")).to_contain_text("Only a part is stored")
        expect(page.locator("#entry-result")).to_contain_text("Value out of range")
        expect(page.locator("#entries li").first).to_contain_text("pH: 7.4")
        picture(page, "by-hand-lab")
        page.goto(f"{url}/ops/?lang=en")
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        wait_for(
            lambda: page.evaluate(test_public_page.PAINTED, NO_ENTRY) > 20, "the sign on the operators' map"
        )
        picture(page, "by-hand-road-closed-room")


def test_the_nearest_place_is_offered_first_where_the_phone_says_where_it_is(
    browser: Browser, url: str
) -> None:
    with test_control_room.opened(browser, url, size=PHONE) as page:
        page.context.grant_permissions(["geolocation"])
        page.context.set_geolocation({"latitude": 21.0475, "longitude": 105.8125})
        go(page, url)
        page.get_by_role("radio", name="West Lake sample").check()
        page.get_by_role("button", name="Nearest to me").click()
        expect(page.locator("#places label").first).to_contain_text("West Lake - Trich Sai")
        expect(page.locator("#places label").first).to_contain_text("0 m")


def test_nothing_is_sent_before_a_place_is_chosen(browser: Browser, url: str) -> None:
    with test_control_room.opened(browser, url) as page:
        go(page, url)
        page.get_by_role("button", name="Report").click()
        expect(page.locator("#entry-result")).to_have_text("Choose a place.")
        page.get_by_label("Find by name").fill("nowhere")
        expect(page.locator("#more")).to_have_text("No place of that name.")
        expect(page.locator("#entries")).to_have_text("Nothing was entered yet.")


@LANGUAGES
@SIZES
def test_the_page_is_accessible_and_fits(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with test_control_room.opened(browser, url, f"?lang={language}", size=size) as page:
        go(page, url, f"?lang={language}")
        for key in ("flood", "bay", "lab"):
            page.locator(f"input[name=matter][value={key}]").check()
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            picture(page, f"by-hand-{key}-{language}-{size['width']}")


def test_where_it_is_not_set_up_the_page_says_so(browser: Browser, city_url: str) -> None:
    add(city_url)
    with serving_room(city_url) as url, test_control_room.opened(browser, url, size=PHONE) as page:
        go(page, url)
        expect(page.locator("#off")).to_contain_text("HANOI_MANUAL_MQTT_URL is not set")
        expect(page.locator("#writing")).to_be_hidden()
        assert violations(page) == []
        picture(page, "by-hand-off")
