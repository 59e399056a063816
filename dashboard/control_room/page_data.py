"""What the page's script asks for: the overview, the catalogue, maps, and the live stream. Below the gate."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from dashboard import security
from dashboard.api.domains import catalogue
from dashboard.basemap import basemap
from dashboard.control_room import language
from dashboard.control_room.language import Language
from dashboard.control_room.overview import overview
from dashboard.control_room.parts import Parts
from dashboard.encoded import Encoded, encode, send_encoded
from dashboard.live import EventStream, parse_last_event_id
from dashboard.map_snapshot import MapSnapshots
from storage.db import DatabaseUnreachable

STILL_IN_EVERY_S: Final = 5.0
"""How often an open stream asks whether its session still counts."""


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix=security.ROOT, include_in_schema=False)
    maps = MapSnapshots(parts.city, parts.clock)
    overviews = Overviews(parts)
    drawn = encode(basemap())

    @router.get("/api/overview")
    async def get_overview() -> Response:
        return Ready(overviews.get(language.current()), "application/json")

    @router.get("/api/domains")
    async def get_domains() -> Response:
        found: dict[str, Any] = catalogue(parts.city.view.domains)
        return Ready(encode({**found, "tiles_url": parts.tiles_url}, level=1), "application/json")

    @router.get("/api/map/{domain}.geojson")
    async def get_map(domain: str) -> Response:
        encoded = maps.get(domain)
        return (
            Ready(encoded, "application/geo+json") if encoded else PlainTextResponse("no such domain\n", 404)
        )

    @router.get("/api/basemap.geojson")
    async def get_basemap() -> Response:
        return Ready(drawn, "application/geo+json")

    @router.get("/stream")
    async def get_stream(request: Request) -> Response:
        if parts.hub.full:
            return PlainTextResponse("too many streams\n", 503, headers={"Retry-After": "30"})
        resume = parse_last_event_id(request.headers.get("last-event-id"))
        return OperatorStream(parts, security.visitor(), EventStream(parts.hub, last_event_id=resume))

    return router


class Ready(Response):
    """A body that is encoded already; browsers keep it and ask whether it is still right."""

    def __init__(self, encoded: Encoded, media_type: str) -> None:
        self.background = None
        self._encoded = encoded
        self._type = media_type.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_encoded(
            scope, send, self._encoded, self._type, ((b"cache-control", b"private, no-cache"),)
        )


class OperatorStream(Response):
    """A live stream that ends with its session, not only when the browser goes."""

    def __init__(self, parts: Parts, visitor: security.Visitor, events: EventStream) -> None:
        self.background = None
        self._parts = parts
        self._visitor = visitor
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._events(scope, receive, send))
        ended = asyncio.create_task(self._ended())
        try:
            await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cut = not sending.done()
            for task in (sending, ended):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        if cut:
            await send({"type": "http.response.body", "body": b""})

    async def _ended(self) -> None:
        """Returns when the session does not count any more."""
        lookup, clock = self._parts.sessions.visitor, self._parts.clock
        while True:
            await asyncio.sleep(STILL_IN_EVERY_S)
            with suppress(DatabaseUnreachable):
                if await asyncio.to_thread(lookup, self._visitor.token, clock()) is None:
                    return


class Overviews:
    """The overview by language, computed once a second, or when the room changed, however many screens ask."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._held: dict[Language, tuple[tuple[int, int], Encoded]] = {}

    def get(self, shown: Language) -> Encoded:
        parts, now = self._parts, self._parts.clock()
        room = parts.room.view
        moment = (int(now.timestamp()), room.version)
        held = self._held.get(shown)
        if held is not None and held[0] == moment:
            return held[1]
        found = overview(parts.city.view, room, connected=parts.feed.connected, now=now, language=shown)
        encoded = encode(found, level=1)
        self._held[shown] = (moment, encoded)
        return encoded
