"""The page that draws any series on one time axis, and its addresses. Its script fills it."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import Frame, for_everybody
from dashboard.control_room.explore_desk import ExploreDesk
from dashboard.control_room.explore_texts import EXPLORE_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.texts import say
from dashboard.figures.shared_axis import MOST

API: Final = f"{security.ROOT}/api/explore"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = ExploreDesk(parts)

    @router.get(language.EXPLORE)
    async def get_page() -> Response:
        shown = language.current()
        frame = Frame(
            template="explore.html",
            title=say("explore", shown),
            path=language.EXPLORE,
            styles=["alerts.css", "thing.css", "domain.css", "explore.css"],
            script="explore.js",
        )
        values = {"most": str(MOST)}
        return answering.page(frame, EXPLORE_SCRIPT_TEXTS, values, shown=shown, who=security.visitor())

    @router.get(API)
    @for_everybody
    async def get_drawn(request: Request) -> Response:
        asked = dict(request.query_params)
        return answering.encoded(await asyncio.to_thread(desk.drawn, asked, language.current()))

    @router.get(f"{API}/csv")
    @for_everybody
    async def get_csv(request: Request) -> Response:
        return answering.download(await asyncio.to_thread(desk.csv, dict(request.query_params)))

    @router.get(f"{API}/streams")
    @for_everybody
    async def get_streams(request: Request) -> Response:
        asked = dict(request.query_params)
        return answering.encoded(await asyncio.to_thread(desk.streams, asked, language.current()))

    return router
