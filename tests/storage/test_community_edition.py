"""TimescaleDB's community edition: our migrations, continuous aggregates, compression and policies run there, and it
returns the same rollups as the Apache edition, late values and corrections included."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import pytest

from storage import db, quality, retention, revisions, rollups
from storage.migrate import migrate, read_migrations
from storage.model import HANOI, Observation, Provenance, Quality, Revision
from tests import community
from tests.conftest import SHARED
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
    (Provenance.SIMULATED, None),
)
RECORDING = SHARED / "data/air/hanoi_pm25_embassy_2017.csv"
FIRST = datetime(2017, 1, 1, 1, tzinfo=HANOI)
AT_ONCE = 500
"""Rows of a statement: this server does not take messages that TCP brings in many pieces."""


@pytest.fixture(scope="module")
def community_server() -> Iterator[str]:
    """One server for this file; it is emptied by `editions`."""
    try:
        with community.server() as url:
            migrate(url)
            yield url
    except community.NotHere as error:
        pytest.skip(str(error))


@pytest.fixture
def editions(database_url: str, community_server: str) -> Iterator[dict[str, db.Connection]]:
    """The same empty schema in both."""
    with (
        db.connect(database_url, name="apache", autocommit=True) as apache,
        db.connect(community_server, name="community", autocommit=True) as other,
    ):
        other.prepare_threshold = None  # there they outlive the connection
        _empty(other)
        yield {"apache": apache, "timescale": other}


def _empty(conn: db.Connection) -> None:
    conn.execute("SET session_replication_role = replica")  # alert_event only grows, but for tests
    conn.execute(
        "TRUNCATE thing, datastream, observation, observation_superseded, observation_change, feed_cursor,"
        " rollup_hour, rollup_day, rollup_horizon RESTART IDENTITY CASCADE"
    )
    conn.execute("SET session_replication_role = DEFAULT")
    conn.execute(
        "UPDATE rollup_state SET (watermark, day_watermark, filled_to, refreshed_at, left_out)"
        " = (DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT)"
    )
    for view in ("rollup_hour_continuous", "rollup_day_continuous"):
        conn.execute(f"TRUNCATE {view}")  # and its watermark goes back to the beginning


def insert(conn: db.Connection, values: Sequence[Observation]) -> None:
    """What the writer does, without COPY, which this server does not speak."""
    for n in range(0, len(values), AT_ONCE):
        _insert(conn, values[n : n + AT_ONCE])


def _insert(conn: db.Connection, values: Sequence[Observation]) -> None:
    with conn.transaction():
        conn.execute(
            "INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance,"
            "                         input_provenance)"
            " SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::float8[],"
            "                      %s::smallint[], %s::provenance[], %s::provenance[])"
            " ON CONFLICT (datastream_id, phenomenon_time) DO UPDATE"
            " SET (result_time, result, quality, provenance, input_provenance) = (EXCLUDED.result_time,"
            "     EXCLUDED.result, EXCLUDED.quality, EXCLUDED.provenance, EXCLUDED.input_provenance)"
            " WHERE EXCLUDED.result_time > observation.result_time",
            (
                [v.datastream_id for v in values],
                [v.phenomenon_time for v in values],
                [v.result_time for v in values],
                [v.result for v in values],
                [int(v.quality) for v in values],
                [v.provenance.value for v in values],
                [None if v.input_provenance is None else v.input_provenance.value for v in values],
            ),
        )
        conn.execute(
            "INSERT INTO observation_change (datastream_id, phenomenon_time) VALUES (%s, %s)",
            ([v.datastream_id for v in values], [v.phenomenon_time for v in values]),
        )


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


def some_days(streams: Sequence[Stream], days: int = 12) -> list[Observation]:
    """Every half hour or so up to NOW, with a hole, of every quality, hours and days of different origin."""
    random = Random(7)
    return [
        value(
            stream,
            NOW - n * timedelta(minutes=30) - timedelta(seconds=random.randrange(1500)),
            random.uniform(0, 360),
            random.choices(QUALITIES, (70, 10, 10, 5, 5))[0],
            origin=random.choices(ORIGINS, (100, 2, 1, 1))[0],
        )
        for stream in streams
        for n in range(days * 48)
        if not 70 < n < 90
    ]


def require_equal(editions: dict[str, db.Connection], streams: Sequence[Stream]) -> None:
    """Both are what pandas makes of the raw values, and so the same."""
    for view in VIEWS:
        found = {name: stored(conn, view) for name, conn in editions.items()}
        require_same(found["timescale"], found["apache"], streams)
        for conn in editions.values():
            require_same(stored(conn, view), expected(conn, view, streams), streams)


def in_both(editions: dict[str, db.Connection], values: Sequence[Observation]) -> None:
    for conn in editions.values():
        insert(conn, values)


def refresh_both(editions: dict[str, db.Connection], now: datetime = NOW) -> dict[str, rollups.Refreshed]:
    return {name: refresh_all(conn, now) for name, conn in editions.items()}


def streams_of(editions: dict[str, db.Connection]) -> list[Stream]:
    made = {name: make_streams(conn, False, False, True) for name, conn in editions.items()}
    assert made["apache"] == made["timescale"]
    return made["apache"]


def test_every_migration_runs_and_the_objects_are_those_of_the_edition(
    editions: dict[str, db.Connection],
) -> None:
    conn = editions["timescale"]
    row = conn.execute("SHOW timescaledb.license").fetchone()
    assert row == {"timescaledb.license": "timescale"}
    ledger = conn.execute("SELECT count(*) AS n FROM schema_migration").fetchone()
    assert ledger == {"n": len(read_migrations())}
    found = conn.execute(
        "SELECT view_name, materialized_only FROM timescaledb_information.continuous_aggregates ORDER BY 1"
    ).fetchall()
    assert [(row["view_name"], row["materialized_only"]) for row in found] == [
        ("rollup_day_continuous", False),
        ("rollup_hour_continuous", False),
    ]
    rollups.establish(conn)  # a second time changes nothing
    for name, other in editions.items():
        columns = other.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_name IN ('observation_1h', 'observation_1d') AND table_schema IN ('public', 'public_view')"
            " ORDER BY table_schema, table_name, ordinal_position"
        ).fetchall()
        assert len(columns) == 4 * 16, name
        if name == "apache":
            wanted = columns
    assert columns == wanted


def test_both_editions_return_the_same_rollups_late_values_and_corrections_included(
    editions: dict[str, db.Connection],
) -> None:
    streams = streams_of(editions)
    values = some_days(streams)
    in_both(editions, values)
    require_equal(editions, streams)  # nothing is rolled up yet
    refresh_both(editions)
    require_equal(editions, streams)
    in_both(editions, [value(streams[0], NOW, 1234.5)])  # the hour that is not over
    require_equal(editions, streams)
    late = [
        value(streams[0], NOW - 8 * DAY, 999.0),
        value(streams[1], NOW - 30 * DAY, -7.0),  # before everything else
        value(streams[2], NOW - 30 * HOUR, 359.0),
        *(value(streams[n % 3], v.phenomenon_time, 5.5 * n, revision=1) for n, v in enumerate(values[::37])),
    ]
    in_both(editions, late)
    done = refresh_both(editions)
    assert done["apache"].buckets == done["timescale"].buckets > len(late) / 2
    require_equal(editions, streams)
    assert all(rollups.caught_up(conn) for conn in editions.values())
    refresh_both(editions, NOW + 3 * HOUR)
    require_equal(editions, streams)


def test_judgements_and_revisions_reach_both(editions: dict[str, db.Connection]) -> None:
    streams = streams_of(editions)
    values = some_days(streams, days=3)
    in_both(editions, values)
    refresh_both(editions)
    for conn in editions.values():
        seen = values[60]
        asked = quality.Stretch(
            datastream_id=seen.datastream_id, start=seen.phenomenon_time, end=seen.phenomenon_time
        )
        with conn.transaction():
            row = conn.execute(
                "SELECT phenomenon_time, result_time, result, quality, quality_reason, provenance::text"
                " FROM observation WHERE datastream_id = %s AND phenomenon_time = %s",
                (asked.datastream_id, asked.start),
            ).fetchone()
            assert row
            verdict = quality.Verdict(
                datastream_id=seen.datastream_id,
                seen=quality.StoredValue(**row),
                quality=Quality.FAIL,
                quality_reason="spike",
            )
            assert quality.judge(conn, [verdict])
            revision = Revision(seen=values[30], result=7.25, quality=Quality.GOOD, quality_reason=None)
            assert revisions.revise(conn, [revision]) == 1
    refresh_both(editions)
    require_equal(editions, streams)


def test_what_is_frozen_is_the_same_in_both_and_no_refresh_wipes_it(
    editions: dict[str, db.Connection],
) -> None:
    streams = streams_of(editions)
    in_both(editions, some_days(streams))
    refresh_both(editions)
    kept = {view: stored(editions["apache"], view) for view in VIEWS}
    ids = [streams[0].id, streams[2].id]
    for conn in editions.values():
        with conn.transaction():
            horizon = rollups.freeze(conn, ids, NOW - 5 * DAY)
            conn.execute(
                "DELETE FROM observation WHERE phenomenon_time < %s AND datastream_id = ANY(%s)",
                (horizon, ids),
            )
        rollups.fill_anew(conn)
    in_both(editions, [value(streams[0], horizon - DAY, 1e6), value(streams[1], horizon - DAY, 1e6)])
    done = refresh_both(editions)
    assert [one.left_out for one in done.values()] == [1, 1]
    for view in ("rollup_hour_continuous", "rollup_day_continuous"):  # as its policy would
        editions["timescale"].execute(
            f"CALL refresh_continuous_aggregate('{view}', NULL, %s::timestamptz)", (NOW - 2 * DAY,)
        )
    for view in VIEWS:
        found = {name: stored(conn, view) for name, conn in editions.items()}
        require_same(found["timescale"], found["apache"], streams)
        frozen = {key: row for key, row in found["timescale"].items() if key[0] in ids}
        require_same(frozen, {key: row for key, row in kept[view].items() if key[0] in ids}, streams)


def test_late_values_in_compressed_chunks_are_rolled_up_too(editions: dict[str, db.Connection]) -> None:
    streams = streams_of(editions)
    values = some_days(streams)
    in_both(editions, values)
    refresh_both(editions)
    conn = editions["timescale"]
    retention.enable_compression(conn)
    conn.execute(
        "SELECT compress_chunk(c) FROM show_chunks('observation', older_than => %s::timestamptz) c",
        (NOW - 2 * DAY,),
    )
    segments = conn.execute(
        "SELECT attname FROM timescaledb_information.compression_settings"
        " WHERE hypertable_name = 'observation' AND segmentby_column_index IS NOT NULL"
    ).fetchall()
    assert segments == [{"attname": "datastream_id"}]
    compressed = conn.execute(
        "SELECT count(*) AS n FROM timescaledb_information.chunks"
        " WHERE hypertable_name = 'observation' AND is_compressed"
    ).fetchone()
    assert compressed
    assert compressed["n"] > 0
    late = [
        value(streams[0], NOW - 10 * DAY, 999.0),
        *(value(streams[0], v.phenomenon_time, 1.5, revision=1) for v in values[480:540:9]),
    ]
    in_both(editions, late)
    refresh_both(editions)
    require_equal(editions, streams)


def test_policies_are_a_net_that_is_hung_behind_the_first_fill(editions: dict[str, db.Connection]) -> None:
    conn = editions["timescale"]
    streams = streams_of(editions)
    insert(conn, some_days(streams, days=3))
    refresh_all(conn, NOW)
    jobs = conn.execute(
        "SELECT j.hypertable_name, j.config->>'start_offset' AS start, j.config->>'end_offset' AS end, v.view_name"
        " FROM timescaledb_information.jobs j JOIN timescaledb_information.continuous_aggregates v"
        " ON j.hypertable_name IN (v.view_name, v.materialization_hypertable_name) ORDER BY v.view_name"
    ).fetchall()
    assert [(job["view_name"], job["start"], job["end"]) for job in jobs] == [
        ("rollup_day_continuous", None, "3 days"),
        ("rollup_hour_continuous", None, "03:00:00"),
    ]


def test_an_upgrade_from_the_apache_edition_keeps_what_can_not_be_computed_anew(
    community_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del community_server  # where it can't be had this is skipped too
    with community.server() as url:
        with monkeypatch.context() as before:
            before.setattr(rollups, "establish", lambda conn: None)
            migrate(url)  # as the Apache edition leaves it
        with db.connect(url, name="upgraded", autocommit=True) as conn:
            conn.prepare_threshold = None
            streams = make_streams(conn, False, True)
            insert(conn, some_days(streams))
            refresh_all(conn, NOW)
            horizon = rollups.freeze(conn, [streams[0].id], NOW - 6 * DAY)
            conn.execute(
                "DELETE FROM observation WHERE phenomenon_time < %s AND datastream_id = %s",
                (horizon, streams[0].id),
            )
            kept = {view: stored(conn, view) for view in VIEWS}
            rollups.establish(conn)
            for _ in range(2):  # from raw values, then refreshed
                for view in VIEWS:
                    require_same(stored(conn, view), kept[view], streams)
                refresh_all(conn, NOW)


def test_the_recorded_hours_of_the_embassy_are_the_same_in_both(editions: dict[str, db.Connection]) -> None:
    if not RECORDING.is_file():
        pytest.skip(f"{RECORDING} is not there")
    streams = streams_of(editions)
    values = recorded(streams[0])
    assert len(values) == 2880  # the rows of the recording
    now = max(v.phenomenon_time for v in values) + 3 * HOUR
    in_both(editions, values[::2])
    refresh_both(editions, now)
    in_both(editions, values[1::2])  # every second hour comes late
    refresh_both(editions, now)
    require_equal(editions, streams)


def recorded(stream: Stream) -> list[Observation]:
    """By the row's place, as its clock has a change that Hanoi does not have; what is not valid failed."""
    with RECORDING.open() as file:
        rows = [(float(row["Raw Conc."]), row["QC Name"] == "Valid") for row in csv.DictReader(file)]
    return [
        value(stream, FIRST + n * HOUR, result, Quality.GOOD if valid else Quality.FAIL)
        for n, (result, valid) in enumerate(rows)
    ]
