"""/stream: live values as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.api import problems
from dashboard.api.site import Site
from dashboard.live import EventStream, parse_last_event_id
from storage.model import NAME

EXAMPLE = (
    'id: 1795318800000\nevent: observation\ndata: {"items": [{"thing": "trung-yen-3", "domain": "air_quality",'
    ' "property": "pm2_5", "time": "2026-11-22T03:04:05Z", "result": 35.2, "quality": 1,'
    ' "provenance": "measured"}]}\n\n'
)


class StreamAnswer(Response):
    media_type = "text/event-stream"

    def __init__(self, events: EventStream) -> None:
        self.background = None
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._events(scope, receive, send)


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["stream"])

    @routes.get(
        "/stream",
        status_code=200,
        response_class=StreamAnswer,
        summary="New values, once a second, as they are committed",
        responses={
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}}},
            422: problems.DOCUMENTED[422],
            503: {"description": "Too many streams are open", **_content(503)},
        },
    )
    async def get_stream(
        domain: Annotated[str | None, Query(pattern=f"^{NAME.pattern}$", examples=["rain"])] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Only values that are the newest of their Datastream, at most one a Datastream a second."""
        view = site.city.view
        if domain is not None and domain not in view.domains:
            raise problems.BadParameter("domain", f"no such domain; there are {', '.join(view.domains)}")
        if site.hub.full:
            return problems.problem(503, "too many streams are open", headers={"Retry-After": "30"})
        resume = parse_last_event_id(last_event_id)
        return StreamAnswer(EventStream(site.hub, domain=domain, last_event_id=resume))

    return routes


def _content(status: int) -> dict[str, object]:
    return {"content": problems.DOCUMENTED[status]["content"]}
