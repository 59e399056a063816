"""Unclaimed devices, open rejections and files: the page and its addresses. For operators, not viewers.

The page is plain HTML around lists that its script fills.
"""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import (
    Frame,
    for_operators,
)
from dashboard.control_room.device_desk import ClaimBody, Desk, ReprocessBody
from dashboard.control_room.device_texts import DEVICE_SCRIPT_TEXTS
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from ingest.load import base_name

LARGEST_FILE: Final = 8 * 1024 * 1024


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = Desk(parts)
    api = f"{security.ROOT}/api"
    one_file = asyncio.Lock()

    @router.get(language.DEVICES)
    @for_operators
    async def get_page() -> Response:
        shown = language.current()
        frame = Frame(
            template="devices.html",
            title=say("devices", shown),
            path=language.DEVICES,
            styles=["devices.css"],
            script="devices.js",
        )
        return answering.page(frame, DEVICE_SCRIPT_TEXTS, shown=shown, who=security.visitor())

    @router.get(f"{api}/devices")
    @for_operators
    async def get_devices() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.listing, language.current()))

    @router.get(f"{api}/devices/choices")
    @for_operators
    async def get_choices() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.choices, language.current()))

    @router.post(f"{api}/claims")
    @for_operators
    async def post_claim(request: Request) -> Response:
        asked = await answering.body(request, ClaimBody)
        return answering.encoded(await asyncio.to_thread(desk.claim, asked, answering.sender(request)))

    @router.post(f"{api}/reprocess")
    @for_operators
    async def post_reprocess(request: Request) -> Response:
        asked = await answering.body(request, ReprocessBody)
        return answering.encoded(await asyncio.to_thread(desk.reprocess, asked, answering.sender(request)))

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
                answering.sender(request),
                language.current(),
                dry_run=query.get("dry_run") != "0",
            )
        return answering.encoded(loaded)

    return router


async def _file(request: Request) -> bytes:
    """The file is the body, as it is: no form around it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FILE:
            raise Refused(413, "too_large")
    return bytes(body)
