"""Citizens' reports in a real browser: sent with and without a script, moderated, seen on the map; both languages."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.embedded.postgres import Postgres
from storage import citizen_reports, db
from storage.citizen_reports import NewReport, ReportRow, Service, State
from storage.operators import Role
from tests.browser import test_control_room, test_public_page
from tests.browser.test_control_room import DESK, browser, violations
from tests.dashboard.pictures import photo
from tests.dashboard.room import add
from tests.dashboard.room import serving as serving_room
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 640}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
HOSTILE = '<img src=x onerror="document.title=1"></script><b>bold</b>'
SIZES = pytest.mark.parametrize("size", [SMALL, DESK], ids=["small", "desk"])
LANGUAGES = pytest.mark.parametrize("language", ["vi", "en"])
FORM = {"vi": "/vi/phan-anh", "en": "/en/report"}


@pytest.fixture
def served(postgres: Postgres, city_url: str) -> Iterator[Served]:
    Writer(city_url).write("flood-tong-dan", "water_depth", (now(), 12.0))
    postgres.create_login("public_login", member_of="hanoi_public")
    with serving(postgres.url("public_login", city_url.rsplit("/", 1)[1])) as site:
        yield site


def picture(page: Page, name: str, *, full: bool = True) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=full)


@contextmanager
def opened(
    browser: Browser, served: Served, path: str, *, size: dict[str, int] = DESK, script: bool = True
) -> Iterator[Page]:
    """A page that may ask only its own site, whose scripts may not fail, and that sets no cookie."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        java_script_enabled=script,
        geolocation={"latitude": 21.0285, "longitude": 105.8542},
        permissions=["geolocation"],
    )
    page = context.new_page()
    faults: list[str] = []
    home = urlsplit(served.url).netloc
    context.on(
        "request",
        lambda r: (
            None
            if urlsplit(r.url).netloc == home or r.url.startswith(("data:", "blob:"))
            else faults.append(f"left the site: {r.url}")
        ),
    )
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.goto(served.url + path)
    if script:
        expect(page.locator("html[data-ready='1']")).to_be_attached()
    yield page
    assert faults == []
    assert context.cookies() == []
    context.close()


def reports(url: str) -> list[ReportRow]:
    with db.connect(url, name="test") as conn:
        return citizen_reports.waiting(conn, State.NEW, 100)


def submitted(url: str, **change: object) -> str:
    new = {
        "service": Service.FLOOD,
        "lat": 21.0285,
        "lon": 105.8542,
        "description": "Ngập nửa bánh xe",
        "language": "vi",
        **change,
    }
    with db.connect(url, name="test") as conn:
        return citizen_reports.submit(conn, NewReport(**new))  # type: ignore[arg-type]


# Citizens


@LANGUAGES
def test_a_report_is_sent_without_a_script(
    browser: Browser, served: Served, city_url: str, language: str
) -> None:
    with opened(browser, served, FORM[language], size=SMALL, script=False) as page:
        expect(page.locator("#with-script")).to_be_hidden()
        page.locator("input[value=dead_fish]").check()
        page.locator("#ward").select_option("00070")
        page.locator("#description").fill(HOSTILE)
        page.locator("form#report [type=submit]").click()
        page.wait_for_url(re.compile(f"{FORM[language]}/[0-9A-Z]{{8}}$"))
        [row] = reports(city_url)
        assert (row.service, row.place_id, row.language, row.description) == (
            "dead_fish",
            "00070",
            language,
            HOSTILE,
        )
        expect(page.locator(".number")).to_have_text(row.number)
        words = {"vi": "Đang chờ trung tâm điều hành xem.", "en": "It waits for the operations centre"}
        expect(page.locator("main")).to_contain_text(words[language])
        page.goto(f"{served.url}{FORM[language]}")
        page.locator("#number").fill(f"{row.number[:4].lower()} {row.number[4:]}")
        page.locator(".follow [type=submit]").click()
        expect(page.locator(".number")).to_have_text(row.number)


