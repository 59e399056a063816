"""The control room at a past moment in a real browser: marked as such everywhere, played, and never mixed with now."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from storage import db
from storage.model import HANOI
from tests.browser.test_alert_pages import LANGUAGES, SIZES, fits, picture
from tests.browser.test_control_room import DESK, browser, opened, tile, violations
from tests.dashboard.room import add, serving
from tests.public_site import Writer, now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
POINT = "flood-tong-dan"
LIVE = 77.0
"""What is published while a replay goes on. Nobody wrote it before."""
MARK = "PHÁT LẠI · REPLAY"


@pytest.fixture
def then(city_url: str) -> datetime:
    """A minute two days ago at which an alert began; the water stood at 31 cm, and one more each minute since."""
    add(city_url)
    at = (now() - 2 * DAY).replace(second=0, microsecond=0)
    writer = Writer(city_url)
    writer.write(POINT, "water_depth", *[(at + n * MINUTE, 31.0 + n) for n in range(-31, 40)])
    writer.write("rain-hoan-kiem", "rain_interval", *[(at + n * 10 * MINUTE, 2.5) for n in range(-12, 4)])
    writer.write("hoan-kiem", "pm2_5", (at, 61.5))
    with db.connect(city_url, name="test") as conn:
        conn.execute(
            """
            INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                               runbook_vi, runbook_en, unit, limit_value, value, value_time, peak, pending_since,
                               firing_since, resolved_at, provenance, for_citizens)
            VALUES ('flood-deep', 'flood', %(thing)s, %(stream)s, 'water_depth', 'critical', 'resolved',
                    'Ngập từ 30 cm', 'Flooded 30 cm or more', '-', '-', 'cm', 30, 2, %(end)s, 70, %(at)s, %(at)s,
                    %(end)s, 'measured', true)
            """,
            {
                "thing": POINT,
                "stream": writer.ids[POINT, "water_depth"],
                "at": at,
                "end": at + 50 * MINUTE,
            },
        )
    return at


@pytest.fixture
def url(city_url: str, then: datetime) -> Iterator[str]:
    with serving(city_url) as address:
        yield address


def local(at: datetime) -> str:
    return f"{at.astimezone(HANOI):%Y-%m-%dT%H:%M:%S}"


def shown_at(page: Page) -> datetime:
    """The moment whose values are on the page."""
    text = page.evaluate("document.documentElement.dataset.shownAt")
    return datetime.fromisoformat(text).replace(tzinfo=HANOI)


def go(page: Page, url: str, path: str, at: datetime, language: str = "en", more: str = "") -> None:
    page.goto(f"{url}/ops/{path}?at={local(at)}&lang={language}{more}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def is_marked(page: Page, at: datetime | None = None) -> None:
    """The bar, the frame, the ground and the tab's title say it; there is nothing to press that does anything."""
    expect(page.locator("#past-mark")).to_have_text(MARK)
    expect(page.locator("#past-mark")).to_be_visible()
    assert MARK in page.title()
    frame = page.evaluate("getComputedStyle(document.body, '::before')['border-top-width']")
    assert int(frame.removesuffix("px")) >= 8
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(29, 21, 8)"
    expect(page.locator("form[method=post], #acting:visible, #alerts-list .buttons button")).to_have_count(0)
    if at is not None:
        expect(page.locator("#past-time")).to_have_text(f"{at.astimezone(HANOI):%d/%m/%Y %H:%M:%S}")


