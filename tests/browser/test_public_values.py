"""How the citizens' page says a value: numbers of a chart's axis, days, units, and what is not said at all."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.static import ASSETS
from storage import db, observations, things
from storage.catalog import load_catalog
from storage.model import Observation, Provenance, Quality
from tests.browser.test_public_page import PHONE, choose, opened, violations
from tests.browser.test_public_page import browser as browser  # the fixture
from tests.public_site import Writer, now, serving

pytestmark = pytest.mark.browser

HANOI = timezone(timedelta(hours=7))
DRAW = """async ([values, decimals, limits]) => {
  const { drawSeries } = await import("/assets/chart.js");
  const box = document.createElement("div");
  const points = values.map((result, i) => ({ time: new Date(i * 60000).toISOString(), result, quality: 1 }));
  drawSeries(box, { points, from: 0, to: 3600000, decimals, symbol: "", language: "en", boolean: false, intervalS: 60,
    bands: limits.map((below) => ({ below })), label: "", words: {}, width: 360 });
  const texts = (kind) => [...box.querySelectorAll(kind)].map((node) => node.textContent);
  return [texts(".axis.y"), texts(".limit-label")];
}"""
DAY = 'async ([at, language]) => (await import("/assets/format.js")).dayEndingAt(at, language)'

TIME = 'async ([at, language]) => (await import("/assets/format.js")).time(at, language)'


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    """A page that serves our scripts and nothing else."""
    page = browser.new_page()
    page.route(
        "http://assets.example/",
        lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"),
    )
    page.route(
        "http://assets.example/assets/*",
        lambda route: route.fulfill(
            path=ASSETS / route.request.url.rsplit("/", 1)[1], content_type="text/javascript"
        ),
    )
    page.goto("http://assets.example/")
    yield page
    page.close()


@pytest.mark.parametrize("at", ["", "no time", None])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_is_no_time_is_said_as_none(blank: Page, at: str | None, language: str) -> None:
    assert blank.evaluate(TIME, [at, language]) == "–"


@pytest.mark.parametrize(
    ("values", "decimals", "axis"),
    [
        ([0, 9.5], 1, ["0.0", "2.5", "5.0", "7.5", "10.0"]),
        ([0, 0.9], 1, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        ([0, 0.004], 1, ["0.000", "0.001", "0.002", "0.003", "0.004"]),
        ([21.0, 21.4], 1, ["21.0", "21.1", "21.2", "21.3", "21.4"]),
        ([-1, 1], 1, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        ([0, 1], 0, ["0", "1"]),
        ([2, 2], 0, ["1", "2", "3"]),
        ([0, 9], 0, ["0", "5", "10"]),
        ([0, 4_550_000], 0, ["0", "2,000,000", "4,000,000", "6,000,000"]),
    ],
)
def test_an_axis_says_where_its_lines_are(
    blank: Page, values: Sequence[float], decimals: int, axis: Sequence[str]
) -> None:
    assert blank.evaluate(DRAW, [values, decimals, []])[0] == axis


def test_a_limit_is_said_as_the_legend_says_it(blank: Page) -> None:
    rain = load_catalog()["rain"].properties["rain_interval"]
    limits = [band.below for band in rain.bands]
    said = blank.evaluate(DRAW, [[0, 9.5], rain.decimals, limits])[1]
    assert said == ["→ 0.05", "→ 0.21", "→ 0.83", "→ 4.17"]


@pytest.mark.parametrize(
    ("at", "language", "day"),
    [
        ("2026-11-22T17:00:00Z", "vi", "22/11"),
        ("2026-11-22T17:00:00Z", "en", "22 Nov"),
        ("2026-12-31T17:00:00Z", "vi", "31/12"),
        ("2026-11-22T23:00:00Z", "vi", "23/11"),
    ],
)
def test_midnight_in_hanoi_belongs_to_the_day_that_ends(
    blank: Page, at: str, language: str, day: str
) -> None:
    assert blank.evaluate(DAY, [at, language]) == day


def derive(
    city_url: str, domain: str, thing: str, values: dict[str, tuple[datetime, float]], **more: Any
) -> None:
    """Values as the engine writes them, into Datastreams that it would make."""
    properties = load_catalog()[domain].properties
    with db.connect(city_url, name="test") as conn:
        batch = [
            Observation(
                datastream_id=things.ensure_datastream(conn, thing, properties[key]),
                phenomenon_time=at,
                result_time=at,
                result=result,
                provenance=Provenance.DERIVED,
                input_provenance=Provenance.SIMULATED,
                **more,
            )
            for key, (at, result) in values.items()
        ]
        observations.write(conn, batch)


def midnight() -> datetime:
    """The newest one in Hanoi."""
    return now().astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def test_a_parking_point_counts_once_and_says_of_which_day_its_values_are(
    browser: Browser, city_url: str
) -> None:
    Writer(city_url).write("ltk-01-b01", "occupied", (now(), 0.0), provenance=Provenance.SIMULATED)
    counts = {"parking_free": (now(), 9.0), "parking_occupancy": (now(), 35.7)}
    derive(city_url, "parking", "ltk-01", {**counts, "parking_dwell_mean": (midnight(), 82.84)})
    derive(city_url, "parking", "ltk-01", {"parking_turnover": (midnight(), 8.5)}, quality=Quality.MISSING)
    ended = (midnight() - timedelta(hours=1)).astimezone(HANOI)
    with serving(city_url) as served, opened(browser, served, size=PHONE) as page:
        choose(page, "ltk-01")
        page.locator(".derived summary").click()
        expect(page.locator(".derived tr")).to_have_text(
            f"Thời gian đỗ trung bình trong ngày83 phútngày {ended:%d/%m} · tính toán (từ dữ liệu mô phỏng)"
            " · đếm từ cảm biến ô đỗ"  # each value says how it came to be
        )
        expect(page.locator("#chart-property option")).to_have_text(
            ["Số chỗ trống", "Tỷ lệ lấp đầy", "Thời gian đỗ trung bình trong ngày"]
        )
        expect(page.locator("#detail .chart")).to_be_visible()
        expect(page.get_by_text("Chọn một ô để xem 24 giờ qua.")).to_be_hidden()
        page.locator("#detail .bay").first.click()
        expect(page.locator("#chart-property")).to_have_value("")  # the chart is none of the point's
        assert violations(page) == []


def test_without_a_chart_a_parking_point_says_how_to_get_one(browser: Browser, city_url: str) -> None:
    Writer(city_url).write("ltk-01-b01", "occupied", (now(), 0.0))
    with serving(city_url) as served, opened(browser, served, "/en/") as page:
        choose(page, "ltk-01")
        hint = page.get_by_text("Choose a bay to see its last 24 hours.")
        expect(hint).to_be_visible()
        page.locator("#detail .bay").first.click()
        expect(hint).to_be_hidden()


def test_what_is_derived_is_not_called_checked_and_names_its_scale(browser: Browser, city_url: str) -> None:
    Writer(city_url).write("hoan-kiem", "pm2_5", (now(), 61.5))
    derive(city_url, "air_quality", "hoan-kiem", {"vn_aqi": (now(), 120.0), "us_aqi": (now(), 152.0)})
    with serving(city_url) as served, opened(browser, served, "/en/", size=PHONE) as page:
        choose(page, "hoan-kiem")
        rows = page.locator("#detail > .values:not(.forecasts) tr")
        index, dust = rows.first, rows.last
        expect(index).to_contain_text("120 – Poor")
        expect(dust).to_contain_text("checked, good")
        expect(index).not_to_contain_text("checked")
        page.locator(".derived summary").click()
        expect(page.locator(".derived tr")).to_contain_text("The US scale, not that of VN_AQI")
        expect(page.locator(".derived tr")).not_to_contain_text("checked")
        assert violations(page) == []


def test_a_value_that_is_withdrawn_leaves_the_open_panel(browser: Browser, city_url: str) -> None:
    at = now()
    Writer(city_url).write("west-lake-trich-sai", "ph", (at, 7.66))
    derive(city_url, "water_quality", "west-lake-trich-sai", {"fish_kill_risk": (at, 0.0)})
    with serving(city_url) as served, opened(browser, served, "/en/") as page:
        choose(page, "west-lake-trich-sai")
        expect(page.locator("#detail .values .value").first).to_have_text("7.66")  # its name says pH
        page.locator(".derived summary").click()
        expect(page.locator(".derived .value")).to_have_text("0 – No sign seen")
        page.locator("#chart-property").select_option("fish_kill_risk")
        expect(page.locator("#detail .chart")).to_have_attribute(
            "aria-label", re.compile("Risk of a fish kill, Last 24 hours; lowest 0")
        )
        gone = {"fish_kill_risk": (at + timedelta(seconds=1), 0.0)}
        derive(city_url, "water_quality", "west-lake-trich-sai", gone, quality=Quality.MISSING)
        expect(page.locator(".derived")).to_be_hidden()
        expect(page.locator("#chart-property option")).to_have_count(1)
        expect(page.locator("#chart-property")).to_have_value("ph")
