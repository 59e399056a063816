"""When citizens are told: properties of the state machine over whatever may happen, and what counts as known."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.subscribers.decide import Standing, holds, made_up, step
from storage.catalog import load_catalog
from storage.model import Provenance, Quality
from storage.subscription_rows import ReadingRow

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PAUSE = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LOOKS = st.lists(st.tuples(st.integers(1, 90), st.sampled_from([True, False, None])), max_size=60)
"""(minutes since the look before, what was seen)"""


def told(looks: list[tuple[int, bool | None]]) -> list[tuple[datetime, bool | None, bool]]:
    """(when, what was seen, whether somebody was told) of each look."""
    at, standing, story = NOW, Standing(), []
    for minutes, seen in looks:
        at += minutes * MINUTE
        standing, tell = step(standing, seen, at, PAUSE)
        story.append((at, seen, tell))
    return story


@given(LOOKS)
def test_nobody_is_told_of_what_is_not_so_or_not_known(looks: list[tuple[int, bool | None]]) -> None:
    assert all(seen is True for _, seen, tell in told(looks) if tell)


@given(LOOKS)
def test_between_two_tellings_it_ceased_and_the_pause_was_over(looks: list[tuple[int, bool | None]]) -> None:
    story = told(looks)
    times = [number for number, (_, _, tell) in enumerate(story) if tell]
    for first, second in pairwise(times):
        assert story[second][0] - story[first][0] >= PAUSE
        assert False in [seen for _, seen, _ in story[first:second]]


@given(LOOKS)
def test_what_was_so_already_is_no_news(looks: list[tuple[int, bool | None]]) -> None:
    story = told(looks)
    first = next((number for number, (_, _, tell) in enumerate(story) if tell), None)
    assert first is None or False in [seen for _, seen, _ in story[:first]]


@given(LOOKS)
def test_what_becomes_so_and_stays_is_told_once_the_pause_is_over(
    looks: list[tuple[int, bool | None]],
) -> None:
    ended = [*looks, (1, False), (61, True), (61, True), (61, True)]
    assert [tell for _, _, tell in told(ended)[-3:]] == [True, False, False]


@given(LOOKS, st.sampled_from([True, False, None]))
def test_looking_twice_at_the_same_moment_tells_nothing_more(
    looks: list[tuple[int, bool | None]], seen: bool | None
) -> None:
    assert told([*looks, (1, seen), (0, seen)])[-1][2] is False


def test_what_comes_again_within_the_pause_is_told_at_its_end_if_it_still_is() -> None:
    looks = [(1, False), (1, True), (10, False), (10, True), (10, True), (30, True)]
    assert [tell for _, _, tell in told(looks)] == [False, True, False, False, False, True]


DOMAINS = load_catalog()
DEPTH = DOMAINS["flood"].properties["water_depth"]
FREE = DOMAINS["parking"].properties["parking_free"]


def reading(**change: object) -> ReadingRow:
    known: dict[str, object] = {
        "thing_id": "flood-tong-dan",
        "property": "water_depth",
        "interval_s": 60,
        "domain": "flood",
        "phenomenon_time": NOW,
        "result": 20.0,
        "quality": Quality.GOOD,
        "provenance": "measured",
        "input_provenance": None,
        "expires_at": None,
    }
    return ReadingRow(**{**known, **change})  # type: ignore[arg-type]  # the keywords are the test's own


def test_a_level_holds_from_its_class_on_and_a_number_from_its_value_on() -> None:
    assert [holds(reading(result=cm), DEPTH, 2, NOW) for cm in (14.9, 15.0, 80.0)] == [False, True, True]
    assert [holds(reading(result=n), FREE, 3, NOW) for n in (2.0, 3.0, 9.0)] == [False, True, True]


@pytest.mark.parametrize(
    "change",
    [
        {"quality": Quality.SUSPECT},
        {"quality": Quality.FAIL},
        {"quality": Quality.MISSING},
        {"phenomenon_time": NOW - timedelta(seconds=181)},
        {"phenomenon_time": NOW + timedelta(minutes=11)},
        {"provenance": "forecast"},
        {"provenance": "derived", "input_provenance": "forecast"},
        {"provenance": "manual", "expires_at": NOW},
    ],
)
def test_what_is_suspect_old_or_foretold_is_not_known(change: dict[str, object]) -> None:
    assert holds(reading(**change), DEPTH, 1, NOW) is None
    assert holds(None, DEPTH, 1, NOW) is None


def test_by_hand_holds_until_it_expires_and_what_is_not_checked_counts() -> None:
    long = reading(phenomenon_time=NOW - timedelta(hours=5), expires_at=NOW + MINUTE)
    assert holds(long, DEPTH, 1, NOW) is True
    assert holds(reading(quality=Quality.NOT_EVALUATED), DEPTH, 1, NOW) is True


def test_made_up_values_are_known_as_such_through_what_they_were_derived_from() -> None:
    assert made_up(reading()) is None
    assert made_up(reading(provenance="derived", input_provenance="simulated")) is Provenance.SIMULATED
    assert made_up(reading(provenance="replayed")) is Provenance.REPLAYED
