"""The control room as one ASGI application: routes, the Dash page, and around both the gate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from dash import Dash
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from dashboard import security
from dashboard.control_room import (
    alert_page,
    alerts_page,
    boards_page,
    citizen_reports_page,
    data_page,
    devices,
    explore_page,
    incidents_page,
    login,
    manual_page,
    notices_page,
    oidc_login,
    page,
    page_data,
    people_page,
    probes,
    replay_page,
    reports_page,
    roster_page,
    rules_page,
    thing_page,
    things_page,
)
from dashboard.control_room.domains import page as domain_page
from dashboard.control_room.domains import sections_page
from dashboard.control_room.duty import DutyNow
from dashboard.control_room.language import LanguageChoice
from dashboard.control_room.login import LoginPage
from dashboard.control_room.long_work import Works
from dashboard.control_room.parts import Parts, in_time
from dashboard.control_room.replay_guard import ReplayGuard
from dashboard.static import StaticFiles, shared_assets
from storage.db import DatabaseUnreachable

OPEN_PATHS: Final = frozenset({"/", "/healthz", "/readyz", "/metrics", security.LOGIN})
"""All that there is without a session, beside the way to an identity provider. The login page has no assets."""
INGEST_EVERY_S: Final = 10.0
DUTY_EVERY_S: Final = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    asgi: ASGIApp
    """What is served."""
    server: FastAPI
    """Every route, without gate and headers: for a test that walks them."""
    dash: Dash


def create(parts: Parts) -> Application:
    """Routes in the order in which they are tried; the gate around them; language and headers around that."""
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lambda _: _running(parts))
    server.include_router(probes.routes(parts))
    open_paths = OPEN_PATHS
    login_page = LoginPage(https=parts.https, provider=parts.provider.name if parts.provider else "")
    server.include_router(login.routes(parts.sessions, login_page, clock=parts.clock))
    if parts.provider is not None:
        way = oidc_login.routes(parts.sessions, parts.provider, login_page, clock=parts.clock)
        server.include_router(way)
        open_paths |= {login.OIDC, oidc_login.CALLBACK}
    works = Works()
    server.include_router(works.routes())
    server.include_router(page_data.routes(parts))
    server.include_router(devices.routes(parts))
    server.include_router(data_page.routes(parts))
    server.include_router(notices_page.routes(parts))
    server.include_router(citizen_reports_page.routes(parts))
    server.include_router(manual_page.routes(parts))
    server.include_router(alerts_page.routes(parts))
    server.include_router(replay_page.routes(parts))
    timed = in_time(parts)
    server.include_router(alert_page.routes(timed))
    server.include_router(incidents_page.routes(parts))
    server.include_router(reports_page.routes(parts, works))
    server.include_router(things_page.routes(parts, works))
    server.include_router(thing_page.routes(timed))
    server.include_router(people_page.routes(parts))
    server.include_router(domain_page.routes(timed))
    server.include_router(sections_page.routes(parts))
    server.include_router(rules_page.routes(parts, works))
    server.include_router(roster_page.routes(parts))
    server.include_router(explore_page.routes(parts))
    server.include_router(boards_page.routes(parts))
    server.mount(f"{security.ROOT}/static", StaticFiles(f"{security.ROOT}/static", shared_assets()))
    dash = page.register(server, city=parts.city, pool=parts.pool, clock=parts.clock)
    server.add_api_route("/{path:path}", _nothing_here, methods=["GET", "POST"], include_in_schema=False)
    policy = security.content_policy(scripts=dash.csp_hashes(), images=security.origin_of(parts.tiles_url))
    gate = security.Gate(
        ReplayGuard(server, past=parts.past, clock=parts.clock),
        lookup=parts.sessions.visitor,
        clock=parts.clock,
        open_paths=open_paths,
        unavailable=login.unavailable,
    )
    asgi = security.SecureHeaders(LanguageChoice(gate, https=parts.https), policy=policy, https=parts.https)
    return Application(asgi=asgi, server=server, dash=dash)


@asynccontextmanager
async def _running(parts: Parts) -> AsyncIterator[None]:
    parts.feed.start()
    work = (parts.hub.run(), _watch_ingest(parts), _watch_duty(parts))
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(parts.feed.stop)
        await asyncio.to_thread(parts.pool.close)
        await asyncio.to_thread(parts.past.close)


async def _watch_ingest(parts: Parts) -> None:
    while True:
        parts.room.set_ingest(await asyncio.to_thread(parts.ingest.look, parts.clock()))
        await asyncio.sleep(INGEST_EVERY_S)


async def _watch_duty(parts: Parts) -> None:
    """Who is on call is in files, which are there without a database too: then covers are as they were last known."""
    while True:
        parts.room.set_duty(await asyncio.to_thread(_look_at_duty, parts))
        await asyncio.sleep(DUTY_EVERY_S)


def _look_at_duty(parts: Parts) -> DutyNow:
    with suppress(DatabaseUnreachable), parts.pool.connection(timeout=DUTY_EVERY_S / 2) as conn:
        parts.duty.refresh(conn, parts.clock())
    return parts.duty.look(parts.clock())


async def _nothing_here(path: str) -> Response:
    """Dash answers any path with its page and 200; this stands before its catch-all."""
    return PlainTextResponse("not found\n", 404)
