"""The page of one Thing in a real browser: live, by keyboard, shared by link, downloaded, noted on, small and large."""

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from storage import clocks, db, rejections, rollups
from storage.clocks import Skew
from storage.model import HANOI, Provenance, Quality, Rejection
from storage.operators import Role
from tests.browser.test_control_room import DESK, PHONE, browser, enter, fire, opened, violations
from tests.dashboard.room import add, serving
from tests.public_site import Writer, now

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
POINT = "flood-tong-dan"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def writer(city_url: str) -> Writer:
    """Four days of a flooded street with a silent day, a spike, an alert, a refused message and a clock that is off."""
    add(city_url)
    writer, at = Writer(city_url), now()
    midnight = at.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    for day, minutes in ((4, 1440), (3, 1440), (1, 720)):
        points = [(midnight - day * DAY + n * MINUTE, float(n % 40)) for n in range(minutes)]
        writer.write(POINT, "water_depth", *points, provenance=Provenance.SIMULATED)
    today = [(at - n * MINUTE, 35.0 - n % 30) for n in range(1, 60)]
    writer.write(POINT, "water_depth", *today, provenance=Provenance.SIMULATED)
    writer.write(POINT, "water_depth", (at - 70 * MINUTE, 190.0), quality=Quality.SUSPECT)
    writer.write(POINT, "battery", (at - 5 * MINUTE, 3.61))
    for day, hours in ((4, 24), (3, 24), (1, 12)):
        points = [(midnight - day * DAY + n * 60 * MINUTE, -80.0) for n in range(hours)]
        writer.write(POINT, "rssi", *points)
    fire(city_url, writer)
    rejection = Rejection(
        topic=f"hanoi/v1/flood/{POINT}/observations",
        payload=b'<img src=x onerror="document.title=1">{"time": "2026-11-22T10:00:00"}',
        reason="naive_time",
        detail={"faults": [{"path": "$.time", "reason": "naive_time", "message": "no offset"}]},
        received_at=at - DAY,
        source="native",
    )
    skew = Skew(skew_s=-7200.0, time=at, measured_at=at, repeated=True)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        conn.execute("UPDATE observation SET quality_reason = 'spike' WHERE quality = 3")
        while not rollups.refresh(conn, at).caught_up:
            pass
        with conn.transaction():
            rejections.insert(conn, [rejection])
            clocks.record(conn, {POINT: skew})
    return writer


@pytest.fixture
def url(city_url: str, writer: Writer) -> Iterator[str]:
    with serving(city_url) as address:
        yield address


