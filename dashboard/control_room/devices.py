"""Unclaimed devices, open rejections and files: the page and its addresses. For operators, not viewers.

The page is plain HTML around lists that its script fills.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import cache, wraps
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final, TypeVar

import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from dashboard import security
from dashboard.control_room import language
from dashboard.control_room.device_desk import ClaimBody, Desk, Refused, ReprocessBody
from dashboard.control_room.device_texts import DEVICE_SCRIPT_TEXTS
from dashboard.control_room.language import Language
from dashboard.control_room.login import client
from dashboard.control_room.parts import Parts
from dashboard.control_room.texts import TEXTS, say
from ingest.claiming import Who
from ingest.load import base_name
from storage.claims import ClaimRefused
from storage.db import DatabaseUnreachable
from storage.operators import Role

LARGEST_FILE: Final = 8 * 1024 * 1024

Handler = Callable[..., Awaitable[Response]]
_Model = TypeVar("_Model", bound=BaseModel)


def for_operators(handler: Handler) -> Handler:
    """Nobody who may only look; and every refusal as an answer in words."""

    @wraps(handler)
    async def guarded(*args: Any, **keywords: Any) -> Response:
        if security.visitor().role is Role.VIEWER:
            return PlainTextResponse(f"{say('operators_only', language.current())}\n", 403)
        try:
            return await handler(*args, **keywords)
        except Refused as refused:
            return _said(refused)
        except ClaimRefused as refused:
            return _said(Refused(422, refused.code, **refused.values))
        except DatabaseUnreachable:
            return _said(Refused(503, "database"))

    return guarded


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = Desk(parts)
    api = f"{security.ROOT}/api"
    one_file = asyncio.Lock()

    @router.get(language.DEVICES)
    @for_operators
    async def get_page() -> Response:
        return _page(language.current(), security.visitor())

    @router.get(f"{api}/devices")
    @for_operators
    async def get_devices() -> Response:
        return _json(await asyncio.to_thread(desk.listing, language.current()))

    @router.get(f"{api}/devices/choices")
    @for_operators
    async def get_choices() -> Response:
        return _json(await asyncio.to_thread(desk.choices, language.current()))

    @router.post(f"{api}/claims")
    @for_operators
    async def post_claim(request: Request) -> Response:
        asked = await _body(request, ClaimBody)
        return _json(await asyncio.to_thread(desk.claim, asked, _who(request)))

    @router.post(f"{api}/reprocess")
    @for_operators
    async def post_reprocess(request: Request) -> Response:
        asked = await _body(request, ReprocessBody)
        return _json(await asyncio.to_thread(desk.reprocess, asked, _who(request)))

    @router.post(f"{api}/load")
    @for_operators
    async def post_file(request: Request) -> Response:
        query = request.query_params
        payload = await _file(request)
        async with one_file:
            loaded = await asyncio.to_thread(
                desk.load,
                query.get("source", ""),
                base_name(query.get("name", "")),
                payload,
                _who(request),
                language.current(),
                dry_run=query.get("dry_run") != "0",
            )
        return _json(loaded)

    return router


def _page(shown: Language, who: security.Visitor) -> Response:
    words = json.dumps({key: say(key, shown) for key in DEVICE_SCRIPT_TEXTS}, ensure_ascii=False)
    other = "vi" if shown == "en" else "en"
    texts = {key: escape(text.in_language(shown)) for key, text in TEXTS.items()}
    body = _template().substitute(
        texts,
        lang=shown,
        other=other,
        words=escape(words),
        who=escape(f"{who.name} · {say(f'role_{who.role}', shown)}"),
        csrf_token=escape(who.csrf_token),
    )
    return HTMLResponse(body)


@cache
def _template() -> Template:
    return Template((files("dashboard.control_room") / "devices.html").read_text("utf-8"))


def _who(request: Request) -> Who:
    return Who(name=security.visitor().name, where=client(request))


async def _body(request: Request, model: type[_Model]) -> _Model:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise _unfit(error) from error


def _unfit(error: ValidationError) -> Refused:
    """Which field can't be so; of what is missing or nobody knows there is none to point at."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = [str(part) for part in fault["loc"] if part != "new"]
    if not where or fault["type"] in ("missing", "extra_forbidden"):
        return Refused(422, "request")
    return Refused(422, "field", field=".".join(where))


async def _file(request: Request) -> bytes:
    """The file is the body, as it is: no form around it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FILE:
            raise Refused(413, "too_large")
    return bytes(body)


def _json(found: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json")


def _said(refused: Refused) -> Response:
    """The refusal in the page's words."""
    shown, values = language.current(), dict(refused.values)
    if f"field_{values.get('field')}" in TEXTS:
        values["field"] = say(f"field_{values['field']}", shown)
    text = say(f"refused_{refused.code}", shown).format(**values)
    return JSONResponse({"code": refused.code, "error": text}, refused.status)
