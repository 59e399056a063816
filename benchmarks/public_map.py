"""Requests per second of the public map, as a share of a bare FastAPI endpoint that returns the same bytes.

Both run in processes of their own and are asked in turn, over the same number of kept-alive connections. The city is
written to meanwhile, so that the map has to be encoded anew again and again.
"""

import os
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from deploy.embedded import runtime
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db, inventory, observations, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from storage.model import Observation
from tests.processes import free_port, running, wait_for

AIM: Final = 0.7
DOMAIN: Final = "flood"
CONNECTIONS: Final = 8
SECONDS: Final = 2.0

BARE: Final = """
import sys, pathlib, uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
body = pathlib.Path(sys.argv[2]).read_bytes()
app = FastAPI()
@app.get("/map")
async def get_map():
    return Response(body, media_type="application/geo+json")
uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False)
"""


def run(repeats: int) -> None:
    """Prints medians and the ratio with its range."""
    installed = runtime.ensure(Path(".runtime"), print)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        url = city_database(postgres)
        bind = f"127.0.0.1:{free_port()}"
        env = {"HANOI_DATABASE_URL": url, "HANOI_PUBLIC_BIND": bind}
        path = f"/api/v1/map/{DOMAIN}.geojson"
        with running("hanoi-public", env=env, bind=bind, folder=folder), written_to(url):
            wait_for(lambda: b'"live"' in httpx.get(f"http://{bind}{path}").content, "the map is live")
            with _bare(httpx.get(f"http://{bind}{path}").content, folder) as bare_bind:
                pairs = [(_rate(bind, path), _rate(bare_bind, "/map")) for _ in range(repeats)]
    _report(pairs)


def _report(pairs: list[tuple[float, float]]) -> None:
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(pair[0] / pair[1] for pair in pairs)
    print(f"public_map: {len(pairs)} interleaved repeats, medians; aim {AIM} of a bare endpoint")
    print(
        f"  {DOMAIN:32} {ours:9,.0f} requests/s of {bare:9,.0f} bare: ratio {statistics.median(ratios):.2f}"
        f" ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        flush=True,
    )


def city_database(postgres: Postgres) -> str:
    postgres.create_owner("hanoi")
    url = postgres.owner_url("hanoi")
    migrate(url)
    domains = load_catalog()
    with db.connect(url, name="bench") as conn:
        things.sync(conn, domains, load_inventory([inventory.SHIPPED], domains))
    return url


@contextmanager
def written_to(url: str) -> Iterator[None]:
    """Five times a second a value of every Thing of the domain."""
    stop = threading.Event()

    def write() -> None:
        with db.connect(url, name="bench", autocommit=True) as conn:
            streams = [s for s in things.all_datastreams(conn) if s.property == "water_depth"]
            while not stop.wait(0.2):
                at = datetime.now(UTC)
                rows = [
                    Observation(datastream_id=s.id, phenomenon_time=at, result_time=at, result=at.second / 2)
                    for s in streams
                ]
                with conn.transaction():
                    observations.write(conn, rows)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


@contextmanager
def _bare(body: bytes, folder: Path) -> Iterator[str]:
    """A process of the same framework that does nothing but return these bytes."""
    (folder / "body").write_bytes(body)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", BARE, str(port), str(folder / "body")], env=dict(os.environ)
    )
    try:
        wait_for(lambda: _answers(f"http://127.0.0.1:{port}/map"), "the bare endpoint answers")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def _rate(bind: str, path: str) -> float:
    """Answers per second, complete ones, over a few connections that each wait for theirs."""
    request = f"GET {path} HTTP/1.1\r\nHost: {bind}\r\n\r\n".encode()
    host, _, port = bind.rpartition(":")
    with selectors.DefaultSelector() as waiting:
        connections = [socket.create_connection((host, int(port))) for _ in range(CONNECTIONS)]
        for connection in connections:
            waiting.register(connection, selectors.EVENT_READ, bytearray())
            connection.sendall(request)
        begin, done = time.perf_counter(), 0
        while time.perf_counter() - begin < SECONDS:
            for key, _ in waiting.select(timeout=1):
                asked, held = key.fileobj, key.data
                assert isinstance(asked, socket.socket)
                held += asked.recv(1 << 18)
                if _complete(held):
                    held.clear()
                    done += 1
                    asked.sendall(request)
        rate = done / (time.perf_counter() - begin)
        for connection in connections:
            connection.close()
    return rate


def _complete(held: bytearray) -> bool:
    head, found, body = held.partition(b"\r\n\r\n")
    if not found:
        return False
    assert head.startswith(b"HTTP/1.1 200"), bytes(head[:200])
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return len(body) >= length