def test_from_an_alert_to_how_it_was_then_and_on(
    browser: Browser, url: str, city_url: str, then: datetime
) -> None:
    writer = Writer(city_url)
    with opened(browser, url) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/ops/alerts/1?lang=en")
        expect(page.locator("#value")).to_contain_text("70 cm")
        page.get_by_role("link", name="See how it was then (replay)").click()
        expect(page.locator("html[data-ready='1'][data-shown-at]")).to_be_attached()
        is_marked(page, then)
        flood = tile(page, "Flooding")
        expect(flood.locator(".value")).to_have_text("31 cm")
        expect(flood.locator(".top time")).to_have_text("just now")
        queue = page.locator("#alerts-list > li")
        expect(queue).to_have_count(1)
        expect(queue).to_contain_text("value 31 cm · limit 30 cm")
        expect(page.locator("#past-thing-link")).to_contain_text("Tong Dan")
        # what comes now is not of then
        writer.write(POINT, "water_depth", (now(), LIVE))
        page.get_by_role("button", name="5 minutes on").click()
        is_marked(page, then + 5 * MINUTE)
        expect(flood.locator(".value")).to_have_text("36 cm")
        page.locator("#past-mark").click()
        page.keyboard.press("ArrowLeft")
        is_marked(page, then)
        expect(flood.locator(".value")).to_have_text("31 cm")
        # time runs, and all that is shown with it
        page.get_by_role("button", name="Play").click()
        page.wait_for_function(
            "from => document.documentElement.dataset.shownAt > from", arg=local(then + 3 * MINUTE)
        )
        page.get_by_role("button", name="Pause").click()
        page.wait_for_timeout(500)
        minute = (shown_at(page) - then) // MINUTE
        expect(flood.locator(".value")).to_have_text(f"{31 + minute} cm")
        expect(queue).to_contain_text(f"value {31 + minute} cm")
        label = page.locator("#find-place option", has_text="Tong Dan").first
        expect(label).to_be_attached()
        assert str(LIVE).removesuffix(".0") not in page.locator("#main").inner_text()
        assert not any(
            "/ops/stream" in one for one in asked[asked.index(next(o for o in asked if "/ops/replay" in o)) :]
        )
        # before it, there is no alert
        page.get_by_label("Go to").fill(f"{(then - 10 * MINUTE).astimezone(HANOI):%d/%m/%Y %H:%M}")
        page.get_by_role("button", name="Go", exact=True).click()
        expect(queue).to_have_text(re.compile("No alerts"))
        expect(flood.locator(".value")).to_have_text("21 cm")
        page.get_by_role("button", name="Next alert").click()
        is_marked(page, then)
        expect(queue).to_contain_text("Flooded 30 cm or more")
        # other pages stay in it
        queue.locator("a.title").click()
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        is_marked(page, then)
        expect(page.locator("#state")).to_have_text("Firing")
        expect(page.locator("#value")).to_contain_text("31 cm")
        page.goto(f"{url}/ops/things/{POINT}?at={local(then)}&lang=en")
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        is_marked(page, then)
        expect(page.locator("#series")).to_contain_text("31 cm")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#series")).to_contain_text("36 cm")
        page.get_by_role("button", name="Play").click()
        expect(page.locator("#series")).to_contain_text(re.compile(r"(3[89]|[4-6][0-9]) cm"))
        page.get_by_role("button", name="Pause").click()
        stands = page.locator("#past-time").get_attribute("datetime") or ""
        minute = (datetime.fromisoformat(stands).replace(tzinfo=HANOI) - then) // MINUTE
        expect(page.locator("#series")).to_contain_text(f"{min(31 + minute, 70)} cm")
        away = page.get_by_role("link", name="Reports", exact=True).get_attribute("href")
        refused = page.request.get(f"{url}{away}")
        assert (refused.status, MARK in refused.text()) == (409, True)
        # and out of it
        page.locator("#past-leave").click()
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        assert MARK not in page.title()
        expect(page.locator("#past-bar")).to_have_count(0)
        expect(tile(page, "Flooding").locator(".value")).to_have_text(f"{LIVE:.0f} cm")


@LANGUAGES
@SIZES
def test_every_page_of_a_replay_is_marked_accessible_and_fits(
    browser: Browser, url: str, then: datetime, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        paths = ("replay", "alerts/1", f"things/{POINT}", "domains/rain-flood")
        for path in paths if size == DESK else paths[:2]:
            go(page, url, path, then, language)
            is_marked(page, then)
            picture(page, f"past-{path.replace('/', '-')}-{language}-{size['width']}")
            assert violations(page) == []
            assert fits(page, size)
        if size == DESK:
            page.emulate_media(media="print")
            expect(page.locator("#past-mark")).to_be_visible()
            page.emulate_media(media="screen")
            go(page, url, "replay", then, language, "&wall=1")
            is_marked(page, then)
            picture(page, f"past-wall-{language}")
