"""What the public site is made of, wired together: the city and its feed, what is kept of it, and who may ask."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from fastapi import FastAPI

from dashboard.alerts import AlertBoard
from dashboard.api.headers import WITH_BODY
from dashboard.api.site import Site
from dashboard.api_keys import KeyRing
from dashboard.bounded_http import Bounds
from dashboard.cap_feed import CapBoard
from dashboard.data import City, CityFeed, Clock, DomainSource
from dashboard.datex2 import ParkingBoard
from dashboard.forecasts import ForecastBoard
from dashboard.limits import AnonymousLimits, BoundedCounts
from dashboard.live import LiveHub, What
from dashboard.map_snapshot import MapSnapshots
from dashboard.notices import NoticeBoard
from dashboard.places.last_day import LastDay
from dashboard.reporting.on_map import watch as watch_reports
from storage import db

log = logging.getLogger(__name__)

SCHEMA: Final = "public_view"


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """What visitors without a key may; 0 sets no limit."""

    api_per_minute: int = 0
    queries_per_minute: int = 0
    streams: int = 0


def build_site(
    url: str,
    source: DomainSource,
    *,
    clock: Clock,
    on_failure: Callable[[], None] = lambda: None,
    metrics_token: str | None = None,
    public_url: str | None = None,
    allowed: Allowed | None = None,
    bounds: Bounds | None = None,
) -> Site:
    """Feed, hub and snapshots wired together; the feed starts with the application."""
    city, hub, keys = City(source.domains), LiveHub(clock=clock), KeyRing(clock)
    things_changed = partial(hub.announce, What.THINGS)
    board, ahead, published = AlertBoard(), ForecastBoard(city), CapBoard(public_url)
    last_day, told = LastDay(city), NoticeBoard(partial(hub.announce, What.NOTICES))
    watches = [board.watch, ahead.watch, published.watch, told.watch, keys.watch, last_day.watch]
    feed = CityFeed(
        city,
        source,
        url,
        name="public",
        schema=SCHEMA,
        clock=clock,
        on_values=hub.offer,
        on_things=things_changed,
        on_failure=on_failure,
        watches=[*watches, watch_reports(city, on_change=things_changed)],
    )
    return Site(
        city=city,
        feed=feed,
        hub=hub,
        maps=MapSnapshots(city, clock),
        alerts=board,
        cap=published,
        parking=ParkingBoard(city, clock),
        notices=told,
        forecasts=ahead,
        last_day=last_day,
        anonymous=_anonymous(allowed or Allowed(), clock),
        keys=keys,
        bounds=bounds or Bounds(with_body=WITH_BODY),
        pool=db.open_pool(url, name="public", schema=SCHEMA, max_size=6),
        clock=clock,
        metrics_token=metrics_token,
        public_url=public_url,
    )


def lifespan(site: Site) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What starts before the first answer and stops after the last, in this order."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        site.feed.start()
        ticking = asyncio.create_task(site.hub.run())
        try:
            yield
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            await asyncio.to_thread(site.feed.stop)
            await asyncio.to_thread(_write_down_use, site)
            await asyncio.to_thread(site.pool.close)

    return running


def _anonymous(allowed: Allowed, clock: Clock) -> AnonymousLimits:
    return AnonymousLimits(
        api_per_minute=allowed.api_per_minute,
        queries_per_minute=allowed.queries_per_minute,
        streams=allowed.streams,
        counts=BoundedCounts(clock=lambda: clock().timestamp()),
    )


def _write_down_use(site: Site) -> None:
    if not site.keys.has_unwritten:
        return
    try:
        with site.pool.connection(timeout=1) as conn:
            site.keys.write_down(conn)
    except db.DatabaseUnreachable as error:
        log.warning("use_of_keys_lost error=%r", str(error).strip())
