"""A citizen's first visit on a cheap phone and a slow line: what it weighs, and when something can be read.

A real Chromium with an empty cache, 360 x 640, slowed down by the DevTools protocol: 1.6 Mbit/s, 150 ms more for each
request, a processor four times slower. Broker, database, `hanoi-ingest`, `hanoi-alerts`, `hanoi-public` and the
simulated city, which goes on meanwhile, share the machine's cores with it. A visit ends when the stream is live, the
service worker has kept the page, and three seconds passed. Limits: of the HTML and of the wire our own, of the
rest what web.dev calls good (LCP, CLS) and Lighthouse scores as fast on a phone (FCP, TBT).
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Browser, sync_playwright

from benchmarks import ingest_throughput as throughput
from dashboard.citizen.first_page import LARGEST
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import inventory
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from tests.browser.chromium import launched
from tests.browser.slow_phone import CHEAP_PHONE, FIRST_VISIT_MOST, Counted, slow_down
from tests.processes import end, free_port, ingest_env, running, start, wait_for

PATHS: Final = {"vi": "/", "en": "/en/"}
LIVE: Final = {"vi": "Trực tiếp", "en": "Live"}
HISTORY: Final = "48h"
"""As the demo has it: with less there are no hours to make an index of."""
STEADY: Final = 3_000.0
"""Bytes a second of the stream, over STEADY_S seconds: while history is caught up with, it is a hundred thousand."""
STEADY_S: Final = 20.0
AFTER_MS: Final = 3_000
"""For what a page does once it is idle."""
LONG_TASK_MS: Final = 50
WITHOUT_VALUE: Final = "<td>–<td>"
WATCH: Final = """
window.seen = { lcp: 0, largest: "", shifts: [], tasks: [], value: 0 };
const each = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
each("largest-contentful-paint", (one) => {
  seen.lcp = one.startTime;
  seen.largest = one.element ? one.element.tagName + (one.element.id && "#" + one.element.id) : "";
});
each("layout-shift", (one) => { if (!one.hadRecentInput) seen.shifts.push([one.startTime, one.value]); });
each("longtask", (one) => seen.tasks.push([one.startTime, one.duration]));
const look = () => requestAnimationFrame(() => {
  if (!document.querySelector("#tables tbody td")) return look();
  setTimeout(() => { seen.value = performance.now(); });
});
look();
"""
IS_LIVE: Final = "(live) => document.querySelector('#connection')?.textContent === live"
"""Playwright's `expect` would read the whole page for its message, which is more than all the page's own work."""
READ: Final = """() => ({
  ...window.seen,
  fcp: performance.getEntriesByName("first-contentful-paint")[0].startTime,
})"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A row of what is printed; `limit` None: none is named."""

    name: str
    unit: str
    limit: float | None = None
    whose: str = ""


FIGURES: Final = (
    Figure(name="HTML", unit="B", limit=LARGEST, whose="ours"),
    Figure(name="on the wire", unit="B", limit=FIRST_VISIT_MOST, whose="ours"),
    Figure(name="first contentful paint", unit="ms", limit=1_800, whose="Lighthouse, fast"),
    Figure(name="first value standing", unit="ms", limit=1_800, whose="as the first paint"),
    Figure(name="largest contentful paint", unit="ms", limit=2_500, whose="web.dev, good"),
    Figure(name="total blocking time", unit="ms", limit=200, whose="Lighthouse, fast"),
    Figure(name="layout shift", unit="", limit=0.1, whose="web.dev, good"),
    Figure(name="live", unit="ms"),
)


def run(repeats: int) -> None:
    """Prints a line for each figure and language: the median with its range, and its ratio to the limit."""
    installed = runtime.ensure(Path(".runtime"), print)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, load_inventory([inventory.SHIPPED], load_catalog()))
        with (
            throughput.database(postgres) as url,
            Mosquitto(installed, folder / "broker") as broker,
            _served(url, broker, folder) as address,
            sync_playwright() as playwright,
        ):
            chromium = launched(playwright)
            visits = [
                (language, _visit(chromium, address, language)) for _ in range(repeats) for language in PATHS
            ]
            chromium.close()
    print(f"first_visit: {repeats} interleaved visits in each language, medians (lowest to highest)")
    for language in PATHS:
        _report(language, [found for one, found in visits if one == language])


