"""/ops/login and /ops/logout: plain HTML, no script."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache, partial
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard import security
from dashboard.control_room import language, texts
from dashboard.control_room.accounts import LIFETIME, Accounts
from dashboard.control_room.login_limit import RETRY_AFTER_S, LoginLimit
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

FORM_COOKIE: Final = "hanoi_ops_login"
"""Ties the form to the browser that asked for it, before there is a session."""
HOME: Final = f"{security.ROOT}/"


def routes(accounts: Accounts, *, clock: Callable[[], datetime], https: bool) -> APIRouter:
    """The login form, what it is sent to, and the way out."""
    router = APIRouter(include_in_schema=False)
    limit = LoginLimit()
    # argon2 takes tens of milliseconds of a core and 19 MiB: a flood of logins may not take every thread
    verifying = ThreadPoolExecutor(max_workers=2, thread_name_prefix="login")

    @router.get(security.LOGIN)
    async def form(request: Request) -> Response:
        return _page(request, https=https)

    @router.post(security.LOGIN)
    async def log_in(request: Request) -> Response:
        fields = await security.read_form(request.receive)
        name, address = fields.get("username", "").strip(), client(request)
        seed = request.cookies.get(FORM_COOKIE, "")
        # the token of an empty seed is the same for everybody
        if not seed or not security.same(fields.get(security.CSRF_FIELD, ""), security.csrf_token(seed)):
            return _page(request, https=https, fault="login_expired", status=403, name=name)
        if not limit.take(address, name):
            log.warning("login_limited address=%s", address)
            return _page(request, https=https, fault="login_limited", status=429, name=name)
        attempt = partial(
            accounts.log_in,
            name,
            fields.get("password", ""),
            before=request.cookies.get(security.SESSION_COOKIE, ""),
            address=address,
            now=clock(),
        )
        try:
            opened = await asyncio.get_running_loop().run_in_executor(verifying, attempt)
        except DatabaseUnreachable:
            return _page(request, https=https, fault="database_gone", status=503, name=name)
        if opened is None:
            log.warning("login_refused address=%s", address)
            return _page(request, https=https, fault="login_refused", status=401, name=name)
        limit.forgive(address, name)
        return _entered(request, opened, https=https)

    @router.post(f"{security.ROOT}/logout")
    async def log_out(request: Request) -> Response:
        who = security.visitor()
        await asyncio.to_thread(
            accounts.log_out, who.token, name=who.name, address=client(request), now=clock()
        )
        response = RedirectResponse(security.LOGIN, 303)
        for cookie in (security.SESSION_COOKIE, security.CSRF_COOKIE):
            response.delete_cookie(cookie, path=security.ROOT, secure=https)
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


def _entered(request: Request, token: str, *, https: bool) -> Response:
    wall = "?wall=1" if request.query_params.get("wall") == "1" else ""
    response = RedirectResponse(f"{HOME}{wall}", 303)
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


def _page(request: Request, *, https: bool, fault: str = "", status: int = 200, name: str = "") -> Response:
    shown, other = language.current(), "vi" if language.current() == "en" else "en"
    seed = secrets.token_urlsafe(32)
    wall = request.query_params.get("wall") == "1"
    body = _template("login.html").substitute(
        lang=shown,
        other=other,
        wall="?wall=1" if wall else "",
        and_wall="&amp;wall=1" if wall else "",
        csrf_token=security.csrf_token(seed),
        username=escape(name[:64], quote=True),
        fault=f'<p class="fault" role="alert">✕ {escape(texts.say(fault, shown))}</p>' if fault else "",
        **{key: escape(texts.say(f"login_{key}", shown)) for key in ("title", "name", "password", "enter")},
        product=escape(texts.say("product", shown)),
        other_language=escape(texts.say("other_language", shown)),
    )
    response = HTMLResponse(body, status)
    response.set_cookie(
        FORM_COOKIE, seed, 3600, path=security.LOGIN, secure=https, httponly=True, samesite="strict"
    )
    if status == 429:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


@cache
def _template(name: str) -> Template:
    return Template((files("dashboard.control_room") / name).read_text("utf-8"))
