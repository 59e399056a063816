"""Things in a real browser with the real broker and ingest behind it: made, moved, replaced, retired, many by CSV."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.embedded.mosquitto import Mosquitto
from storage.operators import Role
from tests.browser import test_control_room, test_public_page
from tests.browser.test_control_room import DESK, browser, enter, is_ours, violations
from tests.dashboard.room import add
from tests.dashboard.room import serving as serving_room
from tests.integration.rejecting import rows
from tests.processes import ingest_env, publish, running
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.browser

__all__ = ["browser", "enter", "is_ours"]

SMALL = {"width": 360, "height": 740}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
NEW = "hem-325-kim-nguu"


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    add(city_url)
    with serving_room(city_url) as address:
        yield address


@pytest.fixture
def ingest(city_url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[str]:
    """Where devices publish."""
    env = ingest_env(city_url, broker.url("ingest"))
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        yield broker.url("publisher")


@pytest.fixture
def served(city_url: str) -> Iterator[Served]:
    Writer(city_url).write("flood-tong-dan", "water_depth", (now(), 12.0))
    with serving(city_url) as site:
        yield site


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def go(page: Page, url: str, path: str = "", language: str = "en") -> None:
    page.goto(f"{url}/ops/things{path}?lang={language}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()
    if path:
        expect(page.locator("html[data-kept='1']")).to_be_attached()


def fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_thing_is_made_by_page_and_its_value_is_on_the_citizens_map(
    browser: Browser, url: str, served: Served, ingest: str
) -> None:
    with (
        test_control_room.opened(browser, url) as page,
        test_public_page.opened(browser, served, "/en/") as citizen,
    ):
        go(page, url)
        page.locator("#domain").select_option("flood")
        page.get_by_label("Name in Vietnamese").fill("Hẻm 325 Kim Ngưu")
        expect(page.locator("#id")).to_have_value(NEW)
        expect(page.locator("#id-hint")).to_contain_text(f"hanoi/v1/flood/{NEW}/observations")
        page.get_by_label("Name in English").fill("Alley 325 Kim Nguu")
        page.locator("#properties").get_by_label("Water depth", exact=False).first.check()
        page.get_by_role("button", name="Pick on the map").click()
        page.locator("#new-map").click(position={"x": 200, "y": 120})
        expect(page.locator("#place")).to_contain_text("by the nearest centre")
        expect(page.locator("#new-source")).to_have_value("picked on the map")
        assert violations(page) == []
        picture(page, "things-new")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#new-result")).to_contain_text(f"{NEW} is there")
        page.get_by_label("Find by name or id").fill("hem 325")
        expect(page.locator("#list > li")).to_have_count(1)
        expect(page.locator("#list > li")).to_contain_text("Never heard")
        expect(page.locator("#list > li")).to_contain_text("by page only")

        element = {"time": now().isoformat(), "results": {"water_depth": 44.0}}
        publish(ingest, [(f"hanoi/v1/flood/{NEW}/observations", json.dumps(element).encode())])
        row = citizen.locator("tr", has=citizen.locator(f'button[data-thing="{NEW}"]'))
        expect(row).to_contain_text("Alley 325 Kim Nguu")
        expect(page.locator("#list > li")).to_contain_text("Live")

        page.locator("#list a").click()
        expect(page.locator("html[data-kept='1']")).to_be_attached()
        page.get_by_role("button", name="Retire", exact=True).click()
        page.locator("#retire-reason").fill("the alley is closed")
        page.locator("#retire").get_by_role("button", name="Retire").click()
        expect(page.locator("#kept-retired")).to_contain_text("the alley is closed")
        expect(page.locator("#state")).to_have_text("Retired")
        expect(row).to_have_count(0)
        page.get_by_role("button", name="Bring back").click()
        page.locator("#back-reason").fill("it is open")
        page.locator("#back").get_by_role("button", name="Bring back").click()
        expect(page.locator("#kept-result")).to_contain_text("in service again")
        expect(row).to_contain_text("Alley 325 Kim Nguu")


@pytest.mark.parametrize(("language", "size"), [("vi", SMALL), ("en", DESK)], ids=["vi-360", "en-desk"])
def test_a_move_and_a_replaced_sensor_stand_in_the_history_and_the_file_s_word_beside(
    browser: Browser, url: str, city_url: str, language: str, size: dict[str, int]
) -> None:
    vi = language == "vi"
    with test_control_room.opened(browser, url, size=size) as page:
        go(page, url, "/rain-cau-giay", language)
        expect(page.locator("#kept-places li")).to_have_count(1)
        page.locator("[data-opens=move]").click()
        page.locator("#move-since").fill("20/11/2026 08:00")
        page.locator("#move-reason").fill("sửa mái")
        page.locator("#move-lat").fill("21,04")
        page.locator("#move-source").fill("GPS")
        assert violations(page) == []
        fits(page, size["width"])
        picture(page, f"kept-move-{language}")
        page.locator("#move button[type=submit]").click()
        expect(page.locator("#kept-places li")).to_have_count(2)
        expect(page.locator("#kept-places li").first).to_contain_text("21,04000" if vi else "21.04000")
        expect(page.locator("#kept-places li").first).to_contain_text("20/11/2026 08:00")
        held = page.locator("#kept-held li")
        expect(held).to_contain_text("Tệp ghi (không có hiệu lực)" if vi else "The file says (not in force)")

        page.locator("[data-opens=sensor]").click()
        page.locator("#sensor-properties input").first.check()
        page.locator("#sensor-since").fill("21/11/2026 08:00")
        page.locator("#sensor-model").fill("TB-200")
        page.locator("#sensor-serial").fill("77")
        page.locator("#sensor-gain").fill("1,02")
        page.locator("#sensor-reason").fill("hỏng")
        picture(page, f"kept-sensor-{language}")
        page.locator("#sensor button[type=submit]").click()
        expect(page.locator("#kept-sensors li")).to_contain_text("TB-200 · 77")
        expect(page.locator("#kept-sensors li")).to_contain_text("× 1,02" if vi else "× 1.02")

        page.locator("[data-opens=edit]").click()
        page.locator("#edit-name-en").fill("Cau Giay roof")
        page.locator("#edit-attributes").fill("resolution_mm: 0.5")
        assert violations(page) == []
        page.locator("#edit button[type=submit]").click()
        expect(held).to_have_count(3)
        assert violations(page) == []
        fits(page, size["width"])
        picture(page, f"kept-{language}")
        held.filter(has_text="Cau Giay roof").get_by_role("button").click()
        expect(held).to_have_count(2)
    actions = rows(city_url, "SELECT action FROM operator_audit WHERE subject = 'rain-cau-giay' ORDER BY id")
    assert [row["action"] for row in actions] == [
        *("maintenance_noted", "thing_moved", "maintenance_noted", "sensor_replaced", "thing_edited"),
        "thing_follows_file",
    ]


@pytest.mark.parametrize(("language", "size"), [("vi", SMALL), ("en", DESK)], ids=["vi-360", "en-desk"])
def test_a_csv_is_looked_at_line_by_line_before_anything_changes(
    browser: Browser, url: str, city_url: str, tmp_path: Path, language: str, size: dict[str, int]
) -> None:
    head = "id;domain;name_vi;name_en;lat;lon\r\n"
    good = "rain-moi;rain;Trạm mới;New gauge;21,02;105,8\r\nhoan-kiem;;Hoàn Kiếm mới;;;\r\n"
    bad, mended = tmp_path / "bad.csv", tmp_path / "mended.csv"
    bad.write_bytes((head + good + "rain-hai;rain;;Two;95;x\r\n").encode("utf-8-sig"))
    mended.write_bytes((head + good).encode("utf-8-sig"))
    with test_control_room.opened(browser, url, size=size) as page:
        go(page, url, "", language)
        page.locator("#file").set_input_files(bad)
        page.locator("#bulk button[type=submit]").click()
        lines = page.locator("#bulk-rows tr")
        expect(lines).to_have_count(3)
        expect(lines.nth(0)).to_contain_text("thêm mới" if language == "vi" else "made")
        expect(lines.nth(1)).to_contain_text("→ Hoàn Kiếm mới")
        for part in ("4", "name_vi", "21.0285", "105.8542"):
            expect(lines.nth(2)).to_contain_text(part)
        expect(page.locator("#apply")).to_be_disabled()
        assert violations(page) == []
        fits(page, size["width"])
        picture(page, f"things-bulk-{language}")
        page.locator("#file").set_input_files(mended)
        page.locator("#bulk button[type=submit]").click()
        expect(page.locator("#apply")).to_be_enabled()
        assert rows(city_url, "SELECT id FROM thing WHERE id = 'rain-moi'") == []
        page.locator("#apply").click()
        expect(page.locator("#bulk-result")).to_contain_text(
            "Đã thực hiện" if language == "vi" else "Applied"
        )
        assert rows(
            city_url, "SELECT name_vi FROM thing WHERE id IN ('rain-moi', 'hoan-kiem') ORDER BY id"
        ) == [
            {"name_vi": "Hoàn Kiếm mới"},
            {"name_vi": "Trạm mới"},
        ]
        expect(page.locator("#list-count")).to_contain_text("/")
        assert violations(page) == []
        fits(page, size["width"])
        picture(page, f"things-{language}")


def test_a_viewer_sees_the_list_and_nothing_to_change(browser: Browser, city_url: str) -> None:
    add(city_url, role=Role.VIEWER)
    with serving_room(city_url) as url, test_control_room.opened(browser, url) as page:
        go(page, url)
        expect(page.locator("#list > li").first).to_be_visible()
        expect(page.locator("#making")).to_be_hidden()
        expect(page.locator("#many")).to_be_hidden()
        go(page, url, "/rain-cau-giay")
        expect(page.locator("#kept-places li")).to_have_count(1)
        expect(page.locator("#kept-buttons")).to_be_hidden()
