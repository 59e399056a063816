"""`hanoi-public`: citizens' map, open API and live stream. Reads a few public views and nothing else."""

import argparse
import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import uvicorn
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from dashboard.alerts import AlertBoard
from dashboard.api import (
    alerts,
    cap,
    documents,
    domains,
    forecasts,
    maps,
    notices,
    observations,
    probes,
    problems,
    stream,
    things,
)
from dashboard.api.answers import EncodedAnswer
from dashboard.api.headers import SiteHeaders
from dashboard.api.site import Site
from dashboard.basemap import basemap
from dashboard.cap_feed import CapBoard
from dashboard.citizen import embed, offline
from dashboard.citizen.embed import Embeds
from dashboard.citizen.first_page import FirstPage
from dashboard.citizen.pages import LANGUAGES, PATHS, PageSettings, scripts
from dashboard.data import City, CityFeed, Clock, DomainSource
from dashboard.encoded import encode
from dashboard.forecasts import ForecastBoard
from dashboard.live import LiveHub, What
from dashboard.map_snapshot import MapSnapshots
from dashboard.notices import NoticeBoard
from dashboard.static import IMMUTABLE, StaticFile, StaticFiles, shared_assets
from storage import db
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port

log = logging.getLogger(__name__)

SCHEMA: Final = "public_view"
MOST_CONNECTIONS: Final = 2000
"""Live streams and idle connections count too. Whoever asks beyond it gets 503, which costs next to nothing."""
KEEP_ALIVE_S: Final = 5
"""An idle connection is closed after it; a stream is never idle."""

HTML: Final = "text/html; charset=utf-8"
PAGE_MAX_AGE_S: Final = 1
Respond = Callable[[Request], Awaitable[Response]]


class PublicServer(uvicorn.Server):
    """Ends the live streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, hub: LiveHub) -> None:
        super().__init__(config)
        self.failed = False
        self._hub = hub

    def fail(self) -> None:
        """Stops the process, from any thread; its supervisor starts it anew."""
        self.failed = True
        self.stop()

    def stop(self) -> None:
        self.should_exit = True

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
) -> Site:
    """Feed, hub and snapshots wired together; the feed starts with the application."""
    city, hub, board = City(source.domains), LiveHub(clock=clock), AlertBoard()
    ahead, published = ForecastBoard(city), CapBoard(public_url)
    told = NoticeBoard(partial(hub.announce, What.NOTICES))
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
        watches=[board.watch, ahead.watch, published.watch, told.watch],
    )
    return Site(
        city=city,
        feed=feed,
        hub=hub,
        maps=MapSnapshots(city, clock),
        alerts=board,
        cap=published,
        notices=told,
        forecasts=ahead,
        pool=db.open_pool(url, name="public", schema=SCHEMA, max_size=4),
        clock=clock,
        metrics_token=metrics_token,
    )


def build_app(site: Site, settings: PageSettings) -> ASGIApp:
    """The whole site: API, probes, page, assets."""
    app = FastAPI(
        title="Hanoi open data",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan(site),
    )
    problems.install(app)
    for module in (domains, things, observations, forecasts, maps, stream, alerts, cap, notices):
        app.include_router(module.router(site), prefix="/api/v1")
    registry = CollectorRegistry()
    registry.register(probes.SiteCollector(site))
    app.include_router(probes.router(site, registry))
    app.include_router(documents.router())
    found = _assets()
    version = offline.version_of(found)
    _add_pages(app, site, replace(settings, assets=f"/assets/{version}"), version)
    _add_files(app, offline.site_files(version, found))
    app.mount(f"/assets/{version}", StaticFiles(f"/assets/{version}", found, cache=IMMUTABLE))
    app.mount("/assets", StaticFiles("/assets", found))
    documents.install_openapi(app)
    return SiteHeaders(
        maps.MapsFromMemory(app, site.maps), tiles_url=settings.tiles_url, framed=embed.policy()
    )


def build_server(site: Site, settings: PageSettings, *, host: str, port: int) -> PublicServer:
    config = uvicorn.Config(
        build_app(site, settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=3,
    )
    return PublicServer(config, site.hub)


def _assets() -> dict[str, StaticFile]:
    made = StaticFile(content_type=b"application/geo+json", encoded=encode(basemap()))
    return {
        **shared_assets(),
        **scripts(),
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
            await asyncio.to_thread(site.pool.close)

    return lifespan


def main() -> None:
    """Entry point. Exit 0 stopped, 1 the feed failed, 2 configuration."""
    argparse.ArgumentParser(prog="hanoi-public", description=__doc__).parse_args()
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
    )
    server = build_server(site, PageSettings(tiles_url=settings.tiles_url), host=host, port=port)
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it has stopped
        signal.signal(stop, lambda number, frame: server.stop())
    server.run()
    raise SystemExit(1 if server.failed else 0)


def _database_url(settings: Settings) -> str:
    """The public role's; the owner's only where no role of its own was made."""
    if settings.public_database_url is not None:
        return settings.public_database_url.get_secret_value()
    return settings.required("database_url")


if __name__ == "__main__":
    main()
