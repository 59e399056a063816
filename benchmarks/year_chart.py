"""A chart over one year against the same chart over one week, with a year of the demo city loaded; what rollups cost.

Every property of the shipped inventory reports a year long at its catalogue interval (made by the database itself, with
one value in fifty suspect). Both charts are read as pages read them: storage's series with automatic resolution, for a
few Datastreams of different intervals, in turn. HANOI_BENCH_DAYS makes the year shorter. Beside that the rollups' first
fill, the refresh of one late hour of the whole city, and disk; compressed in the community edition, a small sample in
WebAssembly, where Node is.
"""

import os
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.embedded import runtime
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db, inventory, observations, retention, rollups, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from storage.things import DatastreamRow
from tests import community

LIMIT: Final = 2.0
"""The figure to stay under: a year for at most twice the price of a week."""
END: Final = datetime(2026, 11, 22, tzinfo=UTC)
DAYS: Final = 365
WEEK: Final = timedelta(days=7)
# Loading is not what is measured.
FAST_LOAD: Final = {
    **FOR_TESTS,
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "4GB",
    "autovacuum": "off",
}
_LOAD: Final = """
INSERT INTO observation (datastream_id, phenomenon_time, result_time, ingested_at, result, quality, provenance)
SELECT d.id, t, t, t,
       round((50 + 30 * sin(extract(epoch FROM t)::float8 / 13751 + d.id)
              + 10 * sin(extract(epoch FROM t)::float8 / 977 * (1 + d.id %% 7)))::numeric, 1),
       CASE WHEN (extract(epoch FROM t)::bigint / d.interval_s + d.id) %% 50 = 0 THEN 3 ELSE 1 END, 'simulated'
FROM datastream d
CROSS JOIN generate_series(%(start)s::timestamptz, %(end)s::timestamptz - INTERVAL '1 second',
                           d.interval_s * INTERVAL '1 second') AS t
WHERE NOT d.derived
ORDER BY d.id, t
"""
_DISK: Final = """
SELECT (SELECT sum(total_bytes) FROM hypertable_detailed_size('observation'))::float8 AS raw,
       (SELECT sum(total_bytes) FROM hypertable_detailed_size('rollup_hour'))::float8 AS hours,
       (SELECT sum(total_bytes) FROM hypertable_detailed_size('rollup_day'))::float8 AS days,
       (SELECT count(*) FROM observation) AS rows, (SELECT count(*) FROM rollup_hour) AS hour_rows,
       (SELECT count(*) FROM rollup_day) AS day_rows
"""


def run(repeats: int) -> None:
    """Prints the ratio of the charts, and what the rollups and the raw values cost."""
    days = int(os.environ.get("HANOI_BENCH_DAYS", DAYS))
    installed = runtime.ensure(Path(".runtime"), print)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FAST_LOAD) as postgres,
    ):
        postgres.create_owner("hanoi")
        url = postgres.url("postgres", "hanoi")
        migrate(url)
        domains = load_catalog()
        with db.connect(url, name="bench", autocommit=True) as conn:
            things.sync(conn, domains, load_inventory([inventory.SHIPPED], domains))
            print(f"year_chart: {days} days of the demo city at catalogue intervals")
            _load(conn, days)
            _roll_up(conn)
            _charts(conn, repeats, days)
            _late_hour(conn)
            _disk(conn)
    _compressed()


def _load(conn: db.Connection, days: int) -> None:
    begin = time.perf_counter()
    start = END - timedelta(days=days)
    rows = 0
    while start < END:  # a transaction a chunk
        end = min(start + WEEK, END)
        rows += conn.execute(_LOAD, {"start": start, "end": end}).rowcount
        start = end
    conn.execute("VACUUM ANALYZE")
    print(f"  loaded {rows:,} observations in {time.perf_counter() - begin:.0f} s", flush=True)


