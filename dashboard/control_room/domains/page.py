"""The pages of domains and their addresses: everybody may look, operators note. The pages' script fills them."""

import asyncio
import json
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from dashboard import security
from dashboard.control_room import answering, language, replay_bar, replay_moment
from dashboard.control_room.alert_desk import EmptyBody
from dashboard.control_room.answering import Frame, for_everybody, for_operators
from dashboard.control_room.board_texts import PIN_SCRIPT_TEXTS
from dashboard.control_room.domains.desk import DomainDesk, NoteBody
from dashboard.control_room.domains.pages import page_of, pages
from dashboard.control_room.domains.texts import DOMAIN_SCRIPT_TEXTS
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.replay_texts import PAST_PAGE_SCRIPT_TEXTS
from dashboard.control_room.texts import say
from storage.annotations import LONGEST_TEXT
from storage.model import Domain
from storage.operators import Role

API: Final = f"{security.ROOT}/api/pages/{{key}}"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = DomainDesk(parts)

    @router.get(language.DOMAINS)
    async def get_first() -> Response:
        """The menu's link: the first page that there is."""
        made = pages(_domains(parts))
        first = f"{language.DOMAINS}/{made[0].key}" if made else language.OVERVIEW
        return RedirectResponse(replay_bar.address(first, replay_moment.current()), 303)

    @router.get(f"{language.DOMAINS}/{{key}}")
    async def get_page(key: str, request: Request) -> Response:
        domains = _domains(parts)
        page = page_of(domains, key)
        shown, who = language.current(), security.visitor()
        if page is None:
            return _missing(key, shown, who)
        if page.key != key:  # a domain's own key, as tiles and Things know it
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{language.DOMAINS}/{page.key}{query}", 303)
        section, instead = page.section, None
        if section is not None and replay_moment.current() is not None:  # those are about now
            section, instead = None, "past_no_section.html"
        frame = Frame(
            template="domain.html",
            title=page.title.in_language(shown),
            path=f"{language.DOMAINS}/{page.key}",
            styles=["alerts.css", "thing.css", "domain.css", *([section.style] if section else [])],
            script="domain.js",
            more_scripts=[section.script] if section else [],
            section=section.template if section else instead,
        )
        others = [
            {"key": one.key, "name": one.title.in_language(shown), "here": one.key == page.key}
            for one in pages(domains)
        ]
        values = {
            "page": page.key,
            "pages": json.dumps(others, ensure_ascii=False),
            "longest": str(LONGEST_TEXT),
            "may_act": "0" if who.role is Role.VIEWER else "1",
        }
        texts = [
            *(*DOMAIN_SCRIPT_TEXTS, *PIN_SCRIPT_TEXTS, *PAST_PAGE_SCRIPT_TEXTS),
            *(section.texts if section else ()),
        ]
        return answering.page(frame, texts, values, shown=shown, who=who)

    @router.get(API)
    @for_everybody
    async def get_frame(key: str, request: Request) -> Response:
        asked = dict(request.query_params)
        return answering.encoded(await asyncio.to_thread(desk.page, key, asked, language.current()))

    @router.get(f"{API}/panels/{{panel}}")
    @for_everybody
    async def get_panel(key: str, panel: str, request: Request) -> Response:
        asked = dict(request.query_params)
        found = await asyncio.to_thread(desk.panel, key, panel, asked, language.current())
        return answering.encoded(found)

    @router.get(f"{API}/panels/{{panel}}/csv")
    @for_everybody
    async def get_csv(key: str, panel: str, request: Request) -> Response:
        asked = dict(request.query_params)
        return answering.download(await asyncio.to_thread(desk.csv, key, panel, asked))

    @router.post(f"{API}/notes")
    @for_operators
    async def post_note(key: str, request: Request) -> Response:
        asked = await answering.body(request, NoteBody)
        return answering.encoded(
            await asyncio.to_thread(desk.add_note, key, asked, answering.sender(request))
        )

    @router.post(f"{API}/notes/{{note_id:int}}/withdraw")
    @for_operators
    async def post_withdraw(key: str, note_id: int, request: Request) -> Response:
        await answering.body(request, EmptyBody)
        done = await asyncio.to_thread(desk.withdraw_note, key, note_id, answering.sender(request))
        return answering.encoded(done)

    return router


def _domains(parts: Parts) -> dict[str, Domain]:
    return dict(parts.city.view.domains)


def _missing(key: str, shown: Language, who: security.Visitor) -> Response:
    frame = Frame(
        template="no_thing.html",
        title=say("domain_missing", shown),
        path=language.OVERVIEW,
        styles=["alerts.css"],
        script=None,
    )
    values = {
        f"missing_{one}": say("refused_no_page", one).format(page=key[:64]) for one in language.LANGUAGES
    }
    return answering.page(frame, (), values, shown=shown, who=who, status=404)
