"""The pages of rain & flood and of parking in a real browser: the past step by step, bays live, charts to take away."""

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.replay import STEP, last_step
from deploy.embedded.mosquitto import Mosquitto
from storage import db, observations, rollups, things
from storage.model import HANOI, Domain, FloodExtent, Observation, Provenance, Quality
from tests.browser.test_control_room import DESK, browser, opened, violations
from tests.dashboard.room import add, serving
from tests.processes import ingest_env, publish, running
from tests.public_site import Writer, now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 740}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
FLOOD = "/ops/domains/rain-flood"
PARKING = "/ops/domains/parking"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POINT, GAUGE, BAY = "flood-tong-dan", "rain-hoan-kiem", "ltk-01-b01"
SQUARE = [[[105.853, 21.024], [105.859, 21.024], [105.859, 21.028], [105.853, 21.024]]]


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    """Nothing is derived here but what the test wrote."""
    add(city_url)
    with serving(city_url) as address:
        yield address


@pytest.fixture
def ingest(city_url: str, broker: Mosquitto, tmp_path: Path, past: datetime) -> Iterator[Mosquitto]:
    """The broker, with ingest behind it; it begins when all is written and rolled up."""
    env = ingest_env(city_url, broker.url("ingest"))
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        yield broker


def derived(
    writer_url: str, domain: Domain, *values: tuple[str, str, datetime, float, dict[str, object]]
) -> None:
    """(Thing, property, time, result, parameters), as hanoi-ingest would have derived them of simulated values."""
    with db.connect(writer_url, name="test") as conn:
        rows = [
            Observation(
                datastream_id=things.ensure_datastream(conn, thing, domain.properties[key]),
                phenomenon_time=at,
                result_time=at,
                result=result,
                quality=Quality.GOOD,
                provenance=Provenance.DERIVED,
                input_provenance=Provenance.SIMULATED,
                parameters=parameters,
            )
            for thing, key, at, result, parameters in values
        ]
        observations.write(conn, rows)


@pytest.fixture
def past(city_url: str, domains: dict[str, Domain]) -> datetime:
    """A moment half an hour ago at which the street stood 47 cm under water; five minutes later 8 cm, now 21 cm."""
    writer, end = Writer(city_url), last_step(now())
    at = end - 6 * STEP
    simulated = Provenance.SIMULATED
    writer.write(POINT, "water_depth", (at, 47.0), (at + STEP, 8.0), provenance=simulated)
    ahead = now() + 4 * MINUTE  # as a clock may be; and no slow machine makes it old
    writer.write(POINT, "water_depth", (ahead, 21.0), provenance=simulated)
    rain = [(at - n * STEP, 2.5) for n in range(12)]
    writer.write(GAUGE, "rain_interval", *rain, (now(), 0.0), provenance=simulated)
    bays = [("ltk-01-b02", 1.0), ("ltk-01-b03", 0.0), ("thd-01-b01", 1.0)]
    for bay, occupied in bays:
        writer.write(bay, "occupied", (now(), occupied), provenance=simulated)
    stay = [(now() - n * 25 * MINUTE, 1.0) for n in range(1, 14)]
    writer.write("ltk-01-b04", "occupied", (now() - 6 * HOUR, 0.0), *stay, provenance=simulated)
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
        "properties": {"depth_cm": 47.0},
    }
    with db.connect(city_url, name="test") as conn:
        observations.write_extent(
            conn, FloodExtent(thing_id=POINT, phenomenon_time=at, features=[feature], provenance=simulated)
        )
    sums = [
        (GAUGE, key, end, mm, {"coverage": share})
        for key, mm, share in (("rain_1h", 30.0, 1.0), ("rain_3h", 30.0, 1.0), ("rain_24h", 62.5, 0.5))
    ]
    derived(city_url, domains["rain"], *sums)
    midnight = now().astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    counts = [
        ("ltk-01", f"parking_{kind}", midnight - day * DAY + 8 * HOUR + 5 * MINUTE, bays, {})
        for day in range(1, 8)
        for kind, bays in (("occupied", 12.0), ("free", 2.0))
    ]
    days = [
        ("ltk-01", "parking_turnover", midnight, 3.0, {"arrivals": 42}),
        ("ltk-01", "parking_amount_estimated", midnight, 1_050_000.0, {}),
    ]
    derived(city_url, domains["parking"], *counts, *days)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        while not rollups.refresh(conn, now()).caught_up:
            pass
    return at


