"""What an open control room costs: server CPU, publish to painted value with 1, 10 and 50 clients, page weight, heap.

Broker, database, `hanoi-ingest`, `hanoi-control-room`, publisher and browser share the machine's cores. One client is a
real Chromium, in which the moment is taken when the overview's tile has the new number; the others hold the stream
open and ask for the overview when the page would (dashboard/control_room/assets/control_room.js: when values come,
at most once a second, and every five seconds). Limit of publish to painted: two ticks of the stream. The heap is that
of the real page, garbage collected, before and after HANOI_HEAP_S seconds of live updates (600; 3600 for the hour).
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks import ingest_throughput as throughput
from dashboard.live import TICK_S
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from ingest.wire import BrokerAddress, observations_topic
from storage import inventory
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Thing
from tests.processes import free_port, ingest_env, running

CLIENTS: Final = (1, 10, 50)
SECONDS: Final = 40.0
EVERY_S: Final = 2.3
"""Between two values: no multiple of the tick, so that they come at every moment of it."""
BESIDE: Final = 100.0
"""Messages a second of the bays, as a busy city sends."""
LIMIT_S: Final = 2 * TICK_S
POLL_S: Final = 5.0
HEAP_S: Final = float(os.environ.get("HANOI_HEAP_S", "600"))
POINT: Final = "flood-tong-dan"
OPERATOR: Final = ("bench", "bench-password")
WATCH: Final = """
() => {
  window.painted = {};
  const tile = document.querySelector("#tiles");
  const look = () => requestAnimationFrame(() => {
    for (const value of tile.querySelectorAll(".value b")) {
      const text = value.textContent;
      if (!(text in window.painted)) window.painted[text] = performance.timeOrigin + performance.now();
    }
  });
  new MutationObserver(look).observe(tile, { childList: true, characterData: true, subtree: true });
}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rig:
    broker: Mosquitto
    city: Sequence[Thing]
    address: str
    server: subprocess.Popen[bytes]


def run(repeats: int) -> None:
    """Prints one line a number of clients, then page weight and heap. Repeats make the spans longer, not more."""
    installed = runtime.ensure(Path(".runtime"), print)
    city = load_inventory([inventory.SHIPPED], load_catalog())
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, city)
        with (
            throughput.database(postgres) as url,
            Mosquitto(installed, folder / "broker") as broker,
            _served(url, broker, city, folder) as rig,
            _beside(rig),
        ):
            print(f"control_room: {BESIDE:g} messages/s beside; {SECONDS * repeats:g} s a line", flush=True)
            _measure(rig, repeats)


@contextmanager
def _served(url: str, broker: Mosquitto, city: Sequence[Thing], folder: Path) -> Iterator[Rig]:
    env = ingest_env(url, broker.url("ingest"))
    bind = f"127.0.0.1:{free_port()}"
    room = {
        "HANOI_DATABASE_URL": url,
        "HANOI_CONTROL_ROOM_BIND": bind,
        "HANOI_INGEST_BIND": env["HANOI_INGEST_BIND"],
    }
    name, password = OPERATOR
    program = str(Path(sys.executable).with_name("hanoi-control-room"))
    subprocess.run(
        [program, "user", "add", name, "--role", "viewer", "--password-stdin"],
        input=password.encode(),
        env={**os.environ, **room},
        check=True,
        capture_output=True,
    )
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder),
        running("hanoi-control-room", env=room, bind=bind, folder=folder) as server,
    ):
        yield Rig(broker=broker, city=city, address=f"http://{bind}", server=server)


@contextmanager
def _beside(rig: Rig) -> Iterator[None]:
    address = BrokerAddress.parse(rig.broker.url("publisher"))
    login = (address.host, str(address.port), address.user or "", address.password or "")
    topics = "\n".join(observations_topic(t.domain, t.id) for t in rig.city if t.kind == "bay")
    beside = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._steady", *login, "beside", str(BESIDE), "1e6"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert beside.stdin is not None
    beside.stdin.write(topics.encode())
    beside.stdin.close()
    try:
        yield
    finally:
        beside.terminate()
        beside.wait(10)


