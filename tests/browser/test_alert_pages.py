"""What an operator sees of alerts and does about them in a real browser: with alerts, without, without a database."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from storage import db
from storage.operators import Role
from tests.browser.test_control_room import DESK, PHONE, browser, enter, opened, violations
from tests.dashboard.alert_scene import Scene, dispatcher, scene
from tests.dashboard.room import add, serving
from tests.processes import wait_for
from tests.public_site import now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 740}
SIZES = pytest.mark.parametrize("size", [SMALL, PHONE, DESK], ids=["small", "phone", "desk"])
LANGUAGES = pytest.mark.parametrize("language", ["vi", "en"])
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""


@pytest.fixture
def made(city_url: str, tmp_path: Path) -> Iterator[Scene]:
    add(city_url)
    with scene(city_url, tmp_path, now()) as found:
        yield found


@pytest.fixture
def url(city_url: str, made: Scene) -> Iterator[str]:
    with serving(city_url, alerting_file=made.alerting_file) as address:
        yield address


def go(page: Page, url: str, path: str = "alerts", query: str = "?lang=en") -> None:
    page.goto(f"{url}/ops/{path}{query}")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def fits(page: Page, size: dict[str, int]) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= size["width"])


def row(page: Page, where: str, text: str) -> Locator:
    return page.locator(f"{where} > li", has_text=text)


@LANGUAGES
@SIZES
def test_the_pages_are_accessible_and_fit(
    browser: Browser, url: str, made: Scene, language: str, size: dict[str, int]
) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        for name in ("flooded", "inhibited", "ordinary"):
            go(page, url, f"alerts/{made.ids[name]}", f"?lang={language}")
            expect(page.locator("#timeline > li").first).to_be_visible()
            picture(page, f"alert-{name}-{language}-{size['width']}")
            assert violations(page) == []
            assert fits(page, size)
        go(page, url, query=f"?lang={language}")
        expect(page.locator("#history tr")).to_have_count(4)
        for details in page.locator("details").all():
            details.locator("summary").first.click()
        picture(page, f"alerts-{language}-{size['width']}")
        assert violations(page) == []
        assert fits(page, size)


def test_an_alert_shows_what_it_rests_on_and_its_story(browser: Browser, url: str, made: Scene) -> None:
    with opened(browser, url) as page:
        page.locator("#alerts-list a.title", has_text="30 cm").click()
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        expect(page.locator("#title")).to_have_text("Street flooded 30 cm or more: no cars")
        expect(page.locator("#value")).to_have_text("value 39 cm · limit 30 cm")
        expect(page.locator("#numbers")).to_contain_text("30 cm (limit suggested by the centre [S])")
        expect(page.locator("#readings tr")).to_have_count(3)
        expect(page.locator("#readings tr").last).to_contain_text("39 cm")
        expect(page.locator("#readings tr").last).to_contain_text("simulated")
        said = page.locator("#timeline .said")
        expect(said.filter(has_text="Delivered to duty-telegram (receipt 4411)").first).to_be_visible()
        expect(said.filter(has_text="Escalated (step 1) to on call: Nguyễn Thị Lan")).to_be_visible()
        page.locator("#timeline summary").first.click()
        expect(page.locator("#timeline blockquote").first).to_contain_text("[SIMULATED] Street flooded 30 cm")
        page.locator("#why-receiver").select_option("siren")
        expect(page.locator("#why-answer")).to_contain_text("You did not: given up at")
        page.get_by_role("link", name="Show on the map").click()
        expect(page.locator("#thing-name")).to_have_text("Tong Dan")


def test_an_alert_leads_to_its_thing(browser: Browser, url: str, made: Scene) -> None:
    with opened(browser, url) as page:
        go(page, url)
        row(page, "#acknowledged", "Tong Dan").get_by_role("link", name="Tong Dan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tong Dan")
        page.locator("#alerts a.title").first.click()
        expect(page.locator("html[data-ready='1']")).to_be_attached()
        page.locator("#place").get_by_role("link", name="Tong Dan").click()
        expect(page).to_have_url(f"{url}/ops/things/flood-tong-dan")


def test_an_operator_acknowledges_by_keyboard_and_takes_it_back(
    browser: Browser, url: str, made: Scene
) -> None:
    with opened(browser, url) as page:
        go(page, url, f"alerts/{made.ids['ordinary']}")
        page.locator("#note").focus()
        page.keyboard.type("I look at the camera")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#note-result")).to_have_text("Acknowledged.")
        expect(page.locator("#acknowledged")).to_contain_text("Acknowledged by lan")
        expect(row(page, "#timeline", "I look at the camera")).to_contain_text("lan acknowledged it")
        expect(page.locator("#note")).to_have_value("")
        page.get_by_role("button", name="Take back").click()
        expect(page.locator("#acknowledged")).to_be_hidden()


def test_an_operator_escalates_at_once(browser: Browser, url: str, made: Scene) -> None:
    with opened(browser, url) as page:
        go(page, url, f"alerts/{made.ids['flooded']}")
        page.get_by_role("button", name="Take back").click()
        expect(page.locator("#note-result")).to_have_text("The acknowledgement is taken back.")
        page.get_by_role("button", name="Escalate now").click()
        expect(page.locator("#note-result")).to_have_text("Escalated: who comes next is told now.")
        expect(row(page, "#timeline", "lan escalated it by hand")).to_be_visible()


def test_a_silence_for_two_hours_takes_a_reason_and_a_press(browser: Browser, url: str, made: Scene) -> None:
    with opened(browser, url) as page:
        go(page, url, f"alerts/{made.ids['ordinary']}")
        page.locator("#silence-reason").fill("pump test")
        page.get_by_role("button", name="2 h", exact=True).click()
        expect(page.locator("#silence-result")).to_contain_text("Silenced by #2 until")
        go(page, url)
        expect(row(page, "#silences-active", "pump test")).to_have_count(2)
        page.get_by_role("button", name="End #2").click()
        expect(page.locator("#silences-result")).to_have_text("#2 is ended.")
        expect(row(page, "#silences-active", "pump test")).to_have_count(1)


def test_an_alert_acknowledged_by_one_operator_leaves_the_queue_of_another(
    browser: Browser, url: str, made: Scene, city_url: str
) -> None:
    with opened(browser, url) as one, opened(browser, url) as other:
        go(one, url)
        go(other, url)
        expect(other.locator("#firing > li")).to_have_count(3)
        one.get_by_role("button", name=f"Acknowledge alert {made.ids['ordinary']}").press("Enter")
        expect(one.locator("#queue-result")).to_contain_text("Acknowledged.")
        expect(other.locator("#firing > li")).to_have_count(2)
        expect(row(other, "#acknowledged", "Cao Ba Quat")).to_contain_text("Acknowledged by lan")


def test_the_queue_is_filtered_and_history_is_searched(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        page.locator("#filter-severity").select_option("critical")
        expect(page.locator("#firing")).to_have_text("None.")
        expect(page.locator("#firing-count")).to_have_text("0/3")
        expect(page.locator("#acknowledged > li")).to_have_count(1)
        page.locator("#filter-severity").select_option("")
        page.locator("#filter-kind").select_option("flood")
        expect(page.locator("#firing > li")).to_have_count(3)
        page.locator("#history-thing").fill("Tống")
        page.keyboard.press("Enter")
        expect(page.locator("#history")).to_have_text("No alert is like that.")
        page.locator("#history-from").fill("2026-11-30")
        page.keyboard.press("Enter")
        expect(page.locator("#history-result")).to_have_text(
            "Write a day as 22/11/2026, a time as 22/11/2026 14:00."
        )
        page.locator("#history-from").fill("1/1/2020")
        page.locator("#history-thing").fill("tông đản")
        page.keyboard.press("Enter")
        expect(page.locator("#history tr")).to_have_count(2)


def test_a_maintenance_is_planned_for_an_area(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        go(page, url)
        page.locator("#new-silence > summary").click()
        page.locator("#silence-kind").select_option("maintenance")
        page.locator("#silence-scope").select_option("area")
        page.locator("#silence-value").fill("Ba Đình")
        page.locator("#silence-starts").fill("1/1/2099 8:00")
        page.locator("#silence-length").select_option("480")
        page.locator("#silence-reason").fill("pump station 3")
        page.locator("#silence-form button").click()
        planned = row(page, "#silences-planned", "pump station 3")
        expect(planned).to_contain_text('area = "Ba Đình"')
        expect(planned).to_contain_text("01/01/2099 08:00 to 01/01/2099 16:00")


def waits(made: Scene) -> bool:
    """Whether a test waits to be sent."""
    found = made.conn.execute(
        "SELECT count(*) AS n FROM notification WHERE reason = 'test' AND sent_at IS NULL AND dead_at IS NULL"
    ).fetchone()
    return found != {"n": 0}


def test_a_test_reports_what_became_of_it(browser: Browser, url: str, made: Scene) -> None:
    """While the page waits the dispatcher runs, as hanoi-alerts does."""
    with opened(browser, url) as page:
        go(page, url)
        for receiver, says in (
            ("duty-telegram", "(receipt 4411)."),
            ("siren", "Not delivered: answered 403."),
        ):
            result = page.locator(f"#receivers .result[data-receiver='{receiver}']")
            page.get_by_role("button", name=f"Send a test to {receiver}").click()
            expect(result).to_have_text("Sending…")
            wait_for(lambda: waits(made), "the test is in the queue")
            made.clock.now = now()
            desk = dispatcher(made)
            desk.run(made.conn, made.city.term)
            desk.close()
            expect(result).to_contain_text(says)


def test_what_people_wrote_is_text_and_never_a_script(
    browser: Browser, url: str, made: Scene, city_url: str
) -> None:
    hostile = "<script>document.title='x'</script><img src=x onerror=\"document.title='x'\">"
    with db.connect(city_url, name="test") as conn:
        conn.execute("UPDATE thing SET name_en = %s WHERE id = 'flood-cao-ba-quat'", [hostile])
    with opened(browser, url) as page:
        go(page, url, f"alerts/{made.ids['ordinary']}")
        page.locator("#note").fill(hostile)
        page.get_by_role("button", name="Add the note").click()
        expect(row(page, "#timeline", hostile)).to_contain_text("lan noted")
        expect(page.locator("#place")).to_contain_text(hostile)
        page.locator("#silence-reason").fill(hostile)
        page.get_by_role("button", name="30 min").click()
        expect(page.locator("#silence-result")).to_contain_text("Silenced by #2")
        go(page, url)
        expect(row(page, "#silences-active", hostile)).to_have_count(1)
        expect(row(page, "#firing", hostile)).to_have_count(1)
        assert page.title() == "Alerts · Hanoi operations centre"


def test_a_viewer_sees_the_page_and_no_actions(
    browser: Browser, city_url: str, url: str, made: Scene
) -> None:
    add(city_url, role=Role.VIEWER)
    with opened(browser, url) as page:
        go(page, url, f"alerts/{made.ids['ordinary']}")
        expect(page.locator("#timeline > li").first).to_be_visible()
        expect(page.locator("#actions-viewer")).to_be_visible()
        for hidden in ("#acting", "#public-buttons", "#refusing"):
            expect(page.locator(hidden)).to_be_hidden()
        go(page, url)
        expect(page.locator("#firing > li")).to_have_count(3)
        expect(page.locator("#firing button, #receivers button, #silences-active button")).to_have_count(0)
        expect(page.locator("#new-silence")).to_be_hidden()


def test_a_link_in_a_message_leads_through_the_login_to_its_alert(
    browser: Browser, url: str, made: Scene
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/ops/alerts/{made.ids['flooded']}?lang=en")
    page.locator("#username").fill("lan")
    page.locator("#password").fill("correct-horse-battery")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("Street flooded 30 cm or more: no cars")
    context.close()


@SIZES
def test_a_city_without_alerts_says_so(browser: Browser, city_url: str, size: dict[str, int]) -> None:
    add(city_url)
    with serving(city_url) as url, opened(browser, url, size=size) as page:
        go(page, url)
        for where in ("firing", "acknowledged", "pending", "silences-active", "silences-planned"):
            expect(page.locator(f"#{where}")).to_have_text("None.")
        expect(page.locator("#history")).to_have_text("No alert is like that.")
        expect(page.locator("#on-call")).to_have_text("No roster is configured.")
        expect(page.locator("#dead")).to_have_text("Nothing was given up.")
        expect(page.locator("#noisiest")).to_have_text("No rule made a noise.")
        expect(page.locator("#cap")).to_have_text("No message went out.")
        expect(page.locator("#standstills")).to_have_text("The alert engine has never run.")
        assert violations(page) == []
        assert fits(page, size)
        picture(page, f"alerts-empty-{size['width']}")


def test_an_alert_that_is_not_there_says_so(browser: Browser, city_url: str) -> None:
    add(city_url)
    with serving(city_url) as url:
        context = browser.new_context()
        page = context.new_page()
        enter(page, url, "?lang=vi")
        go(page, url, "alerts/99", "?lang=vi")
        expect(page.locator("#fault")).to_have_text("Không có cảnh báo số 99.")
        expect(page.locator("#head")).to_be_hidden()
        assert violations(page) == []
        context.close()


@SIZES
def test_a_page_whose_server_is_gone_turns_grey_says_so_and_comes_back(
    browser: Browser, url: str, made: Scene, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]})
    page = context.new_page()
    page.goto(f"{url}/ops/alerts/{made.ids['flooded']}?lang=en")
    page.locator("#username").fill("lan")
    page.locator("#password").fill("correct-horse-battery")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline > li").first).to_be_visible()
    gone = '{"code": "database", "error": "The database does not answer."}'
    page.route("**/ops/api/alerts/*", lambda route: route.fulfill(status=503, body=gone))
    expect(page.locator("#fault")).to_have_text("The database does not answer.")
    expect(page.locator("html[data-link='gone']")).to_be_attached()
    expect(page.locator("#title")).to_be_visible()
    picture(page, f"alert-gone-{size['width']}")
    assert violations(page) == []
    assert fits(page, size)
    page.unroute("**/ops/api/alerts/*")
    expect(page.locator("#fault")).to_be_hidden()
    context.close()