def _roll_up(conn: db.Connection) -> None:
    begin = time.perf_counter()
    while not rollups.refresh(conn, END).caught_up:
        pass
    conn.execute("VACUUM ANALYZE")
    print(f"  the first fill of the rollups: {time.perf_counter() - begin:.0f} s", flush=True)


def _charts(conn: db.Connection, repeats: int, days: int) -> None:
    for stream in _chosen(conn):
        week: list[float] = []
        year: list[float] = []
        steps = {}
        for n in range(repeats * 20):
            for span, times in ((WEEK, week), (timedelta(days=days), year)):
                begin = time.perf_counter()
                found = observations.series(conn, stream, END - span, END)
                if n >= repeats:  # the first ones fill the caches and have the plans made
                    times.append(time.perf_counter() - begin)
                steps[span] = f"{len(found.rows)} x {found.step}"
        one, other = statistics.median(week), statistics.median(year)
        print(
            f"  {stream.property:18} week {one * 1e3:6.2f} ms ({steps[WEEK]}), year {other * 1e3:6.2f} ms"
            f" ({steps[timedelta(days=days)]}): ratio {other / one:.2f}, limit {LIMIT}",
            flush=True,
        )


def _chosen(conn: db.Connection) -> Sequence[DatastreamRow]:
    """One of a minute, one of five, one of an hour."""
    rows = things.all_datastreams(conn)
    return [next(row for row in rows if row.property == name) for name in ("water_depth", "pm2_5", "battery")]


def _late_hour(conn: db.Connection) -> None:
    """One value of every Datastream, half a year late."""
    at = END - timedelta(days=100, minutes=17, seconds=13)
    conn.execute(
        "INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance)"
        " SELECT id, %(at)s, %(at)s, 1, 1, 'simulated' FROM datastream WHERE NOT derived",
        {"at": at},
    )
    conn.execute(
        "INSERT INTO observation_change (datastream_id, phenomenon_time)"
        " SELECT array_agg(id), array_agg(%(at)s::timestamptz) FROM datastream WHERE NOT derived",
        {"at": at},
    )
    begin = time.perf_counter()
    done = rollups.refresh(conn, END)
    print(f"  a late hour of the whole city: {done.buckets} hours in {time.perf_counter() - begin:.2f} s")


def _disk(conn: db.Connection) -> None:
    row = conn.execute(_DISK).fetchone()
    assert row is not None
    million = row["rows"] / 1e6
    print(
        f"  disk per million observations, not compressed: {row['raw'] / million / 1e6:.0f} MB;"
        f" rollups of it: {(row['hours'] + row['days']) / million / 1e6:.1f} MB"
        f" ({row['hour_rows']:,} hours, {row['day_rows']:,} days)",
        flush=True,
    )


def _compressed() -> None:
    """A sample of the same values where the licence has compression."""
    try:
        with community.server() as url:
            migrate(url)
            domains = load_catalog()
            city = [t for t in load_inventory([inventory.SHIPPED], domains) if t.domain == "air_quality"]
            with db.connect(url, name="bench", autocommit=True) as conn:
                things.sync(conn, domains, city)
                conn.execute(_LOAD, {"start": END - 2 * WEEK, "end": END})
                retention.enable_compression(conn)
                conn.execute("SELECT compress_chunk(c) FROM show_chunks('observation') c")
                _report_compression(conn)
    except community.NotHere as error:
        print(f"  compressed: not measured, {error}")


def _report_compression(conn: db.Connection) -> None:
    row = conn.execute(
        "SELECT before_compression_total_bytes AS before, after_compression_total_bytes AS after,"
        " (SELECT count(*) FROM observation) AS rows FROM hypertable_compression_stats('observation')"
    ).fetchone()
    assert row is not None
    million = row["rows"] / 1e6
    print(
        f"  compressed (community edition, {row['rows']:,} observations of air quality), per million:"
        f" {row['after'] / million / 1e6:.1f} MB of {row['before'] / million / 1e6:.0f} MB,"
        f" a {row['before'] / row['after']:.0f}th",
        flush=True,
    )
