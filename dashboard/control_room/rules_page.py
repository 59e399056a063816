"""The pages of alert rules and their addresses: everybody may look, administrators edit. Their scripts fill them."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import Frame, for_admins, for_everybody
from dashboard.control_room.long_work import Asked, Works
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.rule_bodies import DraftBody, RevertBody, SaveBody, SwitchBody, TrialBody
from dashboard.control_room.rule_desk import Listener, RuleDesk
from dashboard.control_room.rule_texts import RULE_SCRIPT_TEXTS
from dashboard.control_room.texts import say
from dashboard.control_room.waiting import Waiting
from storage.model import NAME
from storage.operators import Role

API: Final = f"{security.ROOT}/api/rules"
NEW: Final = f"{language.RULES}/@new"
"""No rule can be called so."""


def routes(parts: Parts, works: Works) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    desk = RuleDesk(parts)

    @router.get(language.RULES)
    async def get_page() -> Response:
        frame = _frame("rules.html", say("rules", language.current()), language.RULES, "rules.js")
        return _page(frame, {})

    @router.get(NEW)
    async def get_new_page(request: Request) -> Response:
        like = request.query_params.get("like", "")
        frame = _frame("rule.html", say("rule_new", language.current()), NEW, "rule.js")
        return _page(frame, {"key": "", "like": like if NAME.fullmatch(like) else ""})

    @router.get(f"{language.RULES}/{{key}}")
    async def get_rule_page(key: str) -> Response:
        if NAME.fullmatch(key) is None:
            return PlainTextResponse("not found\n", 404)
        title = say("rule_title", language.current()).format(key=key)
        return _page(
            _frame("rule.html", title, f"{language.RULES}/{key}", "rule.js"), {"key": key, "like": ""}
        )

    @router.get(API)
    @for_everybody
    async def get_board() -> Response:
        return answering.encoded(await asyncio.to_thread(desk.board, language.current()))

    @router.get(f"{API}/@new")
    @for_admins
    async def get_new(request: Request) -> Response:
        like = request.query_params.get("like", "")
        if like and NAME.fullmatch(like) is None:
            raise Refused(404, "no_rule", key=like[:64])
        return answering.encoded(await asyncio.to_thread(desk.new, like or None, language.current()))

    @router.get(f"{API}/{{key}}")
    @for_everybody
    async def get_rule(key: str) -> Response:
        return answering.encoded(await asyncio.to_thread(desk.one, _known(key), language.current()))

    @router.get(f"{API}/{{key}}/state")
    @for_everybody
    async def get_state(key: str) -> Response:
        return answering.encoded(await asyncio.to_thread(desk.state, _known(key), language.current()))

    @router.get(f"{API}/{{key}}/rule.toml")
    @for_everybody
    async def get_toml(key: str) -> Response:
        text = await asyncio.to_thread(desk.export, _known(key), language.current())
        headers = {"Content-Disposition": f'attachment; filename="{key}.toml"'}
        return Response(text, media_type="application/toml; charset=utf-8", headers=headers)

    @router.post(f"{API}/@draft")
    @for_admins
    async def post_draft(request: Request) -> Response:
        asked = await answering.body(request, DraftBody)
        return answering.encoded(await asyncio.to_thread(desk.draft, asked, language.current()))

    @router.post(f"{API}/@trial")
    @for_admins
    async def post_trial(request: Request) -> Response:
        asked, shown = await answering.body(request, TrialBody), language.current()

        def tried(waiting: Waiting) -> dict[str, Any]:
            def progress(done: int, things: int, values: int) -> None:
                waiting.reached(done=done, things=things, values=values)

            return desk.trial(asked, Listener(progress=progress, stopped=waiting.is_stopped), shown)

        return await works.answered(request, Asked(work=tried, stopped="trial_stopped"), answering.encoded)

    @router.post(f"{API}/@save")
    @for_admins
    async def post_save(request: Request) -> Response:
        asked, who = await answering.body(request, SaveBody), answering.sender(request)
        return answering.encoded(await asyncio.to_thread(desk.save, asked, who, language.current()))

    @router.post(f"{API}/{{key}}/switch")
    @for_admins
    async def post_switch(key: str, request: Request) -> Response:
        asked, who = await answering.body(request, SwitchBody), answering.sender(request)
        done = await asyncio.to_thread(desk.switch, _known(key), asked, who, language.current())
        return answering.encoded(done)

    @router.post(f"{API}/{{key}}/revert")
    @for_admins
    async def post_revert(key: str, request: Request) -> Response:
        asked, who = await answering.body(request, RevertBody), answering.sender(request)
        done = await asyncio.to_thread(desk.revert, _known(key), asked, who, language.current())
        return answering.encoded(done)

    return router


def _known(key: str) -> str:
    """A name that a rule can have. Raises Refused."""
    if NAME.fullmatch(key) is None:
        raise Refused(404, "no_rule", key=key[:64])
    return key


def _frame(template: str, title: str, path: str, script: str) -> Frame:
    return Frame(template=template, title=title, path=path, styles=["alerts.css", "rules.css"], script=script)


def _page(frame: Frame, values: dict[str, str]) -> Response:
    shown, who = language.current(), security.visitor()
    said = {"may_edit": "1" if who.role is Role.ADMIN else "0", **values}
    return answering.page(frame, RULE_SCRIPT_TEXTS, said, shown=shown, who=who)
