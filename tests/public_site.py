"""The public site in this process, on a real database, and values written into that database."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from dashboard.api.site import Site
from dashboard.bounded_http import Bounds
from dashboard.citizen.pages import PageSettings
from dashboard.public_server import build_server
from dashboard.public_site import Allowed, build_site
from storage import catalog, db, inventory, observations, things
from storage.model import Observation, Provenance, Quality
from storage.reference import Reference
from tests.processes import free_port, wait_for

NOISE = """
[domain]
key = "noise"
name = { vi = "Tiếng ồn", en = "Noise" }
headline = "level"
map_kinds = ["meter"]

[property.level]
name = { vi = "Mức ồn", en = "Sound level" }
unit = "dB[SPL]"
interval_s = 60
possible = [0, 200]
plausible = [20, 130]
bands = [
  { level = 0, below = 70, label = { vi = "Bình thường", en = "Normal" }, color = "#387CBD" },
  { level = 1, label = { vi = "Ồn", en = "Loud" }, color = "#B23948" },
]
"""
METER = """
domain = "noise"
[[thing]]
id = "noise-1"
kind = "meter"
name = { vi = "Máy đo 1", en = "Meter 1" }
properties = ["level"]
location = { lat = 21.03, lon = 105.85, trust = "S", source = "test" }
"""


@dataclass(frozen=True, kw_only=True)
class Served:
    site: Site
    url: str
    http: httpx.Client


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def serving(
    database_url: str,
    *,
    clock: Callable[[], datetime] = now,
    catalog_folders: Sequence[Path] = (),
    metrics_token: str | None = None,
    tiles_url: str | None = None,
    allowed: Allowed | None = None,
    bounds: Bounds | None = None,
    page: PageSettings | None = None,
) -> Iterator[Served]:
    """Listens on a free port from the first load of the city to the end of the block."""
    source = Reference(
        catalog_folders=[catalog.SHIPPED, *catalog_folders], inventory_folders=[inventory.SHIPPED]
    )
    site = build_site(
        database_url, source, clock=clock, metrics_token=metrics_token, allowed=allowed, bounds=bounds
    )
    port = free_port()
    server = build_server(site, page or PageSettings(tiles_url=tiles_url), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: site.feed.connected, "the city is loaded", alive=thread.is_alive)
        with httpx.Client(base_url=url, timeout=30) as http:
            yield Served(site=site, url=url, http=http)
    finally:
        server.stop()
        thread.join(30)


class Writer:
    """Writes values of Things by name, each call in a transaction of its own."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        with db.connect(database_url, name="test") as conn:
            self.ids = {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}

    def write(
        self,
        thing_id: str,
        property_key: str,
        *points: tuple[datetime, float],
        quality: Quality = Quality.GOOD,
        provenance: Provenance = Provenance.MEASURED,
        input_provenance: Provenance | None = None,
    ) -> None:
        rows = [
            Observation(
                datastream_id=self.ids[thing_id, property_key],
                phenomenon_time=at,
                result_time=at,
                result=result,
                quality=quality,
                provenance=provenance,
                input_provenance=input_provenance,
            )
            for at, result in points
        ]
        with db.connect(self._url, name="test") as conn:
            observations.write(conn, rows)
