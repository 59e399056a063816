"""The page of one Thing and its addresses: everybody may look, operators note. The page's script fills it."""

import asyncio
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import security
from dashboard.control_room import answering, language, thing_view
from dashboard.control_room.alert_desk import EmptyBody
from dashboard.control_room.answering import (
    Frame,
    for_everybody,
    for_operators,
)
from dashboard.control_room.board_texts import PIN_SCRIPT_TEXTS
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.replay_texts import PAST_PAGE_SCRIPT_TEXTS
from dashboard.control_room.texts import say
from dashboard.control_room.thing_desk import NoteBody, ThingDesk
from dashboard.control_room.thing_texts import THING_SCRIPT_TEXTS
from dashboard.control_room.things_texts import KEPT_SCRIPT_TEXTS
from storage.model import NAME
from storage.operators import Role

API: Final = f"{security.ROOT}/api/things/{{thing_id}}"
LONGEST_SAID: Final = 80
"""Of an address that nobody knows."""


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = ThingDesk(parts)

    @router.get(f"{language.THINGS}/{{thing_id}}")
    async def get_page(thing_id: str) -> Response:
        shown, who, view = language.current(), security.visitor(), parts.city.view
        thing = view.things.get(thing_id)
        if thing is None and (view.loaded_at is not None or NAME.fullmatch(thing_id) is None):
            return _missing(thing_id, shown, who)
        frame = Frame(
            template="thing.html",
            title=thing_view.name(thing, shown) if thing else thing_id,
            path=f"{language.THINGS}/{thing_id}",
            styles=["alerts.css", "thing.css", "things.css"],
            script="thing.js",
            more_scripts=["kept_thing.js"],
            section="kept_thing.html",
        )
        other: Language = "vi" if shown == "en" else "en"
        values = {
            "thing": thing_id,
            "other_name": thing_view.name(thing, other) if thing else "",
            "other": other,
            "may_act": "0" if who.role is Role.VIEWER else "1",
        }
        texts = (*THING_SCRIPT_TEXTS, *KEPT_SCRIPT_TEXTS, *PIN_SCRIPT_TEXTS, *PAST_PAGE_SCRIPT_TEXTS)
        return answering.page(frame, texts, values, shown=shown, who=who)

    @router.get(API)
    @for_everybody
    async def get_thing(thing_id: str) -> Response:
        return answering.encoded(await asyncio.to_thread(desk.one, thing_id, language.current()))

    @router.get(f"{API}/series")
    @for_everybody
    async def get_series(thing_id: str, request: Request) -> Response:
        asked = dict(request.query_params)
        return answering.encoded(await asyncio.to_thread(desk.series, thing_id, asked, language.current()))

    @router.get(f"{API}/series.csv")
    @for_everybody
    async def get_csv(thing_id: str, request: Request) -> Response:
        return answering.download(await asyncio.to_thread(desk.csv, thing_id, dict(request.query_params)))

    @router.get(f"{API}/days")
    @for_everybody
    async def get_days(thing_id: str, request: Request) -> Response:
        asked = dict(request.query_params)
        return answering.encoded(await asyncio.to_thread(desk.days, thing_id, asked, language.current()))

    @router.post(f"{API}/notes")
    @for_operators
    async def post_note(thing_id: str, request: Request) -> Response:
        asked = await answering.body(request, NoteBody)
        made = await asyncio.to_thread(desk.add_note, thing_id, asked, answering.sender(request))
        return answering.encoded(made)

    @router.post(f"{API}/notes/{{note_id:int}}/withdraw")
    @for_operators
    async def post_withdraw(thing_id: str, note_id: int, request: Request) -> Response:
        await answering.body(request, EmptyBody)
        done = await asyncio.to_thread(desk.withdraw_note, thing_id, note_id, answering.sender(request))
        return answering.encoded(done)

    return router


def _missing(thing_id: str, shown: Language, who: security.Visitor) -> Response:
    """In both languages, whichever the reader's is: a link may come from anybody."""
    asked = thing_id[:LONGEST_SAID]
    frame = Frame(
        template="no_thing.html",
        title=say("thing_missing", shown),
        path=f"{language.THINGS}/{quote(asked, safe='')}",
        styles=["alerts.css"],
        script=None,
    )
    values = {
        f"missing_{one}": say("refused_no_thing", one).format(thing=asked) for one in language.LANGUAGES
    }
    return answering.page(frame, (), values, shown=shown, who=who, status=404)
