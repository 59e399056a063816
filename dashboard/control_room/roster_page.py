"""The page of rosters and its addresses: everybody may look, operators cover for each other, administrators upload."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import Frame, for_admins, for_everybody, for_operators
from dashboard.control_room.parts import Parts
from dashboard.control_room.roster_desk import CoverBody, RemovalBody, RosterDesk, TrialBody, UploadBody
from dashboard.control_room.roster_texts import ROSTER_SCRIPT_TEXTS
from dashboard.control_room.texts import say
from storage.operators import Role

API: Final = f"{security.ROOT}/api/roster"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = RosterDesk(parts)

    @router.get(language.ROSTER)
    async def get_page() -> Response:
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="roster.html",
            title=say("roster", shown),
            path=language.ROSTER,
            styles=["alerts.css", "rules.css", "roster.css"],
            script="roster.js",
        )
        values = {
            "may_cover": "0" if who.role is Role.VIEWER else "1",
            "may_upload": "1" if who.role is Role.ADMIN else "0",
        }
        return answering.page(frame, ROSTER_SCRIPT_TEXTS, values, shown=shown, who=who)

    @router.get(API)
    @for_everybody
    async def get_board() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.board, language.current()))

    @router.post(f"{API}/covers")
    @for_operators
    async def post_cover(request: Request) -> Response:
        asked, who = await answering.body(request, CoverBody), answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.cover, asked, who, language.current()))

    @router.post(f"{API}/covers/{{cover_id:int}}/remove")
    @for_operators
    async def post_removal(cover_id: int, request: Request) -> Response:
        asked, who = await answering.body(request, RemovalBody), answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.remove, cover_id, asked, who))

    @router.post(f"{API}/trial")
    @for_admins
    async def post_trial(request: Request) -> Response:
        asked = await answering.body(request, TrialBody)
        return answering.encoded(await asyncio.to_thread(desk.trial, asked, language.current()))

    @router.post(f"{API}/upload")
    @for_admins
    async def post_upload(request: Request) -> Response:
        asked, who = await answering.body(request, UploadBody), answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.upload, asked, who, language.current()))

    return router
