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
from dashboard.control_room import data_page, devices, login, page, page_data, probes
from dashboard.control_room.language import LanguageChoice
from dashboard.control_room.parts import Parts
from dashboard.static import StaticFiles, shared_assets

OPEN_PATHS: Final = frozenset({"/", "/healthz", "/readyz", "/metrics", security.LOGIN})
"""All that there is without a session. The login page has no assets: its style is in it."""
INGEST_EVERY_S: Final = 10.0


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
    server.include_router(login.routes(parts.accounts, clock=parts.clock, https=parts.https))
    server.include_router(page_data.routes(parts))
    server.include_router(devices.routes(parts))
    server.include_router(data_page.routes(parts))
    server.mount(f"{security.ROOT}/static", StaticFiles(f"{security.ROOT}/static", shared_assets()))
    dash = page.register(server, city=parts.city, pool=parts.pool, clock=parts.clock)
    server.add_api_route("/{path:path}", _nothing_here, methods=["GET", "POST"], include_in_schema=False)
    policy = security.content_policy(scripts=dash.csp_hashes(), images=security.origin_of(parts.tiles_url))
    gate = security.Gate(
        server,
        lookup=parts.accounts.visitor,
        clock=parts.clock,
        open_paths=OPEN_PATHS,
        unavailable=login.unavailable,
    )
    asgi = security.SecureHeaders(LanguageChoice(gate, https=parts.https), policy=policy, https=parts.https)
    return Application(asgi=asgi, server=server, dash=dash)


@asynccontextmanager
async def _running(parts: Parts) -> AsyncIterator[None]:
    parts.feed.start()
    tasks = [asyncio.create_task(parts.hub.run()), asyncio.create_task(_watch_ingest(parts))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(parts.feed.stop)
        await asyncio.to_thread(parts.pool.close)


async def _watch_ingest(parts: Parts) -> None:
    while True:
        parts.room.set_ingest(await asyncio.to_thread(parts.ingest.look, parts.clock()))
        await asyncio.sleep(INGEST_EVERY_S)


async def _nothing_here(path: str) -> Response:
    """Dash answers any path with its page and 200; this stands before its catch-all."""
    return PlainTextResponse("not found\n", 404)
