"""`hanoi-public`: citizens' map, open API and live stream. Reads a few public views and nothing else."""

import argparse
import asyncio
import logging
import resource
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import uvicorn
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from dashboard import key_command
from dashboard.alerts import AlertBoard
from dashboard.api import (
    alerts,
    cap,
    datex2,
    documents,
    domains,
    forecasts,
    maps,
    notices,
    observations,
    open311,
    probes,
    problems,
    search,
    stream,
    subscriptions,
    things,
)
from dashboard.api.allowance import Allowances
from dashboard.api.answers import EncodedAnswer
from dashboard.api.headers import WITH_BODY, SiteHeaders
from dashboard.api.site import Site
from dashboard.api_keys import KeyRing
from dashboard.basemap import basemap
from dashboard.bounded_http import CONNECTIONS_MOST, HEAD_LARGEST, SWEEP_S, BoundedProtocol, Bounds, sweep
from dashboard.cap_feed import CapBoard
from dashboard.citizen import embed, offline
from dashboard.citizen.embed import Embeds
from dashboard.citizen.first_page import FirstPage
from dashboard.citizen.here_words import word_files
from dashboard.citizen.pages import LANGUAGES, PATHS, PageSettings, scripts
from dashboard.data import City, CityFeed, Clock, DomainSource
from dashboard.datex2 import ParkingBoard
from dashboard.encoded import encode
from dashboard.forecasts import ForecastBoard
from dashboard.limits import AnonymousLimits, BoundedCounts
from dashboard.live import LiveHub, What
from dashboard.map_snapshot import MapSnapshots
from dashboard.ngsi_ld import routes as ngsi_ld
from dashboard.notices import NoticeBoard
from dashboard.places import routes as places
from dashboard.places.frame import styles
from dashboard.places.last_day import LastDay
from dashboard.places.refusal import asks_for_a_page, too_many_page
from dashboard.reporting import pages as report_pages
from dashboard.reporting.intake import Intake
from dashboard.reporting.on_map import watch as watch_reports
from dashboard.sensorthings import routes as sensorthings
from dashboard.static import IMMUTABLE, StaticFile, StaticFiles, shared_assets
from dashboard.subscribing import pages as subscription_pages
from dashboard.subscribing.desk import Channels, Desk
from storage import db
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port

log = logging.getLogger(__name__)

