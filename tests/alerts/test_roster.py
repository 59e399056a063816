"""Who is on call, from iCalendar files as calendar programs write them."""

import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from alerts.config import load
from alerts.roster import Rosters

CONFIG = """
[receiver.lan-phone]
type = "control-room"
[receiver.lan-mail]
type = "control-room"
[receiver.minh-phone]
type = "control-room"
[receiver.chief-phone]
type = "control-room"
[person.lan]
name = "Nguyễn Thị Lan"
receivers = ["lan-phone", "lan-mail"]
[person.minh]
name = "Trần Văn Minh"
receivers = ["minh-phone"]
[person.chief]
name = "Trưởng ca"
receivers = ["chief-phone"]
[roster.duty]
file = "roster.ics"
fallback = ["chief", "lan"]
[route]
receivers = ["roster:duty"]
"""

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n"


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


WEEKS = (
    HEAD
    + "BEGIN:VTIMEZONE\r\nTZID:Asia/Ho_Chi_Minh\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    + "TZOFFSETFROM:+0700\r\nTZOFFSETTO:+0700\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    + event(
        "UID:1",
        "SUMMARY:lan",
        "DTSTART;TZID=Asia/Ho_Chi_Minh:20260706T080000",
        "DTEND;TZID=Asia/Ho_Chi_Minh:20260713T080000",
        "RRULE:FREQ=WEEKLY;INTERVAL=2",
        "EXDATE;TZID=Asia/Ho_Chi_Minh:20260803T080000",
    )
    + event(
        "UID:2",
        "SUMMARY:Trực tuần",
        'ATTENDEE;CN="Trần Văn Minh":mailto:someone@example.org',
        "DTSTART:20260713T010000Z",
        "DTEND:20260720T010000Z",
        "RRULE:FREQ=WEEKLY;INTERVAL=2",
    )
    + "END:VCALENDAR\r\n"
)


@pytest.fixture
def rosters(tmp_path: Path) -> Callable[[str | None], Rosters]:
    def make(calendar: str | None) -> Rosters:
        (tmp_path / "alerting.toml").write_text(CONFIG)
        if calendar is not None:
            (tmp_path / "roster.ics").write_text(calendar)
        return Rosters(alerting=load(tmp_path / "alerting.toml"))

    return make


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+07:00")


@pytest.mark.parametrize(
    ("moment", "persons"),
    [
        ("2026-07-06T08:00", ("lan",)),
        ("2026-07-13T07:59", ("lan",)),
        ("2026-07-13T08:00", ("minh",)),
        ("2026-07-20T07:59", ("minh",)),
        ("2026-07-20T08:00", ("lan",)),
        ("2027-07-19T12:00", ("lan",)),
    ],
)
def test_weekly_duties_change_at_their_hour(
    rosters: Callable[[str | None], Rosters], moment: str, persons: tuple[str, ...]
) -> None:
    found = rosters(WEEKS).on_call("duty", at(moment))
    assert (found.persons, found.error) == (persons, None)


@pytest.mark.parametrize(
    ("moment", "until"),
    [("2026-07-13T07:59", "2026-07-13T08:00"), ("2026-07-13T08:00", "2026-07-20T08:00")],
)
def test_a_duty_says_when_it_ends(rosters: Callable[[str | None], Rosters], moment: str, until: str) -> None:
    assert rosters(WEEKS).on_call("duty", at(moment)).until == at(until)


def test_a_shift_is_the_time_of_the_event_that_goes_on(rosters: Callable[[str | None], Rosters]) -> None:
    found = rosters(WEEKS)
    assert found.held("duty", at("2026-07-21T12:00")) == (at("2026-07-20T08:00"), at("2026-07-27T08:00"))
    assert found.held("duty", at("2026-08-04T12:00")) is None
    assert rosters("no calendar").held("duty", at("2026-07-21T12:00")) is None


def test_a_roster_is_the_receivers_of_the_person_on_call(
    rosters: Callable[[str | None], Rosters],
) -> None:
    duty = rosters(WEEKS)
    assert duty.recipients("roster:duty", at("2026-07-06T12:00")).receivers == ("lan-phone", "lan-mail")
    assert duty.recipients("person:minh", at("2026-07-06T12:00")).receivers == ("minh-phone",)
    assert duty.recipients("chief-phone", at("2026-07-06T12:00")).receivers == ("chief-phone",)


def test_in_a_week_off_the_fallback_is_told_and_the_error_says_when(
    rosters: Callable[[str | None], Rosters],
) -> None:
    found = rosters(WEEKS).recipients("roster:duty", at("2026-08-04T12:00"))
    assert found.receivers == ("chief-phone", "lan-phone", "lan-mail")
    assert found.error == "roster.ics: nobody is on call at 2026-08-04 12:00 in Hanoi"


