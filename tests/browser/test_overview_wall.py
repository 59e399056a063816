"""A wall screen that goes round by itself, and what is heard of a new critical alert."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_alert_pages import LANGUAGES, browser, made, picture, url
from tests.browser.test_control_room import enter, opened, violations
from tests.dashboard.alert_scene import Scene
from tests.processes import wait_for

pytestmark = pytest.mark.browser

__all__ = ["browser", "made", "url"]

FAR = {"width": 3840, "height": 2160}
ASKED = "sound was asked for"
COUNTED = """
    globalThis.tones = 0;
    globalThis.AudioContext = class extends AudioContext {
      constructor() { super(); console.debug("sound was asked for"); }
    };
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...at) { globalThis.tones += 1; return start.apply(this, at); };
"""
"""Counts what the page plays: a machine without loudspeakers plays it too."""
TONES = 4
"""Of one alarm."""


def becomes_critical(made: Scene, name: str) -> int:
    made.conn.execute("UPDATE alert SET severity = 'critical' WHERE id = %(id)s", {"id": made.ids[name]})
    made.conn.commit()
    return made.ids[name]


def acknowledge(made: Scene, alert: int) -> None:
    made.conn.execute(
        "UPDATE alert SET acknowledged_at = now(), acknowledged_by = 'minh' WHERE id = %(id)s", {"id": alert}
    )
    made.conn.commit()


def test_a_wall_goes_round_and_says_what_comes_and_how_old_it_is(browser: Browser, url: str) -> None:
    with opened(browser, url, "?lang=en&wall=1&every=5") as page:
        line = page.locator("#wall-line")
        for view, shown in (
            (
                "The whole city (1/7) · next: Air quality",
                ["#city", ".lists", "article.tile[data-domain='rain']"],
            ),
            ("Flooding (3/7) · next: Parking", ["#city", "article.tile[data-domain='flood']"]),
            ("Alerts (7/7) · next: The whole city", [".lists"]),
            ("The whole city (1/7)", ["#city", ".lists"]),
        ):
            expect(line).to_contain_text(view)
            for selector in shown:
                expect(page.locator(selector)).to_be_visible()
            hidden = {"#city", ".lists", "article.tile[data-domain='rain']"} - set(shown)
            for selector in () if view.startswith("The") else hidden:
                expect(page.locator(selector)).to_be_hidden()
        expect(line).to_contain_text("newest value")


def test_a_wall_shows_a_new_critical_alert_until_somebody_sees_to_it(
    browser: Browser, url: str, made: Scene
) -> None:
    with opened(browser, url, "?lang=en&wall=1&every=2") as page:
        alert = becomes_critical(made, "ordinary")
        expect(page.locator("#wall-line")).to_contain_text("NEW CRITICAL ALERT · Street flooded 15 cm")
        expect(page.locator("#alerts-list > li")).to_have_count(1)
        expect(page.locator(f"#alerts-list > li[data-alert='{alert}']")).to_contain_text("Cao Ba Quat")
        expect(page.locator("#city")).to_be_visible()
        picture(page, "wall-alert-en-1920")
        acknowledge(made, alert)
        expect(page.locator("#wall-line")).to_contain_text("next:")
        expect(page.locator("#alerts-list > li")).to_have_count(4)


@LANGUAGES
def test_a_wall_fits_a_large_screen_and_has_nothing_to_press(
    browser: Browser, url: str, made: Scene, language: str
) -> None:
    with opened(browser, url, f"?lang={language}&wall=1&every=5", size=FAR) as page:
        for number in (1, 3, 7):
            expect(page.locator("#wall-line")).to_contain_text(f"({number}/7)")
            picture(page, f"wall-{number}-{language}")
            assert page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            ) == [FAR["width"], FAR["height"]]
            assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") >= 38
            for nothing in (".controls", ".tools", "#alerts-list .buttons", "#sound-blocked button"):
                expect(page.locator(f"{nothing}:visible")).to_have_count(0)
        assert violations(page) == []


@contextmanager
def heard(browser: Browser, url: str) -> Iterator[Page]:
    """The page of somebody whose browser plays nothing before a press, as browsers do by themselves."""
    context = browser.new_context()
    login = context.new_page()
    enter(login, url, "?lang=en")
    page = context.new_page()  # the press of Enter at the login counts for the tab that it was in
    login.close()  # of several tabs one is heard
    page.add_init_script(COUNTED)
    # Whatever Playwright evaluates counts as a press: nothing may be before the page has asked for its sound.
    with page.expect_console_message(lambda said: said.text == ASKED):
        page.goto(f"{url}/ops/?lang=en")
    expect(page.locator("html[data-ready='1']")).to_be_attached()
    yield page
    context.close()


def tones(page: Page) -> int:
    return int(page.evaluate("globalThis.tones"))


def test_a_new_critical_alert_is_heard_once_and_stands_in_the_title(
    browser: Browser, url: str, made: Scene
) -> None:
    with heard(browser, url) as page:
        expect(page.locator("#sound-blocked")).to_contain_text("The browser does not let this page be heard")
        assert violations(page) == []
        page.get_by_role("button", name="Allow sound").click()
        expect(page.locator("#sound-blocked")).to_be_hidden()
        expect(page).to_have_title(
            "Hanoi operations centre"
        )  # the critical alert that there is is acknowledged
        alert = becomes_critical(made, "ordinary")
        expect(page).to_have_title("(1) Hanoi operations centre")
        assert tones(page) == TONES
        becomes_critical(made, "silenced")
        expect(page).to_have_title("(2) Hanoi operations centre")
        assert tones(page) == 2 * TONES
        acknowledge(made, alert)
        expect(page).to_have_title("(1) Hanoi operations centre")
        page.reload()
        expect(page).to_have_title("(1) Hanoi operations centre")
        page.keyboard.press("j")
        expect(page.locator("#sound-blocked")).to_be_hidden()
        assert tones(page) == 0


def test_what_could_not_be_heard_is_heard_when_the_browser_allows_it(
    browser: Browser, url: str, made: Scene
) -> None:
    with heard(browser, url) as page:
        becomes_critical(made, "ordinary")
        expect(page).to_have_title("(1) Hanoi operations centre")
        assert tones(page) == 0
        page.get_by_role("button", name="Allow sound").click()
        wait_for(lambda: tones(page) == TONES, "the alarm is heard")


def test_the_sound_is_muted_by_a_key_and_a_button_and_stays_so(
    browser: Browser, url: str, made: Scene
) -> None:
    with heard(browser, url) as page:
        page.keyboard.press("m")
        expect(page.get_by_role("button", name="Sound: off")).to_have_attribute("aria-pressed", "false")
        expect(page.locator("#sound-blocked")).to_be_hidden()
        becomes_critical(made, "ordinary")
        expect(page).to_have_title("(1) Hanoi operations centre")
        page.reload()
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        page.get_by_role("button", name="Sound: off").click()
        expect(page.get_by_role("button", name="Sound: on")).to_be_visible()
        becomes_critical(made, "silenced")
        expect(page).to_have_title("(2) Hanoi operations centre")
        assert tones(page) == TONES  # of the second alone
