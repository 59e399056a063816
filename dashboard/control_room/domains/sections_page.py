"""What sections of pages ask for: the last 48 hours of rain and flood, the bays along the streets. Below the gate."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import for_everybody
from dashboard.control_room.domains.replay_desk import ReplayDesk
from dashboard.control_room.domains.street_desk import StreetDesk
from dashboard.control_room.page_data import Ready
from dashboard.control_room.parts import Parts


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix=f"{security.ROOT}/api", include_in_schema=False)
    replay, streets = ReplayDesk(parts), StreetDesk(parts)

    @router.get("/replay")
    @for_everybody
    async def get_replay() -> Response:
        return Ready(await asyncio.to_thread(replay.document), "application/json")

    @router.get("/parking/streets")
    @for_everybody
    async def get_streets() -> Response:
        return answering.encoded(await asyncio.to_thread(streets.streets, language.current()))

    return router
