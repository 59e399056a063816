"""What an operator sees of the data itself, in a real browser: with facts, without, in both languages and sizes."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from storage import clocks, db, retention, rollups
from storage.clocks import Skew
from storage.model import HANOI, Quality
from storage.retention_policy import load_retention
from tests.browser.test_control_room import DESK, PHONE, browser, opened, violations
from tests.dashboard.room import add, serving
from tests.public_site import Writer, now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
POLICY = """
[default]
raw = "400d"
[domain.parking]
raw = "90d"
hourly = "3y"
daily = "forever"
"""
DAY = timedelta(days=1)


@pytest.fixture
def url(city_url: str, tmp_path: Path) -> Iterator[str]:
    """Six days of five stations, one of which drifts; a gauge that sent half, one that stands still, two clocks."""
    add(city_url)
    writer, at = Writer(city_url), now()
    midnight = at.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    for number, thing in enumerate(("hoan-kiem", "hang-dau", "kim-lien", "thanh-cong", "trung-yen-3")):
        for day in range(6):
            start = midnight - (6 - day) * DAY
            drift = 4.0 * day if number == 0 else 0.0
            points = [(start + n * timedelta(minutes=5), 30.0 + number + drift + n % 5) for n in range(288)]
            writer.write(thing, "pm2_5", *points)
    rain = [(midnight - 2 * DAY + n * timedelta(minutes=5), 0.0) for n in range(1, 432)]
    writer.write("rain-cau-giay", "rain_interval", *rain)
    still = [(at - n * timedelta(minutes=5), 17.0) for n in range(90)]
    writer.write("flood-tong-dan", "water_depth", *still, quality=Quality.SUSPECT)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        conn.execute("UPDATE observation SET quality_reason = 'stuck' WHERE quality = 3")
        while not rollups.refresh(conn, at).caught_up:
            pass
        skews = {
            "hoan-kiem": Skew(skew_s=-7200.0, time=at, measured_at=at, repeated=True),
            "rain-cau-giay": Skew(skew_s=140.0, time=at, measured_at=at, repeated=True),
        }
        with conn.transaction():
            clocks.record(conn, skews)
        (tmp_path / "retention.toml").write_text(POLICY, "utf-8")
        policies = load_retention(tmp_path / "retention.toml", ["parking"])
        outcome = retention.retain(conn, policies, at)
        retention.record(conn, at, succeeded=True, detail=outcome.detail())
    with serving(city_url, retention_file=tmp_path / "retention.toml") as address:
        yield address


def go(page: Page, url: str, query: str = "?lang=en") -> None:
    page.goto(f"{url}/ops/data{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_the_facts_are_there(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        page.get_by_role("link", name="Data", exact=True).click()
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        parking = page.locator("#kept tr", has_text="Parking")
        expect(parking).to_contain_text("kept 90 days")
        expect(parking).to_contain_text("kept 1098 days")
        expect(page.locator("#kept tr", has_text="Air quality")).to_contain_text("8,640")
        expect(page.locator("#edition")).to_have_text(
            "TimescaleDB, apache edition. This edition can't compress."
        )
        expect(page.locator("#jobs tr", has_text="Retention")).to_contain_text("0 raw values deleted")
        expect(page.locator("#complete")).to_contain_text("Air quality 100.0 %")
        gauge = page.locator("#incomplete tr").first
        expect(gauge).to_contain_text("Cau Giay")
        expect(gauge).to_contain_text("50.0 %")
        expect(gauge).to_contain_text("144 / 288")
        expect(page.locator("#stuck tr")).to_have_count(1)
        expect(page.locator("#stuck")).to_contain_text("17")
        expect(page.locator("#drifting tr").first).to_contain_text("Hoan Kiem")
        expect(page.locator("#drifting tr").first).to_contain_text("+4.00")
        expect(page.locator("#skewed tr")).to_have_count(2)
        expect(page.locator("#skewed tr").first).to_contain_text("2 h ahead")
        for where, thing in (
            ("#incomplete", "rain-cau-giay"),
            ("#stuck", "flood-tong-dan"),
            ("#drifting", "hoan-kiem"),
            ("#skewed", "hoan-kiem"),
        ):
            link = page.locator(f"{where} tr").first.get_by_role("link")
            expect(link).to_have_attribute("href", f"/ops/things/{thing}")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_accessible_and_fits(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        go(page, url, f"?lang={language}")
        expect(page.locator("#skewed tr")).to_have_count(2)
        picture(page, f"data-{language}-{size['width']}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_on_a_phone_no_column_is_cut(browser: Browser, url: str) -> None:
    with opened(browser, url, size=PHONE) as page:
        go(page, url)
        expect(page.locator("#skewed tr")).to_have_count(2)
        right = page.evaluate(
            "Math.max(...[...document.querySelectorAll('.scroll td, .scroll tbody th')]"
            ".map((cell) => cell.getBoundingClientRect().right))"
        )
        assert right <= PHONE["width"]
        daily = page.locator("#kept tr", has_text="Parking").locator("td").last
        label = daily.evaluate("(cell) => getComputedStyle(cell, '::before').content")
        assert label == '"By the day"'


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_city_without_data_says_so(browser: Browser, city_url: str, size: dict[str, int]) -> None:
    add(city_url)
    with serving(city_url) as url, opened(browser, url, size=size) as page:
        go(page, url)
        expect(page.locator("#policy")).to_have_text(
            "HANOI_RETENTION_FILE is not set: everything is kept for ever."
        )
        expect(page.locator("#incomplete")).to_have_text("No whole day yet since the first value.")
        expect(page.locator("#stuck")).to_have_text("Nothing stands still.")
        expect(page.locator("#drifting")).to_have_text("Not yet five days with two neighbours or more.")
        expect(page.locator("#skewed")).to_have_text("No clock is off by a minute or more.")
        expect(page.locator("#jobs tr", has_text="Retention")).to_contain_text("has not run")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"data-empty-{size['width']}")


def test_a_file_that_can_not_be_used_is_said(browser: Browser, city_url: str, tmp_path: Path) -> None:
    add(city_url)
    (tmp_path / "retention.toml").write_text('[default]\nraw = "3d"\n', "utf-8")
    with serving(city_url, retention_file=tmp_path / "retention.toml") as url, opened(browser, url) as page:
        go(page, url)
        policy, kept = page.locator("#policy"), page.locator("#kept tr").first
        expect(policy).to_contain_text("can't be used, so nothing is deleted for now: ")
        expect(policy).to_contain_text("default.raw: must be 40d or more")
        expect(kept).to_contain_text("kept for now, since the file can't be used")
        expect(kept).not_to_contain_text("for ever")
        go(page, url, "?lang=vi")
        expect(policy).to_contain_text("Không dùng được tệp HANOI_RETENTION_FILE nên tạm thời không xóa gì.")
        reason = policy.locator("[lang=en]")
        expect(reason).to_contain_text("default.raw: must be 40d or more")
        expect(kept).to_contain_text("giữ tạm thời, vì không dùng được tệp")
        expect(kept).not_to_contain_text("mãi mãi")
