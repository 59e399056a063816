"""What a lost broker may deliver again reaches back to the oldest message that we had not committed."""

from datetime import UTC, datetime, timedelta

from ingest.unanswered import Unanswered

T0 = datetime(2026, 11, 22, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def flow(until_s: int, *, committed_until_s: int | None = None) -> Unanswered:
    """Ten messages a second; each is committed at once, but from a moment on none is."""
    made = Unanswered()
    for number in range(until_s * 10):
        stop = number if committed_until_s is None else committed_until_s * 10
        made.note(at(number / 10), number, min(number, stop))
    return made


def test_before_the_first_message_it_is_what_may_be_on_the_way() -> None:
    assert Unanswered().since(at(0)) == at(-10)


def test_in_a_steady_flow_it_is_a_little_more_than_what_may_be_on_the_way() -> None:
    assert at(85) <= flow(100).since(at(100)) <= at(90)


def test_while_the_database_is_away_it_is_the_oldest_that_waits() -> None:
    made = flow(100, committed_until_s=40)
    assert at(35) <= made.since(at(100)) <= at(40)
    assert at(35) <= made.since(at(4000)) <= at(40), "and stays, when the broker sends no more"


def test_what_was_committed_seconds_before_the_loss_may_be_unanswered() -> None:
    made = flow(100, committed_until_s=40)
    made.note(at(101), 1000, 1000)  # the database is back, and everything written at once
    assert made.since(at(104)) <= at(40)
    made.note(at(113), 1001, 1001)
    assert made.since(at(113)) > at(99)


def test_it_remembers_no_more_than_it_needs() -> None:
    assert len(flow(1000)._marks) < 30
