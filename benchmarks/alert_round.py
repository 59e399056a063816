"""One round of the alert engine with 100 changed Datastreams, of 1,000 and of 100,000: the work follows what changed.

Every Datastream is watched by all the shipped rules of water depth, and remembered by them, so that tables and indexes
have the size that they would have. A round is from reading the feed to its commit. Limit: 1.2 of the smaller city's.
"""

import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alerts.engine import Engine
from alerts.metrics import Metrics
from alerts.rules import RuleBook, parse_rules
from benchmarks import ingest_throughput as throughput
from deploy.embedded import runtime
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db, leader, observations
from storage.catalog import load_catalog
from storage.model import Observation, Provenance, Quality

SIZES: Final = (1_000, 100_000)
CHANGED: Final = 100
ROUNDS: Final = 40
LIMIT: Final = 1.2
DEPTHS: Final = (0.0, 4.0, 14.0, 16.0, 31.0)
BEGIN: Final = datetime(2026, 7, 20, tzinfo=UTC)

THINGS: Final = """
INSERT INTO thing (id, domain, kind, name_vi, name_en, properties, is_public)
SELECT 'point-' || n, 'flood', 'flood_point', 'x', 'x', '{}', true FROM generate_series(1, %s) AS n
"""
STREAMS: Final = """
INSERT INTO datastream (thing_id, property, unit, derived, interval_s)
SELECT id, 'water_depth', 'cm', false, 60 FROM thing WHERE id LIKE 'point-%%' RETURNING id
"""
REMEMBERED: Final = """
INSERT INTO alert_evaluation (rule, datastream_id, due_at, memory)
SELECT r, d, NULL, jsonb_build_object('evaluated_to', %s::timestamptz)
FROM unnest(%s::text[]) AS r, unnest(%s::bigint[]) AS d ON CONFLICT DO NOTHING
"""


def run(repeats: int) -> None:
    """Prints milliseconds a round and their ratio: medians over the repeats, sizes in turn."""
    installed = runtime.ensure(Path(".runtime"), print)
    found: dict[int, list[float]] = {size: [] for size in SIZES}
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, [])
        rules = parse_rules(load_catalog(), []).by_key.values()
        book = RuleBook.of(rule for rule in rules if rule.domain == "flood")
        print(
            f"alert_round: {CHANGED} changed, {len(book.by_key)} rules, {ROUNDS} rounds, {repeats} repeats, medians"
        )
        for _ in range(repeats):
            for size in SIZES:
                with throughput.database(postgres) as url:
                    found[size].append(_measure(url, book, size))
    small, large = (statistics.median(found[size]) for size in SIZES)
    for size, milliseconds in zip(SIZES, (small, large), strict=True):
        print(
            f"  {size:7,} Datastreams: {milliseconds:6.1f} ms a round,"
            f" {1000 * milliseconds / CHANGED:.0f} µs a changed one"
        )
    print(f"  ratio {large / small:.2f} (limit {LIMIT})", flush=True)


def _measure(url: str, book: RuleBook, size: int) -> float:
    """Median milliseconds of a round."""
    chance = random.Random(size)
    with db.connect(url, name="bench", autocommit=True) as conn:
        conn.execute(THINGS, (size,))
        ids = [row["id"] for row in conn.execute(STREAMS).fetchall()]
        conn.execute(REMEMBERED, (BEGIN, list(book.by_key), ids))
        conn.execute("ANALYZE")
        engine, term = Engine(metrics=Metrics(), book=book), leader.take_over(conn, "bench")
        engine.use(conn, term, book, BEGIN)
        spent = []
        for number in range(1, ROUNDS + 1):
            now = BEGIN + timedelta(minutes=number)
            _write(conn, chance.sample(ids, CHANGED), now, chance)
            began = time.perf_counter()
            engine.read_changes(conn, term, now)
            spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent)


def _write(conn: db.Connection, ids: list[int], now: datetime, chance: random.Random) -> None:
    batch = [
        Observation(
            datastream_id=one,
            phenomenon_time=now,
            result_time=now,
            result=chance.choice(DEPTHS),
            quality=Quality.GOOD,
            provenance=Provenance.SIMULATED,
        )
        for one in ids
    ]
    with conn.transaction():
        observations.write(conn, batch, expect_new=True)