def _measure(rig: Rig, repeats: int) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        )
        context = chromium.new_context(viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        session = context.new_cdp_session(page)
        weight = _open(page, session, rig)
        page.evaluate(WATCH)
        for clients in CLIENTS:
            with _others(rig, clients - 1):
                times, cpu = _painted(page, rig, SECONDS * repeats)
            lost = sum(value is None for value in times)
            found = sorted(value for value in times if value is not None)
            p95 = found[int(0.95 * (len(found) - 1))] if found else float("inf")
            print(
                f"  {clients:3} clients: publish to painted p50 {statistics.median(found):.2f} s, p95 {p95:.2f} s"
                f" = {p95 / LIMIT_S:.2f} of the limit ({len(found)} values, {lost} not seen);"
                f" server {100 * cpu:.0f} % of a core",
                flush=True,
            )
        print(f"  page weight of the overview, first visit: {weight / 1024:,.0f} KB on the wire", flush=True)
        before = _heap(session)
        time.sleep(HEAP_S)
        after = _heap(session)
        print(
            f"  heap after {HEAP_S:g} s of live updates: {after:.1f} MB of {before:.1f} before:"
            f" ratio {after / before:.2f}",
            flush=True,
        )
        chromium.close()


def _open(page: Page, session: CDPSession, rig: Rig) -> float:
    """Logs in; returns the bytes that the overview takes with an empty cache."""
    name, password = OPERATOR
    page.goto(f"{rig.address}/ops/login?lang=en")
    page.locator("#username").fill(name)
    page.locator("#password").fill(password)
    received: list[float] = []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.keyboard.press("Enter")
    page.locator("html[data-ready='1']").wait_for(state="attached", timeout=120_000)
    page.wait_for_timeout(2_000)
    return sum(received)


def _painted(page: Page, rig: Rig, seconds: float) -> tuple[list[float | None], float]:
    """Seconds from sending each value to its being painted, and the server's share of a core meanwhile."""
    sent: dict[str, float] = {}
    page.evaluate("() => { window.painted = {}; }")
    began, cpu = time.monotonic(), _cpu_s(rig.server.pid)
    with _publisher(rig.broker) as publish:
        depth = 100.0
        while time.monotonic() - began < seconds:
            depth += 1.0  # each number is shown once
            sent[f"{depth:.0f}"] = time.time()
            publish(depth)
            page.wait_for_timeout(EVERY_S * 1000)
    page.wait_for_timeout(4_000)
    cpu = (_cpu_s(rig.server.pid) - cpu) / (time.monotonic() - began)
    painted: dict[str, float] = page.evaluate("() => window.painted")
    return [painted[text] / 1000 - at if text in painted else None for text, at in sent.items()], cpu


@contextmanager
def _publisher(broker: Mosquitto) -> Iterator[Any]:
    address = BrokerAddress.parse(broker.url("publisher"))
    client = Client(CallbackAPIVersion.VERSION2, "bench-depth", protocol=MQTTProtocolVersion.MQTTv311)
    client.username_pw_set(address.user, address.password)
    client.connect(address.host, address.port)
    client.loop_start()

    def publish(depth: float) -> None:
        at = datetime.now(UTC).isoformat()
        body = json.dumps({"time": at, "results": {"water_depth": depth}})
        client.publish(observations_topic("flood", POINT), body, qos=1)

    try:
        yield publish
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def _others(rig: Rig, count: int) -> Iterator[None]:
    """Clients that cost the machine little: a stream each, and the overview when the page would ask for it."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(lambda: asyncio.run(_look_on(rig, count, stop)))
        try:
            time.sleep(3 if count else 0)
            yield
        finally:
            stop.set()
        looking.result()


async def _look_on(rig: Rig, count: int, stop: threading.Event) -> None:
    cookies = await asyncio.to_thread(_logged_in, rig)
    tasks = [asyncio.create_task(_client(rig, cookies)) for _ in range(count)]
    while not stop.is_set():
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [one for one in results if not isinstance(one, asyncio.CancelledError)]
    if failed:
        raise RuntimeError(f"{len(failed)} clients ended early: {failed[0]!r}")


def _logged_in(rig: Rig) -> httpx.Cookies:
    """One session for all of them: logins are limited by address."""
    name, password = OPERATOR
    with httpx.Client(base_url=rig.address) as client:
        token = client.get("/ops/login").text.split('name="csrf_token" value="')[1].split('"')[0]
        fields = {"username": name, "password": password, "csrf_token": token}
        entered = client.post("/ops/login", data=fields)
        if entered.status_code != 303:
            raise RuntimeError(f"login: {entered.status_code}")
        return client.cookies


async def _client(rig: Rig, cookies: httpx.Cookies) -> None:
    async with httpx.AsyncClient(
        base_url=rig.address, timeout=httpx.Timeout(30, read=60), cookies=cookies
    ) as client:
        again = asyncio.Event()

        async def ask() -> None:
            while True:
                (await client.get("/ops/api/overview?lang=en")).raise_for_status()
                again.clear()
                await asyncio.sleep(1)
                try:
                    await asyncio.wait_for(again.wait(), POLL_S - 1)
                except TimeoutError:
                    continue

        async def listen() -> None:
            async with client.stream("GET", "/ops/stream") as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("data:"):
                        again.set()

        await asyncio.gather(ask(), listen())


def _cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has taken (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _heap(session: CDPSession) -> float:
    """MB that scripts hold, after a collection of garbage."""
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6
