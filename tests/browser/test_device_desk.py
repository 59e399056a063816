"""An operator claims a device, reprocesses and loads a file in a real browser."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from dashboard.control_room import device_desk
from ingest import reprocess
from storage import db, rejections
from storage.model import Rejection
from tests.browser.test_control_room import DESK, PHONE, browser, enter, opened, violations
from tests.dashboard.room import add, serving
from tests.integration.rejecting import open_reasons, rows, values
from tests.public_site import now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SOURCES = """
[[source]]
name = "lab"
decoder = "csv_table"
by_hand = true
zone = "Asia/Ho_Chi_Minh"
provenance = "manual"
properties = { "PM2.5" = "pm2_5" }
devices = { TY3 = "trung-yen-3" }
"""
TABLE = b"time,device,PM2.5\n2026-11-20T08:00,TY3,41.5\n2026-11-20T09:00,TY3,many\n"
HOSTILE = '<img src=x onerror="document.title=1">'
SMALL = {"width": 360, "height": 640}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""


def rejection(device: str, minutes_ago: int, payload: bytes, *, domain: str = "air_quality") -> Rejection:
    return Rejection(
        topic=f"hanoi/v1/{domain}/{device}/observations",
        payload=payload,
        reason="unknown_thing",
        detail={"faults": []},
        received_at=now() - timedelta(minutes=minutes_ago),
        source="mqtt",
        unknown_devices=[device],
    )


def element(minutes_ago: int, **results: float) -> bytes:
    time = (now() - timedelta(minutes=minutes_ago)).isoformat(timespec="seconds")
    return json.dumps({"time": time, "results": results, "note": HOSTILE}).encode()


@pytest.fixture
def url(city_url: str, tmp_path: Path) -> Iterator[str]:
    """Two strangers: a station that has sent five values, and a gauge."""
    add(city_url)
    (tmp_path / "sources.toml").write_text(SOURCES, "utf-8")
    station = [rejection("tram-moi-7", n, element(n, pm2_5=30.0 + n)) for n in range(1, 6)]
    gauge = rejection("rain-new", 90, element(90, rain_interval=0.4), domain="rain")
    with db.connect(city_url, name="test") as conn:
        rejections.insert(conn, [*station, gauge])
    with serving(city_url, sources_file=tmp_path / "sources.toml") as address:
        yield address


def go(page: Page, url: str, query: str = "?lang=en") -> None:
    page.goto(f"{url}/ops/devices{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_an_operator_claims_a_device_and_its_values_appear(browser: Browser, url: str, city_url: str) -> None:
    with opened(browser, url) as page:
        page.get_by_role("link", name="Unclaimed devices").click()
        devices = page.locator("#unclaimed > li")
        expect(devices).to_have_count(2)
        expect(devices.first).to_contain_text("tram-moi-7")
        expect(devices.first).to_contain_text("Air quality · 5 messages")
        expect(devices.first.locator(".payload")).to_contain_text(HOSTILE.replace('"', '\\"'))
        page.get_by_role("button", name="Claim tram-moi-7").click()
        page.locator("#thing").fill("trung-yen-3")
        page.keyboard.press("Enter")
        expect(page.locator("#claim-result")).to_have_text(
            "tram-moi-7 is trung-yen-3. 5 messages reprocessed: 5 are in order, 0 still wrong; 5 values stored."
            " The Thing's page"
        )
        link = page.locator("#claim-result").get_by_role("link", name="The Thing's page")
        expect(link).to_have_attribute("href", "/ops/things/trung-yen-3")
        expect(devices).to_have_count(1)
        page.goto(f"{url}/ops/")
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        page.locator("#find-place").select_option("trung-yen-3")
        page.locator("#property").select_option("pm2_5")
        expect(page.locator("#thing-figure-words")).to_contain_text("5 values")
    assert values(city_url, "trung-yen-3", "pm2_5") == [35, 34, 33, 32, 31]
    assert open_reasons(city_url) == ["unknown_thing"]


def next_held(page: Page, held: list[Route]) -> Route:
    """The next request of the script, which waits at the browser's door until it is let go on."""
    for _ in range(1200):
        if held:
            return held.pop()
        page.wait_for_timeout(50)
    raise AssertionError("no further slice was asked for")


