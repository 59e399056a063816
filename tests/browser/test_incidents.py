"""Incidents and reports in a real browser: from an alert to its end, with somebody else looking on."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect
from pypdf import PdfReader

from deploy.embedded.postgres import Postgres
from storage.operators import Role
from tests.browser.chromium import launched
from tests.browser.test_control_room import DESK, violations
from tests.conftest import _clone
from tests.dashboard.alert_scene import Scene, scene
from tests.dashboard.room import PASSWORD, add, serving
from tests.public_site import now

pytestmark = pytest.mark.browser

SMALL = {"width": 360, "height": 740}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
TITLE = "Ngập đường Tông Đản: xe tải chết máy"
NOTE = "Đã gọi đội thoát nước số 2"


@dataclass(kw_only=True)
class Rig:
    url: str
    made: Scene
    browser: Browser


@pytest.fixture(scope="module")
def rig(
    postgres: Postgres, city_template: str, tmp_path_factory: pytest.TempPathFactory, playing: Playwright
) -> Iterator[Rig]:
    """One room for all tests: what one did is what the next one finds."""
    for database in _clone(postgres, city_template):
        add(database)
        add(database, name="minh")
        add(database, name="wall", role=Role.VIEWER)
        browser = launched(playing)
        with (
            scene(database, tmp_path_factory.mktemp("scene"), now()) as made,
            serving(database, alerting_file=made.alerting_file) as url,
        ):
            yield Rig(url=url, made=made, browser=browser)
        browser.close()


@pytest.fixture(scope="module")
def playing() -> Iterator[Playwright]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def opened(
    rig: Rig, path: str, *, who: str = "lan", language: str = "en", size: dict[str, int] = DESK
) -> Iterator[Page]:
    """The page after a login. It may ask only its own site, and its scripts may not fail."""
    viewport: Any = {"width": size["width"], "height": size["height"]}
    context = rig.browser.new_context(viewport=viewport, reduced_motion="reduce")
    page = context.new_page()
    faults: list[str] = []
    left = rig.url.removesuffix("/")
    context.on(
        "request",
        lambda request: (
            None if request.url.startswith((left, "data:", "blob:")) else faults.append(request.url)
        ),
    )
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.goto(f"{rig.url}/ops/login?lang={language}")
    page.locator("#username").fill(who)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("html[data-ready='1']")).to_be_attached()
    go(page, rig, path)
    yield page
    assert faults == []
    context.close()


def go(page: Page, rig: Rig, path: str) -> None:
    page.goto(f"{rig.url}/ops/{path}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def looks_right(page: Page, name: str, size: dict[str, int] = DESK) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    picture(page, name)


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "#406080").save(out, "JPEG")
    return out.getvalue()


def test_without_an_incident_the_page_says_so_in_both_languages_and_sizes(rig: Rig) -> None:
    vi, en = "Không có sự cố nào đang mở.", "No incident is open."
    for language, nothing, size in (("vi", vi, SMALL), ("en", en, DESK)):
        with opened(rig, "incidents", language=language, size=size) as page:
            expect(page.locator("#open")).to_have_text(nothing)
            looks_right(page, f"incidents-empty-{language}", size)


def test_an_incident_from_an_alert_to_its_end_while_another_looks_on(rig: Rig) -> None:
    with (
        opened(rig, f"alerts/{rig.made.ids['flooded']}", language="vi") as page,
        opened(rig, "incidents", who="minh", size=SMALL) as other,
    ):
        # opened in one press, and it leads there
        page.get_by_role("button", name="Mở sự cố").click()
        expect(page.locator("#title")).to_contain_text("Tông Đản")
        expect(page.locator("#steps > li")).to_have_count(3)
        # the second operator sees it come, and goes there
        other.locator("#open a.title").click()
        expect(other.locator("html[data-ready='1']")).to_be_attached()
        expect(other.locator("#title")).to_contain_text("Tông Đản")

        # by keyboard: the first step, and the focus stays on it
        first = page.locator("#steps input").first
        first.focus()
        page.keyboard.press("Space")
        expect(page.locator("#steps-result")).to_have_text("Đã đánh dấu xong.")
        expect(first).to_be_focused()
        expect(other.locator("#steps > li").first).to_contain_text("✓ lan")
        expect(other.locator("#steps-count")).to_have_text("1/3")
        other.locator("#steps input").first.uncheck()
        expect(page.locator("#steps > li").first).not_to_contain_text("✓")
        first.check()

        page.locator("#fact-title").fill(TITLE)
        page.locator("#fact-assignee").fill("Đội thoát nước số 2")
        page.locator("#fact-commander").select_option("lan")
        page.get_by_role("button", name="Lưu thay đổi").click()
        expect(other.locator("#title")).to_have_text(TITLE)
        expect(other.locator("#who")).to_contain_text("commander: lan · at work: Đội thoát nước số 2")

        page.locator("#note").fill(NOTE)
        page.get_by_role("button", name="Ghi", exact=True).click()
        expect(other.locator("#timeline > li", has_text=NOTE)).to_contain_text("lan noted")
        expect(page.locator("#note")).to_have_value("")
        page.locator("#step-text").fill("Báo trường học bên cạnh")
        page.locator("#step-form").get_by_role("button").click()
        expect(other.locator("#steps > li")).to_have_count(4)

        wrong = {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"MZ\x90\x00 a program"}
        page.locator("#file").set_input_files(wrong)  # type: ignore[arg-type]  # a plain dictionary is such a file
        page.get_by_role("button", name="Đính kèm").click()
        expect(page.locator("#file-result.bad")).to_contain_text("Chỉ nhận ảnh JPEG")
        sent = {"name": "hiện trường.jpeg", "mimeType": "image/jpeg", "buffer": photo()}
        page.locator("#file").set_input_files(sent)  # type: ignore[arg-type]  # a plain dictionary is such a file
        page.get_by_role("button", name="Đính kèm").click()
        expect(other.locator("#files img")).to_be_visible()
        with other.expect_download() as download:
            other.get_by_role("link", name="hiện trường.jpg").click()
        assert download.value.suggested_filename == "hiện trường.jpg"

        # messages are there for who asks; what people and alerts did stands without them
        before = page.locator("#timeline > li").count()
        page.locator("#messages").check()
        assert page.locator("#timeline > li").count() > before
        looks_right(page, "incident-vi")
        other.locator("#join-alert").select_option(str(rig.made.ids["ordinary"]))
        other.locator("#join-form").get_by_role("button").click()
        expect(page.locator("#alerts > li")).to_have_count(2)
        looks_right(other, "incident-en-small", SMALL)

        page.locator("#close").click()
        expect(page.locator("#end-result.bad")).to_have_text("Hãy viết kết quả xử lý.")
        page.locator("#close-text").fill("Nước đã rút, đường thông lúc 15:20")
        page.locator("#close").click()
        expect(other.locator("#state")).to_have_text("closed")
        expect(other.locator("#resolution")).to_have_text("Nước đã rút, đường thông lúc 15:20")
        expect(other.locator("#steps input").first).to_be_disabled()
        other.locator("#reopen-text").fill("It rises again")
        other.locator("#reopen").click()
        expect(page.locator("#state")).to_have_text("đang xử lý")


def test_chosen_alerts_of_the_queue_become_one_incident(rig: Rig) -> None:
    with opened(rig, "alerts") as page:
        inside = page.locator("#acknowledged > li", has_text="Street flooded 30 cm")
        expect(inside.get_by_role("link", name="In incident")).to_be_visible()
        expect(inside.get_by_role("checkbox")).to_have_count(0)
        expect(page.locator("#picked")).to_be_hidden()
        boxes = page.get_by_role("checkbox", name="Choose for an incident")
        chosen = boxes.count()
        assert chosen >= 2
        for box in boxes.all():
            box.check()
        expect(page.locator("#picked-open")).to_have_text(f"Open an incident from {chosen} alerts")
        assert violations(page) == []
        picture(page, "alerts-picked")
        page.locator("#picked-open").click()
        expect(page.locator("#alerts > li")).to_have_count(chosen)
        go(page, rig, "incidents")
        expect(page.locator("#open > li")).to_have_count(2)
        page.locator("#search-words").fill("no such incident")
        page.get_by_role("button", name="Search").click()
        expect(page.locator("#closed")).to_have_text("No incident was found.")


def test_who_may_only_look_finds_nothing_to_press_and_a_forged_request_is_refused(rig: Rig) -> None:
    with opened(rig, "incidents", who="wall") as page:
        expect(page.locator("#opening")).to_be_hidden()
        page.locator("#open a.title", has_text="Tông Đản").click()
        expect(page.locator("#viewer")).to_be_visible()
        expect(page.locator("main").get_by_role("button")).to_have_count(0)
        expect(page.locator("#steps input:enabled, #facts :is(input, select):enabled")).to_have_count(0)
        status = page.evaluate(
            """async () => {
              const token = decodeURIComponent(document.cookie.match(/hanoi_ops_csrf=([^;]+)/)[1]);
              const headers = { "X-CSRF-Token": token, "Content-Type": "application/json" };
              const id = document.getElementById("words").dataset.incident;
              const body = '{"text": "x"}';
              const answer = await fetch(`/ops/api/incidents/${id}/close`, { method: "POST", headers, body });
              return answer.status;
            }"""
        )
        assert status == 403
        expect(page.locator("#state")).to_have_text("open")
        go(page, rig, "reports/shift")
        expect(page.locator("#hand-over")).to_have_count(0)


def test_the_shift_report_says_what_happened_and_is_handed_over_as_a_pdf_too(rig: Rig) -> None:
    with opened(rig, "reports/shift", language="vi") as page:
        report = page.locator("article.report")
        expect(report).to_contain_text(TITLE)
        expect(report).to_contain_text("lan")
        expect(report.locator(".banner")).to_contain_text("DỮ LIỆU MÔ PHỎNG")
        looks_right(page, "shift-vi")
        page.locator("#hand-note").fill("Trạm bơm số 3 đang sửa")
        page.locator("#hand-over").get_by_role("button").click()
        expect(page).to_have_url(f"{rig.url}/ops/reports/shift/1")
        expect(report).to_contain_text("Trạm bơm số 3 đang sửa")
        expect(page.locator("main")).to_contain_text("Báo cáo đã bàn giao: đúng như lúc đó.")
        href = page.get_by_role("link", name="Tải PDF").get_attribute("href")
        answer = page.context.request.get(f"{rig.url}{href}?lang=vi")
        assert answer.headers["content-type"] == "application/pdf"
        content = answer.body()
        assert content.startswith(b"%PDF")
        text = " ".join(one.extract_text() for one in PdfReader(io.BytesIO(content)).pages)
        assert TITLE in " ".join(text.split())

        # printed from the browser it is black on white, and what can be pressed is not on the paper
        page.emulate_media(media="print")
        expect(page.locator(".report-controls")).to_be_hidden()
        expect(page.locator("header.bar")).to_be_hidden()
        assert report.evaluate("one => getComputedStyle(one).color") == "rgb(0, 0, 0)"
        picture(page, "shift-print")


def test_reports_are_accessible_and_fit_and_keep_what_was_asked_in_the_other_language(rig: Rig) -> None:
    for language, size in (("vi", SMALL), ("en", DESK)):
        with opened(rig, "reports/daily", language=language, size=size) as page:
            for name in ("daily", "monthly", "shift"):
                go(page, rig, f"reports/{name}")
                expect(page.locator("article.report h3").first).to_be_visible()
                looks_right(page, f"{name}-{language}", size)
    with opened(rig, "reports/daily?date=22/11/2025") as page:
        expect(page.locator(".period")).to_have_text("22/11/2025, Hanoi")
        expect(page.locator("article.report")).to_contain_text("There is no data.")
        page.get_by_role("link", name="Tiếng Việt").click()
        expect(page.locator(".period")).to_have_text("Ngày 22/11/2025, Hà Nội")
        page.locator("input[name=date]").fill("32/13/2026")
        page.get_by_role("button", name="Xem").click()
        expect(page.locator("#fault")).to_contain_text("Viết ngày như 22/11/2026")
