"""The page of all Things and the addresses by which they are kept: everybody may look, operators change."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import Frame, for_everybody, for_operators
from dashboard.control_room.long_work import Asked, Works
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from dashboard.control_room.things_bulk import Bulk
from dashboard.control_room.things_csv import LARGEST_FILE
from dashboard.control_room.things_desk import (
    CreateBody,
    EditBody,
    FileBody,
    MoveBody,
    ReasonBody,
    RetireBody,
    SensorBody,
    ThingsDesk,
)
from dashboard.control_room.things_texts import THINGS_SCRIPT_TEXTS
from ingest.claiming import Who
from storage.operators import Role

API: Final = f"{security.ROOT}/api/inventory"
ONE: Final = f"{security.ROOT}/api/things/{{thing_id}}"


def routes(parts: Parts, works: Works) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = ThingsDesk(parts)

    @router.get(language.THINGS)
    async def get_page() -> Response:
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="things.html",
            title=say("things", shown),
            path=language.THINGS,
            styles=["alerts.css", "things.css"],
            script="things.js",
        )
        values = {"may_act": "0" if who.role is Role.VIEWER else "1"}
        return answering.page(frame, THINGS_SCRIPT_TEXTS, values, shown=shown, who=who)

    @router.get(API)
    @for_everybody
    async def get_list() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.listing, language.current()))

    @router.get(f"{API}/choices")
    @for_everybody
    async def get_choices() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.choices, language.current()))

    @router.get(f"{ONE}/kept")
    @for_everybody
    async def get_kept(thing_id: str) -> Response:
        return answering.encoded(await asyncio.to_thread(desk.kept, thing_id, language.current()))

    _acts(router, desk)
    _files(router, Bulk(parts), works)
    return router


def _acts(router: APIRouter, desk: ThingsDesk) -> None:
    @router.post(API)
    @for_operators
    async def post_thing(request: Request) -> Response:
        asked = await answering.body(request, CreateBody)
        return answering.encoded(await asyncio.to_thread(desk.create, asked, answering.sender(request)))

    def acts(name: str, action: Callable[[str, Any, Who], dict[str, Any]], model: type[BaseModel]) -> None:
        router.add_api_route(f"{ONE}/{name}", _posted(action, model), methods=["POST"])

    acts("edit", desk.edit, EditBody)
    acts("move", desk.move, MoveBody)
    acts("sensor", desk.replace_sensor, SensorBody)
    acts("retire", desk.retire, RetireBody)
    acts("bring-back", desk.bring_back, ReasonBody)
    acts("follow-file", desk.follow_file, FileBody)


def _posted(
    action: Callable[[str, Any, Who], dict[str, Any]], model: type[BaseModel]
) -> Callable[..., Awaitable[Response]]:
    @for_operators
    async def post(thing_id: str, request: Request) -> Response:
        asked = await answering.body(request, model)
        sender = answering.sender(request)
        return answering.encoded(await asyncio.to_thread(action, thing_id, asked, sender))

    return post


def _files(router: APIRouter, bulk: Bulk, works: Works) -> None:
    one_file = asyncio.Lock()

    @router.get(f"{API}/things.csv")
    @for_everybody
    async def get_csv(request: Request) -> Response:
        asked, shown = dict(request.query_params), language.current()
        return answering.download(await asyncio.to_thread(bulk.export, asked, shown))

    @router.get(f"{API}/template.csv")
    @for_everybody
    async def get_template(request: Request) -> Response:
        return answering.download(bulk.template(request.query_params.get("for", "")))

    @router.post(f"{API}/check")
    @for_operators
    async def post_check(request: Request) -> Response:
        content, name = await _file(request), request.query_params.get("name", "")
        shown = language.current()
        asked = Asked(
            work=lambda waiting: bulk.check(content, name, shown, waiting),
            stopped="bulk_stopped",
            turn=one_file,
        )
        return await works.answered(request, asked, answering.encoded)

    @router.post(f"{API}/apply")
    @for_operators
    async def post_apply(request: Request) -> Response:
        content, query, sender = await _file(request), request.query_params, answering.sender(request)
        name, digest, shown = query.get("name", ""), query.get("digest", ""), language.current()
        asked = Asked(
            work=lambda waiting: bulk.apply(content, name, digest, sender, shown, waiting),
            stopped="bulk_stopped",
            turn=one_file,
        )
        return await works.answered(request, asked, answering.encoded)


async def _file(request: Request) -> bytes:
    """The file is the body, as it is: no form around it. Raises Refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FILE:
            raise Refused(413, "bulk_too_large")
    return bytes(body)
