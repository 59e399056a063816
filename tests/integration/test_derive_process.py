"""hanoi-ingest killed in the middle of deriving, and the database away: in the end the same as computed in one go."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import httpx
import pytest

from deploy.embedded.mosquitto import Mosquitto
from ingest.derive import Deriver
from storage import db, derived, live, observations, things
from storage.model import Domain, Observation, Provenance
from tests.processes import ingest_env, running, wait_for

pytestmark = pytest.mark.integration

DAYS = 1
END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=35)
"""So long ago that nothing is due later than the values: what the clock says while we run plays no part."""
KEYS = ("pm2_5", "pm10", "no2", "water_depth", "rain_interval", "dissolved_oxygen", "water_temperature")

DERIVED = """
SELECT d.thing_id, d.property, o.phenomenon_time, o.result, o.quality, o.input_provenance, o.parameters
FROM observation o JOIN datastream d ON d.id = o.datastream_id
WHERE o.provenance = 'derived' AND o.quality < 9 AND o.phenomenon_time < now() - INTERVAL '2 days' ORDER BY 1, 2, 3
"""
TERMINATED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'hanoi-ingest' AND wait_event = 'advisory' AND datname = current_database()
"""

HELD = """
SELECT 1 FROM pg_stat_activity
WHERE application_name = 'hanoi-ingest' AND wait_event = 'advisory' AND datname = current_database()
"""
HOLD: LiteralString = """
CREATE SEQUENCE pieces;
CREATE FUNCTION hold_the_second_piece() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('test.piece', true), '') = '' THEN
        PERFORM set_config('test.piece', 'counted', true);
        IF nextval('public.pieces') = 2 THEN PERFORM pg_advisory_xact_lock(1); END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_the_second_piece BEFORE INSERT ON observation FOR EACH ROW WHEN (NEW.provenance = 'derived')
EXECUTE FUNCTION hold_the_second_piece();
GRANT USAGE ON SEQUENCE pieces TO PUBLIC;
"""
"""The second transaction that writes derived values waits at its first for whoever holds advisory lock 1."""


def write(conn: db.Connection) -> None:
    start = END - timedelta(days=DAYS)
    batch = [
        Observation(
            datastream_id=row.id,
            phenomenon_time=(at := start + timedelta(minutes=5 * n)),
            result_time=at,
            result=5.0 + (n * 7 + row.id) % 13 / 10,
            provenance=Provenance.SIMULATED,
        )
        for row in things.all_datastreams(conn)
        if row.property in KEYS
        for n in range(DAYS * 288)
    ]
    with conn.transaction():
        observations.write(conn, batch)


def stored(conn: db.Connection) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in conn.execute(DERIVED)]


def is_read(conn: db.Connection) -> bool:
    return derived.progress(conn).feed == live.here(conn)


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def test_killed_while_it_derives_it_ends_with_what_one_run_computes(
    conn: db.Connection, city_url: str, broker: Mosquitto, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write(conn)
    conn.execute(HOLD)
    env = ingest_env(city_url, broker.url("ingest"))
    for _ in range(2):
        before = len(stored(conn))
        conn.execute("SELECT setval('pieces', 1, false), pg_advisory_lock(1)")
        with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path) as process:
            wait_for(lambda: conn.execute(HELD).fetchone(), "it is in the middle of a write")
            process.kill()
            process.wait(60)
        conn.execute("SELECT pg_advisory_unlock(1)")
        assert len(stored(conn)) > before, "what was whole before it was killed is kept"
        assert not is_read(conn), "it was done before it was killed"
    conn.execute("DROP TRIGGER hold_the_second_piece ON observation")
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        wait_for(lambda: is_read(conn), "the feed is read")
    killed = stored(conn)
    conn.execute("DELETE FROM observation WHERE provenance = 'derived'")
    conn.execute("DELETE FROM feed_cursor")
    Deriver().run(conn, domains, datetime.now(UTC))
    assert killed == stored(conn)
    assert len(killed) > 10_000


def test_a_failure_is_counted_where_monitoring_looks(
    conn: db.Connection, city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    """A car park whose limit of stay is no number: its day can't be computed, the hour of a station is."""
    env = ingest_env(city_url, broker.url("ingest"))
    bind = env["HANOI_INGEST_BIND"]
    with running("hanoi-ingest", env=env, bind=bind, folder=tmp_path):
        conn.execute(
            "UPDATE thing SET properties = properties || '{\"max_stay_min\": \"long\"}' WHERE domain = 'parking'"
        )
        write(conn)
        bay = next(row for row in things.all_datastreams(conn) if row.property == "occupied")
        times = [END - timedelta(hours=n) for n in range(24)]
        with conn.transaction():
            observations.write(
                conn,
                [
                    Observation(datastream_id=bay.id, phenomenon_time=at, result_time=at, result=n % 2)
                    for n, at in enumerate(times)
                ],
            )
        wait_for(
            lambda: (
                'hanoi_derive_failures_total{derivation="parking_day"}'
                in httpx.get(f"http://{bind}/metrics").text
            ),
            "the failure is counted",
            context=(tmp_path / "hanoi-ingest.log").read_text,
        )
        wait_for(lambda: is_read(conn), "the feed is read all the same")
    log = (tmp_path / "hanoi-ingest.log").read_text()
    assert "derivation_failed derivation=parking_day thing=" in log
    assert " vn_aqi=" in log


def test_a_database_that_goes_away_is_waited_for(
    conn: db.Connection, city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    """Its connection dies while it waits for its turn."""
    env = ingest_env(city_url, broker.url("ingest"))
    log = tmp_path / "hanoi-ingest.log"
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        with db.connect(city_url, name="other", autocommit=True) as other, other.transaction():
            derived.take_turn(other)
            write(conn)
            wait_for(lambda: conn.execute(TERMINATED).fetchone(), "it waits, and is thrown out")
            wait_for(lambda: "derive_put_off" in log.read_text(), "it says so")
        wait_for(lambda: is_read(conn), "the feed is read")
    assert "Traceback" not in log.read_text()
    assert stored(conn)