SCHEMA: Final = "public_view"
KEEP_ALIVE_S: Final = 5
"""An idle connection is closed after it; a stream is never idle."""
FILES: Final = 2 * CONNECTIONS_MOST
"""File descriptors that the process asks for: one a connection, and some."""
TICK_S: Final = 0.1
"""Of uvicorn's main loop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """What visitors without a key may; 0 sets no limit."""

    api_per_minute: int = 0
    queries_per_minute: int = 0
    streams: int = 0


HTML: Final = "text/html; charset=utf-8"
PAGE_MAX_AGE_S: Final = 1
Respond = Callable[[Request], Awaitable[Response]]


class PublicServer(uvicorn.Server):
    """Ends what is over its bounds, and the live streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, hub: LiveHub, bounds: Bounds) -> None:
        super().__init__(config)
        self.failed = False
        self._hub = hub
        self._bounds = bounds

    def fail(self) -> None:
        """Stops the process, from any thread; its supervisor starts it anew."""
        self.failed = True
        self.stop()

    def stop(self) -> None:
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        if counter % round(SWEEP_S / TICK_S) == 0:
            sweep(self.server_state.connections, self._bounds, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


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
    city, hub, board = City(source.domains), LiveHub(clock=clock), AlertBoard()
    ahead, published, last_day = ForecastBoard(city), CapBoard(public_url), LastDay(city)
    told, keys, allowed = (
        NoticeBoard(partial(hub.announce, What.NOTICES)),
        KeyRing(clock),
        allowed or Allowed(),
    )
    feed = CityFeed(
        city,
        source,
        url,
        name="public",
        schema=SCHEMA,
        clock=clock,
        on_values=hub.offer,
        on_things=partial(hub.announce, What.THINGS),
        on_failure=on_failure,
        watches=[
            board.watch,
            ahead.watch,
            published.watch,
            told.watch,
            keys.watch,
            last_day.watch,
            watch_reports(city, on_change=partial(hub.announce, What.THINGS)),
        ],
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
        anonymous=AnonymousLimits(
            api_per_minute=allowed.api_per_minute,
            queries_per_minute=allowed.queries_per_minute,
            streams=allowed.streams,
            counts=BoundedCounts(clock=lambda: clock().timestamp()),
        ),
        keys=keys,
        bounds=bounds or Bounds(with_body=WITH_BODY),
        pool=db.open_pool(url, name="public", schema=SCHEMA, max_size=6),
        clock=clock,
        metrics_token=metrics_token,
        public_url=public_url,
    )


def build_app(site: Site, settings: PageSettings) -> ASGIApp:
    """The whole site: API, probes, page, assets."""
    app = FastAPI(
        title="Hanoi open data",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_lifespan(site),
    )
    problems.install(app)
    for module in (
        domains,
        things,
        search,
        observations,
        forecasts,
        maps,
        datex2,
        stream,
        alerts,
        cap,
        notices,
    ):
        app.include_router(module.router(site), prefix="/api/v1")
    app.include_router(sensorthings.router(site))
    app.include_router(ngsi_ld.router(site))
    registry = CollectorRegistry()
    registry.register(probes.SiteCollector(site))
    app.include_router(probes.router(site, registry))
    app.include_router(documents.router())
    intake, desk = Intake(site.pool), Desk(site.pool, settings.channels)
    app.include_router(subscriptions.router(site, desk), prefix="/api/v1")
    app.include_router(subscription_pages.router(site, desk))
    app.include_router(open311.router(site, intake))
    app.include_router(report_pages.router(site, intake, tiles_url=settings.tiles_url))
    found = _assets()
    version = offline.version_of(found)
    shown = replace(settings, assets=f"/assets/{version}")
    _add_pages(app, site, shown, version)
    _add_files(app, offline.site_files(version, found))
    app.mount(f"/assets/{version}", StaticFiles(f"/assets/{version}", found, cache=IMMUTABLE))
    app.mount("/assets", StaticFiles("/assets", found))
    app.include_router(places.router(site, shown))
    documents.install_openapi(app)
    counted = Allowances(app, anonymous=site.anonymous, keys=site.keys, page=partial(_too_many, site, shown))
    return SiteHeaders(
        maps.MapsFromMemory(counted, site.maps), tiles_url=settings.tiles_url, framed=embed.policy()
    )


def build_server(site: Site, settings: PageSettings, *, host: str, port: int) -> PublicServer:
    config = uvicorn.Config(
        build_app(site, settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=partial(BoundedProtocol, bounds=site.bounds),  # type: ignore[arg-type]
        ws="none",
        h11_max_incomplete_event_size=HEAD_LARGEST,
        proxy_headers=bool(site.bounds.proxies),  # uvicorn would believe whoever asks from this machine
        forwarded_allow_ips=list(site.bounds.proxies),
        backlog=CONNECTIONS_MOST,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=3,
    )
    return PublicServer(config, site.hub, site.bounds)


def _assets() -> dict[str, StaticFile]:
    made = StaticFile(content_type=b"application/geo+json", encoded=encode(basemap()))
    return {
        **shared_assets(),
        **scripts(),
        **report_pages.scripts(),
        **styles(),
        **word_files(),
        **offline.icons(),
        **documents.swagger_files(),
        "basemap.geojson": made,
    }


def _add_pages(app: FastAPI, site: Site, settings: PageSettings, version: str) -> None:
    """The page in both languages, as the city is at the moment, and one place for frames of other sites."""
    first, embeds = FirstPage(site, settings), Embeds(site.city, site.clock)
    for path, language in PATHS.items():
        app.add_route(path, _first_page(first, language, version), methods=["GET"], include_in_schema=False)
    for language in LANGUAGES:
        app.add_route(f"/{language}", _redirect(f"/{language}/"), methods=["GET"], include_in_schema=False)
    app.add_route("/embed/{thing}", _embed(embeds), methods=["GET"], include_in_schema=False)


def _add_files(app: FastAPI, found: Mapping[str, StaticFile]) -> None:
    for path, file in found.items():
        app.add_route(path, _from_memory(file), methods=["GET"], include_in_schema=False)


def _first_page(first: FirstPage, language: str, version: str) -> Respond:
    async def respond(request: Request) -> Response:
        headers = ((b"content-language", language.encode()), (b"x-version", version.encode()))
        return EncodedAnswer(first.get(language), media_type=HTML, max_age_s=PAGE_MAX_AGE_S, headers=headers)

    return respond


def _embed(embeds: Embeds) -> Respond:
    async def respond(request: Request) -> Response:
        language = "en" if request.query_params.get("lang") == "en" else "vi"
        encoded = embeds.get(request.path_params["thing"], language)
        if encoded is None:
            return PlainTextResponse("Không có điểm này. / There is no such place.\n", 404)
        return EncodedAnswer(encoded, media_type=HTML, max_age_s=PAGE_MAX_AGE_S)

    return respond


def _from_memory(file: StaticFile) -> Respond:
    async def respond(request: Request) -> Response:
        return EncodedAnswer(file.encoded, media_type=file.content_type.decode(), max_age_s=0)

    return respond


def _too_many(site: Site, settings: PageSettings, scope: Scope, wait_s: int) -> Response | None:
    request = Request(scope)
    if not asks_for_a_page(request.headers.get("accept", "")):
        return None
    path, origin = scope["path"], (site.public_url or str(request.base_url)).rstrip("/")
    query = scope["query_string"].decode("latin-1")
    page = too_many_page(path, query, wait_s, origin=origin, settings=settings, at=site.clock())
    headers = {"Retry-After": str(wait_s), "Content-Language": path[1:3], "Vary": "Accept"}
    return HTMLResponse(page, 429, headers=headers)


def _redirect(target: str) -> Respond:
    async def respond(request: Request) -> Response:
        return RedirectResponse(target, 308)

    return respond


def _lifespan(site: Site) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
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

    return lifespan


def _write_down_use(site: Site) -> None:
    if not site.keys.has_unwritten:
        return
    try:
        with site.pool.connection(timeout=1) as conn:
            site.keys.write_down(conn)
    except db.DatabaseUnreachable as error:
        log.warning("use_of_keys_lost error=%r", str(error).strip())


def main() -> None:
    """Entry point. Exit 0 stopped, 1 the feed failed or a command was refused, 2 configuration."""
    parser = argparse.ArgumentParser(prog="hanoi-public", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    key_command.add_parser(commands)
    arguments = parser.parse_args()
    if arguments.command == "key":
        key_command.run(arguments)
    else:
        _serve()


def _serve() -> None:
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        host, port = host_port(settings.public_bind, "HANOI_PUBLIC_BIND")
        url = _database_url(settings)
        if settings.basemap_file is not None:
            log.warning("basemap_file_ignored reason='not supported yet: set HANOI_TILES_URL for streets'")
        source = Reference(
            catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
        )
    except (ConfigurationError, ReferenceDataError) as error:
        exit_on_configuration_error(error)
    site = build_site(
        url,
        source,
        clock=lambda: datetime.now(UTC),
        on_failure=lambda: server.fail(),
        metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
        public_url=settings.public_url,
        allowed=Allowed(
            api_per_minute=settings.public_rate_per_minute,
            queries_per_minute=settings.public_queries_per_minute,
            streams=settings.public_streams_per_network,
        ),
        bounds=Bounds(proxies=settings.trusted_proxies, with_body=WITH_BODY),
    )
    _raise_file_limit()
    shown = PageSettings(
        tiles_url=settings.tiles_url,
        parking_pay_url=settings.parking_pay_url,
        data_licence=settings.data_licence,
        publisher=settings.publisher,
        channels=Channels(
            email=settings.mail_from is not None,
            push_key=settings.vapid_public_key,
            zalo_url=settings.zalo_url,
        ),
    )
    server = build_server(site, shown, host=host, port=port)
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it has stopped
        signal.signal(stop, lambda number, frame: server.stop())
    server.run()
    raise SystemExit(1 if server.failed else 0)


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _database_url(settings: Settings) -> str:
    """The public role's; the owner's only where no role of its own was made."""
    if settings.public_database_url is not None:
        return settings.public_database_url.get_secret_value()
    return settings.required("database_url")


if __name__ == "__main__":
    main()
