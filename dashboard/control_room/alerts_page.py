"""The page of all alerts and its addresses: everybody may look, operators silence and test. Its script fills it."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.alert_desk import AlertDesk, EmptyBody, SilenceBody, TestBody
from dashboard.control_room.alert_page import known
from dashboard.control_room.alert_texts import ALERT_SCRIPT_TEXTS
from dashboard.control_room.answering import (
    Frame,
    for_everybody,
    for_operators,
)
from dashboard.control_room.incident_texts import INCIDENT_PICK_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.texts import say
from storage.operators import Role

API: Final = f"{security.ROOT}/api"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = AlertDesk(parts)

    @router.get(language.ALERTS)
    async def get_page() -> Response:
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="alerts.html",
            title=say("alerts", shown),
            path=language.ALERTS,
            styles=["alerts.css", "incidents.css"],
            script="alerts.js",
        )
        values = {"may_act": "0" if who.role is Role.VIEWER else "1"}
        return answering.page(
            frame, (*ALERT_SCRIPT_TEXTS, *INCIDENT_PICK_SCRIPT_TEXTS), values, shown=shown, who=who
        )

    @router.get(f"{API}/alerts")
    @for_everybody
    async def get_board() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.board, language.current()))

    @router.get(f"{API}/alerts/history")
    @for_everybody
    async def get_history(request: Request) -> Response:
        found = await asyncio.to_thread(desk.history, dict(request.query_params), language.current())
        return answering.encoded(found)

    @router.get(f"{API}/alerts/choices")
    @for_everybody
    async def get_choices() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.choices, language.current()))

    @router.get(f"{API}/notifications/{{notification_id:int}}")
    @for_everybody
    async def get_notification(notification_id: int) -> Response:
        found = await asyncio.to_thread(desk.notification, known(notification_id), language.current())
        return answering.encoded(found)

    @router.post(f"{API}/silences")
    @for_operators
    async def post_silence(request: Request) -> Response:
        asked = await answering.body(request, SilenceBody)
        return answering.encoded(await asyncio.to_thread(desk.silence, asked, answering.sender(request)))

    @router.post(f"{API}/silences/{{silence_id:int}}/end")
    @for_operators
    async def post_end(silence_id: int, request: Request) -> Response:
        asked = await answering.body(request, EmptyBody)
        ended = await asyncio.to_thread(desk.end_silence, known(silence_id), asked, answering.sender(request))
        return answering.encoded(ended)

    @router.post(f"{API}/receivers/test")
    @for_operators
    async def post_test(request: Request) -> Response:
        asked = await answering.body(request, TestBody)
        return answering.encoded(await asyncio.to_thread(desk.test, asked, answering.sender(request)))

    return router
