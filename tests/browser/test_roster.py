"""Rosters in a real browser: who is on call, covers, and another calendar that is tried before it is saved."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from storage import db, operators
from storage.model import HANOI
from storage.operators import Role
from tests.alerts.test_roster import CONFIG, HEAD, event
from tests.browser.test_control_room import DESK, browser, violations
from tests.browser.test_rules import SMALL, entered, go, picture
from tests.dashboard.room import add, serving
from tests.public_site import now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

ESCALATION = (
    'escalation = "late"\n[[escalation.late]]\nafter = "10m"\nreceivers = ["roster:duty", "person:chief"]\n'
)


def midnight(days: int) -> datetime:
    today = now().astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=days)


def calendar(who: str, begin: datetime, end: datetime) -> str:
    times = (
        f"DTSTART:{begin.astimezone(HANOI):%Y%m%dT%H%M%S}",
        f"DTEND:{end.astimezone(HANOI):%Y%m%dT%H%M%S}",
    )
    return HEAD + event("UID:1", f"SUMMARY:{who}", *times) + "END:VCALENDAR\r\n"


@pytest.fixture
def url(city_url: str, tmp_path: Path) -> Iterator[str]:
    """Lan is on call from 30 days ago to 40 days ahead, but for nobody from the third day from now to the fourth."""
    first = calendar("lan", midnight(-30), midnight(3)).replace("END:VCALENDAR\r\n", "")
    rest = calendar("lan", midnight(4), midnight(40)).replace(HEAD, "").replace("UID:1", "UID:2")
    (tmp_path / "roster.ics").write_text(first + rest)
    (tmp_path / "alerting.toml").write_text(CONFIG + ESCALATION)
    for name, role in (("an", Role.ADMIN), ("lan", Role.OPERATOR), ("vy", Role.VIEWER)):
        add(city_url, name=name, role=role)
    with serving(city_url, alerting_file=tmp_path / "alerting.toml") as address:
        yield address


def written(moment: datetime) -> str:
    return f"{moment.astimezone(HANOI):%d/%m/%Y %H:%M}"


def test_an_operator_covers_for_another_and_it_is_seen_and_removed(
    browser: Browser, url: str, city_url: str
) -> None:
    with entered(browser, url, "lan") as page:
        go(page, url, "roster")
        expect(page.locator("#gaps .fault")).to_have_count(1)
        expect(page.locator("#gaps")).to_contain_text(
            f"Nobody is on call {written(midnight(3))} – {written(midnight(4))}: Trưởng ca, Nguyễn Thị Lan will be told"
        )
        expect(page.locator(".pairs.now")).to_contain_text(re.compile("On call now.*Nguyễn Thị Lan, until"))
        expect(page.locator("#chains")).to_contain_text(
            "after 10 min: who is on call of duty (now: Nguyễn Thị Lan), Trưởng ca"
        )
        expect(page.locator("#uploading")).to_be_hidden()
        page.get_by_label("Who is away").select_option("Nguyễn Thị Lan")
        page.get_by_label("Who covers").select_option("Trần Văn Minh")
        page.get_by_label("From (dd").fill(written(now() - timedelta(hours=1)))
        page.get_by_label("Until (dd").fill(written(now() + timedelta(hours=4)))
        page.locator("#cover-reason").fill("child is ill")
        page.get_by_role("button", name="Put it on the roster").click()
        expect(page.locator("#cover-result.good")).to_be_visible()
        expect(page.locator(".pairs.now")).to_contain_text(re.compile("On call now.*Trần Văn Minh, until"))
        expect(page.locator("#rosters")).to_contain_text("child is ill")
        picture(page, "roster-covered")
        page.get_by_label("Who is away").select_option("Trưởng ca")
        page.get_by_label("From (dd").fill(written(now()))
        page.get_by_label("Until (dd").fill(written(now() + timedelta(hours=1)))
        page.locator("#cover-reason").fill("x")
        page.get_by_role("button", name="Put it on the roster").click()
        expect(page.locator("#cover-result.bad")).to_contain_text("Trưởng ca is not on call then")
        page.get_by_role("button", name="Remove: Trần Văn Minh covers").click()
        expect(page.locator(".pairs.now")).to_contain_text(re.compile("On call now.*Nguyễn Thị Lan, until"))
    with db.connect(city_url, name="test") as conn:
        done = [one.action for one in operators.audit_trail(conn, 9) if one.action.startswith("cover")]
    assert done == ["cover_removed", "cover_added"]


def test_an_administrator_sees_what_a_calendar_changes_before_it_is_saved(
    browser: Browser, url: str, tmp_path: Path
) -> None:
    with entered(browser, url, "an") as page:
        go(page, url, "roster")
        wrong = tmp_path / "wrong.ics"
        wrong.write_text("no calendar")
        page.get_by_label("iCalendar file").set_input_files(wrong)
        page.get_by_role("button", name="See what it changes").click()
        expect(page.locator("#upload-result.bad")).to_contain_text("The calendar can't be used")
        right = tmp_path / "right.ics"
        right.write_text(calendar("minh", midnight(-30), midnight(60)))
        page.get_by_label("iCalendar file").set_input_files(right)
        page.get_by_role("button", name="See what it changes").click()
        expect(page.locator("#changes li")).to_contain_text(
            ["Nguyễn Thị Lan → Trần Văn Minh", "Nobody → Trần Văn Minh", "Nguyễn Thị Lan → Trần Văn Minh"]
        )
        expect(page.locator(".pairs.now")).to_contain_text(re.compile("On call now.*Nguyễn Thị Lan"))
        picture(page, "roster-tried")
        page.locator("#upload-reason").fill("fourth quarter")
        page.get_by_role("button", name="Save and put in force").click()
        expect(page.locator("#upload-result.good")).to_have_text("It is saved.")
        expect(page.locator(".pairs.now")).to_contain_text(re.compile("On call now.*Trần Văn Minh"))
        expect(page.locator("#gaps .fault")).to_have_count(0)
        expect(page.locator("#rosters")).to_contain_text("uploaded by an")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", [SMALL, DESK], ids=["small", "desk"])
def test_the_page_is_accessible_and_fits_and_who_may_only_look_changes_nothing(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with entered(browser, url, "vy", size=size) as page:
        go(page, url, "roster", language)
        expect(page.locator(".week").first).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        picture(page, f"roster-{language}-{size['width']}")
        for hidden in ("#covering", "#uploading"):
            expect(page.locator(hidden)).to_be_hidden()
        forged = """async (path) => {
            const csrf = document.cookie.match(/hanoi_ops_csrf=([^;]*)/)[1];
            const headers = {"X-CSRF-Token": decodeURIComponent(csrf)};
            return (await fetch(`/ops/api/roster/${path}`, {method: "POST", headers, body: "{}"})).status;
        }"""
        asked = ("covers", "covers/1/remove", "trial", "upload")
        assert {path: page.evaluate(forged, path) for path in asked} == dict.fromkeys(asked, 403)
