"""Rows a second of an export as a share of a bare COPY of the same rows, and the most memory that it takes.

The bare COPY is `COPY (SELECT …) TO STDOUT (FORMAT csv)` of the same query, read and thrown away by psycopg in this
process. Each export is a process of its own; its peak is what the system counted for it (ru_maxrss). Twice: of a
part of the table and of all of it. A peak that grows with the rows would be a list somewhere.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.embedded import runtime
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db, inventory, things
from storage.catalog import load_catalog
from storage.exports.rows import lines
from storage.exports.selection import Asked, select
from storage.inventory import load_inventory
from storage.migrate import migrate

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
ROWS: Final = (500_000, 5_000_000)
"""So many are exported: a tenth, and all of it."""
FORMATS: Final = ("csv", "parquet", "geojson")
FILL: Final = """
    INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance)
    SELECT d.id, at, at + INTERVAL '2 seconds',
           round((50 + 40 * sin(d.id + extract(epoch FROM at) / 7200))::numeric, 1), 1, 'simulated'
    FROM generate_series(%(start)s::timestamptz, %(end)s, %(every)s) AS at CROSS JOIN datastream d
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One export: rows a second, and its peak."""

    rate: float
    peak_mb: float


def run(repeats: int) -> None:
    """Prints a line a format and size: medians, the ratio with its range, the peak."""
    installed = runtime.ensure(Path(".runtime"), print)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        end = _fill(postgres.url("postgres", "postgres"))
        url = postgres.url("postgres", "postgres")
        print(f"export: {repeats} interleaved repeats, medians; {ROWS[1]:,} rows in the table")
        for rows in ROWS:
            until = START + (end - START) * rows / ROWS[1]
            bare: list[float] = []
            found: dict[str, list[Ran]] = {format: [] for format in FORMATS}
            for _ in range(repeats):
                bare.append(_bare(url, until))
                for format in FORMATS:
                    found[format].append(_export(url, folder / f"export.{format}", until))
            for format, ran in found.items():
                _report(rows, format, bare, ran)


def _report(rows: int, format: str, bare: Sequence[float], ran: Sequence[Ran]) -> None:
    ratios = sorted(one.rate / limit for one, limit in zip(ran, bare, strict=True))
    print(
        f"  {rows:9,} rows {format:8} {statistics.median(one.rate for one in ran):9,.0f} rows/s of"
        f" {statistics.median(bare):9,.0f} bare: ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to"
        f" {ratios[-1]:.2f}); peak {max(one.peak_mb for one in ran):4.0f} MB",
        flush=True,
    )


def _fill(url: str) -> datetime:
    """About as many rows as asked for, of every Datastream of the city, evenly; returns their end."""
    migrate(url)
    domains = load_catalog()
    with db.connect(url, name="bench") as conn:
        things.sync(conn, domains, load_inventory([inventory.SHIPPED], domains))
        row = conn.execute("SELECT count(*) AS streams FROM datastream").fetchone()
        times = ROWS[1] // int((row or {"streams": 1})["streams"])
        every = timedelta(minutes=10)
        end = START + (times - 1) * every
        conn.execute(FILL, {"start": START, "end": end, "every": every})
    with db.connect(url, name="bench", autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE observation")
    return end + every


def _bare(url: str, until: datetime) -> float:
    with db.connect(url, name="bench") as conn:
        selection = select(conn, Asked(start=START, end=until))
        rows, started = 0, time.monotonic()
        for start, end in selection.slices:
            for _ in lines(conn, selection, start, end):
                rows += 1
        return rows / (time.monotonic() - started)


def _export(url: str, path: Path, until: datetime) -> Ran:
    program = Path(sys.executable).parent / "hanoi-export"
    arguments = ["--from", START.isoformat(), "--to", until.isoformat(), "-o", str(path)]
    started = time.monotonic()
    process = subprocess.Popen(
        [program, *arguments],
        env={**os.environ, "HANOI_DATABASE_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    passed = time.monotonic() - started
    if process.returncode != 0:
        raise RuntimeError(f"hanoi-export: {said}")
    path.unlink()
    rows = int(said.rsplit("\r", 1)[-1].strip().split(" rows to ")[0].split()[-1].replace(",", ""))
    return Ran(rate=rows / passed, peak_mb=usage.ru_maxrss / 1024)
