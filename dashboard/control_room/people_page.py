"""Pages of accounts and of the audit trail, for admins, and of one's own account, for everybody."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room import people_view as view
from dashboard.control_room.answering import Frame, for_admins, for_everybody
from dashboard.control_room.parts import Parts
from dashboard.control_room.people_desk import (
    AuditBody,
    EmptyBody,
    NewBody,
    OpenBody,
    OwnPasswordBody,
    PasswordBody,
    PeopleDesk,
    RoleBody,
)
from dashboard.control_room.people_texts import PEOPLE_SCRIPT_TEXTS
from dashboard.control_room.texts import say

PEOPLE_API: Final = f"{security.ROOT}/api/people"
ACCOUNT_API: Final = f"{security.ROOT}/api/account"
AUDIT_API: Final = f"{security.ROOT}/api/audit"
ONE: Final = f"{PEOPLE_API}/{{name}}"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = PeopleDesk(parts)

    @router.get(language.PEOPLE)
    @for_admins
    async def get_people_page() -> Response:
        return _page("people", language.PEOPLE)

    @router.get(language.AUDIT)
    @for_admins
    async def get_audit_page() -> Response:
        return _page("audit", language.AUDIT)

    @router.get(language.ACCOUNT)
    async def get_account_page() -> Response:
        return _page("account", language.ACCOUNT)

    @router.get(PEOPLE_API)
    @for_admins
    async def get_people() -> Response:
        return await _done(desk.people, security.visitor(), language.current())

    @router.post(PEOPLE_API)
    @for_admins
    async def post_person(request: Request) -> Response:
        asked = await answering.body(request, NewBody)
        return await _done(desk.add, asked, answering.sender(request))

    @router.post(f"{ONE}/role")
    @for_admins
    async def post_role(name: str, request: Request) -> Response:
        asked = await answering.body(request, RoleBody)
        return await _done(desk.change_role, name, asked, answering.sender(request))

    @router.post(f"{ONE}/password")
    @for_admins
    async def post_password(name: str, request: Request) -> Response:
        asked = await answering.body(request, PasswordBody)
        return await _done(desk.set_password, name, asked, answering.sender(request))

    @router.post(f"{ONE}/open")
    @for_admins
    async def post_open(name: str, request: Request) -> Response:
        asked = await answering.body(request, OpenBody)
        return await _done(desk.open, name, asked, answering.sender(request))

    @router.post(f"{ONE}/end-sessions")
    @for_admins
    async def post_end_sessions(name: str, request: Request) -> Response:
        await answering.body(request, EmptyBody)
        return await _done(desk.end_sessions, name, answering.sender(request))

    @router.get(ACCOUNT_API)
    @for_everybody
    async def get_own() -> Response:
        return await _done(desk.own, security.visitor(), language.current())

    @router.post(f"{ACCOUNT_API}/password")
    @for_everybody
    async def post_own_password(request: Request) -> Response:
        asked = await answering.body(request, OwnPasswordBody)
        return await _done(desk.set_own_password, asked, answering.sender(request))

    @router.post(f"{ACCOUNT_API}/sessions/{{session_id:int}}/end")
    @for_everybody
    async def post_end_own(session_id: int, request: Request) -> Response:
        await answering.body(request, EmptyBody)
        return await _done(desk.end_own_session, session_id, answering.sender(request))

    @router.post(AUDIT_API)  # what is looked for is in the body: names of people stay out of logs
    @for_admins
    async def post_audit_query(request: Request) -> Response:
        return await _done(desk.audit, await answering.body(request, AuditBody), language.current())

    @router.get(f"{AUDIT_API}/actions")
    @for_admins
    async def get_actions() -> Response:
        return answering.encoded({"actions": view.actions(language.current())})

    return router


async def _done(work: Callable[..., dict[str, Any]], *asked: Any) -> Response:
    return answering.encoded(await asyncio.to_thread(work, *asked))


def _page(name: str, path: str) -> Response:
    shown, who = language.current(), security.visitor()
    frame = Frame(
        template=f"{name}.html",
        title=say(name, shown),
        path=path,
        styles=["alerts.css", "people.css"],
        script=f"{name}.js",
    )
    return answering.page(frame, PEOPLE_SCRIPT_TEXTS, {"user_name": who.name}, shown=shown, who=who)
