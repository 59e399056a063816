"""Alert rules in a real browser: what everybody sees, and an administrator who edits, tries and saves."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, LocatorAssertions, Page, expect

from storage import db, operators, rule_edits
from storage.operators import Role
from tests.browser.test_control_room import DESK, browser, is_ours, violations
from tests.dashboard.room import PASSWORD, add, serving
from tests.public_site import Writer, now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 740}
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""
WORDS = "Water depth ≥ {} cm"
DEEP, SHALLOW = "flood-tong-dan", "flood-thai-ha"


@pytest.fixture
def city(city_url: str) -> str:
    """One street was 25 cm under water for an hour yesterday, and another 17 cm."""
    writer, began = Writer(city_url), now() - timedelta(days=1)
    for point, depth in ((DEEP, 25.0), (SHALLOW, 17.0)):
        values = [(began + timedelta(minutes=n), depth if 60 <= n < 120 else 3.0) for n in range(240)]
        writer.write(point, "water_depth", *values)
    for name, role in (("an", Role.ADMIN), ("binh", Role.ADMIN), ("lan", Role.OPERATOR), ("vy", Role.VIEWER)):
        add(city_url, name=name, role=role)
    return city_url


@pytest.fixture
def url(city: str) -> Iterator[str]:
    with serving(city) as address:
        yield address


@contextmanager
def entered(browser: Browser, url: str, name: str, *, size: dict[str, int] = DESK) -> Iterator[Page]:
    """A browser in which somebody is logged in. Its scripts may not fail; what the server refuses is no failure."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, reduced_motion="reduce"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("request", lambda asked: None if is_ours(asked.url, url) else faults.append(asked.url))
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type == "error" and "Failed to load resource" not in said.text
            else None
        ),
    )
    page.goto(f"{url}/ops/?lang=en")
    page.locator("#username").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("html[data-ready='1']")).to_be_attached()
    yield page
    assert faults == []
    context.close()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def go(page: Page, url: str, path: str, language: str = "en") -> None:
    page.goto(f"{url}/ops/{path}?lang={language}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def fired(page: Page, side: str) -> LocatorAssertions:
    return expect(page.locator(f"#counts .fired.{side}"))


def test_an_administrator_sees_what_a_limit_would_have_done_and_saves_it_once(
    browser: Browser, url: str, city: str
) -> None:
    with entered(browser, url, "an") as page, entered(browser, url, "binh") as other:
        for one in (page, other):
            go(one, url, "rules/flood-15")
            expect(one.locator("#said")).to_have_text(f"{WORDS.format(15)}, over below 13 cm; held for 2 min")
            fired(one, "now").to_have_text("2")
            fired(one, "before").to_have_text("2")
        page.get_by_label("Limit (of silence").fill("20")
        fired(page, "now").to_have_text("1")
        fired(page, "before").to_have_text("2")
        expect(page.locator("#verdict")).to_contain_text(WORDS.format(20))
        expect(page.locator("#tests .bad").first).to_be_visible()
        expect(page.locator("#chart li")).to_have_count(2)
        picture(page, "rule-edited")

        page.get_by_text("TOML text").click()
        text = page.get_by_label("TOML text")
        expect(text).to_have_value(re.compile(r"at_least = 20\b"))
        right = text.input_value()
        text.fill(right.replace("at_least = 20", "at_lest = 20"))
        expect(page.locator("#faults")).to_contain_text(
            "when.at_lest: is no key here (did you mean 'at_least'?)"
        )
        expect(page.locator("#trial-state")).to_contain_text("before the last change")
        picture(page, "rule-faults")
        text.fill(right)
        fired(page, "now").to_have_text("1")
        expect(page.locator("#outcome.stale")).to_have_count(0)

        page.locator("#reason").fill("waves of buses")
        page.get_by_role("button", name="Save and put in force").click()
        expect(page.locator("#save-result")).to_have_text("Version 1 is saved.")
        expect(page.locator("#versions")).to_contain_text("waves of buses")
        expect(page.locator("#said")).to_contain_text(WORDS.format(20))

        expect(other.locator("#moved-on")).to_contain_text("an saved version 1 meanwhile")
        fired(other, "before").to_have_text("1")
        picture(other, "rule-moved-on")
        other.locator("#reason").fill("mine")
        other.get_by_role("button", name="Save and put in force").click()
        expect(other.locator("#save-result.bad")).to_contain_text("an saved version 1")
        with db.connect(city, name="test") as conn:
            assert [one.author for one in rule_edits.of_rule(conn, "flood-15", 9)] == ["an"]

        page.locator("#why").fill("back to what it was")
        page.get_by_role("button", name="Revert to the file").click()
        expect(page.locator("#act-result")).to_have_text("It is as in the file again.")
        expect(page.locator("#said")).to_contain_text(WORDS.format(15))
    with db.connect(city, name="test") as conn:
        saved = [one for one in operators.audit_trail(conn, 50) if one.action == "rule_saved"]
        assert [(one.actor, one.subject) for one in saved] == [("an", "rule flood-15")] * 2


def test_a_new_rule_is_written_in_the_form_and_switched_off_and_removed(
    browser: Browser, url: str, city: str
) -> None:
    with entered(browser, url, "an") as page:
        go(page, url, "rules/@new")
        expect(page.locator("#verdict.bad")).to_be_visible()
        fields = {"Key": "rain-here", "Title in Vietnamese": "Mưa", "Title in English": "Rain"}
        fields |= {"Runbook in Vietnamese": "Xem.", "Runbook in English": "Look."}
        fields |= {f"comes from, in {one}": "thử" for one in ("Vietnamese", "English")}
        for label, typed in fields.items():
            page.get_by_label(label).fill(typed)
        page.get_by_label("Domain").select_option("rain")
        page.get_by_label("Property").select_option("rain_1h")
        page.get_by_label("Limit (of silence").fill("7,5")
        expect(page.locator("#verdict.good")).to_contain_text("≥ 7.5 mm")
        page.locator("#reason").fill("tried")
        page.get_by_role("button", name="Save and put in force").click()
        page.wait_for_url(f"{url}/ops/rules/rain-here")
        expect(page.locator("#head-title")).to_have_text("Rain")
        page.locator("#why").fill("too loud")
        page.get_by_role("button", name="Switch off").click()
        expect(page.locator("#marks")).to_contain_text("Switched off")
        page.locator("#why").fill("not needed")
        page.get_by_role("button", name="Remove this rule").click()
        page.wait_for_url(f"{url}/ops/rules")
        expect(page.locator("#rows")).to_contain_text("flood-15")
        expect(page.locator("#rows")).not_to_contain_text("rain-here")


@pytest.mark.parametrize("name", ["vy", "lan"])
def test_who_is_no_administrator_looks_and_can_change_nothing(
    browser: Browser, url: str, city: str, name: str
) -> None:
    with entered(browser, url, name) as page:
        go(page, url, "rules")
        expect(page.locator("#new")).to_be_hidden()
        go(page, url, "rules/flood-15")
        expect(page.locator("#look-only")).to_be_visible()
        expect(page.get_by_label("Limit (of silence")).to_be_disabled()
        for hidden in ("#save", "#actions", "#trial"):
            expect(page.locator(hidden)).to_be_hidden()
        forged = """async ([path, body]) => {
            const csrf = document.cookie.match(/hanoi_ops_csrf=([^;]*)/)[1];
            const headers = {"X-CSRF-Token": decodeURIComponent(csrf)};
            const options = {method: "POST", headers, body: JSON.stringify(body)};
            return (await fetch(`/ops/api/rules/${path}`, options)).status;
        }"""
        text = page.get_by_label("TOML text").input_value()
        asked = {
            "@save": {"key": "flood-15", "text": text, "reason": "x", "version": 0},
            "@draft": {"key": "flood-15", "text": text},
            "@trial": {"key": "flood-15", "text": text},
            "flood-15/switch": {"enabled": False, "reason": "x", "version": 0},
            "flood-15/revert": {"reason": "x", "version": 0},
        }
        assert {path: page.evaluate(forged, [path, body]) for path, body in asked.items()} == dict.fromkeys(
            asked, 403
        )
    with db.connect(city, name="test") as conn:
        assert rule_edits.made(conn) == 0


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", [SMALL, DESK], ids=["small", "desk"])
def test_the_pages_are_accessible_and_fit(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with entered(browser, url, "an", size=size) as page:
        for path, ready in (("rules", "#rows td"), ("rules/flood-15", "#counts tr")):
            go(page, url, path, language)
            expect(page.locator(ready).nth(3)).to_be_visible()
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            picture(page, f"{path.replace('/', '-')}-{language}-{size['width']}")