def _report(language: str, visits: list[dict[str, float]]) -> None:
    for figure in FIGURES:
        values = sorted(one[figure.name] for one in visits)
        median = statistics.median(values)
        digits = 0 if figure.unit else 3
        said = f"{median:,.{digits}f} {figure.unit} ({values[0]:,.{digits}f} to {values[-1]:,.{digits}f})"
        limit = f"{median / figure.limit:.2f} of {figure.limit:,g} ({figure.whose})" if figure.limit else ""
        print(f"  {language} {figure.name:26} {said:34} {limit}".rstrip(), flush=True)


@contextmanager
def _served(url: str, broker: Mosquitto, folder: Path) -> Iterator[str]:
    """The address of a city whose history is there, and which goes on."""
    ingest = ingest_env(url, broker.url("ingest"))
    alerts = {"HANOI_DATABASE_URL": url, "HANOI_ALERTS_BIND": f"127.0.0.1:{free_port()}"}
    public = {"HANOI_DATABASE_URL": url, "HANOI_PUBLIC_BIND": f"127.0.0.1:{free_port()}"}
    simulated = {
        "HANOI_DATABASE_URL": url,
        "HANOI_MQTT_PUBLISH_URL": broker.url("publisher"),
        "HANOI_RUNTIME_DIR": str(folder),
    }
    address = f"http://{public['HANOI_PUBLIC_BIND']}"
    with (
        running("hanoi-ingest", env=ingest, bind=ingest["HANOI_INGEST_BIND"], folder=folder),
        running("hanoi-alerts", env=alerts, bind=alerts["HANOI_ALERTS_BIND"], folder=folder),
        running("hanoi-public", env=public, bind=public["HANOI_PUBLIC_BIND"], folder=folder),
        (folder / "simulate.log").open("wb") as log,
    ):
        city = start("hanoi-simulate", "--backfill", HISTORY, env=simulated, log=log)
        try:
            wait_for(
                lambda: b"history_published" in (folder / "simulate.log").read_bytes(),
                "the history is sent",
                alive=lambda: city.poll() is None,
                context=lambda: (folder / "simulate.log").read_text()[-3000:],
            )
            wait_for(lambda: _is_full(httpx.get(address).text), "every place has a value")
            wait_for(lambda: _streamed(address) < STEADY, "nothing but what is new is told")
            yield address
        finally:
            end(city)


def _streamed(address: str) -> float:
    """Bytes a second of the live stream."""
    count, begin = 0, time.monotonic()
    with httpx.stream("GET", f"{address}/api/v1/stream", timeout=60) as stream:
        for some in stream.iter_raw():
            count += len(some)
            if time.monotonic() - begin > STEADY_S:
                break
    return count / (time.monotonic() - begin)


def _is_full(html: str) -> bool:
    return "<tr id=" in html and WITHOUT_VALUE not in html


def _visit(chromium: Browser, address: str, language: str) -> dict[str, float]:
    """The figures of one visit by name, in their units."""
    path = PATHS[language]
    html = httpx.get(address + path, headers={"accept-encoding": "identity"}).content
    between = Counted(address)
    context = chromium.new_context(
        viewport={"width": CHEAP_PHONE["width"], "height": CHEAP_PHONE["height"]},
        is_mobile=True,
        has_touch=True,
    )
    try:
        page = context.new_page()
        slow_down(page)
        page.add_init_script(WATCH)
        page.goto(between.url + path)
        page.wait_for_function(IS_LIVE, arg=LIVE[language], polling=100, timeout=60_000)
        live = page.evaluate("performance.now()")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.wait_for_timeout(AFTER_MS)
        seen = page.evaluate(READ)
    finally:
        context.close()
        between.close()
    return {
        "HTML": len(html),
        "on the wire": between.bytes,
        "first contentful paint": seen["fcp"],
        "first value standing": seen["value"],
        "largest contentful paint": seen["lcp"],
        "total blocking time": _blocked(seen["fcp"], seen["tasks"]),
        "layout shift": _shift(seen["shifts"]),
        "live": live,
    }


def _blocked(first: float, tasks: list[tuple[float, float]]) -> float:
    """What long tasks take beyond 50 ms each, from the first paint to the visit's end: Lighthouse stops earlier."""
    return sum(max(0.0, begin + lasted - max(begin, first) - LONG_TASK_MS) for begin, lasted in tasks)


def _shift(shifts: list[tuple[float, float]]) -> float:
    """The largest session window, as web.dev defines it: gaps below a second, five seconds at most."""
    largest = window = 0.0
    begin = last = float("-inf")
    for at, value in sorted(shifts):
        if at - last >= 1_000 or at - begin >= 5_000:
            begin, window = at, 0.0
        last, window = at, window + value
        largest = max(largest, window)
    return largest
