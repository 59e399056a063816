"""What counts as available, late, lost and unwatched, by day and month of Hanoi; and what a message says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.watchdog import report
from alerts.watchdog.availability import Period, by_day, by_month, table
from alerts.watchdog.judge import Incident, News, Outage, Reason
from alerts.watchdog.report import Seen
from storage.model import Text
from storage.watchdog import Ledger, Unwatched, day_counts, unwatched

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
"""Noon in Hanoi."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "watchdog" / "watchdog.sqlite"


@pytest.fixture
def ledger(file: Path) -> Ledger:
    return Ledger(file)


def send(ledger: Ledger, at: datetime, took_s: float | None, *, sent: bool = True) -> None:
    heartbeat = ledger.next_heartbeat()
    ledger.publish(heartbeat, at, sent=sent)
    if took_s is not None:
        ledger.returned(heartbeat, at + took_s * SECOND)


def test_a_canary_is_in_time_late_lost_or_still_under_way(ledger: Ledger, file: Path) -> None:
    for number, took_s in enumerate([0.4, 30.0, 30.5]):
        send(ledger, NOON + 100 * number * SECOND, took_s)
    send(ledger, NOON + 400 * SECOND, None, sent=False)
    send(ledger, NOON + 500 * SECOND, None)
    (day,) = by_day(day_counts(file, NOON + 520 * SECOND), [])
    assert (day.due, day.in_time, day.late, day.lost) == (4, 2, 1, 1), "the last is still under way"
    (day,) = by_day(day_counts(file, NOON + 540 * SECOND), [])
    assert (day.due, day.lost, day.share) == (5, 2, 2 / 5)


def test_one_that_came_back_brings_those_before_it_that_were_sent(ledger: Ledger, file: Path) -> None:
    ledger.publish(1, NOON, sent=False)
    for number in (2, 3, 4):
        ledger.publish(number, NOON + 10 * (number - 1) * SECOND, sent=True)
    assert ledger.returned(4, NOON + 45 * SECOND) == 15 * SECOND
    assert ledger.returned(3, NOON + 46 * SECOND) is None, "it is not waited for any more"
    (day,) = by_day(day_counts(file, NOON + 60 * SECOND), [])
    assert (day.in_time, day.late, day.lost) == (2, 1, 1)
    assert ledger.missed(NOON, NOON + 60 * SECOND) == 2


def test_nobody_waits_for_what_was_never_sent(ledger: Ledger) -> None:
    ledger.publish(1, NOON, sent=False)
    assert ledger.returned(1, NOON + SECOND) is None
    assert ledger.returned(99, NOON + SECOND) is None


def test_days_are_hanoi_s(ledger: Ledger, file: Path) -> None:
    send(ledger, datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC), 1)
    send(ledger, datetime(2026, 11, 22, 17, 0, 0, tzinfo=UTC), 1)
    days = by_day(day_counts(file, NOON + timedelta(days=1)), [])
    assert [day.name for day in days] == ["2026-11-22", "2026-11-23"]


def test_folding_old_days_changes_no_count_and_numbers_go_on(ledger: Ledger, file: Path) -> None:
    for day in range(10):
        for took_s in (1, 40, None):
            send(ledger, NOON + timedelta(days=day), took_s, sent=took_s is not None)
    later = NOON + timedelta(days=12)
    before = day_counts(file, later)
    for _ in range(2):
        ledger.fold(later)
        assert day_counts(file, later) == before
    assert [day.lost for day in before] == [1] * 10
    assert ledger.next_heartbeat() == 31
    ledger.fold(later + timedelta(days=30))
    assert ledger.next_heartbeat() == 31, "though no canary is a row any more"


def test_what_nobody_watched_is_divided_at_midnight_and_in_no_share(ledger: Ledger, file: Path) -> None:
    send(ledger, NOON, 1)
    ledger.did_not_watch(NOON + timedelta(hours=11), NOON + timedelta(hours=37))
    days = by_day(day_counts(file, NOON + timedelta(days=2)), unwatched(file))
    assert [(day.name, day.unwatched_s) for day in days] == [
        ("2026-11-22", 3600.0),
        ("2026-11-23", 86_400.0),
        ("2026-11-24", 3600.0),
    ]
    assert [day.share for day in days] == [1.0, None, None]


