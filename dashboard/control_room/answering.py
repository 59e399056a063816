"""How pages and their scripts are answered: plain HTML around texts, JSON, and refusals in the page's words."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, TypeVar

import msgspec
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from dashboard import security
from dashboard.control_room import language, replay_bar, replay_moment
from dashboard.control_room.csv_text import Download
from dashboard.control_room.language import Language
from dashboard.control_room.login import client
from dashboard.control_room.menu import Entry, menu
from dashboard.control_room.refused import Refused
from dashboard.control_room.replay_moment import Moment
from dashboard.control_room.texts import TEXTS, say
from ingest.claiming import Who
from storage.claims import ClaimRefused
from storage.db import DatabaseUnreachable
from storage.operators import Role

Handler = Callable[..., Awaitable[Response]]
_Model = TypeVar("_Model", bound=BaseModel)


def for_everybody(handler: Handler) -> Handler:
    """Every refusal as an answer in words."""

    @wraps(handler)
    async def guarded(*args: Any, **keywords: Any) -> Response:
        try:
            return await handler(*args, **keywords)
        except Refused as refused:
            return said(refused)
        except ClaimRefused as refused:
            return said(Refused(422, refused.code, **refused.values))
        except DatabaseUnreachable:
            return said(Refused(503, "database"))

    return guarded


def for_operators(handler: Handler) -> Handler:
    """Nobody who may only look; and every refusal as an answer in words."""
    answered = for_everybody(handler)

    @wraps(handler)
    async def guarded(*args: Any, **keywords: Any) -> Response:
        if security.visitor().role is Role.VIEWER:
            return PlainTextResponse(f"{say('operators_only', language.current())}\n", 403)
        return await answered(*args, **keywords)

    return guarded


def for_admins(handler: Handler) -> Handler:
    """Nobody but administrators; and every refusal as an answer in words."""
    answered = for_everybody(handler)

    @wraps(handler)
    async def guarded(*args: Any, **keywords: Any) -> Response:
        if not security.visitor().role.may(Role.ADMIN):
            return PlainTextResponse(f"{say('admins_only', language.current())}\n", 403)
        return await answered(*args, **keywords)

    return guarded


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What stands around the main part of a page."""

    template: str = ""
    """The main part: an HTML file of this package; none where it is made otherwise (`framed`)."""
    title: str
    path: str
    """Its own address, maybe with what was asked, for the link to the other language."""
    styles: Sequence[str]
    """Style sheets among the assets, beside control_room.css."""
    script: str | None
    """Its module among the assets."""
    more_scripts: Sequence[str] = ()
    """Modules that run after it."""
    section: str | None = None
    """Another HTML file of this package, where the template says so."""


def page(
    frame: Frame,
    script_texts: Iterable[str],
    values: Mapping[str, str] | None = None,
    *,
    shown: Language,
    who: security.Visitor,
    status: int = 200,
) -> Response:
    """The main part with the texts in it, in the shell that all pages share; `values` are escaped too."""
    words = json.dumps({key: say(key, shown) for key in script_texts}, ensure_ascii=False)
    texts = {key: escape(text.in_language(shown)) for key, text in TEXTS.items()}
    main = _template(frame.template).substitute(
        texts,
        words=escape(words),
        section=_template(frame.section).substitute(texts) if frame.section else "",
        range_bar=_template("range_bar.html").substitute(texts),
        **{name: escape(value) for name, value in (values or {}).items()},
    )
    return framed(frame, main, shown=shown, who=who, status=status)


def framed(frame: Frame, main: str, *, shown: Language, who: security.Visitor, status: int = 200) -> Response:
    """The main part, which is HTML, in the shell that all pages share."""
    other = "vi" if shown == "en" else "en"
    texts = {key: escape(text.in_language(shown)) for key, text in TEXTS.items()}
    moment = replay_moment.current()
    path = replay_bar.address(frame.path, moment)
    styles = [*frame.styles, *(["past.css"] if moment else [])]
    body = _template("shell.html").substitute(
        texts,
        lang=shown,
        other=other,
        replay=replay_bar.attributes(moment),
        replay_bar=replay_bar.bar(moment, shown),
        page_title=escape(frame.title),
        tab_title=escape(replay_bar.title(moment, frame.title)),
        to_other=escape(f"{path}{'&' if '?' in path else '?'}lang={other}"),
        styles="\n".join(f'<link rel="stylesheet" href="/ops/assets/{name}">' for name in styles),
        menu="\n".join(
            _link(entry, texts[entry.text], frame.path.partition("?")[0], moment) for entry in menu(who.role)
        ),
        not_started=not_started(shown) if frame.script else "",  # the bar of a replay starts nothing else
        scripts="\n".join(map(_script, _scripts(frame, moment))),
        who=escape(f"{who.name} · {say(f'role_{who.role}', shown)}"),
        log_out_form="" if moment else _log_out(shown, who),
        main=main,
    )
    return HTMLResponse(body, status)


def not_started(shown: Language) -> str:
    """What a page says by itself when its scripts have not come, as when the session ended while it was loading.

    Its style is its own, since the style sheets may not have come either; what starts marks the page (page.js).
    """
    texts = {key: escape(say(key, shown)) for key in ("not_started", "not_started_again")}
    return _template("not_started.html").substitute(texts)


def _script(name: str) -> str:
    return f'<script type="module" src="/ops/assets/{name}"></script>'


def _scripts(frame: Frame, moment: Moment | None) -> list[str]:
    own = [frame.script, *frame.more_scripts]
    return [name for name in ("past_bar.js" if moment else None, *own) if name]


def _log_out(shown: Language, who: security.Visitor) -> str:
    return (
        '<form method="post" action="/ops/logout">'
        f'<input type="hidden" name="csrf_token" value="{escape(who.csrf_token)}">\n'
        f'<button type="submit">{escape(say("log_out", shown))}</button></form>'
    )


def _link(entry: Entry, text: str, path: str, moment: Moment | None) -> str:
    here = ' aria-current="page"' if entry.is_at(path) or (moment and entry.is_at_replayed(path)) else ""
    return f'<a href="{escape(replay_bar.address(entry.path, moment))}"{here}>{text}</a>'


@cache
def _template(name: str) -> Template:
    return Template((files("dashboard.control_room") / name).read_text("utf-8"))


def encoded(found: Mapping[str, Any]) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json")


def download(file: Download) -> Response:
    """A CSV for the browser to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type="text/csv; charset=utf-8", headers=headers)


def said(refused: Refused) -> Response:
    """The refusal in the page's words."""
    text = refusal_words(refused, language.current())
    return JSONResponse({"code": refused.code, "error": text}, refused.status)


def refusal_words(refused: Refused, shown: Language) -> str:
    values = dict(refused.values)
    if f"field_{values.get('field')}" in TEXTS:
        values["field"] = say(f"field_{values['field']}", shown)
    return say(f"refused_{refused.code}", shown).format(**values)


def sender(request: Request) -> Who:
    """Who asks, and from where: for the audit."""
    return Who(name=security.visitor().name, where=client(request))


async def body(request: Request, model: type[_Model]) -> _Model:
    """Raises Refused."""
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
