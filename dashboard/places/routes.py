"""The routes of the pages of places: the moment from memory, history and files by a bounded query."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import IO, Final, TypeVar, cast, get_args

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dashboard.api import problems
from dashboard.api.answers import EncodedAnswer
from dashboard.api.headers import OPEN
from dashboard.api.problems import problem
from dashboard.api.site import Site
from dashboard.citizen.now import Now
from dashboard.citizen.pages import LANGUAGES, PageSettings
from dashboard.encoded import Encoded, encode
from dashboard.places import csvw, dcat, downloads, sitemap
from dashboard.places.addresses import domain_called, domain_of, place_path
from dashboard.places.frame import Around, Page, framed, texts
from dashboard.places.history import asked as asked_of
from dashboard.places.history import history_page
from dashboard.places.lists import domain_page, missing_page
from dashboard.places.observed import observed
from dashboard.places.period import Period
from dashboard.places.place import place_page
from dashboard.places.said import name_of
from storage import place_history
from storage.db import Cancelled, DatabaseUnreachable
from storage.model import Domain
from storage.things import ThingRow

HTML: Final = "text/html; charset=utf-8"
OLDEST: Final = timedelta(seconds=1)
"""Ages grow: a page of the moment is made anew after this when somebody asks."""
MOMENT_MAX_AGE_S: Final = 1
MAP_MAX_AGE_S: Final = 3600
KEPT_MOST: Final = 500
"""Pages in memory at most; then all are forgotten."""
WAIT_S: Final = 3.0
"""How long a request waits for its turn, and for a connection."""
HISTORY_S: Final = 2.0
"""Of one statement for a page."""
SETTLED: Final = timedelta(days=2)
"""After this a period is rarely another: late values come within hours."""
_Made = TypeVar("_Made")


class _Gone(Exception):
    """There is nothing of that time."""


def router(site: Site, settings: PageSettings) -> APIRouter:
    """Last of all routes: what is not a page of somebody else's below a language may be one of a place."""
    routes, pages = APIRouter(include_in_schema=False), _Pages(site, settings)
    routes.add_api_route("/robots.txt", pages.robots, methods=["GET"])
    routes.add_api_route(dcat.PATH, pages.catalogue, methods=["GET"])
    routes.add_api_route("/sitemap.xml", pages.sitemap, methods=["GET"])
    for language in LANGUAGES:
        for path, respond in (
            ("/{slug}/", pages.of_domain),
            ("/{slug}/{thing}", pages.of_place),
            ("/{slug}/{thing}/{period}", pages.of_period),
        ):
            routes.add_api_route(f"/{language}{path}", _in(language, respond), methods=["GET"])
    return routes