def go(page: Page, url: str, path: str, query: str = "?lang=en") -> None:
    page.goto(f"{url}{path}{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def shown(at: datetime) -> str:
    return f"{at.astimezone(HANOI):%H:%M %d/%m/%Y}"


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.mark.parametrize(("language", "size"), [("vi", SMALL), ("en", DESK)], ids=["small", "desk"])
def test_both_pages_are_accessible_and_fit(
    browser: Browser, url: str, past: datetime, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        for path, ready in ((FLOOD, "#replay[data-ready='1']"), (PARKING, "[data-streets=ready]")):
            go(page, url, path, f"?lang={language}&range=7d")
            expect(page.locator(ready)).to_be_attached()
            picture(page, f"{path.rsplit('/')[-1]}-{language}-{size['width']}")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_slider_goes_to_the_past_by_keyboard_and_says_so(
    browser: Browser, url: str, past: datetime
) -> None:
    with opened(browser, url) as page:
        go(page, url, FLOOD)
        slider, point = (
            page.get_by_label("Time shown"),
            page.locator("#replay-points li", has_text="Tong Dan"),
        )
        expect(page.locator("#replay-word")).to_have_text("NOW")
        expect(point).to_contain_text("21 cm")
        expect(slider).to_be_enabled()
        slider.focus()
        for _ in range(20):
            if page.locator("#replay-time").text_content() == shown(past):
                break
            page.keyboard.press("ArrowLeft")
        expect(page.locator("#replay-word")).to_have_text("PAST")
        expect(page.locator("#replay-time")).to_have_text(shown(past))
        expect(slider).to_have_attribute(
            "aria-valuetext", re.compile(f"^PAST, {shown(past)}, .* before now$")
        )
        expect(page.locator("#replay-said")).to_contain_text(shown(past))
        expect(point).to_contain_text("47 cm")
        expect(point).to_contain_text("Severe: cars should not enter")
        expect(page.locator("#replay-gauges li", has_text="Hoan Kiem")).to_contain_text("2.5 mm")
        picture(page, "replay-past")
        assert violations(page) == []
        page.keyboard.press("ArrowRight")
        expect(point).to_contain_text("8 cm")
        page.keyboard.press("Home")
        expect(page.locator("#replay-points")).to_have_text("No data at this time.")
        page.get_by_role("button", name="Back to now").press("Enter")
        expect(page.locator("#replay-word")).to_have_text("NOW")
        expect(point).to_contain_text("21 cm")


def test_a_link_leads_to_the_same_moment_and_it_plays_on_to_now(
    browser: Browser, url: str, past: datetime
) -> None:
    with opened(browser, url) as page:
        go(page, url, FLOOD, f"?lang=en#at={past.astimezone(HANOI):%Y-%m-%dT%H:%M}")
        point = page.locator("#replay-points li", has_text="Tong Dan")
        expect(point).to_contain_text("47 cm")
        page.get_by_label("Speed").select_option(label="fast: 1 h a second")
        page.get_by_role("button", name="Play").click()
        expect(page.locator("#replay-word")).to_have_text("NOW")
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        expect(point).to_contain_text("21 cm")


def test_without_the_past_the_map_of_now_goes_on_and_it_can_be_asked_again(
    browser: Browser, url: str, past: datetime
) -> None:
    """An answer that is none: a refused one would stand in the browser's console, which no test may fill."""
    with opened(browser, url) as page:
        page.route("**/ops/api/replay?*", lambda route: route.fulfill(json=None))
        go(page, url, FLOOD)
        expect(page.locator("#replay-result")).to_contain_text("The map of now goes on.")
        expect(page.locator("#replay-points li", has_text="Tong Dan")).to_contain_text("21 cm")
        page.unroute("**/ops/api/replay?*")
        page.get_by_role("button", name="Load again").click()
        expect(page.get_by_label("Time shown")).to_be_enabled()


def test_sums_of_rain_and_the_hyetograph_can_be_taken_away(
    browser: Browser, url: str, past: datetime
) -> None:
    with opened(browser, url) as page:
        go(page, url, FLOOD, "?lang=en#hyetograph")
        expect(page.locator("#replay[data-ready='1']")).to_be_attached()
        expect(page).to_have_url(re.compile("#hyetograph$"))
        sums = page.locator("#rain-sums")
        expect(sums.locator("figcaption")).to_contain_text("most at Hoan Kiem, ≥ 62.5 mm (Heavy rain)")
        hyetograph = page.locator("#hyetograph")
        expect(hyetograph.locator("figcaption")).to_contain_text("Gauge Hoan Kiem, flood point Tong Dan")
        expect(hyetograph.locator("figcaption")).to_contain_text("It rained 30.0 mm, hardest 30.0 mm/h")
        expect(hyetograph.locator("figcaption")).to_contain_text(
            f"deepest at {past.astimezone(HANOI):%d/%m/%Y %H:%M}: 47 cm"
        )
        with page.expect_download() as sheet:
            hyetograph.get_by_role("link", name="CSV", exact=True).click()
        rows = list(csv.DictReader(io.StringIO(Path(sheet.value.path()).read_text("utf-8"))))
        assert sum(float(row["rain_mm"] or 0) for row in rows) == 30.0
        assert max(float(row["highest_depth_cm"] or 0) for row in rows) == 47.0
        hyetograph.locator("select[data-choice=gauge]").select_option(label="Cau Giay")
        expect(hyetograph.locator("figcaption")).to_contain_text("The gauge has no data in this span")
        expect(page).to_have_url(re.compile("hyetograph.gauge=rain-cau-giay"))


def test_a_bay_that_is_taken_changes_on_the_street_without_a_reload(
    browser: Browser, url: str, ingest: Mosquitto, past: datetime
) -> None:
    with opened(browser, url) as page:
        go(page, url, PARKING)
        point = page.get_by_role("group", name="Ly Thuong Kiet - point 1")
        bay = point.get_by_role("button", name=re.compile("^Bay 1:"))
        expect(page.locator(".street button")).to_have_count(248)
        expect(bay).to_have_accessible_name("Bay 1: Silent")
        expect(point.get_by_role("button", name="Bay 2: Occupied")).to_be_visible()
        expect(point.get_by_role("button", name="Bay 4: Overstaying")).to_be_visible()
        expect(page.locator("#overstays-list")).to_contain_text("Ly Thuong Kiet - point 1, Bay 4")
        expect(page.locator("#overstays-list")).to_contain_text("suggested limit 4 h")
        expect(point.locator(".count")).to_have_text("1 free of 14 · 11 silent")
        page.evaluate("globalThis.here = true")
        for occupied, name in ((False, "Bay 1: Free"), (True, "Bay 1: Occupied")):
            message = {
                "time": now().isoformat(),
                "results": {"occupied": occupied},
                "provenance": "simulated",
            }
            publish(
                ingest.url("publisher"),
                [(f"hanoi/v1/parking/{BAY}/observations", json.dumps(message).encode())],
            )
            expect(bay).to_have_accessible_name(name)
        assert page.evaluate("globalThis.here") is True
        bay.focus()
        expect(page.locator("#streets-readout")).to_contain_text("occupied since")
        expect(page.locator("#streets-readout")).to_contain_text("heard just now")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#streets-readout")).to_contain_text("Bay 2")
        picture(page, "streets-live")


def test_the_week_and_the_days_of_parking_add_up(browser: Browser, url: str, past: datetime) -> None:
    with opened(browser, url) as page:
        go(page, url, PARKING, "?lang=en&range=30d")
        week = page.locator("#parking-week")
        expect(week.locator("figcaption")).to_contain_text("86 % on average")
        with page.expect_download() as sheet:
            week.get_by_role("link", name="CSV", exact=True).click()
        rows = list(csv.DictReader(io.StringIO(Path(sheet.value.path()).read_text("utf-8"))))
        assert {(row["hour"], row["occupancy_percent"]) for row in rows} == {("8", "85.71")}
        assert sorted(row["weekday"] for row in rows) == ["1", "2", "3", "4", "5", "6", "7"]
        days = page.locator("#parking-days figcaption")
        expect(days).to_contain_text("3.0 cars a bay and day")
        expect(days).to_contain_text("1,050,000 đ (estimated from occupancy)")
