"""/ops/login and /ops/logout: plain HTML, no script."""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from html import escape
from importlib.resources import files
from string import Template
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard import security
from dashboard.control_room import language, texts
from dashboard.control_room.login_limit import RETRY_AFTER_S, LoginLimit
from dashboard.control_room.sessions import LIFETIME, Sessions
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

SECONDS: Final = re.compile(r"[0-9]{1,4}")
FORM_COOKIE: Final = "hanoi_ops_login"
"""Ties the form to the browser that asked for it, before there is a session."""
HOME: Final = f"{security.ROOT}/"


OIDC: Final = f"{security.LOGIN}/oidc"


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginPage:
    https: bool
    provider: str = ""
    """What the identity provider is called; '' where there is none."""


def routes(sessions: Sessions, page: LoginPage, *, clock: Callable[[], datetime]) -> APIRouter:
    """The login form, what it is sent to, and the way out."""
    router = APIRouter(include_in_schema=False)
    limit = LoginLimit()
    # argon2 takes tens of milliseconds of a core and 19 MiB: a flood of logins may not take every thread
    verifying = ThreadPoolExecutor(max_workers=2, thread_name_prefix="login")

    @router.get(security.LOGIN)
    async def form(request: Request) -> Response:
        return form_page(request, page)

    @router.post(security.LOGIN)
    async def log_in(request: Request) -> Response:
        fields = await security.read_form(request.receive)
        name, address = fields.get("username", "").strip(), client(request)
        seed = request.cookies.get(FORM_COOKIE, "")
        # the token of an empty seed is the same for everybody
        if not seed or not security.same(fields.get(security.CSRF_FIELD, ""), security.csrf_token(seed)):
            return form_page(request, page, fault="login_expired", status=403, name=name)
        if not limit.take(address, name):
            log.warning("login_limited address=%s", address)
            return form_page(request, page, fault="login_limited", status=429, name=name)
        attempt = partial(
            sessions.log_in,
            name,
            fields.get("password", ""),
            before=request.cookies.get(security.SESSION_COOKIE, ""),
            address=address,
            now=clock(),
        )
        try:
            opened = await asyncio.get_running_loop().run_in_executor(verifying, attempt)
        except DatabaseUnreachable:
            return form_page(request, page, fault="database_gone", status=503, name=name)
        if opened is None:
            log.warning("login_refused address=%s", address)
            return form_page(request, page, fault="login_refused", status=401, name=name)
        limit.forgive(address, name)
        return entered(kept_query(request), opened, https=page.https)

    @router.post(f"{security.ROOT}/logout")
    async def log_out(request: Request) -> Response:
        who = security.visitor()
        await asyncio.to_thread(
            sessions.log_out, who.token, name=who.name, address=client(request), now=clock()
        )
        response = RedirectResponse(security.LOGIN, 303)
        for cookie in (security.SESSION_COOKIE, security.CSRF_COOKIE):
            response.delete_cookie(cookie, path=security.ROOT, secure=page.https)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    return router


def client(request: Request) -> str:
    """Where it came from: the peer itself, never a header that anybody can write."""
    return request.client.host if request.client else "-"


def unavailable() -> Response:
    """The page for a browser whose session nobody can check, since the database does not answer."""
    shown = language.current()
    body = _template("unavailable.html").substitute(
        lang=shown, title=texts.say("database_gone", shown), text=texts.say("database_gone_long", shown)
    )
    return HTMLResponse(body, 503, headers={"Retry-After": "5"})


def entered(kept: str, token: str, *, https: bool) -> Response:
    """To the page that was asked for (`kept`, a query), or to the overview."""
    asked = dict(parse_qsl(kept.lstrip("?")))
    response = RedirectResponse(_back_to(asked) or f"{HOME}{_wall(asked)}", 303)
    longest = int(max(LIFETIME.values()).total_seconds())  # the server's row ends it, the cookie only carries
    for cookie, value, hidden in (
        (security.SESSION_COOKIE, token, True),
        (security.CSRF_COOKIE, security.csrf_token(token), False),
    ):
        response.set_cookie(
            cookie, value, longest, path=security.ROOT, secure=https, httponly=hidden, samesite="lax"
        )
    response.delete_cookie(FORM_COOKIE, path=security.LOGIN, secure=https)
    return response


def form_page(
    request: Request, page: LoginPage, *, fault: str = "", status: int = 200, name: str = ""
) -> Response:
    shown, other = language.current(), "vi" if language.current() == "en" else "en"
    seed = secrets.token_urlsafe(32)
    kept = kept_query(request)
    elsewhere = ""
    if page.provider:
        text = texts.say("login_elsewhere", shown).format(provider=page.provider)
        elsewhere = f'<p class="elsewhere"><a href="{OIDC}{escape(kept)}">{escape(text)}</a></p>'
    body = _template("login.html").substitute(
        lang=shown,
        other=other,
        kept=escape(kept),
        and_kept=escape(kept.replace("?", "&")),
        csrf_token=security.csrf_token(seed),
        username=escape(name[:64], quote=True),
        fault=f'<p class="fault" role="alert">✕ {escape(texts.say(fault, shown))}</p>' if fault else "",
        elsewhere=elsewhere,
        **{key: escape(texts.say(f"login_{key}", shown)) for key in ("title", "name", "password", "enter")},
        product=escape(texts.say("product", shown)),
        other_language=escape(texts.say("other_language", shown)),
    )
    response = HTMLResponse(body, status)
    response.set_cookie(
        FORM_COOKIE, seed, 3600, path=security.LOGIN, secure=page.https, httponly=True, samesite="strict"
    )
    if status == 429:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def kept_query(request: Request) -> str:
    """Where the login stood before, as a query that leads there afterwards; '' for the overview."""
    back = _back_to(request.query_params)
    return f"?next={back}" if back else _wall(request.query_params)


def _back_to(query: Mapping[str, str]) -> str:
    """The page that the login stood before; of ours and named in security.BACK_TO, or ''."""
    asked = query.get("next", "")
    return asked if security.BACK_TO.fullmatch(asked) else ""


def _wall(query: Mapping[str, str]) -> str:
    """A wall screen, with its seconds a view, is one after the login too."""
    if query.get("wall") != "1":
        return ""
    every = query.get("every", "")
    return f"?wall=1&every={every}" if SECONDS.fullmatch(every) else "?wall=1"


@cache
def _template(name: str) -> Template:
    return Template((files("dashboard.control_room") / name).read_text("utf-8"))
