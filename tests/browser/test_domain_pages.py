"""Pages of domains in a real browser: one range for all panels, live, shared by link, noted on, small and large."""

import csv
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from deploy.embedded.mosquitto import Mosquitto
from storage import db, observations, rollups, things
from storage.catalog import load_catalog
from storage.model import HANOI, Observation, Provenance
from storage.operators import Role
from tests.browser.test_control_room import DESK, browser, enter, opened, violations
from tests.dashboard.room import add, serving
from tests.processes import ingest_env, publish, running
from tests.public_site import Writer, now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 740}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
STATIONS = ("hoan-kiem", "kim-lien", "tay-mo")
SONDES = ("west-lake-trich-sai", "west-lake-nhat-tan")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    """Two days of three stations with their indices and limits, and of two sondes, one of which falls silent."""
    add(city_url)
    writer, at = Writer(city_url), now()
    whole = at.replace(minute=0, second=0, microsecond=0)
    for n, station in enumerate(STATIONS):
        points = [(at - m * MINUTE, 40.0 + 10 * n + m % 50) for m in range(1, 2880, 10)]
        writer.write(station, "pm2_5", *points, provenance=Provenance.SIMULATED)
    for n, sonde in enumerate(SONDES):
        points = [(at - m * MINUTE, 2.5 + n + (m % 1440) / 240) for m in range(n * 600 + 1, 2880, 10)]
        writer.write(sonde, "dissolved_oxygen", *points, provenance=Provenance.SIMULATED)
    derived: list[tuple[str, str, datetime, float, dict[str, Any]]] = []
    for n, station in enumerate(STATIONS):
        for hours in range(48):
            sub = {"pm2_5": 92 + 30 * n + hours % 5, "co": 7}
            made = {"dominant": "pm2_5", "sub_indices": sub, "concentrations": {"pm2_5": 60.5}}
            derived.append((station, "vn_aqi", whole - hours * HOUR, sub["pm2_5"], made))
    midnight = at.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"percent": {"pm2_5_24h": 188.2}, "means": {"pm2_5_24h": 84.7}, "limits": {"pm2_5_24h": 45}}
    ratio = {"exceeded": ["pm2_5_24h"], "edition": "QCVN 05:2023/BTNMT", "edition_trust": "V", **named}
    derived.append(("tay-mo", "qcvn_05_ratio_daily", midnight, 188.2, ratio))
    derived.append(("tay-mo", "vn_aqi_daily", midnight, 160.0, {}))
    with db.connect(city_url, name="test", autocommit=True) as conn:
        derive(conn, derived)
        while not rollups.refresh(conn, at).caught_up:
            pass
    with serving(city_url) as address:
        yield address


def derive(conn: db.Connection, values: list[tuple[str, str, datetime, float, dict[str, Any]]]) -> None:
    """(station, property, time, result, what it was made of)."""
    properties = load_catalog()["air_quality"].properties
    streams = {
        (thing, key): things.ensure_datastream(conn, thing, properties[key]) for thing, key, *_ in values
    }
    rows = [
        Observation(
            datastream_id=streams[thing, key],
            phenomenon_time=at,
            result_time=at,
            result=result,
            provenance=Provenance.DERIVED,
            input_provenance=Provenance.SIMULATED,
            parameters=made,
        )
        for thing, key, at, result, made in values
    ]
    observations.write(conn, rows)


