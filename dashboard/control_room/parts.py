"""What the control room is made of, wired together once: by `server`, or by a test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from alerts.notifiers._mqtt_session import Broker
from alerts.rules import SHIPPED as SHIPPED_RULES
from dashboard.control_room import citizen_report_watch
from dashboard.control_room.duty import Duty
from dashboard.control_room.ingest_health import IngestProbe
from dashboard.control_room.oidc import OidcSettings, Provider
from dashboard.control_room.replay_past import CityInTime, Past, PoolInTime, RoomInTime, clock_in_time
from dashboard.control_room.room import Room
from dashboard.control_room.rules_in_force import RulesInForce
from dashboard.control_room.sessions import Sessions
from dashboard.control_room.watchdog_probe import WatchdogProbe
from dashboard.data import City, CityFeed, Clock
from dashboard.forecasts import ForecastBoard
from dashboard.live import LiveHub, What
from dashboard.reporting.on_map import watch as watch_reports_on_map
from ingest.registry import Registry
from storage import db, past
from storage.reference import Reference

POOL_SIZE: Final = 4
NO_WATCHDOG: Final = "http://127.0.0.1:9"
"""The port of the service that discards: nobody answers there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    city: City
    room: Room
    feed: CityFeed
    """Starts with the application."""
    hub: LiveHub
    pool: db.Connections
    past: Past
    """The city and the room at past moments, for replay."""
    sessions: Sessions
    provider: Provider | None
    """At which operators may log in too."""
    registry: Registry
    """What ingest knows; read when somebody claims, reprocesses or loads."""
    sources_file: Path | None
    retention_file: Path | None
    """How long what is kept; read when somebody looks."""
    duty: Duty
    """Receivers and who is on call."""
    rules_folders: Sequence[Path]
    """Of alert rules that stand in no domain's file."""
    shift_starts: Sequence[time]
    """Hanoi's time, where no roster says when a shift is."""
    rules: RulesInForce
    clock: Clock
    ingest: IngestProbe
    watchdog: WatchdogProbe
    manual_broker: Broker | None
    """Where entries by hand are published; None: nothing can be entered."""
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
    alerting_file: Path | None = None,
    added_receivers: Mapping[str, Mapping[str, Any]] | None = None,
    rules_folders: Sequence[Path] = (SHIPPED_RULES,),
    shift_starts: Sequence[time] = (time(6), time(14), time(22)),
    watchdog_url: str = NO_WATCHDOG,
    manual_broker: Broker | None = None,
    oidc: OidcSettings | None = None,
    https: bool,
    tiles_url: str | None = None,
    metrics_token: str | None = None,
    on_failure: Callable[[], None] = lambda: None,
) -> Parts:
    """Opens the pool (in the background) and nothing else."""
    city, hub = City(source.domains), LiveHub(clock=clock)
    room = Room(city, on_change=partial(hub.announce, What.ROOM))
    duty = Duty(path=alerting_file, added=added_receivers or {})
    pool = db.open_pool(url, name="control-room", max_size=POOL_SIZE)
    feed = CityFeed(
        city,
        source,
        url,
        name="control-room",
        schema="public",
        clock=clock,
        on_values=hub.offer,
        on_things=partial(hub.announce, What.THINGS),
        on_failure=on_failure,
        watches=(
            *room.watches(),
            ForecastBoard(city).watch,
            watch_reports_on_map(city, on_change=partial(hub.announce, What.THINGS)),
            citizen_report_watch.watch(partial(hub.announce, What.ROOM)),
        ),
    )
    return Parts(
        city=city,
        room=room,
        feed=feed,
        hub=hub,
        pool=pool,
        past=Past(city, past.open_pool(url, name="control-room-replay"), duty),
        sessions=Sessions(pool),
        provider=Provider(settings=oidc) if oidc else None,
        registry=Registry(pool=pool, reference=source),
        sources_file=sources_file,
        retention_file=retention_file,
        duty=duty,
        rules_folders=rules_folders,
        shift_starts=shift_starts,
        rules=RulesInForce(reference=source, folders=rules_folders),
        clock=clock,
        ingest=IngestProbe(url=ingest_url),
        watchdog=WatchdogProbe(url=watchdog_url),
        manual_broker=manual_broker,
        https=https,
        tiles_url=tiles_url,
        metrics_token=metrics_token,
    )


def in_time(parts: Parts) -> Parts:
    """For pages that may be of a past moment: in a request of a replay everything that they read is of then."""
    return replace(
        parts,
        city=CityInTime(parts.city),
        room=RoomInTime(parts.room),
        pool=PoolInTime(parts.pool, parts.past),
        clock=clock_in_time(parts.clock),
    )
