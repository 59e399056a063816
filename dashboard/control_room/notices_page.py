"""The page of public notices and its addresses: everybody may look, operators write. Its script fills it."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import (
    Frame,
    for_everybody,
    for_operators,
)
from dashboard.control_room.notice_desk import NoticeBody, NoticeDesk, WithdrawalBody
from dashboard.control_room.notice_texts import NOTICE_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.texts import say
from storage.notice_actions import LONGEST_TEXT
from storage.operators import Role

API: Final = f"{security.ROOT}/api/notices"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = NoticeDesk(parts)

    @router.get(language.NOTICES)
    async def get_page() -> Response:
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="notices.html",
            title=say("notices", shown),
            path=language.NOTICES,
            styles=["alerts.css", "notices.css"],
            script="notices.js",
        )
        values = {"may_act": "0" if who.role is Role.VIEWER else "1", "longest": str(LONGEST_TEXT)}
        return answering.page(frame, NOTICE_SCRIPT_TEXTS, values, shown=shown, who=who)

    @router.get(API)
    @for_everybody
    async def get_board() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.board, language.current()))

    @router.get(f"{API}/choices")
    @for_everybody
    async def get_choices() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.choices, language.current()))

    @router.post(API)
    @for_operators
    async def post_notice(request: Request) -> Response:
        asked = await answering.body(request, NoticeBody)
        return answering.encoded(await asyncio.to_thread(desk.publish, asked, answering.sender(request)))

    @router.post(f"{API}/{{notice_id:int}}/withdraw")
    @for_operators
    async def post_withdrawal(notice_id: int, request: Request) -> Response:
        asked = await answering.body(request, WithdrawalBody)
        done = await asyncio.to_thread(desk.withdraw, notice_id, asked, answering.sender(request))
        return answering.encoded(done)

    return router
