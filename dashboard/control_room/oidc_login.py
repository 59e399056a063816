"""/ops/login/oidc: to the identity provider and back (oidc.py)."""

import asyncio
import base64
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from dashboard import security
from dashboard.control_room.accounts import AccountError
from dashboard.control_room.login import OIDC, LoginPage, client, entered, form_page, kept_query
from dashboard.control_room.login_limit import LoginLimit
from dashboard.control_room.oidc import OidcError, Pending, Provider
from dashboard.control_room.sessions import Sessions
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

CALLBACK: Final = f"{OIDC}/callback"
COOKIE: Final = "hanoi_ops_oidc"
"""Ties the way to the identity provider and back to one browser."""


def routes(
    sessions: Sessions, provider: Provider, page: LoginPage, *, clock: Callable[[], datetime]
) -> APIRouter:
    """The way there, and where the provider sends the browser back to."""
    router = APIRouter(include_in_schema=False)
    limit = LoginLimit()

    @router.get(OIDC)
    async def leave_for_provider(request: Request) -> Response:
        try:
            url, pending = await asyncio.to_thread(provider.begin, kept_query(request))
        except OidcError as error:
            log.warning("oidc_failed code=%s error=%r", error.code, str(error))
            return form_page(request, page, fault=f"oidc_{error.code}", status=503)
        response = RedirectResponse(url, 303)
        kept = base64.urlsafe_b64encode(msgspec.json.encode(pending)).decode()
        # not strict: the browser comes back from another site
        response.set_cookie(COOKIE, kept, 600, path=OIDC, secure=page.https, httponly=True, samesite="lax")
        return response

    @router.get(CALLBACK)
    async def come_back(request: Request) -> Response:
        address, pending = client(request), _pending(request)
        if pending is None or not security.same(request.query_params.get("state", ""), pending.state):
            return form_page(request, page, fault="login_expired", status=403)
        if not limit.take(address, OIDC):
            log.warning("login_limited address=%s", address)
            return form_page(request, page, fault="login_limited", status=429)
        enter = partial(
            _enter,
            sessions,
            provider,
            request.query_params.get("code", ""),
            pending,
            before=request.cookies.get(security.SESSION_COOKIE, ""),
            address=address,
            now=clock(),
        )
        try:
            opened = await asyncio.to_thread(enter)
        except OidcError as error:
            log.warning("oidc_failed code=%s error=%r address=%s", error.code, str(error), address)
            status = 503 if error.code == "unreachable" else 401
            return form_page(request, page, fault=f"oidc_{error.code}", status=status)
        except AccountError as error:
            log.warning("login_refused address=%s error=%r", address, str(error))
            return form_page(request, page, fault=f"oidc_{error.code}", status=401)
        except DatabaseUnreachable:
            return form_page(request, page, fault="database_gone", status=503)
        limit.forgive(address, OIDC)
        response = entered(pending.back, opened, https=page.https)
        response.delete_cookie(COOKIE, path=OIDC, secure=page.https)
        return response

    return router


def _enter(
    sessions: Sessions,
    provider: Provider,
    code: str,
    pending: Pending,
    *,
    before: str,
    address: str,
    now: datetime,
) -> str:
    """Raises OidcError, AccountError, DatabaseUnreachable."""
    if not code:  # what went wrong there, or that somebody changed their mind, is in `error`
        raise OidcError("refused", "the provider sent no code")
    return sessions.enter(provider.finish(code, pending), before=before, address=address, now=now)


def _pending(request: Request) -> Pending | None:
    try:
        kept = base64.urlsafe_b64decode(request.cookies.get(COOKIE, ""))
        return msgspec.json.decode(kept, type=Pending)
    except (ValueError, msgspec.DecodeError):
        return None
