"""Work that lasts in a real browser: a PDF and a CSV of Things, each cancelled and finished."""

import io
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from dashboard.control_room import pdf
from storage import db
from tests.browser import test_control_room
from tests.browser.test_control_room import browser, enter, is_ours, violations
from tests.dashboard.rendering import rendering
from tests.dashboard.room import add
from tests.dashboard.room import serving as serving_room
from tests.integration.rejecting import rows
from tests.processes import wait_for

pytestmark = pytest.mark.browser

__all__ = ["browser", "enter", "is_ours"]

SMALL: Final = {"width": 360, "height": 640}
DESK: Final = {"width": 1920, "height": 1080}
PICTURES: Final = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
KEPT: Final = (
    "SELECT (SELECT count(*) FROM thing) AS things,"
    " (SELECT count(*) FROM operator_audit WHERE action LIKE 'thing%') AS audited"
)


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    add(city_url)
    with serving_room(city_url) as address:
        yield address


def looks_right(page: Page, name: str) -> None:
    assert violations(page) == []
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def go(page: Page, url: str, path: str, language: str) -> None:
    page.goto(f"{url}/ops/{path}?lang={language}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


@pytest.mark.parametrize(("language", "size"), [("vi", SMALL), ("en", DESK)], ids=["vi-360", "en-desk"])
def test_a_pdf_shows_how_far_it_is_and_a_cancel_or_a_closed_tab_ends_its_process(
    browser: Browser, url: str, monkeypatch: pytest.MonkeyPatch, language: str, size: dict[str, int]
) -> None:
    vi = language == "vi"
    genuine = pdf.reached

    def frozen(said: bytes) -> pdf.Reached:
        """The process is stopped before it gets its report: it never ends by itself."""
        for process in rendering():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
        return genuine(said)

    with test_control_room.opened(browser, url, size=size) as page:
        go(page, url, "reports/shift", language)
        with monkeypatch.context() as patched:
            patched.setattr(pdf, "reached", frozen)
            patched.setattr(pdf, "LONGEST_S", 3600.0)
            page.locator("#pdf").focus()
            page.keyboard.press("Enter")
            stage = page.locator("#pdf-work [role=status]")
            expect(stage).to_have_text("Khởi động bộ dựng PDF" if vi else "Starting the renderer")
            expect(page.locator("#pdf-work .hint")).to_contain_text("bước 3/7" if vi else "step 3 of 7")
            expect(page.locator("#pdf-work .hint")).to_contain_text("3600")
            bar = page.get_by_role("progressbar", name="Tải PDF" if vi else "PDF")
            assert bar.evaluate("one => [one.value, one.max]") == [2, 7]
            assert len(rendering()) == 1
            looks_right(page, f"pdf-{language}")
            cancel = page.locator("#pdf-work").get_by_role("button", name="Hủy" if vi else "Cancel")
            cancel.focus()
            page.keyboard.press("Enter")
            said = "Đã hủy. Không có PDF nào được tạo." if vi else "Cancelled. No PDF was made."
            expect(page.locator("#pdf-result")).to_have_text(said)
            expect(page.locator("#pdf-work")).to_be_hidden()
            expect(page.locator("#pdf")).to_be_focused()
            assert rendering() == set()

            other = page.context.new_page()
            go(other, url, "reports/shift", language)
            other.locator("#pdf").click()
            wait_for(lambda: len(rendering()) == 1, "it renders")
            other.close()
            wait_for(lambda: not rendering(), "nobody waits: it was ended")

            # a plain link, as for who has no script: who leaves ends it too
            plain = page.context.new_page()
            plain.goto(f"{url}/ops/reports/shift?lang={language}")
            plain.evaluate("location.assign(document.getElementById('pdf').href)")
            wait_for(lambda: len(rendering()) == 1, "it renders")
            plain.close()
            wait_for(lambda: not rendering(), "nobody waits: it was ended")

        with page.expect_download(timeout=180_000) as kept:
            page.locator("#pdf").click()
        assert kept.value.suggested_filename == "hanoi-shift.pdf"
        content = Path(kept.value.path()).read_bytes()
        text = " ".join(one.extract_text() for one in PdfReader(io.BytesIO(content)).pages)
        assert ("Báo cáo ca trực" if vi else "Shift report") in " ".join(text.split())
        expect(page.locator("#pdf-result a")).to_have_text("Lưu lần nữa" if vi else "Save it again")
        looks_right(page, f"pdf-done-{language}")


@pytest.mark.parametrize(("language", "size"), [("vi", SMALL), ("en", DESK)], ids=["vi-360", "en-desk"])
def test_a_csv_of_things_is_cancelled_at_its_second_line_and_nothing_has_changed(
    browser: Browser, url: str, city_url: str, tmp_path: Path, language: str, size: dict[str, int]
) -> None:
    vi = language == "vi"
    file = tmp_path / "things.csv"
    file.write_text(
        "id,domain,name_vi,name_en\nrain-mot,rain,Một,One\nhoan-kiem,,Hoàn Kiếm mới,\nrain-hai,rain,Hai,Two\n"
    )
    before = rows(city_url, KEPT)
    with test_control_room.opened(browser, url, size=size) as page:
        go(page, url, "things", language)
        page.locator("#file").set_input_files(file)
        page.locator("#bulk button[type=submit]").click()
        expect(page.locator("#apply")).to_be_enabled()
        expect(page.locator("#bulk-rows tr")).to_have_count(3)
        with db.connect(city_url, name="test-holds") as conn:
            conn.execute("SELECT FROM thing WHERE id = 'hoan-kiem' FOR UPDATE")
            page.locator("#apply").click()
            expect(page.locator("#bulk-work [role=status]")).to_have_text(
                "Thực hiện từng dòng" if vi else "Applying each line"
            )
            hint = page.locator("#bulk-work .hint")
            expect(hint).to_contain_text("1 / 3 dòng" if vi else "1 of 3 lines")
            bar = page.locator("#bulk-work").get_by_role("progressbar")
            assert bar.evaluate("one => [one.value, one.max]") == [1, 3]
            looks_right(page, f"csv-{language}")
            page.locator("#bulk-work").get_by_role("button", name="Hủy" if vi else "Cancel").click()
            said = "Đã hủy. Chưa thay đổi gì." if vi else "Cancelled. Nothing has changed."
            expect(page.locator("#bulk-result")).to_have_text(said)
            assert rows(city_url, KEPT) == before
            conn.rollback()
        assert rows(city_url, KEPT) == before

        page.locator("#bulk button[type=submit]").click()
        expect(page.locator("#apply")).to_be_enabled()
        page.locator("#apply").click()
        expect(page.locator("#bulk-result")).to_contain_text("Đã thực hiện" if vi else "Applied")
        looks_right(page, f"csv-done-{language}")
    things = before[0]["things"]
    assert rows(city_url, KEPT) == [{"things": things + 2, "audited": 4}]
