"""The pages of boards and their addresses. Everybody may have boards, viewers too: storage knows whose is whose."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.alert_desk import EmptyBody
from dashboard.control_room.answering import Frame, for_everybody
from dashboard.control_room.board_desk import LARGEST_ID, BoardDesk
from dashboard.control_room.board_panels import LARGEST_FILE, BoardFile, NewBody, PinBody, SaveBody, read
from dashboard.control_room.board_texts import BOARD_SCRIPT_TEXTS, BOARDS_SCRIPT_TEXTS
from dashboard.control_room.login import client
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from storage.boards import LONGEST_TITLE, MOST_PANELS, Actor

API: Final = f"{security.ROOT}/api/boards"
ONE: Final = f"{API}/{{board_id:int}}"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = BoardDesk(parts)
    _pages(router)
    _reads(router, desk)
    _writes(router, desk)
    return router


def _pages(router: APIRouter) -> None:
    @router.get(language.BOARDS)
    async def get_list() -> Response:
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="boards.html",
            title=say("boards", shown),
            path=language.BOARDS,
            styles=["alerts.css", "board.css"],
            script="boards.js",
        )
        values = {"longest": str(LONGEST_TITLE)}
        return answering.page(frame, BOARDS_SCRIPT_TEXTS, values, shown=shown, who=who)

    @router.get(f"{language.BOARDS}/{{board_id:int}}")
    async def get_page(board_id: int) -> Response:
        if board_id > LARGEST_ID:
            return PlainTextResponse("not found\n", 404)
        shown, who = language.current(), security.visitor()
        frame = Frame(
            template="board.html",
            title=say("board_number", shown).format(id=board_id),
            path=f"{language.BOARDS}/{board_id}",
            styles=["alerts.css", "thing.css", "domain.css", "board.css"],
            script="board.js",
        )
        values = {"board": str(board_id), "most": str(MOST_PANELS), "longest": str(LONGEST_TITLE)}
        return answering.page(frame, BOARD_SCRIPT_TEXTS, values, shown=shown, who=who)


def _reads(router: APIRouter, desk: BoardDesk) -> None:
    @router.get(API)
    @for_everybody
    async def get_all(request: Request) -> Response:
        return answering.encoded(await asyncio.to_thread(desk.all, _actor(request), language.current()))

    @router.get(ONE)
    @for_everybody
    async def get_one(board_id: int, request: Request) -> Response:
        asked, shown = dict(request.query_params), language.current()
        return answering.encoded(await asyncio.to_thread(desk.one, board_id, asked, _actor(request), shown))

    @router.get(f"{ONE}/file")
    @for_everybody
    async def get_file(board_id: int, request: Request) -> Response:
        file = await asyncio.to_thread(desk.file, board_id, _actor(request))
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type="application/json", headers=headers)


def _writes(router: APIRouter, desk: BoardDesk) -> None:
    @router.post(API)
    @for_everybody
    async def post_new(request: Request) -> Response:
        asked = read(NewBody, await _content(request), language.current())
        return answering.encoded(await asyncio.to_thread(desk.add, asked, _actor(request)))

    @router.post(f"{API}/import")
    @for_everybody
    async def post_file(request: Request) -> Response:
        asked = read(BoardFile, await _content(request), language.current())
        return answering.encoded(await asyncio.to_thread(desk.bring, asked, _actor(request)))

    @router.post(ONE)
    @for_everybody
    async def post_save(board_id: int, request: Request) -> Response:
        shown = language.current()
        asked = read(SaveBody, await _content(request), shown)
        done = await asyncio.to_thread(desk.save, board_id, asked, _actor(request), shown)
        return answering.encoded(done)

    @router.post(f"{ONE}/pin")
    @for_everybody
    async def post_pin(board_id: int, request: Request) -> Response:
        asked = read(PinBody, await _content(request), language.current())
        return answering.encoded(await asyncio.to_thread(desk.pin, board_id, asked, _actor(request)))

    @router.post(f"{ONE}/retire")
    @for_everybody
    async def post_retire(board_id: int, request: Request) -> Response:
        await answering.body(request, EmptyBody)
        return answering.encoded(await asyncio.to_thread(desk.retire, board_id, _actor(request)))


async def _content(request: Request) -> bytes:
    """No more of it is read than a board can be."""
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_FILE:
            raise Refused(413, "board_large", most=str(LARGEST_FILE // 1024))
    return content


def _actor(request: Request) -> Actor:
    who = security.visitor()
    return Actor(name=who.name, role=who.role, source=client(request))