@given(st.integers(0, 3 * 86_400), st.integers(0, 3 * 86_400))
def test_divided_gaps_add_up(begin_s: int, length_s: int) -> None:
    gap = Unwatched(began=NOON + begin_s * SECOND, ended=NOON + (begin_s + length_s) * SECOND)
    assert sum(day.unwatched_s for day in by_day([], [gap])) == length_s


def test_a_month_is_its_canaries_not_the_mean_of_its_days(ledger: Ledger, file: Path) -> None:
    send(ledger, NOON, None)
    for number in range(3):
        send(ledger, NOON + timedelta(days=1) + number * SECOND, 1)
    (month,) = by_month(by_day(day_counts(file, NOON + timedelta(days=2)), []))
    assert (month.name, month.share) == ("2026-11", 0.75)


def test_what_is_remembered_is_there_after_a_restart(ledger: Ledger, file: Path) -> None:
    ledger.remember("incident", "{}")
    send(ledger, NOON, 1)
    ledger.close()
    again = Ledger(file)
    assert (again.recall("incident"), again.recall("nothing")) == ("{}", None)
    assert again.watched_at() == NOON


def test_the_table_says_it_in_a_line_each() -> None:
    period = Period(name="2026-11-22", due=8639, in_time=8627, late=10, lost=2, unwatched_s=61)
    head, line = table([period]).splitlines()
    assert head.split()[:2] == ["period", "available"]
    assert line.split() == ["2026-11-22", "99.861", "%", "8639", "8627", "10", "2", "0:01:01"]


def news(reason: Reason, **outages: Outage) -> News:
    incident = Incident(
        began=min(one.since for one in outages.values()), told_at=NOON, times_told=1, outages=outages
    )
    return News(reason=reason, incident=incident, at=NOON + 47 * SECOND)


def test_a_message_names_what_is_silent_why_and_since_when() -> None:
    down = news("firing", canary=Outage(since=NOON), ingest=Outage(since=NOON + SECOND))
    seen = Seen(why={"ingest": Text(vi="không nhận kết nối", en="refuses connections")})
    assert report.text(down, seen, "en").splitlines() == [
        "Parts of the centre's platform have not answered since 12:00:00 22/11:",
        "• The canary has not come back since 12:00:00 22/11: data does not get through",
        "• Ingest: refuses connections since 12:00:01 22/11",
        "Meanwhile the city's alerts may come late or not at all.",
    ]
    vietnamese = report.text(down, seen, "vi")
    assert "Tín hiệu kiểm tra không quay về từ 12:00:00 22/11" in vietnamese
    assert "không nhận kết nối" in vietnamese


def test_the_end_says_how_long_and_how_many_canaries_were_missed() -> None:
    over = news("resolved", public=Outage(since=NOON - 200 * SECOND, back_since=NOON - 15 * SECOND))
    assert report.text(over, Seen(missed=0), "en") == (
        "The platform is back after 3 min 05 s: The citizens' page (3 min 05 s). Canaries missed: 0."
    )
    assert report.text(over, Seen(missed=18), "vi").endswith("Lỡ 18 nhịp kiểm tra.")


def test_a_reminder_says_that_it_is_one_and_what_is_back_meanwhile() -> None:
    still = news("repeat", alerts=Outage(since=NOON), public=Outage(since=NOON, back_since=NOON + SECOND))
    said = report.text(still, Seen(), "en")
    assert said.startswith("Reminder: ")
    assert "The citizens' page is back since 12:00:01" in said


def test_several_workers_of_ingest_are_told_apart() -> None:
    assert report.name("ingest-2", "en") == "Ingest 2"
    assert report.name("something-else", "vi") == "something-else"


@pytest.mark.parametrize("reason", ["firing", "repeat", "resolved"])
def test_every_receiver_understands_the_document(reason: Reason) -> None:
    from alerts.templating import Writer

    told = news(reason, canary=Outage(since=NOON, back_since=NOON + SECOND if reason == "resolved" else None))
    made = report.document(told, Seen(missed=3, limits_s={"canary": 45.0}), "desk")
    assert (made["status"], made["provenance"], made["simulated"]) == ("actual", "measured", False)
    assert made["key"].endswith("-desk")
    writer = Writer()
    for written in (writer.subject(made), writer.text(made), writer.short(made)):
        assert "Hệ thống" in written or "hệ thống" in written
        assert "SIMULATED" not in written
