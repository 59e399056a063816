"""The page where operators enter by hand what they are told, and its addresses; not for viewers."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import Frame, for_operators
from dashboard.control_room.manual_desk import CancelBody, EntryBody, ManualDesk
from dashboard.control_room.manual_texts import MANUAL_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.texts import say

API: Final = f"{security.ROOT}/api/by-hand"
POSITION: Final = "camera=(), geolocation=(self), microphone=()"
"""This page may ask a phone where it is, if its owner allows it."""


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = ManualDesk(parts)

    @router.get(language.BY_HAND)
    @for_operators
    async def get_page() -> Response:
        shown = language.current()
        frame = Frame(
            template="by_hand.html",
            title=say("by_hand", shown),
            path=language.BY_HAND,
            styles=["alerts.css", "by_hand.css"],
            script="by_hand.js",
        )
        answer = answering.page(frame, MANUAL_SCRIPT_TEXTS, shown=shown, who=security.visitor())
        answer.headers["Permissions-Policy"] = POSITION
        return answer

    @router.get(API)
    @for_operators
    async def get_entries() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.entries, language.current()))

    @router.get(f"{API}/choices")
    @for_operators
    async def get_choices() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.choices, language.current()))

    @router.post(API)
    @for_operators
    async def post_entry(request: Request) -> Response:
        asked = await answering.body(request, EntryBody)
        sender = answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.enter, asked, sender, language.current()))

    @router.post(f"{API}/{{entry_id:int}}/cancel")
    @for_operators
    async def post_cancel(entry_id: int, request: Request) -> Response:
        asked = await answering.body(request, CancelBody)
        return answering.encoded(
            await asyncio.to_thread(desk.cancel, entry_id, asked, answering.sender(request))
        )

    return router
