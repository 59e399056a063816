"""Operators act on alerts on the overview, by click and by keyboard, and see what the others do."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from storage import alert_actions
from storage.operators import Role
from tests.browser.test_alert_pages import LANGUAGES, SIZES, browser, fits, made, picture, url
from tests.browser.test_control_room import enter, opened, violations
from tests.dashboard.alert_scene import Scene
from tests.dashboard.room import add

pytestmark = pytest.mark.browser

__all__ = ["browser", "made", "url"]

RESULT = "#alerts-result"


def entry(page: Page, alert: int) -> Locator:
    return page.locator(f"#alerts-list > li[data-alert='{alert}']")


def step_to(page: Page, alert: int) -> None:
    """Goes down by j until the alert has the focus."""
    for _ in range(page.locator("#alerts-list > li").count()):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.dataset.alert") == str(alert):
            return
    raise AssertionError(f"j does not lead to alert {alert}")


def test_an_alert_acknowledged_by_one_operator_is_so_on_another_s_open_page(
    browser: Browser, url: str, made: Scene
) -> None:
    ordinary, flooded = made.ids["ordinary"], made.ids["flooded"]
    with opened(browser, url) as one, opened(browser, url) as other:
        expect(entry(other, flooded)).to_contain_text("Acknowledged by lan")
        expect(other.locator("#alerts-list > li").first).not_to_have_attribute("data-alert", str(flooded))
        expect(entry(other, ordinary).locator(".acknowledged")).to_be_hidden()
        entry(one, ordinary).get_by_role("button", name="Acknowledge").click()
        expect(one.locator(RESULT)).to_contain_text("Acknowledged.")
        expect(entry(other, ordinary)).to_contain_text("Acknowledged by lan")
        expect(entry(other, ordinary).get_by_role("button", name="Acknowledge")).to_be_hidden()


def test_every_action_has_its_key(browser: Browser, url: str, made: Scene) -> None:
    ordinary = made.ids["ordinary"]
    with opened(browser, url) as page:
        page.keyboard.press("a")
        expect(page.locator(RESULT)).to_have_text("Choose an alert first (key j).")
        step_to(page, ordinary)
        page.keyboard.press("n")
        page.keyboard.type("jas: I look at the camera")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(RESULT)).to_contain_text("The note is added.")
        page.keyboard.press("s")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("For how long")).to_have_value("120")
        page.keyboard.type("pump test")
        page.keyboard.press("Enter")
        expect(page.locator(RESULT)).to_contain_text("Silenced by #2 until")
        expect(entry(page, ordinary)).to_contain_text("Silenced by lan until")
        page.keyboard.press("a")
        expect(page.locator(RESULT)).to_contain_text("Acknowledged.")
        expect(entry(page, ordinary)).to_contain_text("Acknowledged by lan")
        expect(entry(page, ordinary)).to_be_focused()
        page.keyboard.press("a")
        expect(page.locator(RESULT)).to_have_text("That can't be done to the chosen alert.")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowDown")
        expect(entry(page, ordinary)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#timeline")).to_contain_text("jas: I look at the camera")


def test_an_alert_that_was_taken_back_is_escalated_with_one_click(
    browser: Browser, url: str, made: Scene
) -> None:
    flooded = made.ids["flooded"]
    with opened(browser, url) as page:
        entry(page, flooded).locator("a.title").click()
        page.get_by_role("button", name="Take back").click()
        expect(page.locator("#note-result")).to_have_text("The acknowledgement is taken back.")
        page.goto(f"{url}/ops/?lang=en")
        expect(page.locator("#alerts-list > li").first).to_have_attribute("data-alert", str(flooded))
        entry(page, flooded).get_by_role("button", name="Escalate").click()
        expect(page.locator(RESULT)).to_contain_text("Escalated: who comes next is told now.")


def test_what_is_pressed_stays_under_the_pointer_until_it_is_released(
    browser: Browser, url: str, made: Scene
) -> None:
    ordinary, flooded = made.ids["ordinary"], made.ids["flooded"]
    with opened(browser, url) as page, opened(browser, url) as other:
        entry(page, ordinary).get_by_role("button", name="Note").hover()
        with page.expect_response(lambda answer: _tells_first(answer, flooded)):
            page.mouse.down()
            alert_actions.unacknowledge(made.conn, flooded, actor="lan", source="test", now=datetime.now(UTC))
            expect(other.locator("#alerts-list > li").first).to_have_attribute("data-alert", str(flooded))
        page.mouse.up()
        expect(page.get_by_role("dialog")).to_contain_text("Cao Ba Quat")
        expect(page.locator("#alerts-list > li").first).to_have_attribute("data-alert", str(flooded))


def _tells_first(answer: Response, alert: int) -> bool:
    return "/ops/api/overview" in answer.url and answer.json()["alerts"][0]["id"] == alert


def test_keys_are_listed_can_be_turned_off_and_stay_off(browser: Browser, url: str, made: Scene) -> None:
    with opened(browser, url) as page:
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog).to_contain_text("acknowledge the chosen alert")
        assert violations(page) == []
        dialog.get_by_label("Single-key shortcuts").uncheck()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        page.keyboard.press("j")
        expect(page.locator("#alerts-list > li:focus")).to_have_count(0)
        page.reload()
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        page.keyboard.press("?")
        expect(dialog).to_have_count(0)
        page.get_by_role("button", name="Keys").click()
        dialog.get_by_label("Single-key shortcuts").check()
        dialog.get_by_role("button", name="Close").click()
        page.keyboard.press("j")
        expect(page.locator("#alerts-list > li:focus")).to_have_count(1)


def test_a_refusal_is_said_where_it_was_asked_for_and_what_was_typed_stays(
    browser: Browser, url: str, made: Scene
) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "?lang=en")
    step_to(page, made.ids["ordinary"])
    page.keyboard.press("e")
    expect(page.locator(RESULT)).to_contain_text("Nobody is left to escalate to")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Silence")
    dialog.get_by_label("Reason (required)").fill("   ")
    dialog.get_by_role("button", name="Silence").click()
    expect(dialog.locator(".result.bad")).to_have_text("Give a reason.")
    expect(dialog.get_by_label("Reason (required)")).to_have_value("   ")
    assert violations(page) == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    context.close()


def test_who_only_looks_has_no_buttons_and_no_keys_that_act(
    browser: Browser, url: str, made: Scene, city_url: str
) -> None:
    add(city_url, role=Role.VIEWER)
    with opened(browser, url) as page:
        expect(page.locator("#alerts-list > li[data-alert]").first).to_be_visible()
        expect(page.locator("#alerts-list .buttons button")).to_have_count(0)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("next alert")
        expect(page.get_by_role("dialog")).not_to_contain_text("acknowledge")


def test_an_engine_that_falls_silent_is_said_at_the_top_and_who_is_on_duty_is_named(
    browser: Browser, url: str, made: Scene
) -> None:
    with opened(browser, url) as page:
        expect(page.locator("#duty")).to_have_text("On call now: Nguyễn Thị Lan until 01/01/2036 07:00")
        expect(page.locator("#standstills")).to_be_empty()
        made.conn.execute("UPDATE alert_leader SET heartbeat_at = now() - interval '3 minutes'")
        said = "The alert engine has been silent for 3 min: nobody is told anything!"
        expect(page.locator("#standstills")).to_have_text(said)
        made.conn.execute("UPDATE alert_leader SET heartbeat_at = now() - interval '3 minutes'")
        (made.alerting_file.parent / "roster.ics").unlink()
        expect(page.locator("#duty")).to_have_text(
            "On call now: NOBODY ON THE ROSTER, fallback: Trần Văn Minh"
        )
        assert violations(page) == []
        page.goto(f"{url}/ops/alerts?lang=en")
        expect(page.locator("#standstills")).to_contain_text("The alert engine has been silent for")


def test_one_feed_alone_is_shown_and_all_again(browser: Browser, url: str, made: Scene) -> None:
    with opened(browser, url) as page:
        expect(page.locator("#alerts-count")).to_have_text("4")
        page.locator("article.tile", has_text="Rain").locator("button.fresh").click()
        expect(page.locator("#alerts-list")).to_have_text("No alerts of this domain.")
        expect(page.locator("#alerts-count")).to_have_text("0/4")
        expect(page.locator("#layers input:checked")).to_have_count(1)
        page.get_by_role("button", name="Only shown: Rain. Show all").press("Enter")
        expect(page.locator("#alerts-list > li")).to_have_count(4)
        expect(page.locator("#layers input:checked")).to_have_count(5)
        feed = page.locator("article.tile", has_text="Rain").locator("button.fresh")
        expect(feed).to_have_attribute("aria-pressed", "false")


def test_a_filter_hides_no_new_critical_alert(browser: Browser, url: str, made: Scene) -> None:
    with opened(browser, url) as page:
        page.locator("article.tile", has_text="Rain").locator("button.fresh").click()
        expect(page.locator("#alerts-list > li")).to_have_text(["No alerts of this domain."])
        made.conn.execute(
            "UPDATE alert SET severity = 'critical' WHERE id = %(id)s", {"id": made.ids["ordinary"]}
        )
        made.conn.commit()
        expect(entry(page, made.ids["ordinary"])).to_be_visible()
        expect(page.locator("#only")).to_be_hidden()


@LANGUAGES
@SIZES
def test_the_queue_with_its_buttons_is_accessible_and_fits(
    browser: Browser, url: str, made: Scene, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        expect(entry(page, made.ids["ordinary"]).get_by_role("button").first).to_be_visible()
        picture(page, f"overview-{language}-{size['width']}")
        assert violations(page) == []
        assert fits(page, size)