@pytest.mark.parametrize(("language", "size"), [("vi", SMALL), ("en", DESK)], ids=["vi-360", "en-desk"])
def test_reprocessing_shows_how_far_it_is_and_may_be_left_between_two_slices(
    browser: Browser, url: str, monkeypatch: pytest.MonkeyPatch, language: str, size: dict[str, int]
) -> None:
    monkeypatch.setattr(device_desk, "SLICE", 1)
    monkeypatch.setattr(reprocess, "BATCH_MESSAGES", 1)
    vi = language == "vi"
    held: list[Route] = []
    with opened(browser, url, size=size) as page:
        go(page, url, f"?lang={language}")
        page.route("**/ops/api/reprocess?*", lambda route: held.append(route))
        page.locator("#open button").click()
        next_held(page, held).continue_()
        second = next_held(page, held)
        bar = page.locator("#open-work").get_by_role("progressbar", name="Xử lý lại" if vi else "Reprocess")
        assert bar.evaluate("one => [one.value, one.max]") == [1, 6]
        expect(page.locator("#open-work [role=status]")).to_have_text(
            "Đang xử lý lại" if vi else "Reprocessing"
        )
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"reprocess-{language}")
        page.locator("#open-work").get_by_role("button", name="Hủy" if vi else "Cancel").click()
        second.continue_()
        result = page.locator("#open-result")
        expect(result).to_contain_text("Đã hủy; phần còn lại" if vi else "Cancelled; the rest")
        expect(result).to_contain_text("2 thông điệp" if vi else "2 messages reprocessed")
        page.unroute("**/ops/api/reprocess?*")
        page.locator("#open button").click()
        expect(result).to_contain_text("6 thông điệp" if vi else "6 messages reprocessed")


def test_a_device_becomes_a_new_thing_on_the_map(browser: Browser, url: str, city_url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        page.get_by_role("button", name="Claim rain-new").click()
        page.get_by_label("It is a new one").check()
        expect(page.locator("#new-id")).to_have_value("rain-new")
        expect(page.locator("#new-domain")).to_have_value("rain")
        page.get_by_label("Vietnamese name").fill("Trạm mưa mới")
        page.get_by_label("English name").fill("New gauge")
        page.get_by_label("Latitude").fill("21.03")
        page.get_by_label("Longitude").fill("105.85")
        page.get_by_label("Who says where it stands").fill("lan")
        picture(page, "claim-new")
        page.locator("#claim button[type=submit]").click()
        expect(page.locator("#claim-result")).to_contain_text(
            "rain-new is rain-new. 1 messages reprocessed: 1"
        )
        page.goto(f"{url}/ops/")
        page.locator("#find-place").select_option("rain-new")
        expect(page.locator("#thing-name")).to_have_text("New gauge")
    (thing,) = rows(city_url, "SELECT coordinate_trust, kind FROM thing WHERE id = 'rain-new'")
    assert thing["coordinate_trust"] == "M"
    assert values(city_url, "rain-new", "rain_interval") == [0.4]


def test_what_is_refused_is_said_and_nothing_is_lost_from_the_form(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    enter(page, url, "?lang=en")
    go(page, url)
    page.get_by_role("button", name="Claim rain-new").click()
    page.locator("#thing").fill("atlantis")
    page.keyboard.press("Enter")
    expect(page.locator("#claim-result")).to_have_text("There is no Thing 'atlantis'.")
    expect(page.locator("#thing")).to_have_value("atlantis")
    context.close()


def test_open_rejections_are_reprocessed_by_reason(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        page.get_by_role("button", name="Reprocess: Unknown Thing").click()
        expect(page.locator("#open-result")).to_have_text(
            "6 messages reprocessed: 0 are in order, 6 still wrong; 0 values stored."
        )


def test_a_table_is_tried_first_and_then_stored(browser: Browser, url: str, city_url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        table = {"name": "x.csv", "mimeType": "text/csv", "buffer": TABLE}
        expect(page.locator("#load-store")).to_be_disabled()
        page.locator("#load-file").set_input_files(table)  # type: ignore[arg-type]  # a plain dictionary is such a file
        page.get_by_role("button", name="Try").click()
        expect(page.locator("#load-result")).to_contain_text(
            "Trial: 1 values; 1 new, 0 known, 0 corrections; 1 faults."
        )
        expect(page.locator("#load-found li").first).to_contain_text("line 3, column PM2.5 Wrong type")
        picture(page, "load-tried")
        assert values(city_url, "trung-yen-3", "pm2_5") == []
        page.get_by_role("button", name="Store").click()
        expect(page.locator("#load-result")).to_contain_text("Stored: 1 values; 1 new")
        expect(page.locator("#load-store")).to_be_disabled()
    assert values(city_url, "trung-yen-3", "pm2_5") == [41.5]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_accessible_and_fits(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        go(page, url, f"?lang={language}")
        expect(page.locator("#unclaimed > li")).to_have_count(2)
        picture(page, f"devices-{language}-{size['width']}")
        page.locator("#unclaimed button").first.click()
        page.locator("input[value=new]").check()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"devices-claim-{language}-{size['width']}")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_city_that_knows_every_device_says_so(
    browser: Browser, city_url: str, size: dict[str, int]
) -> None:
    add(city_url)
    with serving(city_url) as url, opened(browser, url, size=size) as page:
        go(page, url)
        expect(page.locator("#unclaimed")).to_have_text("Every device that sends is known.")
        expect(page.locator("#open")).to_have_text("No rejection is open.")
        expect(page.locator("#load-result")).to_have_text(
            "HANOI_SOURCES_FILE has no source with the decoder csv_table."
        )
        assert violations(page) == []
        picture(page, f"devices-empty-{size['width']}")
