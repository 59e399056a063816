"""Every address of the public site and what answers there: API, forms, pages, files.

Where two routes match an address, the one that was added first answers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Scope

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
from dashboard.api.headers import SiteHeaders
from dashboard.api.site import Site
from dashboard.basemap import basemap
from dashboard.citizen import embed, offline
from dashboard.citizen.embed import Embeds
from dashboard.citizen.first_page import FirstPage
from dashboard.citizen.here_words import word_files
from dashboard.citizen.pages import LANGUAGES, PATHS, PageSettings, scripts
from dashboard.encoded import encode
from dashboard.ngsi_ld import routes as ngsi_ld
from dashboard.places import routes as places
from dashboard.places.frame import styles
from dashboard.places.refusal import asks_for_a_page, too_many_page
from dashboard.public_site import lifespan
from dashboard.reporting import pages as report_pages
from dashboard.reporting.intake import Intake
from dashboard.sensorthings import routes as sensorthings
from dashboard.static import IMMUTABLE, StaticFile, StaticFiles, shared_assets
from dashboard.subscribing import pages as subscription_pages
from dashboard.subscribing.desk import Desk

API: Final = (domains, things, search, observations, forecasts, maps, datex2, stream, alerts, cap, notices)
"""Each has a `router(site)`, whose addresses are below `V1`."""
V1: Final = "/api/v1"
HTML: Final = "text/html; charset=utf-8"
PAGE_MAX_AGE_S: Final = 1
Respond = Callable[[Request], Awaitable[Response]]


def build_app(site: Site, settings: PageSettings) -> ASGIApp:
    """The whole site, behind what visitors may and the headers of every answer."""
    app = FastAPI(
        title="Hanoi open data",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan(site),
    )
    problems.install(app)
    _add_api(app, site)
    _add_forms(app, site, settings)
    shown = _add_pages(app, site, settings)
    documents.install_openapi(app)
    counted = Allowances(app, anonymous=site.anonymous, keys=site.keys, page=partial(_too_many, site, shown))
    return SiteHeaders(
        maps.MapsFromMemory(counted, site.maps), tiles_url=settings.tiles_url, framed=embed.policy()
    )


def _add_api(app: FastAPI, site: Site) -> None:
    """Ours, by OGC and by ETSI; probes; the documents of all."""
    for module in API:
        app.include_router(module.router(site), prefix=V1)
    app.include_router(sensorthings.router(site))
    app.include_router(ngsi_ld.router(site))
    registry = CollectorRegistry()
    registry.register(probes.SiteCollector(site))
    app.include_router(probes.router(site, registry))
    app.include_router(documents.router())


def _add_forms(app: FastAPI, site: Site, settings: PageSettings) -> None:
    """What citizens write, each by its page and by its API: subscriptions and reports."""
    intake, desk = Intake(site.pool), Desk(site.pool, settings.channels)
    app.include_router(subscriptions.router(site, desk), prefix=V1)
    app.include_router(subscription_pages.router(site, desk))
    app.include_router(open311.router(site, intake))
    app.include_router(report_pages.router(site, intake, tiles_url=settings.tiles_url))


def _add_pages(app: FastAPI, site: Site, settings: PageSettings) -> PageSettings:
    """The citizens' page and the pages of places, with their files in a folder named after the files' version.

    Returns the settings with that folder.
    """
    found = _assets()
    version = offline.version_of(found)
    folder = f"/assets/{version}"
    shown = replace(settings, assets=folder)
    _add_first_page(app, site, shown, version)
    for path, file in offline.site_files(version, found).items():
        _get(app, path, _from_memory(file))
    app.mount(folder, StaticFiles(folder, found, cache=IMMUTABLE))
    app.mount("/assets", StaticFiles("/assets", found))
    app.include_router(places.router(site, shown))
    return shown


def _add_first_page(app: FastAPI, site: Site, settings: PageSettings, version: str) -> None:
    """The page in both languages, as the city is at the moment, and one place for frames of other sites."""
    first, embeds = FirstPage(site, settings), Embeds(site.city, site.clock)
    for path, language in PATHS.items():
        _get(app, path, _first_page(first, language, version))
    for language in LANGUAGES:
        _get(app, f"/{language}", _redirect(f"/{language}/"))
    _get(app, "/embed/{thing}", _embed(embeds))


def _get(app: FastAPI, path: str, respond: Respond) -> None:
    app.add_route(path, respond, methods=["GET"], include_in_schema=False)


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
