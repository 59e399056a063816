"""The overview as it was, played back: its page and what the page's script asks for. Below the gate and the guard."""

import asyncio
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from dashboard import security
from dashboard.control_room import answering, language, replay_moment
from dashboard.control_room.answering import Frame, for_everybody
from dashboard.control_room.language import REPLAY
from dashboard.control_room.page_data import Ready
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.replay_desk import PastDesk
from dashboard.control_room.replay_moment import Moment
from dashboard.control_room.replay_texts import PAST_ROOM_SCRIPT_TEXTS
from dashboard.control_room.texts import SCRIPT_TEXTS, say
from dashboard.encoded import encode

AT_FIRST: Final = timedelta(hours=1)
"""So far back a replay begins that says nothing else."""


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = PastDesk(parts)

    @router.get(REPLAY)
    async def get_page() -> Response:
        if replay_moment.current() is None:
            at = replay_moment.written((parts.clock() - AT_FIRST).replace(second=0))
            return RedirectResponse(f"{REPLAY}?at={at}", 303)
        shown = language.current()
        frame = Frame(
            template="past_room.html",
            title=say("overview", shown),
            path=REPLAY,
            styles=["past_room.css"],
            script="past_room.js",
        )
        texts = (*SCRIPT_TEXTS, *PAST_ROOM_SCRIPT_TEXTS)
        return answering.page(frame, texts, shown=shown, who=security.visitor())

    @router.get(f"{security.ROOT}/api/past/moment")
    @for_everybody
    async def get_moment() -> Response:
        found = await asyncio.to_thread(desk.moment, _moment().at, language.current())
        return Ready(await asyncio.to_thread(encode, found, level=1), "application/json")

    @router.get(f"{security.ROOT}/api/past/steps")
    @for_everybody
    async def get_steps(request: Request) -> Response:
        asked = dict(request.query_params)
        found = await asyncio.to_thread(desk.steps, _moment().at, asked, language.current())
        return Ready(await asyncio.to_thread(encode, found, level=1), "application/json")

    @router.get(f"{security.ROOT}/api/past/alerts")
    @for_everybody
    async def get_alerts() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.alerts, _moment().at))

    return router


def _moment() -> Moment:
    """Raises Refused: what is past is asked for with its moment."""
    found = replay_moment.current()
    if found is None:
        raise Refused(422, "replay_time", time="")
    return found
