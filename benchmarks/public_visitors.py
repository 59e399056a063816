"""What visitors cost: transactions of the database while nobody and while many load the page, and 1,000 live streams.

Visitors load what a browser loads: the page, its assets, catalogue, notices, alerts and every map. Streams come from
several addresses, because one network may have only so many. Five times a second every flood point gets a new value.
"""

import os
import re
import selectors
import socket
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx

from benchmarks.public_map import city_database, written_to
from deploy.embedded import runtime
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db
from tests.processes import free_port, running, wait_for

STREAMS: Final = 1000
PER_ADDRESS: Final = 100
SECONDS: Final = 20.0
PAGES: Final = ("/api/v1/domains", "/api/v1/notices", "/api/v1/alerts", "/api/v1/things/flood-tong-dan")
MAPS: Final = ("air_quality", "water_quality", "rain", "flood", "parking")


def run(repeats: int) -> None:
    """Prints transactions a second with and without visitors, then the memory and frames of 1,000 streams."""
    installed = runtime.ensure(Path(".runtime"), print)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        url = city_database(postgres)
        bind = f"127.0.0.1:{free_port()}"
        env = {"HANOI_DATABASE_URL": url, "HANOI_PUBLIC_BIND": bind, "HANOI_PUBLIC_RATE_PER_MINUTE": "0"}
        with running("hanoi-public", env=env, bind=bind, folder=folder) as process, written_to(url):
            path = f"http://{bind}/api/v1/map/flood.geojson"
            wait_for(lambda: b'"live"' in httpx.get(path).content, "the map is live")
            rounds = [(_transactions(url, None), _transactions(url, bind)) for _ in range(repeats)]
            quiet, busy, visits = (
                statistics.median(column)
                for column in zip(*((q[0], b[0], b[1]) for q, b in rounds), strict=True)
            )
            print(f"public_visitors: {repeats} interleaved repeats of {SECONDS:.0f} s, medians")
            print(f"  nobody             {quiet:6.1f} transactions/s")
            print(f"  {visits:6.0f} visits      {busy:6.1f} transactions/s", flush=True)
            _streams(bind, process.pid)


def _transactions(url: str, bind: str | None) -> tuple[float, int]:
    """A second, of the whole database, and how many visits there were meanwhile."""
    begin, before, visits = time.monotonic(), _count(url), 0
    while time.monotonic() - begin < SECONDS:
        if bind is None:
            time.sleep(0.5)
        else:
            _visit(bind)
            visits += 1
    time.sleep(1.5)  # a backend tells its numbers a second after its last transaction at most
    return (_count(url) - before) / (time.monotonic() - begin), visits


def _count(url: str) -> int:
    with db.connect(url, name="bench", autocommit=True) as conn:
        row = conn.execute(
            "SELECT xact_commit + xact_rollback AS n FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row["n"])


def _visit(bind: str) -> None:
    with httpx.Client(base_url=f"http://{bind}", headers={"Accept-Encoding": "br, gzip"}) as browser:
        page = browser.get("/").text
        assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)
        for path in [*assets, *PAGES, *(f"/api/v1/map/{domain}.geojson" for domain in MAPS)]:
            browser.get(path).raise_for_status()
        with browser.stream("GET", "/api/v1/stream") as stream:
            next(stream.iter_lines())


def _streams(bind: str, pid: int) -> None:
    host, _, port = bind.rpartition(":")
    before, cpu = _memory(pid), _cpu_s(pid)
    begin = time.monotonic()
    with ExitStack() as stack, selectors.DefaultSelector() as waiting:
        for number in range(STREAMS):
            made = stack.enter_context(socket.socket())
            made.bind((f"127.0.2.{1 + number // PER_ADDRESS}", 0))
            made.connect((host, int(port)))
            made.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            made.setblocking(False)
            waiting.register(made, selectors.EVENT_READ, bytearray())
        opened = time.monotonic()
        after: list[int] = []
        while (passed := time.monotonic() - opened) < 2 * SECONDS:
            for key, _ in waiting.select(timeout=1):
                assert isinstance(key.fileobj, socket.socket)
                key.data.extend(key.fileobj.recv(1 << 16))
            if passed > len(after):
                after.append(_memory(pid))
        frames = [key.data.count(b"event: observation") for key in waiting.get_map().values()]
        refused = sum(not key.data.startswith(b"HTTP/1.1 200") for key in waiting.get_map().values())
    seconds = time.monotonic() - begin
    print(
        f"  {STREAMS} streams, {seconds:.0f} s: {refused} refused, {min(frames)} to {max(frames)} events each"
    )
    print(
        f"  resident memory {before / 1e6:.0f} MB before, {after[0] / 1e6:.0f} MB when all were open,"
        f" {after[-1] / 1e6:.0f} MB at the end; {(_cpu_s(pid) - cpu) / seconds:.2f} of a core",
        flush=True,
    )


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
