"""Public notices in a real browser: an operator writes and withdraws, citizens read, in both languages and sizes."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from storage import db, notice_actions
from storage.notice_actions import NewNotice
from storage.notices import Kind
from storage.operators import Role
from tests.browser import test_control_room, test_public_page
from tests.browser.test_control_room import DESK, PHONE, browser, violations
from tests.dashboard.room import add
from tests.dashboard.room import serving as serving_room
from tests.public_site import Served, Writer, now, serving

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
VI = "Bơm thử trạm Yên Sở từ 8 giờ: nước sông Tô Lịch dâng nhẹ, xin đừng xuống bờ kè."
EN = "Test of the Yen So pumps from 8:00: the To Lich rises slightly, please keep off its banks."
HOSTILE = '<img src=x onerror="document.title=1"></script><b>bold</b>'


@pytest.fixture
def served(city_url: str) -> Iterator[Served]:
    Writer(city_url).write("flood-tong-dan", "water_depth", (now(), 12.0))
    with serving(city_url) as site:
        yield site


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    add(city_url)
    with serving_room(city_url) as address:
        yield address


def published(
    url: str,
    *,
    vi: str = VI,
    en: str = EN,
    lasting: timedelta = timedelta(hours=3),
    wards: tuple[str, ...] = (),
) -> int:
    new = NewNotice(
        kind=Kind.WORKS, text_vi=vi, text_en=en, wards=wards, starts_at=now(), ends_at=now() + lasting
    )
    with db.connect(url, name="test") as conn:
        return notice_actions.publish(conn, new, author="lan", source="-", now=now())


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


def go(page: Page, url: str, query: str = "?lang=en") -> None:
    page.goto(f"{url}/ops/notices{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


# Citizens


@LANGUAGES
@SIZES
def test_a_notice_stands_at_the_top_of_the_page(
    browser: Browser, served: Served, city_url: str, language: str, size: dict[str, int]
) -> None:
    published(city_url, wards=("00070", "00004"))
    published(city_url)
    path = "/en/" if language == "en" else "/"
    with test_public_page.opened(browser, served, path, size=size) as page:
        notices = page.locator("#notices .notice")
        expect(notices).to_have_count(2)
        words = {
            "vi": ("Thi công · Toàn thành phố", VI, "đăng "),
            "en": ("Works · Whole city", EN, "published "),
        }
        for part in words[language]:
            expect(notices.first).to_contain_text(part)
        wards = {"vi": "Phường Ba Đình, Phường Hoàn Kiếm", "en": "Ba Dinh ward, Hoan Kiem ward"}
        expect(notices.nth(1)).to_contain_text(wards[language])
        above = page.evaluate(
            "document.getElementById('notices').getBoundingClientRect().bottom"
            " <= document.querySelector('main').getBoundingClientRect().top"
        )
        assert above
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert violations(page) == []
        picture(page, f"citizen-notices-{language}-{size['width']}")


def test_a_notice_comes_and_goes_while_the_page_is_open(
    browser: Browser, served: Served, city_url: str
) -> None:
    with test_public_page.opened(browser, served, "/en/") as page:
        expect(page.locator("#notices")).to_be_hidden()
        expect(page.locator("#connection")).to_have_text("Live")
        number = published(city_url)
        expect(page.locator("#notices .notice")).to_have_count(1)
        expect(page.get_by_role("status").filter(has_text="Yen So")).to_have_text(f"Works: {EN}")
        with db.connect(city_url, name="test") as conn:
            notice_actions.withdraw(conn, number, actor="lan", source="-", now=now())
        expect(page.locator("#notices")).to_be_hidden()


def test_a_notice_goes_when_its_end_passes_though_the_site_is_gone(browser: Browser, city_url: str) -> None:
    with serving(city_url) as served:
        published(city_url, lasting=timedelta(seconds=20))
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{served.url}/en/")
        expect(page.locator("#notices .notice")).to_have_count(1)
    expect(page.locator("#notices")).to_be_hidden()
    context.close()


def test_a_hostile_text_is_only_text(browser: Browser, served: Served, city_url: str) -> None:
    published(city_url, vi=HOSTILE, en=HOSTILE)
    with test_public_page.opened(browser, served, "/en/") as page:
        expect(page.locator("#notices .notice-text")).to_have_text(HOSTILE)
        assert page.locator("#notices img, #notices b").count() == 0
        assert page.title() == "Hanoi live"


def test_many_long_notices_leave_room_for_the_map_and_scroll_by_keyboard(
    browser: Browser, served: Served, city_url: str
) -> None:
    for _ in range(4):
        published(city_url, vi=VI * 5, en=EN * 5)
    with test_public_page.opened(browser, served, "/en/", size=LAPTOP) as page:
        expect(page.locator("#notices .notice")).to_have_count(4)
        box = page.locator("#notices").bounding_box()
        assert box is not None
        assert box["height"] <= 0.41 * LAPTOP["height"]
        page.locator("#notices").focus()
        page.keyboard.press("End")
        expect(page.locator("#notices .notice").last).to_be_in_viewport()
        assert violations(page) == []
        picture(page, "citizen-notices-many")


# Operators


def write(page: Page, vi: str = VI, en: str = EN) -> None:
    page.get_by_label("Text in Vietnamese").fill(vi)
    page.get_by_label("Text in English").fill(en)


def test_an_operator_publishes_for_two_wards_by_keyboard_and_withdraws_in_one_press(
    browser: Browser, url: str, served: Served
) -> None:
    with (
        test_control_room.opened(browser, url) as page,
        test_public_page.opened(browser, served, "/en/") as citizen,
    ):
        go(page, url)
        expect(page.locator("#current")).to_have_text("No notices.")
        page.get_by_label("About").select_option("Works")
        write(page)
        page.get_by_label("Some wards").check()
        for typed, name in (("hoan k", "Hoan Kiem ward"), ("ba đì", "Ba Dinh ward")):
            page.get_by_label("Find a ward").fill(typed)
            page.get_by_label(name).focus()
            page.keyboard.press("Space")
        expect(page.locator("#chosen")).to_have_text("(2 chosen)")
        expect(page.locator("#preview .notice").first).to_contain_text(
            "Thi công · Phường Ba Đình, Phường Hoàn Kiếm"
        )
        expect(page.locator("#preview .notice").nth(1)).to_contain_text(EN)
        page.get_by_role("button", name="Publish").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#notice-result")).to_contain_text("is published, until")
        expect(page.locator("#current .notice")).to_contain_text("Works · Ba Dinh ward, Hoan Kiem ward")
        expect(page.locator("#current")).to_contain_text("Published by lan")
        expect(citizen.locator("#notices .notice")).to_contain_text(EN)
        page.get_by_role("button", name="Withdraw notice").click()
        expect(page.locator("#list-result")).to_contain_text("is withdrawn.")
        expect(page.locator("#past")).to_contain_text("Withdrawn by lan")
        expect(citizen.locator("#notices")).to_be_hidden()


def test_editing_puts_a_new_notice_in_place_of_the_old(browser: Browser, url: str, city_url: str) -> None:
    number = published(city_url, wards=("00070",))
    with test_control_room.opened(browser, url) as page:
        go(page, url)
        page.get_by_role("button", name=f"Edit notice {number}").click()
        expect(page.get_by_label("Text in English")).to_have_value(EN)
        expect(page.locator("#chosen")).to_have_text("(1 chosen)")
        expect(page.locator("#edited")).to_have_text(
            f"Notice {number} anew: it is withdrawn when you publish."
        )
        page.get_by_label("Text in English").fill("Put off until Monday")
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("#current .notice")).to_have_count(1)
        expect(page.locator("#current")).to_contain_text("Put off until Monday")
        expect(page.locator("#current")).to_contain_text(f"in place of {number}")
        expect(page.locator("#past")).to_contain_text(EN)


def test_one_that_is_to_come_waits_and_a_wrong_time_is_refused_in_words(browser: Browser, url: str) -> None:
    with test_control_room.opened(browser, url) as page:
        go(page, url)
        write(page)
        page.get_by_label("Begins").fill("tomorrow")
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("#notice-result.bad")).to_be_visible()
        expect(page.get_by_label("Text in English")).to_have_value(EN)
        tomorrow = (now() + timedelta(days=1)).strftime("%d/%m/%Y 08:00")
        page.get_by_label("Begins").fill(tomorrow)
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("#coming .notice")).to_contain_text(EN)
        expect(page.locator("#coming")).to_contain_text(tomorrow)
        expect(page.locator("#current")).to_have_text("No notices.")


def test_a_hostile_text_is_only_text_in_the_control_room_too(browser: Browser, url: str) -> None:
    with test_control_room.opened(browser, url) as page:
        go(page, url)
        write(page, HOSTILE, HOSTILE)
        expect(page.locator("#preview .notice-text").first).to_have_text(HOSTILE)
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("#current .notice-text")).to_have_text(HOSTILE)
        assert page.locator("main img, main b").count() == 0


@LANGUAGES
@SIZES
def test_the_page_is_accessible_and_fits(
    browser: Browser, url: str, city_url: str, language: str, size: dict[str, int]
) -> None:
    with test_control_room.opened(browser, url, f"?lang={language}", size=size) as page:
        go(page, url, f"?lang={language}")
        assert violations(page) == []
        picture(page, f"notices-empty-{language}-{size['width']}")
        published(city_url, wards=("00070", "00004"))
        with db.connect(city_url, name="test") as conn:
            number = published(city_url, vi=VI * 3, en=EN * 3)
            notice_actions.withdraw(conn, number, actor="lan", source="-", now=now())
        go(page, url, f"?lang={language}")
        page.locator("input[name=area][value=wards]").check()
        expect(page.locator("#current .notice")).to_have_count(1)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"notices-{language}-{size['width']}")


def test_who_may_only_look_finds_no_form_and_no_button(browser: Browser, city_url: str) -> None:
    add(city_url, role=Role.VIEWER)
    published(city_url)
    with serving_room(city_url) as url, test_control_room.opened(browser, url) as page:
        go(page, url)
        expect(page.locator("#current .notice")).to_have_count(1)
        expect(page.locator("#writing")).to_be_hidden()
        expect(page.locator("main").get_by_role("button")).to_have_count(0)


def test_without_a_server_the_page_turns_grey_and_says_so(browser: Browser, city_url: str) -> None:
    add(city_url)
    published(city_url)
    with serving_room(city_url) as url:
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        page = context.new_page()
        test_control_room.enter(page, url, "?lang=en")
        go(page, url)
        expect(page.locator("#current .notice")).to_have_count(1)
    expect(page.locator("#fault")).to_be_visible()
    expect(page.locator("html[data-link='gone']")).to_be_attached()
    picture(page, "notices-gone")
    context.close()
