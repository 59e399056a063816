"""What a replay costs with a year behind it: a moment opened, ten steps asked for, the memory of both.

The Things of the demo city; a year of one value an hour of each Datastream, and a week at the catalogue's intervals
around each of the moments that are opened: yesterday, half a year ago, near the beginning. 30,000 alerts lie in it.
Measured as the control room does it, from the question to the encoded answer, without HTTP. HANOI_BENCH_DAYS makes the
year shorter. For each query that a moment rests on, EXPLAIN ANALYZE says how long it took and how many chunks it read.
"""

import os
import re
import statistics
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.year_chart import END, FAST_LOAD
from dashboard.control_room.parts import Parts, wire
from dashboard.control_room.replay_desk import PastDesk
from dashboard.encoded import encode
from deploy.embedded import runtime
from deploy.embedded.postgres import Postgres
from storage import catalog, db, inventory, past, rollups, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from storage.reference import Reference

DAYS: Final = 365
HOUR: Final = timedelta(hours=1)
_LOAD: Final = """
INSERT INTO observation (datastream_id, phenomenon_time, result_time, ingested_at, result, quality, provenance)
SELECT d.id, t, t, t, round((50 + 30 * sin(extract(epoch FROM t)::float8 / 13751 + d.id))::numeric, 1), 1, 'simulated'
FROM datastream d
CROSS JOIN generate_series(%(start)s::timestamptz, %(end)s::timestamptz - INTERVAL '1 second',
                           GREATEST(d.interval_s * INTERVAL '1 second', %(least)s)) AS t
ORDER BY d.id, t
"""
_ALERTS: Final = """
INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en, runbook_vi,
                   runbook_en, unit, limit_value, value, value_time, peak, pending_since, firing_since, resolved_at,
                   provenance, for_citizens)
SELECT 'bench', t.domain, t.id, d.id, d.property, 'warning', 'resolved', 'x', 'x', '-', '-', '1', 1, 1, at, 1, at, at,
       at + INTERVAL '40 minutes', 'simulated', false
FROM generate_series(%(start)s::timestamptz, %(end)s::timestamptz, %(every)s) WITH ORDINALITY AS a (at, n)
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS of FROM datastream) d ON d.n = 1 + a.n %% d.of
JOIN thing t ON t.id = d.thing_id
"""
_ALERTS_MOST: Final = 30_000


def run(repeats: int) -> None:
    """Prints milliseconds and bytes of a moment and of ten steps at each speed, and the plans."""
    days = int(os.environ.get("HANOI_BENCH_DAYS", DAYS))
    start = END - timedelta(days=days)
    moments = (
        END - timedelta(days=1, hours=7),
        END - timedelta(days=days / 2, hours=7),
        start + timedelta(days=3),
    )
    installed = runtime.ensure(Path(".runtime"), print)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FAST_LOAD) as postgres,
    ):
        postgres.create_owner("hanoi")
        url = postgres.url("postgres", "hanoi")
        migrate(url)
        with db.connect(url, name="bench", autocommit=True) as conn:
            things.sync(conn, load_catalog(), load_inventory([inventory.SHIPPED], load_catalog()))
            _load(conn, start, moments)
        _measure(url, moments, repeats)


def _load(conn: db.Connection, start: datetime, moments: tuple[datetime, ...]) -> None:
    begin, rows, at, week = time.perf_counter(), 0, start, timedelta(days=7)
    while at < END:
        full = any(at <= moment < at + week for moment in moments)
        least = timedelta(seconds=1) if full else HOUR
        rows += conn.execute(_LOAD, {"start": at, "end": min(at + week, END), "least": least}).rowcount
        at += week
    every = (END - start) / _ALERTS_MOST
    conn.execute(_ALERTS, {"start": start, "end": END, "every": every})
    while not rollups.refresh(conn, END).caught_up:
        pass
    conn.execute("VACUUM ANALYZE")
    print(f"replay_mode: {rows:,} observations in {time.perf_counter() - begin:.0f} s", flush=True)


def _measure(url: str, moments: tuple[datetime, ...], repeats: int) -> None:
    reference = Reference(catalog_folders=(catalog.SHIPPED,), inventory_folders=(inventory.SHIPPED,))
    parts = wire(url, reference, clock=lambda: END, ingest_url="http://127.0.0.1:9", https=False)
    try:
        with parts.pool.connection(timeout=30) as conn:
            parts.city.set_things(things.all_things(conn), things.all_datastreams(conn))
        parts.city.set_loaded(END)
        desk = PastDesk(parts)
        for at in moments:
            _one(desk, at, repeats)
            _explain(parts, at)
        _memory(desk, moments[1])
    finally:
        parts.pool.close()
        parts.past.close()


def _one(desk: PastDesk, at: datetime, repeats: int) -> None:
    shift = iter(range(10_000))  # another second each time: nothing is held

    def moment() -> dict[str, Any]:
        return desk.moment(at + timedelta(seconds=next(shift)), "vi")

    print(f"  {at:%Y-%m-%d}: a moment {_timed(moment, repeats)}", flush=True)
    for step in (5, 10, 60, 300):
        asked = {"step": str(step)}

        def steps(asked: dict[str, str] = asked) -> dict[str, Any]:
            return desk.steps(at + timedelta(seconds=next(shift)), asked, "vi")

        print(f"    ten steps of {step:3} s {_timed(steps, repeats)}", flush=True)


def _timed(ask: Callable[[], dict[str, Any]], repeats: int) -> str:
    times, size = [], 0
    for n in range(repeats + 1):
        begin = time.perf_counter()
        encoded = encode(ask(), level=1)
        if n:
            times.append(time.perf_counter() - begin)
        size = len(encoded.gzipped)
    return f"{statistics.median(times) * 1e3:6.0f} ms, {size / 1e3:5.0f} kB"


def _explain(parts: Parts, at: datetime) -> None:
    ids = list(parts.city.view.streams)
    asked: dict[str, Any] = {
        "datastream_ids": ids,
        "start": at,
        "end": at + timedelta(minutes=10),
        "step_s": 60.0,
    }
    queries = (
        ("observations", "newest"),
        ("past", "changes"),
        ("past", "alerts"),
        ("past", "firing_before"),
    )
    with parts.past.reading(at + timedelta(minutes=10)) as conn:
        for module, name in queries:
            given = {**asked, "limit": 400, "moment": at}
            rows = conn.execute(
                "EXPLAIN (ANALYZE, COSTS OFF) " + db.statements(module)[name], given
            ).fetchall()
            plan = "\n".join(row["QUERY PLAN"] for row in rows)
            chunks = {found for found in re.findall(r"_hyper_\S+_chunk", plan) if _was_read(plan, found)}
            took = re.search(r"Execution Time: (\S+) ms", plan)
            print(f"    {name:8} {float(took[1]) if took else 0:7.1f} ms, {len(chunks)} chunks read")
            if os.environ.get("HANOI_BENCH_PLANS"):
                print(plan)


def _was_read(plan: str, chunk: str) -> bool:
    return any(chunk in line and "never executed" not in line for line in plan.splitlines())


def _memory(desk: PastDesk, at: datetime) -> None:
    tracemalloc.start()
    desk.steps(at, {"step": "300"}, "vi")
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"  memory of ten steps: {most / 1e6:.1f} MB at most, {held / 1e6:.1f} MB kept; readers {past.READERS}"
    )
