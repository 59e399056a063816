"""Rollups against pandas: late values, corrections, judgements, directions, what is frozen, any order of arrival."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import db, locks, observations, quality, rollups
from storage.migrate import migrate
from storage.model import Observation, Provenance, Quality
from tests.storage.rollup_oracle import (
    VIEWS,
    Stream,
    expected,
    make_streams,
    refresh_all,
    require_same,
    stored,
)

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 14, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUALITIES = list(Quality)
ORIGINS: Final = (
    (Provenance.MEASURED, None),
    (Provenance.MANUAL, None),
    (Provenance.DERIVED, Provenance.REPLAYED),
    (Provenance.FORECAST, Provenance.MEASURED),
    (Provenance.DERIVED, Provenance.SIMULATED),
)


@pytest.fixture
def conn(database_url: str) -> Iterator[db.Connection]:
    with db.connect(database_url, name="test", autocommit=True) as conn:
        yield conn


@pytest.fixture
def streams(conn: db.Connection) -> list[Stream]:
    """Two of amounts and one of directions."""
    return make_streams(conn, False, False, True)


def value(
    stream: Stream,
    at: datetime,
    result: float,
    flag: Quality = Quality.GOOD,
    *,
    revision: int = 0,
    origin: tuple[Provenance, Provenance | None] = ORIGINS[0],
) -> Observation:
    return Observation(
        datastream_id=stream.id,
        phenomenon_time=at,
        result_time=at + revision * timedelta(seconds=1),
        result=result,
        quality=flag,
        provenance=origin[0],
        input_provenance=origin[1],
    )


def put(conn: db.Connection, *values: Observation) -> None:
    with conn.transaction():
        observations.write(conn, values)


def some_days(streams: list[Stream], seed: int = 1, days: int = 3) -> list[Observation]:
    """A value every five minutes or so up to NOW, with holes, of every quality, hours and days of different origin."""
    random = Random(seed)
    found = []
    for stream in streams:
        for n in range(days * 288):
            at = NOW - n * timedelta(minutes=5) - timedelta(seconds=random.randrange(200))
            flag = random.choices(QUALITIES, (70, 10, 10, 5, 5))[0]
            if random.random() < 0.9 and not 100 < n < 130:
                origin = random.choices(ORIGINS, (800, 20, 10, 2, 1))[0]
                found.append(value(stream, at, random.uniform(0, 360), flag, origin=origin))
    return found


def require_right(conn: db.Connection, streams: list[Stream]) -> None:
    for view in VIEWS:
        require_same(stored(conn, view), expected(conn, view, streams), streams)


def test_what_nobody_rolled_up_yet_is_there(conn: db.Connection, streams: list[Stream]) -> None:
    put(conn, *some_days(streams))
    require_right(conn, streams)


def test_rolled_up_it_is_what_pandas_makes_of_the_raw_values(
    conn: db.Connection, streams: list[Stream]
) -> None:
    put(conn, *some_days(streams))
    refresh_all(conn, NOW)
    require_right(conn, streams)
    state = rollups.state(conn)
    assert state.watermark == datetime(2026, 3, 14, 9, tzinfo=UTC)
    assert state.day_watermark == datetime(2026, 3, 13, 17, tzinfo=UTC)  # the midnight of Hanoi before it
    rows = conn.execute("SELECT count(*) AS hours FROM rollup_hour").fetchone()
    assert rows
    assert rows["hours"] > 150


def test_the_hour_that_is_not_over_includes_what_came_just_now(
    conn: db.Connection, streams: list[Stream]
) -> None:
    put(conn, *some_days(streams))
    refresh_all(conn, NOW)
    put(conn, value(streams[0], NOW, 1234.5))
    require_right(conn, streams)
    assert stored(conn, "observation_1h")[streams[0].id, NOW - timedelta(minutes=30)]["max"] == 1234.5


def test_late_values_and_corrections_are_in_after_a_refresh_and_nothing_else_is_touched(
    conn: db.Connection, streams: list[Stream]
) -> None:
    before = some_days(streams)
    put(conn, *before)
    refresh_all(conn, NOW)
    late = [
        value(streams[0], NOW - 20 * HOUR, 999.0),  # an hour that has some
        value(streams[1], NOW - 5 * DAY, -7.0),  # a day that has none
        value(streams[2], NOW - 30 * HOUR, 359.0),
        value(streams[0], before[100].phenomenon_time, 555.0, revision=1),  # takes the place of another
    ]
    put(conn, *late)
    assert not rollups.caught_up(conn)
    assert refresh_all(conn, NOW).buckets == 4
    assert rollups.caught_up(conn)
    require_right(conn, streams)


def test_values_that_came_twice_change_nothing(conn: db.Connection, streams: list[Stream]) -> None:
    values = some_days(streams)
    put(conn, *values)
    refresh_all(conn, NOW)
    for _ in range(2):
        put(conn, *values[:50])
        refresh_all(conn, NOW)
    require_right(conn, streams)


def test_a_judgement_moves_a_value_from_the_mean_to_the_suspect(
    conn: db.Connection, streams: list[Stream]
) -> None:
    at = NOW - 10 * HOUR
    put(conn, value(streams[0], at, 10.0), value(streams[0], at + timedelta(minutes=1), 30.0))
    refresh_all(conn, NOW)
    [[seen]] = quality.stretches(conn, [quality.Stretch(datastream_id=streams[0].id, start=at, end=at)])
    with conn.transaction():
        quality.judge(
            conn,
            [
                quality.Verdict(
                    datastream_id=streams[0].id, seen=seen, quality=Quality.SUSPECT, quality_reason="spike"
                )
            ],
        )
    refresh_all(conn, NOW)
    bucket = stored(conn, "observation_1h")[streams[0].id, at.replace(minute=0)]
    numbers = (bucket["count"], bucket["mean"], bucket["suspect"], bucket["mean_with_suspect"], bucket["min"])
    assert numbers == (1, 30.0, 1, 20.0, 30.0)
    require_right(conn, streams)


MEASURED, MANUAL, DERIVED = Provenance.MEASURED, Provenance.MANUAL, Provenance.DERIVED
REPLAYED, FORECAST, SIMULATED = Provenance.REPLAYED, Provenance.FORECAST, Provenance.SIMULATED


@pytest.mark.parametrize(
    ("values", "weakest"),
    [
        ([(MEASURED, None, 1), (MEASURED, None, 2)], "measured"),
        ([(MEASURED, None, 1), (MANUAL, None, 1)], "manual"),
        ([(SIMULATED, None, 2), (MEASURED, None, 1)], "simulated"),
        ([(MEASURED, None, 1), (DERIVED, SIMULATED, 1)], "simulated"),
        ([(DERIVED, MEASURED, 1), (DERIVED, REPLAYED, 1)], "replayed"),  # as its inputs
        ([(DERIVED, MEASURED, 1)], "derived"),  # nobody measured it
        ([(FORECAST, MEASURED, 1), (FORECAST, MANUAL, 1)], "forecast"),
        ([(DERIVED, None, 1), (MANUAL, None, 1)], "derived"),
        ([(MEASURED, None, 1), (SIMULATED, None, 3)], "simulated"),  # it is in mean_with_suspect
        ([(MEASURED, None, 1), (SIMULATED, None, 4), (SIMULATED, None, 9)], "measured"),  # in no number
        ([(SIMULATED, None, 4)], None),
    ],
)
def test_a_bucket_is_of_the_weakest_provenance_among_its_values(
    conn: db.Connection,
    streams: list[Stream],
    values: list[tuple[Provenance, Provenance | None, int]],
    weakest: str | None,
) -> None:
    at = NOW.replace(minute=0) - 30 * HOUR
    for n, (own, inputs, flag) in enumerate(values):
        put(conn, value(streams[0], at + n * timedelta(minutes=7), 1.0, Quality(flag), origin=(own, inputs)))
    for _ in range(2):  # raw, then rolled up
        for view in VIEWS:
            [bucket] = stored(conn, view).values()
            assert bucket["provenance"] == weakest
        refresh_all(conn, NOW)
    assert rollups.state(conn).day_watermark == datetime(2026, 3, 13, 17, tzinfo=UTC)  # the day is behind it


def test_late_values_change_the_provenance_of_their_hour_and_its_day(
    conn: db.Connection, streams: list[Stream]
) -> None:
    at = NOW.replace(minute=0) - 30 * HOUR
    put(conn, value(streams[0], at, 1.0), value(streams[0], at + HOUR, 1.0))
    refresh_all(conn, NOW)
    simulated = (SIMULATED, None)
    put(conn, value(streams[0], at + HOUR + timedelta(minutes=1), 2.0, origin=simulated))
    refresh_all(conn, NOW)
    hours = stored(conn, "observation_1h")
    assert [hours[streams[0].id, at + n * HOUR]["provenance"] for n in range(2)] == ["measured", "simulated"]
    [day] = stored(conn, "observation_1d").values()
    assert day["provenance"] == "simulated"
    flagged = value(
        streams[0], at + HOUR + timedelta(minutes=1), 2.0, Quality.FAIL, revision=1, origin=simulated
    )
    put(conn, flagged)
    refresh_all(conn, NOW)
    require_right(conn, streams)
    [day] = stored(conn, "observation_1d").values()
    assert day["provenance"] == "measured"


def test_an_hour_of_failed_values_has_no_mean_and_is_no_point_of_a_chart(
    conn: db.Connection, streams: list[Stream]
) -> None:
    at = NOW.replace(minute=0) - 5 * HOUR
    put(
        conn,
        value(streams[0], at, 1.0, Quality.FAIL),
        value(streams[0], at + timedelta(minutes=1), 2.0, Quality.MISSING),
        value(streams[0], at - HOUR, 3.0),
    )
    for _ in range(2):  # raw, then rolled up
        bucket = stored(conn, "observation_1h")[streams[0].id, at]
        assert (bucket["count"], bucket["mean"], bucket["fail"], bucket["missing"]) == (0, None, 1, 1)
        assert (bucket["mean_with_suspect"], bucket["coverage"]) == (None, 0.0)
        rows = observations.rollup(conn, streams[0].id, "1h", at - DAY, at + DAY, 100)
        assert [row.bucket for row in rows] == [at - HOUR]
        refresh_all(conn, NOW)


@pytest.mark.parametrize(
    ("directions", "mean"),
    [
        ((350.0, 10.0), 0.0),
        ((90.0, 180.0), 135.0),
        ((270.0, 0.0), 315.0),
        ((0.0, 0.0, 90.0), 26.56505117707799),  # atan2(1, 2)
        ((0.0, 180.0), None),  # they cancel out
        ((45.0, 225.0, 135.0), 135.0),
    ],
)
def test_directions_are_averaged_around_the_circle(
    conn: db.Connection, streams: list[Stream], directions: tuple[float, ...], mean: float | None
) -> None:
    at = NOW.replace(minute=0) - 5 * HOUR
    put(conn, *(value(streams[2], at + n * timedelta(minutes=1), one) for n, one in enumerate(directions)))
    for _ in range(2):
        for view in VIEWS:
            [bucket] = stored(conn, view).values()
            if mean is None:
                assert bucket["mean"] is None
            else:
                assert (bucket["mean"] - mean + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)
        refresh_all(conn, NOW)


def test_coverage_is_of_the_expected_reports_and_of_the_elapsed_part(
    conn: db.Connection, streams: list[Stream]
) -> None:
    # The fixture's Datastreams report every five minutes: twelve an hour, 288 a day.
    at = NOW.replace(minute=0) - 5 * HOUR
    put(conn, *(value(streams[0], at + n * timedelta(minutes=5), 1.0) for n in range(9)))
    put(conn, *(value(streams[1], at + n * timedelta(minutes=1), 1.0) for n in range(60)))
    refresh_all(conn, NOW)
    hours, days = stored(conn, "observation_1h"), stored(conn, "observation_1d")
    assert hours[streams[0].id, at]["coverage"] == 0.75
    assert hours[streams[1].id, at]["coverage"] == 1.0
    assert days[streams[0].id, datetime(2026, 3, 13, 17, tzinfo=UTC)]["coverage"] == pytest.approx(9 / 288)
    moment = conn.execute("SELECT now()").fetchone()
    assert moment
    this_hour = moment["now"].astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    put(conn, value(streams[2], this_hour, 1.0))
    share = stored(conn, "observation_1h")[streams[2].id, this_hour]["coverage"]
    elapsed_s = (moment["now"] - this_hour).total_seconds()
    assert share == pytest.approx(1 / max(1.0, elapsed_s / 300), rel=0.05)


def test_what_is_frozen_stays_when_its_raw_values_are_gone(
    conn: db.Connection, streams: list[Stream]
) -> None:
    put(conn, *some_days(streams))
    refresh_all(conn, NOW)
    ids = [stream.id for stream in streams[:2]]
    before = {view: stored(conn, view) for view in VIEWS}
    horizon = rollups.freeze(conn, ids, NOW - DAY)
    assert horizon == datetime(2026, 3, 12, 17, tzinfo=UTC)  # midnight in Hanoi
    conn.execute(
        "DELETE FROM observation WHERE phenomenon_time < %s AND datastream_id = ANY(%s)", (horizon, ids)
    )
    rollups.fill_anew(conn)
    refresh_all(conn, NOW)
    put(conn, value(streams[0], horizon - HOUR, 1e6), value(streams[2], horizon - HOUR, 17.0))
    done = refresh_all(conn, NOW)
    assert (done.left_out, done.buckets) == (1, 1)
    assert rollups.state(conn).left_out == 1
    for view in VIEWS:
        found = stored(conn, view)
        frozen = {key: row for key, row in before[view].items() if key[0] in ids}
        require_same({key: row for key, row in found.items() if key[0] in ids}, frozen, streams)
        of_third = {key: row for key, row in expected(conn, view, streams).items() if key[0] == streams[2].id}
        require_same({key: row for key, row in found.items() if key[0] == streams[2].id}, of_third, streams)


def test_verify_names_what_the_rollups_do_not_account_for(conn: db.Connection, streams: list[Stream]) -> None:
    start, end = rollups.day_of(NOW - 5 * DAY), rollups.day_of(NOW)
    put(conn, *some_days(streams))
    refresh_all(conn, NOW)
    assert rollups.verify(conn, start, end) == []
    at = rollups.day_of(NOW - 2 * DAY) + 3 * HOUR
    put(conn, value(streams[0], at + timedelta(minutes=59, seconds=59), 5.0))
    found = rollups.verify(conn, start, end)
    assert {(one.datastream_id, one.step, one.bucket) for one in found} == {
        (streams[0].id, "hour", at),
        (streams[0].id, "day", rollups.day_of(at)),
    }
    assert all(one.raw == one.rolled_up + 1 and not one.frozen for one in found)
    refresh_all(conn, NOW)
    assert rollups.verify(conn, start, end) == []
    assert {one.step for one in rollups.verify(conn, end, NOW)} == {"hour", "day"}  # read raw so far


def test_what_is_not_rolled_up_can_not_be_frozen(conn: db.Connection, streams: list[Stream]) -> None:
    put(conn, *some_days(streams))
    with pytest.raises(rollups.NotRolledUp):
        rollups.freeze(conn, [streams[0].id], NOW - DAY)
    refresh_all(conn, NOW)
    with pytest.raises(rollups.NotRolledUp):
        rollups.freeze(conn, [streams[0].id], NOW + DAY)


def test_a_forecast_of_the_future_is_read_raw_until_its_hour_is_over(
    conn: db.Connection, streams: list[Stream]
) -> None:
    put(conn, *some_days(streams), value(streams[0], NOW + 20 * HOUR, 5.0))
    refresh_all(conn, NOW)
    put(conn, value(streams[0], NOW, 6.0), value(streams[0], NOW + 20 * HOUR, 7.0, revision=1))
    require_right(conn, streams)
    refresh_all(conn, NOW + 30 * HOUR)
    require_right(conn, streams)


def test_a_reader_that_was_away_for_longer_than_the_feed_is_kept_begins_anew(
    conn: db.Connection, streams: list[Stream]
) -> None:
    put(conn, *some_days(streams))
    refresh_all(conn, NOW)
    put(conn, value(streams[0], NOW - 20 * HOUR, 999.0))
    conn.execute("DELETE FROM observation_change")  # pruned before it was read
    refresh_all(conn, NOW + 4 * DAY)
    require_right(conn, streams)


def test_beginning_anew_goes_on_where_it_was_however_many_calls_it_takes(
    conn: db.Connection, streams: list[Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(conn, *some_days(streams, days=12))
    refresh_all(conn, NOW)
    put(conn, value(streams[0], NOW - 20 * HOUR, 999.0))
    conn.execute("DELETE FROM observation_change")
    monkeypatch.setattr(rollups, "STEPS", 3)
    calls = 1
    while not rollups.refresh(conn, NOW + 4 * DAY + timedelta(seconds=5 * calls)).caught_up:
        calls += 1
        assert calls < 20
    assert calls > 2
    require_right(conn, streams)


def test_a_transaction_that_is_still_writing_is_not_skipped(
    conn: db.Connection, streams: list[Stream], database_url: str
) -> None:
    put(conn, *some_days(streams))
    with db.connect(database_url, name="slow", autocommit=True) as slow, slow.transaction():
        observations.write(slow, [value(streams[0], NOW - 3 * HOUR, 777.0)])
        put(conn, value(streams[1], NOW - 4 * HOUR, 778.0))  # a later transaction that commits first
        refresh_all(conn, NOW)  # lifts the watermark over both hours meanwhile
    refresh_all(conn, NOW)
    require_right(conn, streams)


@pytest.mark.parametrize("view", VIEWS)
def test_a_chart_of_old_buckets_does_not_even_plan_old_raw_chunks(
    conn: db.Connection, streams: list[Stream], view: str
) -> None:
    put(conn, *some_days(streams, days=40))
    refresh_all(conn, NOW)
    plan = conn.execute(
        f"EXPLAIN SELECT * FROM {view} WHERE datastream_id = %s AND bucket >= %s AND bucket < %s",  # noqa: S608 a name of ours
        (streams[0].id, NOW - 38 * DAY, NOW),
    ).fetchall()
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    chunks = conn.execute(
        "SELECT chunk_name, range_end FROM timescaledb_information.chunks WHERE hypertable_name = 'observation'"
    ).fetchall()
    planned = {row["chunk_name"] for row in chunks if f"{row['chunk_name']} " in text}
    newest = {row["chunk_name"] for row in chunks if row["range_end"] > NOW - 2 * HOUR}
    assert len(chunks) > 5
    assert planned <= newest, text


def test_the_public_role_sees_rollups_of_public_things_only(
    conn: db.Connection, streams: list[Stream]
) -> None:
    put(conn, *some_days(streams))
    refresh_all(conn, NOW)
    put(conn, value(streams[0], NOW, 1.0))
    conn.execute("SET ROLE hanoi_public")
    for view in VIEWS:
        assert stored(conn, f"public_view.{view}")
        with pytest.raises(Exception, match="permission denied"):
            stored(conn, f"public.{view}")
    conn.execute("RESET ROLE")
    conn.execute("UPDATE thing SET is_public = false")
    conn.execute("SET ROLE hanoi_public")
    for view in VIEWS:
        assert stored(conn, f"public_view.{view}") == {}


def test_a_second_run_of_migrate_leaves_everything(
    conn: db.Connection, streams: list[Stream], database_url: str
) -> None:
    put(conn, *some_days(streams))
    refresh_all(conn, NOW)
    assert migrate(database_url) == []
    require_right(conn, streams)
    assert rollups.state(conn).watermark is not None


def test_two_readers_at_once_are_one(conn: db.Connection, database_url: str) -> None:
    with (
        locks.only_one(conn, "rollup") as mine,
        db.connect(database_url, name="other", autocommit=True) as other,
        locks.only_one(other, "rollup") as theirs,
    ):
        assert (mine, theirs) == (True, False)


# Any order and any duplication of the same values, with refreshes in between, ends in the same rollups.

POOL = [
    (stream, NOW - DAY + n * timedelta(minutes=53), revision, float((n * 37 + revision * 11) % 360), flag)
    for stream in range(2)
    for n in range(12)
    for revision, flag in ((0, Quality.GOOD), (1, QUALITIES[n % 5]))
]
ORDERS = st.lists(st.integers(0, len(POOL) - 1), max_size=30).flatmap(
    lambda again: st.permutations([*range(len(POOL)), *again])
)


@given(order=ORDERS, batch=st.integers(1, 40), refresh_every=st.integers(1, 4))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
def test_any_order_and_duplication_ends_in_the_same_rollups(
    database_url: str, order: list[int], batch: int, refresh_every: int
) -> None:
    with db.connect(database_url, name="test", autocommit=True) as conn:
        conn.execute("SET session_replication_role = replica")  # alert_event only grows, but for tests
        conn.execute(
            "TRUNCATE thing, datastream, observation, observation_superseded, observation_change, feed_cursor,"
            " rollup_hour, rollup_day CASCADE"
        )
        conn.execute("SET session_replication_role = DEFAULT")
        conn.execute(
            "UPDATE rollup_state SET (watermark, day_watermark, filled_to) = (DEFAULT, DEFAULT, DEFAULT)"
        )
        streams = make_streams(conn, False, True)
        values = [value(streams[s], at, result, flag, revision=r) for s, at, r, result, flag in POOL]
        for n, begin in enumerate(range(0, len(order), batch)):
            put(conn, *(values[i] for i in order[begin : begin + batch]))
            if n % refresh_every == 0:
                refresh_all(conn, NOW - timedelta(hours=20 - min(n, 20)))
        refresh_all(conn, NOW)
        last = {(v.datastream_id, v.phenomenon_time): v for v in values}  # of each key the newest result_time
        rows = conn.execute("SELECT datastream_id, phenomenon_time, result FROM observation").fetchall()
        assert {(r["datastream_id"], r["phenomenon_time"]): r["result"] for r in rows} == {
            key: v.result for key, v in last.items()
        }
        require_right(conn, streams)
