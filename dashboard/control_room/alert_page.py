"""The page of one alert and its addresses: everybody may look, operators act. The page's script fills it.

Opening it, as from a notification, changes nothing: whatever does is a POST with the session's CSRF token.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.alert_desk import AlertDesk, EmptyBody, NoteBody, ReasonBody
from dashboard.control_room.alert_texts import ALERT_SCRIPT_TEXTS
from dashboard.control_room.answering import (
    Frame,
    for_everybody,
    for_operators,
)
from dashboard.control_room.incident_texts import INCIDENT_PICK_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from ingest.claiming import Who
from storage.operators import Role

API: Final = f"{security.ROOT}/api/alerts"
LARGEST_ID: Final = 2**63 - 1


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = AlertDesk(parts)

    @router.get(f"{language.ALERTS}/{{alert_id:int}}")
    async def get_page(alert_id: int) -> Response:
        if alert_id > LARGEST_ID:
            return PlainTextResponse("not found\n", 404)
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="alert.html",
            title=say("alert_title", shown).format(id=alert_id),
            path=f"{language.ALERTS}/{alert_id}",
            styles=["alerts.css", "incidents.css"],
            script="alert.js",
        )
        values = {"alert_id": str(alert_id), "may_act": "0" if who.role is Role.VIEWER else "1"}
        return answering.page(
            frame, (*ALERT_SCRIPT_TEXTS, *INCIDENT_PICK_SCRIPT_TEXTS), values, shown=shown, who=who
        )

    @router.get(f"{API}/{{alert_id:int}}")
    @for_everybody
    async def get_alert(alert_id: int) -> Response:
        found = await asyncio.to_thread(desk.one, known(alert_id), language.current())
        return answering.encoded(found)

    def acts(name: str, action: Callable[[int, Any, Who], dict[str, Any]], model: type[BaseModel]) -> None:
        router.add_api_route(f"{API}/{{alert_id:int}}/{name}", _posted(action, model), methods=["POST"])

    acts("acknowledge", desk.acknowledge, NoteBody)
    acts("unacknowledge", desk.unacknowledge, EmptyBody)
    acts("note", desk.note, NoteBody)
    acts("escalate", desk.escalate, EmptyBody)
    acts("approve", desk.approve, EmptyBody)
    acts("refuse", desk.refuse, ReasonBody)
    return router


def known(number: int) -> int:
    """A number that the database can have. Raises Refused."""
    if number > LARGEST_ID:
        raise Refused(404, "no_alert", id=str(number))
    return number


def _posted(
    action: Callable[[int, Any, Who], dict[str, Any]], model: type[BaseModel]
) -> Callable[..., Awaitable[Response]]:
    @for_operators
    async def post(alert_id: int, request: Request) -> Response:
        asked = await answering.body(request, model)
        done = await asyncio.to_thread(action, known(alert_id), asked, answering.sender(request))
        return answering.encoded(done)

    return post