def _in(
    language: str, respond: Callable[[Request, str], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await respond(request, language)

    return answer


class _Pages:
    def __init__(self, site: Site, settings: PageSettings) -> None:
        self._site = site
        self._settings = settings
        self._texts = {language: texts(language) for language in LANGUAGES}
        self._made: dict[tuple[str, str], tuple[datetime, Encoded]] = {}
        self._turn = asyncio.Semaphore(1)
        self._file_turn = asyncio.Semaphore(1)

    async def robots(self, request: Request) -> Response:
        text = encode(sitemap.robots(self._origin(request)))
        return EncodedAnswer(text, media_type="text/plain; charset=utf-8", max_age_s=MAP_MAX_AGE_S)

    async def sitemap(self, request: Request) -> Response:
        origin = self._origin(request)
        made = self._kept(origin, "sitemap", lambda: sitemap.sitemap(self._site.city.view, origin))
        return EncodedAnswer(made, media_type="application/xml", max_age_s=MAP_MAX_AGE_S)

    async def catalogue(self, request: Request) -> Response:
        around = self._around(request)
        made = self._kept(
            around.origin,
            dcat.PATH,
            lambda: msgspec.json.encode(dcat.catalogue(self._site.city.view, around)),
        )
        return EncodedAnswer(made, media_type=dcat.MEDIA_TYPE, max_age_s=MAP_MAX_AGE_S)

    async def of_domain(self, request: Request, language: str) -> Response:
        view, now = self._site.city.view, self._now(language)
        domain = domain_called(view, request.path_params["slug"], language)
        if domain is None:
            return self._missing(request, now, request.path_params["slug"])
        return self._of_the_moment(request, now, lambda: domain_page(now, view, domain))

    async def of_place(self, request: Request, language: str) -> Response:
        view, now = self._site.city.view, self._now(language)
        found = self._place(request)
        if found is None:
            return self._missing(request, now, request.path_params["thing"])
        domain, thing = found
        path = place_path(domain, thing.id, language)
        if path != request.url.path:
            return RedirectResponse(path or "/", 308)
        around = self._around(request)
        return self._of_the_moment(
            request,
            now,
            lambda: place_page(
                now,
                around,
                view,
                domain,
                thing,
                hours=self._site.last_day.hours,
                alerts=self._site.alerts.active,
            ),
        )

    async def of_period(self, request: Request, language: str) -> Response:
        """A page, or with an ending a file."""
        text, dot, ending = request.path_params["period"].partition(".")
        now, period, found = self._now(language), Period.parse(text), self._place(request)
        if found is None:
            return self._missing(request, now, request.path_params["thing"])
        if dot:
            return await self._file(request, now, *found, period, ending)
        if period is None or period.start > now.at:
            return self._missing(request, now, text, of=found)
        path = place_path(*(found[0], found[1].id, language), period)
        if path != request.url.path:
            return RedirectResponse(path or "/", 308)
        try:
            page = await _in_turn(self._turn, lambda: self._history(now, *found, period))
        except _Gone:
            return self._missing(request, now, text, of=found)
        except (TimeoutError, DatabaseUnreachable):
            return self._down(request, now, found)
        encoded = encode(framed(now, self._around(request), page), level=6)
        return EncodedAnswer(
            encoded, media_type=HTML, max_age_s=_max_age_s(period, now.at), headers=_spoken(language)
        )

    def _history(self, now: Now, domain: Domain, thing: ThingRow, period: Period) -> Page:
        view = self._site.city.view
        asked = asked_of(view, domain, thing, period)
        ids = [stream.id for _, stream in asked.told]
        with self._site.pool.connection(timeout=WAIT_S) as conn, place_history.within(conn, HISTORY_S):
            first = place_history.first_day(conn, ids) if ids else None
            if first is None or period.end <= first:
                raise _Gone
            rows = place_history.rollups(conn, ids, asked.step, asked.start, asked.end)
        return history_page(now, view, domain, thing, period, rows, first)

    async def _file(
        self,
        request: Request,
        now: Now,
        domain: Domain,
        thing: ThingRow,
        period: Period | None,
        ending: str,
    ) -> Response:
        told = observed(self._site.city.view, domain, thing)
        is_beside = ending == f"csv{csvw.SUFFIX}"
        ending = "csv" if is_beside else ending
        if period is None or period.start > now.at or ending not in get_args(downloads.Ending) or not told:
            return problem(404, "there is no such file of this place")
        asked = downloads.Asked(
            thing=thing,
            streams=[stream for _, stream in told],
            period=period,
            ending=cast(downloads.Ending, ending),
            step=downloads.step_of(request.query_params.get("step")),
        )
        if is_beside:
            return self._described(asked, now)
        try:
            file = await _in_turn(self._file_turn, lambda: self._written(asked, now.at))
        except downloads.TooMany:
            raise problems.BadParameter(
                "step", f"more than {downloads.MOST_ROWS} values: take a day, or 1h"
            ) from None
        except (TimeoutError, Cancelled):
            return problem(503, "files are being made for others; try again", headers={"Retry-After": "10"})
        return self._sent(request, file, asked, now.at)

    def _described(self, asked: downloads.Asked, now: Now) -> Response:
        """The metadata beside a CSV."""
        notes = downloads.notes_of(downloads.selected(asked, now.at), self._settings.data_licence, now.at)
        made = csvw.metadata(
            f"{asked.period.text}.csv" + ("" if asked.step == "raw" else f"?step={asked.step}"),
            f"{name_of(asked.thing, 'en')}, {asked.period.title('en')}",
            notes,
            asked.step,
            self._settings.publisher,
        )
        return EncodedAnswer(
            encode(made), media_type=csvw.MEDIA_TYPE, max_age_s=_max_age_s(asked.period, now.at), headers=OPEN
        )

    def _written(self, asked: downloads.Asked, now: datetime) -> IO[bytes]:
        with self._site.pool.connection(timeout=WAIT_S) as conn:
            return downloads.write(conn, asked, self._settings.data_licence, now)

    def _sent(self, request: Request, file: IO[bytes], asked: downloads.Asked, now: datetime) -> Response:
        headers = {name.decode(): value.decode() for name, value in OPEN} | {
            "Cache-Control": f"public, max-age={_max_age_s(asked.period, now)}",
            "Content-Disposition": f'attachment; filename="{asked.name}"',
            "Content-Length": str(os.fstat(file.fileno()).st_size),
            "Link": self._describing(request, asked),
        }
        return StreamingResponse(
            downloads.chunks(file), headers=headers, media_type=downloads.MEDIA_TYPES[asked.ending]
        )

    def _describing(self, request: Request, asked: downloads.Asked) -> str:
        links = [f'<{self._origin(request)}{dcat.PATH}>; rel="collection"']
        if asked.ending == "csv":
            step = "" if asked.step == "raw" else f"?step={asked.step}"
            beside = f"{asked.period.text}.csv{csvw.SUFFIX}{step}"
            links.append(f'<{beside}>; rel="describedby"; type="{csvw.MEDIA_TYPE}"')
        licence = self._settings.data_licence
        if licence is not None and licence.startswith(("https://", "http://")):
            links.append(f'<{licence}>; rel="license"')
        return ", ".join(links)

    def _place(self, request: Request) -> tuple[Domain, ThingRow] | None:
        """Whatever domain the address says: an id is unique in the city."""
        view = self._site.city.view
        thing = view.things.get(request.path_params["thing"])
        domain = domain_of(view, thing) if thing is not None else None
        return None if thing is None or domain is None else (domain, thing)

    def _of_the_moment(self, request: Request, now: Now, page: Callable[[], Page]) -> Response:
        around = self._around(request)
        encoded = self._kept(around.origin, request.url.path, lambda: framed(now, around, page()))
        return EncodedAnswer(
            encoded, media_type=HTML, max_age_s=MOMENT_MAX_AGE_S, headers=_spoken(now.language)
        )

    def _kept(self, origin: str, path: str, make: Callable[[], bytes]) -> Encoded:
        at, key = self._site.clock(), (origin, path)
        made = self._made.get(key)
        if made is not None and timedelta() <= at - made[0] < OLDEST:
            return made[1]
        if len(self._made) >= KEPT_MOST:
            self._made.clear()
        self._made[key] = (at, encode(make(), level=6))
        return self._made[key][1]

    def _missing(
        self, request: Request, now: Now, asked: str, of: tuple[Domain, ThingRow] | None = None
    ) -> Response:
        view, around = self._site.city.view, self._around(request)
        place = None if of is None else place_page(now, around, view, *of, hours={})
        page = missing_page(now, view, asked, of_period=place)
        return HTMLResponse(framed(now, around, page), 404, headers={"Content-Language": now.language})

    def _down(self, request: Request, now: Now, of: tuple[Domain, ThingRow]) -> Response:
        around = self._around(request)
        place = place_page(now, around, self._site.city.view, *of, hours={})
        page = Page(
            title=now.texts["place_down_title"],
            heading=now.texts["place_down_title"],
            description=now.texts["place_down"],
            paths=place.paths,
            trail=[*place.trail, (place.heading, place.paths[now.language])],
            body=f"<p>{now.of('place_down')}</p>",
            indexed=False,
        )
        return HTMLResponse(framed(now, around, page), 503, headers={"Retry-After": "60"})

    def _now(self, language: str) -> Now:
        return Now(at=self._site.clock(), language=language, texts=self._texts[language])

    def _origin(self, request: Request) -> str:
        return (self._site.public_url or str(request.base_url)).rstrip("/")

    def _around(self, request: Request) -> Around:
        return Around(
            origin=self._origin(request),
            assets=self._settings.assets,
            licence=self._settings.data_licence,
            publisher=self._settings.publisher,
        )


def _spoken(language: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"content-language", language.encode()),)


def _max_age_s(period: Period, now: datetime) -> int:
    """How long anybody may keep what was observed in a period."""
    if now >= period.end + SETTLED:
        return 86_400
    return 600 if now >= period.end else 60


async def _in_turn(turn: asyncio.Semaphore, make: Callable[[], _Made]) -> _Made:
    """In a thread, one at a time. Raises TimeoutError when its turn does not come."""
    await asyncio.wait_for(turn.acquire(), WAIT_S)
    try:
        return await asyncio.to_thread(make)
    finally:
        turn.release()
