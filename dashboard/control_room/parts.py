"""What the control room is made of, wired together once: by `server`, or by a test."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dashboard.control_room.accounts import Accounts
from dashboard.control_room.ingest_health import IngestProbe
from dashboard.control_room.room import Room
from dashboard.data import City, CityFeed, Clock
from dashboard.forecasts import ForecastBoard
from dashboard.live import LiveHub
from ingest.registry import Registry
from storage import db
from storage.reference import Reference

POOL_SIZE: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    city: City
    room: Room
    feed: CityFeed
    """Starts with the application."""
    hub: LiveHub
    pool: db.Pool
    accounts: Accounts
    registry: Registry
    """What ingest knows; read when somebody claims, reprocesses or loads."""
    sources_file: Path | None
    retention_file: Path | None
    """How long what is kept; read when somebody looks."""
    clock: Clock
    ingest: IngestProbe
    https: bool
    """Cookies are Secure: everywhere but on loopback."""
    tiles_url: str | None
    metrics_token: str | None


def wire(
    url: str,
    source: Reference,
    *,
    clock: Clock,
    ingest_url: str,
    sources_file: Path | None = None,
    retention_file: Path | None = None,
    https: bool,
    tiles_url: str | None = None,
    metrics_token: str | None = None,
    on_failure: Callable[[], None] = lambda: None,
) -> Parts:
    """Opens the pool (in the background) and nothing else."""
    city, hub = City(source.domains), LiveHub(clock=clock)
    room = Room(city)
    pool = db.open_pool(url, name="control-room", max_size=POOL_SIZE)
    feed = CityFeed(
        city,
        source,
        url,
        name="control-room",
        schema="public",
        clock=clock,
        on_values=hub.offer,
        on_failure=on_failure,
        watches=(*room.watches(), ForecastBoard(city).watch),
    )
    return Parts(
        city=city,
        room=room,
        feed=feed,
        hub=hub,
        pool=pool,
        accounts=Accounts(pool),
        registry=Registry(pool=pool, reference=source),
        sources_file=sources_file,
        retention_file=retention_file,
        clock=clock,
        ingest=IngestProbe(url=ingest_url),
        https=https,
        tiles_url=tiles_url,
        metrics_token=metrics_token,
    )
