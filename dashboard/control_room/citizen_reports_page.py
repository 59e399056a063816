"""The page of citizens' reports and its addresses: everybody may look, operators act. Its script fills it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import Frame, for_everybody, for_operators
from dashboard.control_room.citizen_report_desk import (
    AnswerBody,
    CitizenReportDesk,
    ConfirmBody,
    MergeBody,
    NothingBody,
    RejectBody,
)
from dashboard.control_room.citizen_report_texts import CITIZEN_REPORT_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.texts import say
from ingest.claiming import Who
from storage.citizen_reports import LONGEST_REASON, LONGEST_TEXT
from storage.operators import Role

API: Final = f"{security.ROOT}/api/citizen-reports"
ONE: Final = f"{API}/{{report_id:int}}"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = CitizenReportDesk(parts)
    _reads(router, desk, parts)
    _writes(router, desk)
    return router


def _reads(router: APIRouter, desk: CitizenReportDesk, parts: Parts) -> None:
    @router.get(language.CITIZEN_REPORTS)
    async def get_page() -> Response:
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="citizen_reports.html",
            title=say("citizen_reports", shown),
            path=language.CITIZEN_REPORTS,
            styles=["alerts.css", "citizen_reports.css"],
            script="citizen_reports.js",
        )
        values = {
            "may_act": "1" if _may_act() else "0",
            "longest": str(LONGEST_TEXT),
            "longest_reason": str(LONGEST_REASON),
            "tiles_url": parts.tiles_url or "",
        }
        return answering.page(frame, CITIZEN_REPORT_SCRIPT_TEXTS, values, shown=shown, who=who)

    @router.get(API)
    @for_everybody
    async def get_board() -> Response:
        may_act = _may_act()
        board = await asyncio.to_thread(lambda: desk.board(language.current(), may_act=may_act))
        return answering.encoded(board)

    @router.get(f"{language.CITIZEN_REPORTS}/{{report_id:int}}/photo")
    @for_everybody
    async def get_photo(report_id: int) -> Response:
        found = await asyncio.to_thread(desk.photo, report_id)
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "inline",
            "Cache-Control": "private, max-age=300",
        }
        return Response(found, media_type="image/jpeg", headers=headers)


def _writes(router: APIRouter, desk: CitizenReportDesk) -> None:
    def acts(name: str, action: Callable[[int, Any, Who], dict[str, Any]], model: type[BaseModel]) -> None:
        router.add_api_route(f"{ONE}/{name}", _posted(action, model), methods=["POST"])

    acts("confirm", desk.confirm, ConfirmBody)
    acts("reject", desk.reject, RejectBody)
    acts("merge", desk.merge, MergeBody)
    acts("answer", desk.answer, AnswerBody)
    acts("close", desk.close, NothingBody)
    acts("forget-contact", desk.forget_contact, NothingBody)
    acts("remove-photo", desk.remove_photo, NothingBody)


def _posted(
    action: Callable[[int, Any, Who], dict[str, Any]], model: type[BaseModel]
) -> Callable[..., Awaitable[Response]]:
    @for_operators
    async def post(report_id: int, request: Request) -> Response:
        asked = await answering.body(request, model)
        sender = answering.sender(request)
        return answering.encoded(await asyncio.to_thread(action, report_id, asked, sender))

    return post


def _may_act() -> bool:
    return security.visitor().role is not Role.VIEWER
