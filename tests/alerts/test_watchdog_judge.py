"""When silence is an incident, and when it is over: for every course of signs of life."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.watchdog import judge
from alerts.watchdog.judge import Limit, Manner, News, Standing

BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MANNER = Manner(
    limits={
        "canary": Limit(alarm=45 * SECOND, named=25 * SECOND),
        "ingest": Limit(alarm=30 * SECOND, named=12 * SECOND),
        "public": Limit(alarm=30 * SECOND, named=12 * SECOND),
    },
    steady=20 * SECOND,
    repeat=timedelta(hours=1),
)
EVERY_S = {"canary": 10, "ingest": 5, "public": 5}


@dataclass
class Course:
    """Looks once a second; parts that are not silent are heard at their intervals."""

    now_s: int = 0
    standing: Standing = field(default_factory=Standing)
    heard: dict[str, datetime] = field(default_factory=dict)
    told: list[tuple[int, News]] = field(default_factory=list)
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return BEGIN + self.now_s * SECOND

    def run(self, seconds: int, *silent: str) -> "Course":
        for _ in range(seconds):
            for part, every in EVERY_S.items():
                if part not in silent and self.now_s % every == 0:
                    self.heard[part] = self.now
            self.look()
            self.now_s += 1
        return self

    def look(self) -> None:
        looked = judge.look(self.standing, self.heard, self.now, MANNER)
        self.standing = looked.standing
        if looked.news is not None:
            self.told.append((self.now_s, looked.news))
        if looked.stood_still_since is not None:
            self.gaps.append((looked.stood_still_since, self.now))

    @property
    def reasons(self) -> list[str]:
        return [news.reason for _, news in self.told]


PARTS = sorted(EVERY_S)
COURSES = st.lists(st.tuples(st.integers(1, 150), st.sets(st.sampled_from(PARTS))), min_size=1, max_size=6)


def test_while_everything_is_heard_nothing_is_told() -> None:
    assert Course().run(7200).told == []


def test_a_canary_that_stops_is_told_after_45_s_and_before_60_s() -> None:
    course = Course().run(100).run(60, "canary")
    [(at_s, news)] = course.told
    assert 90 + 45 < at_s <= 90 + 60, "the last one came at 90 s"
    assert news.incident.outages["canary"].since == BEGIN + 90 * SECOND
    assert set(news.incident.outages) == {"canary"}


def test_one_cause_is_one_message_that_names_what_is_silent_with_it() -> None:
    course = Course().run(100).run(300, "canary", "ingest")
    assert course.reasons == ["firing"]
    assert set(course.told[0][1].incident.outages) == {"canary", "ingest"}


def test_what_falls_silent_later_is_told_too() -> None:
    course = Course().run(100).run(100, "ingest").run(100, "ingest", "public")
    assert course.reasons == ["firing", "firing"]
    assert set(course.told[1][1].incident.outages) == {"ingest", "public"}


def test_the_end_is_told_once_with_what_was_silent_for_how_long() -> None:
    course = Course().run(100).run(120, "ingest").run(600)
    assert course.reasons == ["firing", "resolved"]
    outage = course.told[1][1].incident.outages["ingest"]
    assert outage.since == BEGIN + 95 * SECOND
    assert outage.back_since == BEGIN + 220 * SECOND
    assert course.standing.incident is None


def test_one_sign_of_life_is_no_recovery() -> None:
    course = Course().run(100).run(60, "ingest").run(1).run(200, "ingest")
    assert course.reasons == ["firing"]
    assert course.run(60).reasons == ["firing", "resolved"]


def test_what_was_back_and_falls_silent_again_is_told_again_though_something_else_still_is() -> None:
    course = Course().run(100).run(60, "ingest", "public").run(120, "public").run(60, "ingest", "public")
    assert course.reasons == ["firing", "firing"]
    assert course.told[1][1].incident.outages["ingest"].since == BEGIN + 275 * SECOND


def test_it_is_repeated_every_hour_while_it_lasts() -> None:
    course = Course().run(100).run(3 * 3600, "public")
    assert course.reasons == ["firing", "repeat", "repeat"]
    assert len({news.key for _, news in course.told}) == 3


def test_a_silence_that_nobody_listened_to_is_none() -> None:
    """The watchdog was stopped, or the machine slept."""
    course = Course().run(100)
    course.now_s += 3600
    course.run(40)
    assert course.told == []
    assert course.gaps == [(BEGIN + 99 * SECOND, BEGIN + 3700 * SECOND)]


def test_after_it_stood_still_itself_an_open_incident_waits_for_new_signs_of_life() -> None:
    course = Course().run(100).run(60, "ingest")
    course.now_s += 600
    course.run(25, "ingest")
    assert course.reasons == ["firing"], "that nobody heard it is no sign of life"
    assert course.run(60).reasons == ["firing", "resolved"]


def test_a_restart_goes_on_with_the_incident_that_was_told() -> None:
    course = Course().run(100).run(60, "canary")
    restarted = Course(now_s=course.now_s + 5, standing=Standing(incident=course.standing.incident))
    restarted.run(100, "canary")
    assert restarted.told == [], "it was told already"
    assert restarted.run(60).reasons == ["resolved"]


def test_a_clock_that_is_set_back_alarms_nobody() -> None:
    course = Course().run(100)
    course.now_s -= 80
    assert course.run(100).told == []


@given(COURSES)
@settings(max_examples=150, deadline=None)
def test_nothing_is_told_without_a_silence_beyond_its_limit(phases: list[tuple[int, set[str]]]) -> None:
    course = Course().run(30)
    for length, silent in phases:
        course.run(length, *silent)
    for at_s, news in course.told:
        if news.reason == "firing":
            now = BEGIN + at_s * SECOND
            assert any(
                now - outage.since > MANNER.limits[part].alarm
                for part, outage in news.incident.outages.items()
                if outage.back_since is None
            )


@given(COURSES, st.sampled_from(PARTS))
@settings(max_examples=150, deadline=None)
def test_every_silence_is_told_within_60_s(phases: list[tuple[int, set[str]]], part: str) -> None:
    course = Course().run(30)
    for length, silent in phases:
        course.run(length, *silent)
    stopped = course.now
    course.run(60, part)
    incident = course.standing.incident
    assert incident is not None
    assert part in incident.outages
    assert any(part in news.incident.outages and news.at <= stopped + 60 * SECOND for _, news in course.told)


@given(COURSES)
@settings(max_examples=150, deadline=None)
def test_each_incident_ends_once_and_no_key_is_used_twice(phases: list[tuple[int, set[str]]]) -> None:
    course = Course().run(30)
    for length, silent in phases:
        course.run(length, *silent)
    course.run(200)
    open_ = False
    for reason in course.reasons:
        assert reason == "firing" or open_
        open_ = reason != "resolved"
    assert not open_
    assert course.standing.incident is None
    keys = [news.key for _, news in course.told]
    assert len(set(keys)) == len(keys)
