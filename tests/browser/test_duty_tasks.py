"""Eight tasks of an officer on duty, each from the overview that is open, each in three actions at most.

An action is a click, a key with a meaning, a choice, or a field written. What the same takes in Grafana and
Alertmanager stands in docs/operators.md beside it, which has to say of ours what is counted here.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from storage import alert_actions
from storage.model import HANOI
from tests.browser.test_control_room import browser, opened
from tests.dashboard.alert_scene import scene
from tests.dashboard.room import add, serving
from tests.public_site import now

pytestmark = pytest.mark.browser

__all__ = ["browser"]

MOST: Final = 3
MANUAL: Final = Path(__file__).parents[2] / "docs" / "operators.md"


class Hand:
    """Does what a hand does, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def click(self, target: Locator) -> None:
        self.actions += 1
        target.click()

    def press(self, key: str) -> None:
        self.actions += 1
        self.page.keyboard.press(key)

    def write(self, target: Locator, text: str) -> None:
        self.actions += 1
        target.fill(text)

    def choose(self, target: Locator, value: str) -> None:
        self.actions += 1
        target.select_option(value)


def newest_critical(hand: Hand) -> None:
    first = first_alert(hand)
    expect(first).to_contain_text("Critical")
    expect(first).to_contain_text("Tong Dan")
    expect(first).to_contain_text("min ago")


def why_it_fired(hand: Hand) -> None:
    open_first(hand)
    expect(hand.page.locator("#evidence")).to_contain_text(re.compile(r"30 cm"))
    expect(hand.page.locator("#evidence")).to_contain_text("Value")


def acknowledge(hand: Hand) -> None:
    hand.click(first_alert(hand).get_by_role("button", name="Acknowledge"))
    critical = hand.page.locator("#alerts-list > li", has_text="30 cm or more")
    expect(critical).to_contain_text("Acknowledged by lan")


def who_was_told(hand: Hand) -> None:
    open_first(hand)
    expect(hand.page.locator("#timeline")).to_contain_text("duty-telegram")


def floods_within_a_kilometre(hand: Hand) -> None:
    hand.write(hand.page.locator("#find input"), "tong dan")
    hand.press("Enter")
    hand.click(hand.page.locator("#thing-name").get_by_role("link"))
    expect(hand.page.locator("#nearby-title")).to_have_text("Within 1 km")
    expect(hand.page.locator("#nearby .around li").first).to_contain_text(re.compile(r"\d+ m"))


def dead_sensors(hand: Hand) -> None:
    hand.click(menu(hand, "Things"))
    hand.choose(hand.page.locator("#in-state"), "silent")
    expect(hand.page.locator("#list > li").first).to_contain_text("Silent")


def shift_report(hand: Hand) -> None:
    hand.click(menu(hand, "Reports"))
    expect(hand.page.locator("main")).to_contain_text("Shift report")
    expect(hand.page.locator("main")).to_contain_text("Tong Dan")


def silence_for_two_hours(hand: Hand) -> None:
    hand.click(first_alert(hand).get_by_role("button", name="Silence"))
    hand.write(hand.page.get_by_role("dialog").get_by_label("Reason"), "pumps at work")
    hand.press("Enter")
    begun = now()
    expect(hand.page.locator("#alerts-result")).to_contain_text("Silenced by #")
    told = hand.page.locator("#alerts-result").inner_text()
    found = re.search(r"until (\d\d/\d\d/\d{4} \d\d:\d\d)", told)
    assert found is not None
    until = datetime.strptime(found[1], "%d/%m/%Y %H:%M").replace(tzinfo=HANOI)
    assert abs(until - begun - timedelta(hours=2)) < timedelta(minutes=3)


TASKS: Final[dict[str, Callable[[Hand], None]]] = {
    "see the newest critical alert": newest_critical,
    "why it fired": why_it_fired,
    "acknowledge it": acknowledge,
    "who was told": who_was_told,
    "floods within 1 km of a point": floods_within_a_kilometre,
    "dead sensors": dead_sensors,
    "the shift report": shift_report,
    "a silence for two hours": silence_for_two_hours,
}


def first_alert(hand: Hand) -> Locator:
    return hand.page.locator("#alerts-list > li").first


def open_first(hand: Hand) -> None:
    hand.click(first_alert(hand).get_by_role("link").first)
    expect(hand.page.locator("#timeline > li").first).to_be_visible()


def menu(hand: Hand, name: str) -> Locator:
    return hand.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True)


@pytest.fixture
def url(city_url: str, tmp_path: Path) -> Iterator[str]:
    """A critical alert that nobody has taken yet, others beside it, and sensors that fell silent."""
    add(city_url)
    with scene(city_url, tmp_path, now()) as made:
        alert_actions.unacknowledge(
            made.conn, made.ids["flooded"], actor="lan", source="test", now=made.clock.now
        )
        with serving(city_url, alerting_file=made.alerting_file) as address:
            yield address


@pytest.mark.parametrize("task", TASKS)
def test_an_officer_on_duty_does_it_in_three_actions(browser: Browser, url: str, task: str) -> None:
    with opened(browser, url) as page:
        expect(page.locator("#alerts-list > li").first).to_contain_text("Tong Dan")
        hand = Hand(page)
        TASKS[task](hand)
        assert hand.actions <= MOST
        assert hand.actions == in_the_manual()[task]


def in_the_manual() -> dict[str, int]:
    """Our own counts as docs/operators.md has them: | task | ours | how | theirs | how |."""
    rows = re.findall(r"^\| ([a-z][^|]+) \| (\d) \|", MANUAL.read_text("utf-8"), re.M)
    return {task: int(count) for task, count in rows if task in TASKS}


def test_the_manual_counts_all_eight() -> None:
    assert in_the_manual().keys() == TASKS.keys()