@pytest.mark.parametrize(
    ("body", "persons"),
    [
        (("SUMMARY:Lan + MINH", "DTSTART:20260720T000000Z", "DTEND:20260721T000000Z"), ("lan", "minh")),
        (("SUMMARY:lan và minh", "DTSTART:20260720T080000", "DURATION:PT12H"), ("lan", "minh")),
        (("SUMMARY:minh", "DTSTART;VALUE=DATE:20260720"), ("minh",)),
        (("SUMMARY:minh", "DTSTART;VALUE=DATE:20260718", "DTEND;VALUE=DATE:20260721"), ("minh",)),
        (("ATTENDEE:mailto:lan@example.org", "DTSTART;VALUE=DATE:20260720"), ("lan",)),
        (("SUMMARY:minh", "DTSTART:20260720T100000Z", "DTEND:20260720T110000Z"), ("minh",)),
    ],
    ids=["two of a shift", "floating is Hanoi's", "a whole day", "three days", "by address", "begins now"],
)
def test_events_are_read_as_people_write_them(
    rosters: Callable[[str | None], Rosters], body: tuple[str, ...], persons: tuple[str, ...]
) -> None:
    duty = rosters(HEAD + event("UID:1", *body) + "END:VCALENDAR\r\n")
    assert duty.on_call("duty", at("2026-07-20T17:00")).persons == persons


@pytest.mark.parametrize(
    ("calendar", "why"),
    [
        (None, "roster.ics: can't be read: No such file"),
        ("", "roster.ics: is no iCalendar file"),
        ("nonsense", "roster.ics: is no iCalendar file"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "roster.ics: nobody is on call"),
        (
            HEAD + event("UID:1", "SUMMARY:hoa", "DTSTART;VALUE=DATE:20260720") + "END:VCALENDAR\r\n",
            "roster.ics: only hoa, who is no [person] is on call",
        ),
        (
            HEAD
            + event("UID:1", "SUMMARY:lan", "DTSTART:19700101T000000Z", "RRULE:FREQ=SECONDLY")
            + "END:VCALENDAR\r\n",
            "roster.ics: no duty comes secondly",
        ),
        (HEAD + event("UID:1", "SUMMARY:lan") + "END:VCALENDAR\r\n", ""),
        (HEAD + event("UID:1", "SUMMARY:lan", "DTSTART:20269999T000000Z") + "END:VCALENDAR\r\n", ""),
        (HEAD + "X" * 1_000_001, "roster.ics: is larger than 1000000 bytes"),
    ],
    ids=[
        "absent",
        "empty",
        "no calendar",
        "no events",
        "a stranger",
        "endless",
        "no time",
        "no date",
        "huge",
    ],
)
def test_a_roster_that_says_nothing_falls_back_to_everybody_it_names(
    rosters: Callable[[str | None], Rosters],
    calendar: str | None,
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    duty = rosters(calendar)
    with caplog.at_level(logging.ERROR, logger="alerts"):
        found = [duty.on_call("duty", at("2026-07-20T17:00")) for _ in range(3)]
    assert {one.persons for one in found} == {("chief", "lan")}
    assert all(one.error and why in one.error for one in found)
    assert caplog.text.count("roster_unusable") == 1


def test_a_roster_is_read_again_when_its_file_has_changed(
    rosters: Callable[[str | None], Rosters], tmp_path: Path
) -> None:
    duty, moment, file = rosters(WEEKS), at("2026-07-06T12:00"), tmp_path / "roster.ics"
    assert duty.on_call("duty", moment).persons == ("lan",)
    file.write_text(WEEKS.replace("SUMMARY:lan", "SUMMARY:chief"))
    assert duty.on_call("duty", moment).persons == ("chief",)
    file.write_text("broken")
    assert duty.on_call("duty", moment).error is not None
    file.write_text(WEEKS)
    os.utime(file, ns=(1, 1))
    assert duty.on_call("duty", moment).persons == ("lan",)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["RRULE:FREQ=DAILY;INTERVAL=0"], "INTERVAL of a rule is at least 1"),
        (["RRULE:FREQ=DAILY;BYHOUR=1,2,3"], "BYHOUR"),
        (["STATUS:CANCELLED"], "nobody is on call"),
        (["ATTENDEE;CN=lan;PARTSTAT=DECLINED:mailto:lan@example.org"], "nobody is on call"),
    ],
)
def test_an_event_that_nobody_can_serve_falls_back(
    rosters: Callable[[str | None], Rosters], lines: list[str], why: str
) -> None:
    text = HEAD + event("UID:1", "SUMMARY:minh", "DTSTART:20260720T010000Z", "DTEND:20260720T230000Z", *lines)
    found = rosters(text + "END:VCALENDAR\r\n").on_call("duty", at("2026-07-20 17:00"))
    assert found.persons == ("chief", "lan")
    assert why in (found.error or "")


def test_a_zone_that_nobody_knows_is_not_taken_for_hanois(rosters: Callable[[str | None], Rosters]) -> None:
    begin, end = "DTSTART;TZID=Mars/Olympus:20260720T080000", "DTEND;TZID=Mars/Olympus:20260720T200000"
    found = rosters(HEAD + event("UID:1", "SUMMARY:minh", begin, end) + "END:VCALENDAR\r\n").on_call(
        "duty", at("2026-07-20 17:00")
    )
    assert "Mars/Olympus" in (found.error or "")


def test_events_from_long_ago_do_not_take_all_day(rosters: Callable[[str | None], Rosters]) -> None:
    """Each of 4,000 daily events since 2020 is gone through occurrence by occurrence."""
    events = (
        event(
            f"UID:{n}",
            "SUMMARY:minh",
            "DTSTART:20200101T010000Z",
            "DTEND:20200101T230000Z",
            "RRULE:FREQ=DAILY",
        )
        for n in range(4_000)
    )
    found = rosters(HEAD + "".join(events) + "END:VCALENDAR\r\n").on_call("duty", at("2026-07-20 17:00"))
    assert found.persons == ("chief", "lan")
    assert "let them begin later" in (found.error or "")