def go(page: Page, url: str, name: str = "air", query: str = "?lang=en") -> None:
    page.goto(f"{url}/ops/domains/{name}{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def words(page: Page, panel: str) -> Locator:
    return page.locator(f"#{panel} .words")


@pytest.mark.parametrize(
    ("name", "language", "size", "panels"),
    [
        ("air", "vi", SMALL, 6),
        ("air", "en", DESK, 6),
        ("water", "en", SMALL, 6),
        ("water", "vi", DESK, 6),
    ],
)
def test_pages_are_accessible_and_fit(
    browser: Browser, url: str, name: str, language: str, size: dict[str, int], panels: int
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        go(page, url, name, f"?lang={language}")
        expect(page.locator(".domain-panel")).to_have_count(panels)
        expect(page.locator("#freshness .badge")).to_have_text(
            {"vi": "Dữ liệu mô phỏng", "en": "Simulated data"}[language]
        )
        picture(page, f"domain-{name}-{language}-{size['width']}")
        for details in page.locator("details").all():
            if details.get_attribute("open") is None:
                details.locator("summary").first.click()
        assert violations(page) == []
        page.locator("#note-open").click()
        picture(page, f"domain-{name}-noting-{size['width']}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_air_says_how_it_is_by_number_word_and_colour(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        page.get_by_role("heading", name="Air quality").get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Air quality")
        expect(words(page, "matrix")).to_contain_text("highest Tay Mo: 15")
        expect(words(page, "matrix")).to_contain_text("VN_AQI (Bad)")
        expect(page.locator("#matrix .js-plotly-plot")).to_contain_text("Moderate60.5 µg/m³")
        expect(words(page, "calendar")).to_contain_text("highest 160 VN_AQI (Bad), Tay Mo")
        expect(words(page, "exceedances")).to_contain_text(
            "PM2.5, mean of 24 h, 188.20 % of the limit, Tay Mo"
        )
        page.locator("#exceedances summary", has_text="As a table").click()
        row = page.locator("#exceedances tbody tr")
        expect(row).to_contain_text("84.7 µg/m³")
        expect(row).to_contain_text("45 µg/m³")
        expect(row).to_contain_text("1 days")
        page.locator("#calendar select").select_option("tay-mo")
        expect(page).to_have_url(re.compile(r"calendar\.place=tay-mo"))
        expect(page.locator("#calendar .js-plotly-plot")).to_contain_text("Mon")


def test_a_sonde_that_is_silent_is_called_old_and_dips_have_their_hour(browser: Browser, url: str) -> None:
    with opened(browser, url, "?lang=vi") as page:
        go(page, url, "water", "?lang=vi")
        expect(words(page, "sondes")).to_contain_text("2 giá trị: 1 mới, 1 cũ")
        expect(page.locator("#sondes .js-plotly-plot")).to_contain_text("số liệu cũ")
        expect(words(page, "section")).to_contain_text("thấp nhất 2,50 mg/L (Cảnh báo) (Hồ Tây – Trích Sài")
        expect(words(page, "dips")).to_contain_text("thấp nhất 2,50 mg/L (Cảnh báo), Hồ Tây – Trích Sài")
        expect(words(page, "samples")).to_contain_text("Không có kết quả phòng thí nghiệm nào trong một năm.")
        expect(page.locator("#risk .note")).to_have_text("Không có số liệu")


def test_a_value_published_over_mqtt_is_drawn(
    browser: Browser, url: str, city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    env = ingest_env(city_url, broker.url("ingest"))
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        opened(browser, url) as page,
    ):
        go(page, url)
        expect(words(page, "compare")).to_contain_text("highest 91.0 µg/m³ (Kim Lien")
        body = {"time": now().isoformat(), "results": {"pm2_5": 123.4}}
        topic = "hanoi/v1/air_quality/kim-lien/observations"
        publish(broker.url("publisher"), [(topic, json.dumps(body).encode())])
        expect(words(page, "compare")).to_contain_text("highest 123.4 µg/m³ (Kim Lien")
        line = "document.querySelector('#compare .plot').data.find((one) => one.name === 'Kim Lien').y.at(-1)"
        page.wait_for_function(f"{line} === 123.4")


def test_one_range_for_all_panels_stands_in_the_link(browser: Browser, url: str, tmp_path: Path) -> None:
    with opened(browser, url) as page:
        go(page, url)
        page.get_by_role("button", name="7 days").press("Enter")
        expect(words(page, "hours")).to_contain_text("1 hour a square")
        expect(words(page, "compare")).to_contain_text("by the hour")
        page.locator("#compare summary", has_text="Places").press("Enter")
        page.locator("#compare").get_by_role("checkbox", name="Hoan Kiem").press("Space")
        expect(page).to_have_url(re.compile(r"range=7d&compare\.things="))
        expect(words(page, "compare")).to_contain_text("5 places")
        page.locator("#pollutants select").select_option("co")
        expect(words(page, "pollutants")).to_contain_text("Carbon monoxide CO")
        page.locator("#live").press("Enter")
        expect(page).to_have_url(re.compile(r"from=.*&to=.*pollutants\.property=co"))
        expect(page.locator("#shown-range")).to_contain_text("fixed range")
        shared = page.url
        page.get_by_role("button", name="Earlier").press("Enter")
        expect(words(page, "compare")).to_contain_text("no usable value")
        page.go_back()
        expect(words(page, "compare")).to_contain_text("5 places, ")
        page.goto(f"{url}/ops/")
        page.goto(shared)
        expect(words(page, "pollutants")).to_contain_text("Carbon monoxide CO")
        expect(words(page, "compare")).to_contain_text("5 places, ")
        drag(page, "compare")
        expect(page).not_to_have_url(shared)
        with page.expect_download() as plain:
            page.locator("#compare").get_by_role("link", name="CSV", exact=True).click()
        assert plain.value.suggested_filename.startswith("air_compare_")
        plain.value.save_as(tmp_path / "compare.csv")
        with (tmp_path / "compare.csv").open() as file:
            assert {row["thing"] for row in csv.DictReader(file)} == {"kim-lien"}
        with page.expect_download() as png:
            page.locator("#hours").get_by_role("button", name="PNG").click()
        png.value.save_as(tmp_path / "hours.png")
        assert (tmp_path / "hours.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        if PICTURES:
            png.value.save_as(f"{PICTURES}/domain-hours.png")


def drag(page: Page, panel: str) -> None:
    """Over the newest part of a chart; its height tells nothing."""
    page.locator(f"#{panel} .nsewdrag").scroll_into_view_if_needed()
    box = page.locator(f"#{panel} .nsewdrag").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.8, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.98, y, steps=5)
    page.mouse.up()


def test_what_is_noted_is_on_every_chart_over_time_until_it_is_withdrawn(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        page.locator("#compare").get_by_role("button", name="Annotate").press("Enter")
        expect(page.locator("#note-from")).to_have_value(re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d"))
        page.locator("#noting").get_by_role("button", name="Annotate").press("Enter")
        expect(page.locator("#noting-result")).to_have_text("Write what to note.")
        page.locator("#note-about").select_option("air_quality/tay-mo")
        page.locator("#note-text").fill("fireworks <b>here</b>")
        begins = (now() - 3 * HOUR).astimezone(HANOI)
        page.locator("#note-from").fill(f"{begins:%d/%m/%Y %H:%M}")
        page.locator("#note-to").fill(f"{begins + HOUR:%d/%m/%Y %H:%M}")
        page.locator("#noting").get_by_role("button", name="Annotate").press("Enter")
        expect(page.locator("#notes-result")).to_have_text("The annotation is added.")
        expect(page.locator("#notes li")).to_contain_text("fireworks <b>here</b>")
        expect(page.locator("#notes li")).to_contain_text("written by lan")
        for panel in ("hours", "compare", "exceedances"):
            expect(page.locator(f"#{panel} .js-plotly-plot")).to_contain_text("✎ fireworks <b>here</b>")
        picture(page, "domain-noted")
        page.get_by_role("button", name="Withdraw the note").press("Enter")
        expect(page.locator("#notes s")).to_have_text("fireworks <b>here</b>")
        expect(page.locator("#compare .js-plotly-plot")).not_to_contain_text("✎")


def test_a_viewer_reads_notes_and_writes_none(browser: Browser, url: str, city_url: str) -> None:
    add(city_url, role=Role.VIEWER)
    with opened(browser, url) as page:
        go(page, url)
        expect(page.locator("#notes-viewer")).to_have_text("Only operators write here.")
        expect(page.get_by_role("button", name="Annotate")).to_have_count(0)


def test_a_panel_that_fails_says_so_and_comes_back(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    enter(page, url, "?lang=en")
    body = json.dumps({"code": "database", "error": "The database does not answer."})
    page.route("**/panels/hours**", lambda route: route.fulfill(status=503, body=body))
    go(page, url)
    expect(page.locator("#hours-result")).to_have_text("The database does not answer.")
    expect(words(page, "compare")).to_contain_text("each value")
    page.unroute("**/panels/hours**")
    page.get_by_role("button", name="6 h", exact=True).click()
    expect(page.locator("#hours-result")).to_be_empty()
    expect(words(page, "hours")).to_contain_text("VN_AQI index")
    context.close()
