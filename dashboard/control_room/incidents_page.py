"""The pages of incidents and their addresses: everybody may look, operators act. The pages' scripts fill them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import Frame, for_everybody, for_operators
from dashboard.control_room.attachment_types import LARGEST_FILE
from dashboard.control_room.incident_desk import (
    LARGEST_ID,
    ChangeBody,
    IncidentDesk,
    JoinBody,
    OpenBody,
    TextBody,
    TickBody,
)
from dashboard.control_room.incident_texts import INCIDENT_LIST_SCRIPT_TEXTS, INCIDENT_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from ingest.claiming import Who
from storage.operators import Role

API: Final = f"{security.ROOT}/api/incidents"
ONE: Final = f"{API}/{{incident_id:int}}"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = IncidentDesk(parts)
    _pages(router)
    _reads(router, desk)
    _writes(router, desk)
    return router


def _pages(router: APIRouter) -> None:
    @router.get(language.INCIDENTS)
    async def get_list() -> Response:
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="incidents.html",
            title=say("incidents", shown),
            path=language.INCIDENTS,
            styles=["alerts.css", "incidents.css"],
            script="incidents.js",
        )
        values = {"may_act": _may_act(who)}
        return answering.page(frame, INCIDENT_LIST_SCRIPT_TEXTS, values, shown=shown, who=who)

    @router.get(f"{language.INCIDENTS}/{{incident_id:int}}")
    async def get_page(incident_id: int) -> Response:
        if incident_id > LARGEST_ID:
            return PlainTextResponse("not found\n", 404)
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="incident.html",
            title=say("incident_title", shown).format(id=incident_id),
            path=f"{language.INCIDENTS}/{incident_id}",
            styles=["alerts.css", "incidents.css"],
            script="incident.js",
        )
        values = {
            "incident_id": str(incident_id),
            "may_act": _may_act(who),
            "who_name": who.name,
            "largest": str(LARGEST_FILE),
        }
        return answering.page(frame, INCIDENT_SCRIPT_TEXTS, values, shown=shown, who=who)


def _reads(router: APIRouter, desk: IncidentDesk) -> None:
    @router.get(API)
    @for_everybody
    async def get_board() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.board, language.current()))

    @router.get(f"{API}/closed")
    @for_everybody
    async def get_closed(request: Request) -> Response:
        asked = dict(request.query_params)
        return answering.encoded(await asyncio.to_thread(desk.closed, asked, language.current()))

    @router.get(ONE)
    @for_everybody
    async def get_incident(incident_id: int) -> Response:
        return answering.encoded(await asyncio.to_thread(desk.one, incident_id, language.current()))

    @router.get(f"{language.INCIDENTS}/{{incident_id:int}}/attachments/{{attachment_id:int}}")
    @for_everybody
    async def get_attachment(incident_id: int, attachment_id: int) -> Response:
        found = await asyncio.to_thread(desk.attachment, incident_id, attachment_id)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        kind = f"{found.media_type}; charset=utf-8" if found.media_type == "text/plain" else found.media_type
        return Response(found.content, media_type=kind, headers=headers)


def _writes(router: APIRouter, desk: IncidentDesk) -> None:
    @router.post(API)
    @for_operators
    async def post_incident(request: Request) -> Response:
        asked = await answering.body(request, OpenBody)
        sender, shown = answering.sender(request), language.current()
        return answering.encoded(await asyncio.to_thread(desk.open, asked, sender, shown))

    @router.post(f"{ONE}/attachments")
    @for_operators
    async def post_attachment(incident_id: int, request: Request) -> Response:
        name = request.query_params.get("name", "")
        content, sender = await _file(request), answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.attach, incident_id, name, content, sender))

    @router.post(f"{ONE}/steps/{{step_id:int}}")
    @for_operators
    async def post_tick(incident_id: int, step_id: int, request: Request) -> Response:
        asked, sender = await answering.body(request, TickBody), answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.tick, incident_id, step_id, asked, sender))

    def acts(name: str, action: Callable[[int, Any, Who], dict[str, Any]], model: type[BaseModel]) -> None:
        router.add_api_route(f"{ONE}/{name}", _posted(action, model), methods=["POST"])

    acts("join", desk.join, JoinBody)
    acts("change", desk.change, ChangeBody)
    acts("note", desk.note, TextBody)
    acts("steps", desk.add_step, TextBody)
    acts("close", desk.close, TextBody)
    acts("reopen", desk.reopen, TextBody)


def _posted(
    action: Callable[[int, Any, Who], dict[str, Any]], model: type[BaseModel]
) -> Callable[..., Awaitable[Response]]:
    @for_operators
    async def post(incident_id: int, request: Request) -> Response:
        asked = await answering.body(request, model)
        sender = answering.sender(request)
        return answering.encoded(await asyncio.to_thread(action, incident_id, asked, sender))

    return post


def _may_act(who: security.Visitor) -> str:
    return "0" if who.role is Role.VIEWER else "1"


async def _file(request: Request) -> bytes:
    """The file is the body, as it is: no form around it. Raises Refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FILE:
            raise Refused(413, "attachment_too_large")
    return bytes(body)