def test_a_report_is_sent_with_a_tap_on_the_map_and_a_photo_made_smaller(
    browser: Browser, served: Served, city_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "IMG_0001.jpg"
    file.write_bytes(photo(3200, 2400) + b"\x00" * 500_000)  # as large as a phone's
    with opened(browser, served, f"{FORM['en']}?service=flood", size=SMALL) as page:
        expect(page.locator("input[value=flood]")).to_be_checked()
        page.get_by_role("button", name="Use my position").click()
        expect(page.locator("#place-said")).to_have_text("Position chosen")
        expect(page.locator("#lat")).to_have_value("21.02850")
        page.get_by_role("button", name="Clear the position").click()
        expect(page.locator("#lat")).to_have_value("")
        box = page.locator("#map")
        box.scroll_into_view_if_needed()
        box.click(position={"x": 100, "y": 150})
        expect(page.locator("#place-said")).to_have_text("Position chosen")
        expect(page.locator("#lat")).not_to_have_value("")
        page.locator("#description").fill("Water up to the knee")
        page.locator("#photo").set_input_files(file)
        expect(page.locator("#photo-said")).to_have_text("The photo was made smaller on your device.")
        picture(page, "report-form-filled-en-360")
        page.get_by_role("button", name="Send the report").click()
        page.wait_for_url(re.compile("/en/report/[0-9A-Z]{8}$"))
    [row] = reports(city_url)
    assert (row.place, row.language, row.has_photo) == ("point", "en", True)
    assert (20.9 < row.lat < 21.2, 105.7 < row.lon < 106.0) == (True, True)


@LANGUAGES
@SIZES
def test_the_form_and_its_answer_are_accessible_and_fit(
    browser: Browser, served: Served, city_url: str, language: str, size: dict[str, int]
) -> None:
    number = submitted(city_url)
    with opened(browser, served, FORM[language], size=size) as page:
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"report-form-{language}-{size['width']}")
        page.goto(f"{served.url}{FORM[language]}/{number}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"report-told-{language}-{size['width']}")


# The whole way


def go(page: Page, url: str, query: str) -> None:
    page.goto(f"{url}/ops/reports-from-citizens{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def test_a_report_comes_in_is_merged_confirmed_answered_and_seen_on_the_map(
    browser: Browser, served: Served, city_url: str
) -> None:
    add(city_url)
    with serving_room(city_url) as url, test_control_room.opened(browser, url) as desk:
        go(desk, url, "?lang=en")
        expect(desk.locator("#new")).to_contain_text("No reports.")
        first = submitted(city_url, description=HOSTILE, contact="0912 345 678")
        row = desk.locator("#new .report").filter(has_text=first)
        expect(row).to_contain_text("0912 345 678")  # by itself: the page was not asked anew
        expect(row.locator("blockquote")).to_have_text(HOSTILE)
        second = submitted(city_url, lat=21.0289)
        expect(desk.locator("#new .report")).to_have_count(2)
        expect(desk.locator(".report-pin")).to_have_count(2)
        desk.get_by_role("button", name=f"Merge into {first}").click()
        expect(desk.locator("#new .report")).to_have_count(1)
        expect(desk.locator("#over")).to_contain_text(second)

        desk.get_by_role("button", name=f"Confirm {first}").focus()
        desk.keyboard.press("Enter")
        expect(desk.get_by_role("dialog")).to_be_visible()
        assert violations(desk) == []
        desk.locator("#confirm-text").fill("Ngập ở Tràng Tiền")
        desk.get_by_role("dialog").get_by_role("button", name="Confirm").click()
        expect(desk.locator("#confirmed .report")).to_contain_text("on the map until")
        expect(desk.locator("#confirmed .report")).to_contain_text("with 1 more reports")

        with test_public_page.opened(browser, served, "/en/") as page:
            test_public_page.choose(page, f"citizen_report-{first}")
            panel = page.locator("#detail")
            expect(panel.locator(".status")).to_contain_text("Reported by citizens, confirmed by the centre")
            expect(panel.locator("blockquote")).to_have_text("Ngập ở Tràng Tiền")
            desk.get_by_role("button", name=f"Answer {first}").click()
            desk.locator("#answer-vi").fill("Đang bơm.")
            desk.locator("#answer-en").fill("Pumps are on.")
            desk.get_by_role("dialog").get_by_role("button", name="Answer").click()
            expect(desk.locator("#confirmed .report")).to_contain_text("Pumps are on.")
            expect(panel).to_contain_text("Pumps are on.")  # the panel was open already
            expect(panel).to_contain_text("Not measured")
            assert violations(page) == []
            picture(page, "report-on-map-en-1920", full=False)
            desk.get_by_role("button", name=f"Close report {first}").click()
            expect(desk.locator("#confirmed")).to_contain_text("No reports.")
            expect(page.locator(f'button[data-thing="citizen_report-{first}"]')).to_have_count(0)


@LANGUAGES
@SIZES
def test_the_page_of_moderation_is_accessible_and_fits(
    browser: Browser, city_url: str, language: str, size: dict[str, int]
) -> None:
    add(city_url, role=Role.VIEWER if size is SMALL else Role.OPERATOR)
    made = citizen_reports.Photo(content=photo(), width=800, height=600)
    submitted(city_url, photo=made, contact="0912 345 678")
    submitted(city_url, service=Service.SMOKE, description="Khói " * 200, language="en")
    submitted(city_url, lat=21.0286)
    with (
        serving_room(city_url) as url,
        test_control_room.opened(browser, url, f"?lang={language}", size=size) as page,
    ):
        go(page, url, f"?lang={language}")
        expect(page.locator("#new .report")).to_have_count(3)
        expect(page.locator(".picture img")).to_have_js_property("complete", True)
        assert page.locator(".picture img").evaluate("image => image.naturalWidth") == 800
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if size is SMALL:
            assert "0912" not in page.locator("main").inner_text()
            expect(page.locator(".report .primary")).to_have_count(0)
        picture(page, f"citizen-reports-{language}-{size['width']}")
