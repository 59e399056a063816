"""The clocks of Things: the least of two hours, whoever writes it in whatever order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from storage import clocks, db
from storage.clocks import Skew

pytestmark = pytest.mark.integration

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
STATION = "hoan-kiem"


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def record(
    conn: db.Connection, minute: float, skew_s: float, *, repeated: bool = True, thing: str = STATION
) -> None:
    at = T0 + timedelta(minutes=minute)
    skew = Skew(skew_s=skew_s, time=at, measured_at=at, repeated=repeated)
    with conn.transaction():
        clocks.record(conn, {thing: skew})


def skew(conn: db.Connection) -> tuple[float, float]:
    """Seconds, and the minute when this hour's was measured."""
    row = conn.execute("SELECT skew_s, measured_at FROM thing_clock").fetchone()
    assert row is not None
    return row["skew_s"], (row["measured_at"] - T0) / timedelta(minutes=1)


def off(conn: db.Connection) -> dict[str, float]:
    return {row.thing_id: row.skew_s for row in clocks.off(conn, at_least_s=60, since=T0)}


def test_the_least_of_this_hour_and_the_one_before(conn: db.Connection) -> None:
    record(conn, 1, 5.0)
    record(conn, 2, 3.0)
    record(conn, 3, 90.0)
    assert skew(conn) == (3.0, 2)
    record(conn, 61, 200.0)
    assert skew(conn) == (3.0, 61)
    record(conn, 121, 210.0)
    assert skew(conn) == (200.0, 121)


def test_after_an_hour_of_silence_what_was_before_is_over(conn: db.Connection) -> None:
    record(conn, 1, -500.0)
    record(conn, 121, 2.0)
    assert skew(conn) == (2.0, 121)


def test_a_batch_of_an_hour_that_is_over_changes_nothing(conn: db.Connection) -> None:
    record(conn, 61, 5.0)
    record(conn, 2, -300.0)
    assert skew(conn) == (5.0, 61)


def test_a_clock_that_is_ahead_is_off_at_once_and_the_worst_stands_first(conn: db.Connection) -> None:
    record(conn, 1, -61.0, repeated=False)
    record(conn, 1, -900.0, repeated=False, thing="trung-yen-3")
    record(conn, 1, 59.0, thing="rain-me-tri")
    record(conn, 1, -59.0, thing="rain-cau-giay")
    assert list(off(conn).items()) == [("trung-yen-3", -900.0), (STATION, -61.0)]


def test_a_delay_says_something_of_the_clock_when_it_is_seen_again(conn: db.Connection) -> None:
    record(conn, 1, 300.0, repeated=False)
    assert off(conn) == {}
    record(conn, 6, 300.0)
    assert off(conn) == {STATION: 300.0}
    record(conn, 7, 2.0, repeated=False)
    assert off(conn) == {}


def test_once_an_hour_is_often_enough_to_be_seen_again(conn: db.Connection) -> None:
    record(conn, 1, 300.0, repeated=False)
    record(conn, 61, 310.0, repeated=False)
    assert off(conn) == {STATION: 300.0}


def test_a_worker_that_starts_anew_can_t_confirm_a_delay_that_is_not_the_least(conn: db.Connection) -> None:
    record(conn, 1, 300.0, repeated=False)
    record(conn, 2, 900.0, repeated=True)
    assert off(conn) == {}


def test_a_thing_that_fell_silent_is_left_out(conn: db.Connection) -> None:
    record(conn, 1, -300.0)
    assert clocks.off(conn, at_least_s=60, since=T0 + timedelta(hours=1)) == []


def test_an_unknown_thing_is_refused(conn: db.Connection) -> None:
    with pytest.raises(psycopg.IntegrityError):
        record(conn, 1, 5.0, thing="atlantis")