def go(page: Page, url: str, thing: str = POINT, query: str = "?lang=en") -> None:
    page.goto(f"{url}/ops/things/{thing}{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def drawn(page: Page) -> None:
    expect(page.locator("#plot.js-plotly-plot .plot-container")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def fits(page: Page, size: dict[str, int]) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= size["width"])


@LANGUAGES
@SIZES
def test_the_page_is_accessible_and_fits(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        go(page, url, query=f"?lang={language}&range=7d")
        drawn(page)
        picture(page, f"thing-{language}-{size['width']}")
        for details in page.locator("details:visible").all():
            details.locator("summary").first.click()
        expect(page.locator("#table-rows tr").first).to_be_visible()
        expect(page.locator("#calendar-rows tr").first).to_be_visible()
        picture(page, f"thing-open-{language}-{size['width']}")
        assert violations(page) == []
        assert fits(page, size)


def test_everything_about_it_is_there(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        drawn(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Tong Dan")
        expect(page.locator("#other-name")).to_have_text("Tông Đản")
        expect(page.locator("#badges")).to_contain_text("Simulated data")
        expect(page.locator("#state")).to_have_text("Live")
        depth = page.locator("#series tr", has_text="Water depth")
        expect(depth).to_contain_text("34 cm")
        expect(depth).to_contain_text("simulated")
        expect(page.locator("#chart-words")).to_contain_text("far off the values beside it: 1")
        expect(page.locator("#scale")).to_contain_text("Not flooded: below 5 cm")
        expect(page.locator("#alerts li")).to_have_count(1)
        expect(page.locator("#alerts a.title")).to_have_attribute("href", re.compile(r"/ops/alerts/\d+"))
        expect(page.locator("#message-words")).to_have_text("The last message was accepted.")
        expect(page.locator("#rejected")).to_contain_text("Time without an offset")
        expect(page.locator("#rejected")).to_contain_text("<img src=x")
        expect(page.locator("#clock")).to_have_text("2 h ahead")
        expect(page.locator("#about")).to_contain_text("hanoi/v1/flood/flood-tong-dan/observations")
        page.locator("#series button", has_text="Signal strength").click()
        expect(page.locator("#calendar-words")).to_have_text(
            "Days: 3; mean 50.0 %; of 95 % or more: 1; silent: 1."
        )
        page.get_by_role("link", name="Show on the map").click()
        expect(page.locator("#thing-name")).to_have_text("Tong Dan")


def test_a_value_that_is_committed_appears(browser: Browser, url: str, writer: Writer) -> None:
    with opened(browser, url) as page:
        go(page, url)
        drawn(page)
        before = page.evaluate("document.getElementById('plot').data[0].y.length")
        button = page.locator("#series button", has_text="Water depth")
        button.focus()
        writer.write(POINT, "water_depth", (now(), 47.0), provenance=Provenance.SIMULATED)
        expect(page.locator("#series tr", has_text="Water depth")).to_contain_text("47 cm")
        expect(button).to_be_focused()
        page.wait_for_function("document.getElementById('plot').data[0].y.at(-1) === 47")
        assert page.evaluate("document.getElementById('plot').data[0].y.length") > before
        writer.write(POINT, "water_depth", (now(), 199.0), quality=Quality.FAIL)
        expect(page.locator("#series tr", has_text="Water depth")).to_contain_text("failed")
        page.wait_for_function("document.getElementById('plot').data[1].y.at(-1) === 199")
        page.wait_for_function("document.getElementById('plot').data[0].y.at(-1) === 47")
        expect(page.locator("#chart-words")).to_contain_text("highest 47 cm")


def test_a_link_shares_property_and_span_and_back_goes_back(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        page.locator("#property").select_option("battery")
        page.get_by_role("button", name="7 days").click()
        expect(page.locator("#spans [aria-pressed=true]")).to_have_text("7 days")
        expect(page).to_have_url(re.compile(r"\?property=battery&range=7d$"))
        expect(page.locator("#chart-words")).to_contain_text("Battery voltage")
        page.get_by_role("button", name="Earlier").click()
        expect(page).to_have_url(re.compile(r"property=battery&from=.*&to="))
        expect(page.locator("#chart-words")).to_contain_text("no usable value")
        shared = page.url
        page.get_by_role("button", name="Later").click()
        expect(page.locator("#chart-words")).to_contain_text("lowest 3.61 V")
        page.go_back()
        page.go_back()
        expect(page.locator("#spans [aria-pressed=true]")).to_have_text("7 days")
        page.goto(shared)
        expect(page.locator("#chart-words")).to_contain_text("Battery voltage")
        expect(page.locator("#chart-words")).to_contain_text("no usable value")
        page.get_by_role("link", name="Tiếng Việt").click()
        expect(page.locator("#chart-words")).to_contain_text("không có giá trị dùng được")


def test_the_keyboard_is_enough(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        drawn(page)
        page.get_by_role("button", name="30 days").press("Enter")
        expect(page.locator("#chart-words")).to_contain_text("by the hour")
        page.get_by_role("button", name="Zoom in").press("Enter")
        expect(page).to_have_url(re.compile("from=.*to="))
        page.locator("summary", has_text="Another span").press("Enter")
        page.locator("#from").fill("1/1/2026 00:00")
        page.locator("#to").fill("32 January")
        page.locator("#to").press("Enter")
        expect(page.locator("#chart-result")).to_have_text(re.compile("22/11/2026"))
        page.locator("#to").fill("2/1/2026")
        page.locator("#to").press("Enter")
        expect(page.locator("#shown-range")).to_contain_text("01/01/2026 00:00 – 02/01/2026 23:59")
        page.locator("#property").select_option("rssi")
        expect(page.locator("#calendar-of")).to_have_text("Signal strength")
        expect(page.locator("#calendar-words")).to_contain_text("Days: 3")
        page.locator("#calendar-scroll td[tabindex='0']").focus()
        expect(page.locator("#calendar-readout")).to_contain_text("50.0 % (12 of 24)")
        page.keyboard.press("ArrowUp")
        expect(page.locator("#calendar-readout")).to_contain_text("0.0 % (0 of 24)")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#calendar-readout")).to_contain_text("before the first value")
        page.keyboard.press("End")
        expect(page.locator("#calendar-readout")).to_contain_text("50.0 % (12 of 24)")
        assert page.locator("#calendar-scroll td[tabindex='0']").count() == 1


def test_dragging_over_the_chart_zooms(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url, query="?lang=en&range=7d")
        drawn(page)
        box = page.locator("#plot .nsewdrag").bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.5, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.75, y, steps=5)
        page.mouse.up()
        expect(page).to_have_url(re.compile("from=.*to="))
        found = re.search(r"from=([^&]+)&to=([^&]+)", page.url)
        assert found
        start, end = (datetime.fromisoformat(part.replace("%3A", ":")) for part in found.groups())
        assert abs((end - start) / (7 * DAY) - 0.25) < 0.02


def test_png_and_both_csv_are_downloaded(browser: Browser, url: str, tmp_path: Path) -> None:
    with opened(browser, url) as page:
        go(page, url)
        drawn(page)
        with page.expect_download() as png:
            page.get_by_role("button", name="PNG").click()
        png.value.save_as(tmp_path / "chart.png")
        content = (tmp_path / "chart.png").read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(content[16:20], "big") == 1400
        if PICTURES:
            (Path(PICTURES) / "thing-chart.png").write_bytes(content)
        with page.expect_download() as plain:
            page.get_by_role("link", name="CSV", exact=True).click()
        assert plain.value.suggested_filename.startswith("flood-tong-dan_water_depth_")
        plain.value.save_as(tmp_path / "chart.csv")
        lines = (tmp_path / "chart.csv").read_text("utf-8").splitlines()
        assert lines[0].startswith("thing,domain,property,unit,time,")
        with page.expect_download() as excel:
            page.get_by_role("link", name="CSV for Excel (Vietnamese)").click()
        excel.value.save_as(tmp_path / "excel.csv")
        table = (tmp_path / "excel.csv").read_bytes()
        assert table.startswith(b"\xef\xbb\xbfTh")
        assert len(table.decode("utf-8-sig").splitlines()) == len(lines)


def test_a_note_is_written_marked_and_withdrawn(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        drawn(page)
        expect(page.locator("#notes")).to_have_text("No note yet.")
        page.locator("summary", has_text="Add a note").press("Enter")
        page.locator("#note-kind").select_option("repair")
        page.locator("#note-text").fill("cable <b>mended</b>")
        page.locator("#note-form button").press("Enter")
        expect(page.locator("#notes-result")).to_have_text("Write when it began.")
        begins = now().astimezone(HANOI) - 30 * MINUTE
        page.locator("#note-from").fill(f"{begins:%d/%m/%Y %H:%M}")
        page.locator("#note-form button").press("Enter")
        expect(page.locator("#notes-result")).to_have_text("The note is added.")
        note = page.locator("#notes li")
        expect(note).to_contain_text("repair")
        expect(note).to_contain_text("cable <b>mended</b>")
        expect(note).to_contain_text("written by lan")
        expect(page.locator("#note-text")).to_have_value("")
        mark = "document.getElementById('plot').layout.annotations.some((one) => one.text === '⚒ repair')"
        page.wait_for_function(mark)
        page.get_by_role("button", name="Withdraw the note").click()
        expect(page.locator("#notes-result")).to_have_text("The note is withdrawn.")
        expect(note.locator("s")).to_have_text("cable <b>mended</b>")
        expect(note).to_contain_text("withdrawn by lan")
        page.wait_for_function(f"!({mark})")
        assert violations(page) == []


def test_a_viewer_reads_notes_and_writes_none(browser: Browser, url: str, city_url: str) -> None:
    add(city_url, role=Role.VIEWER)
    with opened(browser, url) as page:
        go(page, url)
        expect(page.locator("#notes-viewer")).to_have_text("Only operators write here.")
        expect(page.locator("#noting")).to_be_hidden()


@LANGUAGES
def test_a_thing_that_never_sent_says_so(browser: Browser, url: str, language: str) -> None:
    with opened(browser, url, f"?lang={language}") as page:
        go(page, url, "west-lake-trich-sai", f"?lang={language}")
        drawn(page)
        expect(page.locator("#state")).to_have_text({"vi": "Chưa có dữ liệu", "en": "No data yet"}[language])
        expect(page.locator("#message-words")).to_have_text(
            {"vi": "Chưa nhận được thông điệp nào.", "en": "No message has come yet."}[language]
        )
        expect(page.locator("#calendar-words")).to_have_text(
            {
                "vi": "Chưa có ngày trọn vẹn nào sau giá trị đầu tiên.",
                "en": "No whole day yet since the first value.",
            }[language]
        )
        picture(page, f"thing-empty-{language}")
        assert violations(page) == []


def test_a_point_leads_to_its_bays_and_a_bay_to_its_point(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url, "ltk-01")
        page.locator("#children summary").click()
        page.locator("#children-list a").first.click()
        expect(page).to_have_url(re.compile("/ops/things/ltk-01-b01$"))
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        page.locator("#parent a").click()
        expect(page).to_have_url(re.compile("/ops/things/ltk-01$"))


def test_without_what_draws_words_and_table_are_still_there(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "?lang=en")
    page.route("**/plotly.min.js", lambda route: route.abort())
    go(page, url)
    expect(page.locator("#chart-result")).to_have_text(
        "What draws could not be loaded; the words and the table below say the same."
    )
    expect(page.locator("#chart-words")).to_contain_text("Water depth")
    page.locator("#table-details summary").click()
    expect(page.locator("#table-rows tr").first).to_contain_text("34 cm")
    page.unroute("**/plotly.min.js")
    page.get_by_role("button", name="7 days").click()
    drawn(page)
    expect(page.locator("#chart-result")).to_be_empty()
    context.close()


def test_a_database_that_is_gone_is_said_and_comes_back(browser: Browser, url: str, city_url: str) -> None:
    context = browser.new_context(viewport={"width": LAPTOP["width"], "height": LAPTOP["height"]})
    page = context.new_page()
    enter(page, url, "?lang=en")
    go(page, url)
    drawn(page)
    body = json.dumps({"code": "database", "error": "The database does not answer."})
    page.route("**/ops/api/things/**", lambda route: route.fulfill(status=503, body=body))
    page.get_by_role("button", name="7 days").click()
    expect(page.locator("#chart-result")).to_have_text("The database does not answer.")
    expect(page.locator("#fault")).to_have_text("The database does not answer.")
    picture(page, "thing-gone")
    page.unroute("**/ops/api/things/**")
    expect(page.locator("#fault")).to_be_hidden()
    page.get_by_role("button", name="24 h").click()
    expect(page.locator("#chart-result")).to_be_empty()
    context.close()


def test_an_unknown_thing_has_a_page_that_says_so(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "?lang=en")
    answer = page.goto(f"{url}/ops/things/nowhere")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main")).to_contain_text("There is no Thing 'nowhere'.")
    expect(page.locator("main")).to_contain_text("Không có thiết bị 'nowhere'.")
    assert violations(page) == []
    context.close()
