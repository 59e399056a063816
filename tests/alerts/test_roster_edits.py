"""Calendars and covers of the control room over the files of rosters."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.config import load
from alerts.roster import Rosters
from alerts.roster_calendar import RosterError, parse
from storage.roster_edits import Cover, RosterEdits, RosterFileEdit
from tests.alerts.test_roster import CONFIG, HEAD, WEEKS, at, event

MADE = at("2026-07-01T08:00")
MINH_ALONE = (
    HEAD
    + event("UID:9", "SUMMARY:minh", "DTSTART:20260706T010000Z", "DTEND:20260720T010000Z")
    + "END:VCALENDAR\r\n"
)
"""08:00 of the 6th to 08:00 of the 20th in Hanoi."""


def cover(absent: str | None, person: str, start: str, end: str, number: int = 1) -> Cover:
    return Cover(
        id=number,
        roster="duty",
        absent=absent,
        person=person,
        starts_at=at(start),
        ends_at=at(end),
        reason="ốm",
        author="hoa",
        made_at=MADE,
    )


def uploaded(content: str | None) -> RosterFileEdit:
    return RosterFileEdit(
        id=1, roster="duty", version=1, content=content, reason="quý 3", author="hoa", made_at=MADE
    )


@pytest.fixture
def rosters(tmp_path: Path) -> Callable[..., Rosters]:
    def make(*covers: Cover, file: RosterFileEdit | None = None, calendar: str | None = WEEKS) -> Rosters:
        (tmp_path / "alerting.toml").write_text(CONFIG)
        if calendar is not None:
            (tmp_path / "roster.ics").write_text(calendar)
        edits = RosterEdits(covers=covers, files={"duty": file} if file else {})
        return Rosters(alerting=load(tmp_path / "alerting.toml"), edits=edits)

    return make


LAN_AWAY = cover("lan", "minh", "2026-07-08T14:00", "2026-07-08T22:00")


@pytest.mark.parametrize(
    ("moment", "persons", "until"),
    [
        ("2026-07-08T13:59", ("lan",), "2026-07-08T14:00"),
        ("2026-07-08T14:00", ("minh",), "2026-07-08T22:00"),
        ("2026-07-08T21:59", ("minh",), "2026-07-08T22:00"),
        ("2026-07-08T22:00", ("lan",), "2026-07-13T08:00"),
    ],
)
def test_who_covers_is_on_call_just_for_that_time(
    rosters: Callable[..., Rosters], moment: str, persons: tuple[str, ...], until: str
) -> None:
    found = rosters(LAN_AWAY).on_call("duty", at(moment))
    assert (found.persons, found.error, found.until) == (persons, None, at(until))


def test_messages_go_to_who_covers(rosters: Callable[..., Rosters]) -> None:
    told = rosters(LAN_AWAY).recipients("roster:duty", at("2026-07-08T15:00"))
    assert told.receivers == ("minh-phone",)


def test_a_cover_for_somebody_who_is_not_on_call_changes_nothing(rosters: Callable[..., Rosters]) -> None:
    idle = cover("minh", "chief", "2026-07-08T14:00", "2026-07-08T22:00")
    assert rosters(idle).on_call("duty", at("2026-07-08T15:00")).persons == ("lan",)


def test_nobody_whom_the_configuration_does_not_know_covers(rosters: Callable[..., Rosters]) -> None:
    gone = cover("lan", "huong", "2026-07-08T14:00", "2026-07-08T22:00")
    assert rosters(gone).on_call("duty", at("2026-07-08T15:00")).persons == ("lan",)


def test_who_is_on_call_besides_fills_a_hole_and_joins_who_is(rosters: Callable[..., Rosters]) -> None:
    hole = at("2026-08-05T12:00")  # the week of an EXDATE
    assert rosters().on_call("duty", hole).error is not None
    filled = rosters(cover(None, "minh", "2026-08-03T08:00", "2026-08-10T08:00")).on_call("duty", hole)
    assert (filled.persons, filled.error) == (("minh",), None)
    joined = rosters(cover(None, "minh", "2026-07-08T00:00", "2026-07-09T00:00"))
    assert joined.on_call("duty", at("2026-07-08T12:00")).persons == ("lan", "minh")


def test_without_a_usable_calendar_the_fallback_and_who_is_on_call_besides_are_told(
    rosters: Callable[..., Rosters],
) -> None:
    made = rosters(cover(None, "minh", "2026-07-08T00:00", "2026-07-09T00:00"), calendar="BEGIN:NOTHING\r\n")
    found = made.on_call("duty", at("2026-07-08T12:00"))
    assert found.persons == ("chief", "lan", "minh")
    assert found.error is not None


def test_an_uploaded_calendar_counts_in_place_of_the_file_until_it_is_taken_back(
    rosters: Callable[..., Rosters],
) -> None:
    made = rosters(file=uploaded(MINH_ALONE))
    moment = at("2026-07-08T12:00")
    assert made.on_call("duty", moment).persons == ("minh",)
    made.edits = RosterEdits(mark=(2, 0, 0), files={"duty": uploaded(None)})
    assert made.on_call("duty", moment).persons == ("lan",)


def test_a_plan_has_no_holes_and_agrees_with_who_is_asked_at_each_moment(
    rosters: Callable[..., Rosters],
) -> None:
    made = rosters(LAN_AWAY, cover(None, "chief", "2026-07-19T00:00", "2026-07-21T00:00", 2))
    start, end = at("2026-07-06T00:00"), at("2026-08-10T00:00")
    plan = made.plan("duty", start, end)
    assert plan[0].start == start
    assert plan[-1].end == end
    assert [one.end for one in plan[:-1]] == [one.start for one in plan[1:]]
    for one in plan:
        for moment in (one.start, one.start + (one.end - one.start) / 2):
            asked = made.on_call("duty", moment)
            assert (asked.persons, asked.error is not None) == (one.persons, one.gap)
    gaps = [(one.start, one.end) for one in plan if one.gap]
    assert gaps == [
        (at("2026-07-06T00:00"), at("2026-07-06T08:00")),
        (at("2026-08-03T08:00"), at("2026-08-10T00:00")),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not a calendar", "is no iCalendar file"),
        (
            HEAD
            + event("UID:1", "SUMMARY:lan", "DTSTART:20260706T010000Z", "RRULE:FREQ=HOURLY")
            + "END:VCALENDAR\r\n",
            "hourly",
        ),
        ("x" * 1_000_001, "is larger than 1000000 bytes"),
    ],
)
def test_what_is_no_roster_is_refused_by_name(content: str, says: str) -> None:
    with pytest.raises(RosterError, match=says):
        parse(content.encode(), "duty.ics")
