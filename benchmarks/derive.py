"""Seconds to derive one hour of the whole city, as a share of one second; what a quiet tick costs; a year by command.

The shipped inventory with a value of every Datastream at the catalogue's intervals, the history before the hour derived
already, then the hour at once: the worst way in which an hour can come.
"""

import contextlib
import io
import math
import statistics
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from deploy.embedded import runtime
from deploy.embedded.postgres import FOR_TESTS, Postgres
from ingest.commands import derive as command
from ingest.derive import Deriver
from storage import db, inventory, observations, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from storage.model import Domain, Observation, Property, Provenance
from storage.settings import Settings

LIMIT_S: Final = 1.0
HISTORY: Final = timedelta(hours=48)
HOUR: Final = timedelta(hours=1)
NOW: Final = datetime(2026, 11, 22, 3, 0, 1, tzinfo=UTC)
QUIET: Final = 50
AT_ONCE: Final = 50_000
STATION: Final = "trung-yen-3"
YEAR: Final = timedelta(days=365)


def run(repeats: int) -> None:
    """Prints medians and ratios."""
    installed = runtime.ensure(Path(".runtime"), print)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        postgres.create_owner("hanoi")
        url = postgres.owner_url("hanoi")
        migrate(url)
        domains = load_catalog()
        with db.connect(url, name="bench", autocommit=True) as conn:
            things.sync(conn, domains, load_inventory([inventory.SHIPPED], domains))
            _city(conn, domains, repeats)
            _year(conn, url, domains)


def _city(conn: db.Connection, domains: Mapping[str, Domain], repeats: int) -> None:
    begin = NOW - repeats * HOUR
    deriver = Deriver()
    values = _write(conn, domains, begin - HISTORY, begin)
    seconds, written = _timed(deriver, conn, domains, begin)
    print(f"derive: {len(deriver.known)} derivations; start on {HISTORY // HOUR} h of the whole city")
    print(f"  {'start':32} {seconds:9.2f} s for {values:,} values, {written:,} derived", flush=True)
    hours = []
    for n in range(repeats):
        start = begin + n * HOUR
        values = _write(conn, domains, start, start + HOUR)
        hours.append((*_timed(deriver, conn, domains, start + HOUR), values))
    median, least, most = _range([seconds for seconds, _, _ in hours])
    written, values = hours[-1][1:]
    print(
        f"  {'one hour of the whole city':32} {median:9.2f} s for {values:,} values, {written:,} derived: ratio"
        f" {median / LIMIT_S:.2f} of {LIMIT_S:.0f} s ({least:.2f} to {most:.2f}, {repeats} repeats)"
    )
    quiet = [_timed(deriver, conn, domains, NOW)[0] for _ in range(QUIET)]
    print(f"  {'quiet tick':32} {1000 * statistics.median(quiet):9.2f} ms", flush=True)


def _year(conn: db.Connection, url: str, domains: Mapping[str, Domain]) -> None:
    """History that the job never saw, of one station."""
    start = NOW - YEAR - HISTORY
    values = _write(conn, domains, start, start + YEAR, only=STATION)
    conn.execute("TRUNCATE observation_change")
    settings = Settings(database_url=SecretStr(url))
    for name in ("a year of a station", "the same again"):
        arguments = Namespace(start=start, end=start + YEAR, thing=STATION, derivation=None, dry_run=False)
        said = io.StringIO()
        begin = time.perf_counter()
        with contextlib.redirect_stdout(said):
            command.run(arguments, settings)
        seconds = time.perf_counter() - begin
        last = said.getvalue().strip().splitlines()[-1]
        print(f"  {name:32} {seconds:9.2f} s for {values:,} values; {last}", flush=True)


def _timed(
    deriver: Deriver, conn: db.Connection, domains: Mapping[str, Domain], now: datetime
) -> tuple[float, int]:
    begin = time.perf_counter()
    written = deriver.run(conn, domains, now)
    return time.perf_counter() - begin, written


def _range(seconds: Sequence[float]) -> tuple[float, float, float]:
    return statistics.median(seconds), min(seconds), max(seconds)


def _write(
    conn: db.Connection,
    domains: Mapping[str, Domain],
    start: datetime,
    end: datetime,
    only: str | None = None,
) -> int:
    """(start, end], all Datastreams in order of time; returns how many values."""
    rows = sorted(_values(conn, domains, start, end, only), key=lambda row: row.phenomenon_time)
    for first in range(0, len(rows), AT_ONCE):
        with conn.transaction():
            observations.write(conn, rows[first : first + AT_ONCE])
    return len(rows)


def _values(
    conn: db.Connection, domains: Mapping[str, Domain], start: datetime, end: datetime, only: str | None
) -> Iterator[Observation]:
    known = {thing.id: thing.domain for thing in things.all_things(conn)}
    for row in things.all_datastreams(conn):
        observed = domains[known[row.thing_id]].properties[row.property]
        if observed.derived or observed.forecast_of or only not in (None, row.thing_id):
            continue
        interval = timedelta(seconds=row.interval_s)
        for n in range(1, (end - start) // interval + 1):
            at = start + n * interval
            yield Observation(
                datastream_id=row.id,
                phenomenon_time=at,
                result_time=at,
                result=_value(observed, row.id, at),
                provenance=Provenance.SIMULATED,
            )


def _value(observed: Property, datastream_id: int, at: datetime) -> float:
    """Within the plausible range, in daily waves with a little noise, each Datastream its own."""
    hour = at.timestamp() / 3600
    wave = (
        0.5 + 0.4 * math.sin(hour * math.tau / 24 + datastream_id) + 0.1 * math.sin(hour * 97 + datastream_id)
    )
    if observed.boolean:
        return float(wave > 0.5)
    low = observed.plausible.low if observed.plausible.low is not None else 0.0
    high = observed.plausible.high if observed.plausible.high is not None else low + 100.0
    return round(low + (high - low) * wave / 4, observed.decimals)
