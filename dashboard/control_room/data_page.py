"""The page about the data itself: what is kept, what ran, what is incomplete, stands still, drifts. For every role.

The page is plain HTML around tables that its script fills.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room import data_view as view
from dashboard.control_room.answering import Frame
from dashboard.control_room.clocks_off import HEARD_WITHIN, OFF_BY_S
from dashboard.control_room.data_texts import DATA_SCRIPT_TEXTS
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.texts import say
from storage import facts
from storage.catalog import ReferenceDataError
from storage.db import Connection, DatabaseUnreachable
from storage.retention_policy import Retention, load_retention

FRESH: Final = timedelta(seconds=30)
"""So long an answer is good for everybody: facts change slowly, and asking for them costs a second."""
SHOWN: Final = 12
_CONNECT_S: Final = 5.0


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    held = _Held(parts)

    @router.get(language.DATA)
    async def get_page() -> Response:
        shown = language.current()
        frame = Frame(
            template="data.html",
            title=say("data", shown),
            path=language.DATA,
            styles=["data.css"],
            script="data.js",
        )
        return answering.page(frame, DATA_SCRIPT_TEXTS, shown=shown, who=security.visitor())

    @router.get(f"{security.ROOT}/api/data")
    async def get_data() -> Response:
        try:
            found = await held.get(language.current())
        except DatabaseUnreachable:
            said = say("database_gone", language.current())
            return JSONResponse({"code": "database", "error": said}, 503)
        return Response(found, media_type="application/json")

    return router


class _Held:
    """The newest answer in each language; one is made at a time, however many ask."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._answers: dict[Language, tuple[datetime, bytes]] = {}
        self._making = asyncio.Lock()

    async def get(self, shown: Language) -> bytes:
        async with self._making:
            now = self._parts.clock()
            held = self._answers.get(shown)
            if held is None or not timedelta() <= now - held[0] < FRESH:
                found = await asyncio.to_thread(_found, self._parts, shown, now)
                held = self._answers[shown] = (now, msgspec.json.encode(found))
            return held[1]


def _found(parts: Parts, shown: Language, now: datetime) -> dict[str, Any]:
    """Blocking. Raises DatabaseUnreachable."""
    retention, fault = _retention(parts)
    with parts.pool.connection(timeout=_CONNECT_S) as conn:
        return {
            "generated_at": now,
            "has_policy": parts.retention_file is not None,
            "policy_fault": fault,
            "edition": facts.edition(conn),
            **_storage(conn, parts, None if fault else retention, shown),
            **_facts(conn, parts, shown, now),
        }


def _storage(
    conn: Connection, parts: Parts, retention: Retention | None, shown: Language
) -> Mapping[str, Any]:
    return {
        "kept": view.kept(parts.city.view.shown(facts.kept(conn)), retention, parts.city.view, shown),
        "disk": view.disk(facts.disk(conn), shown),
        "jobs": view.jobs(facts.jobs(conn), shown),
    }


def _facts(conn: Connection, parts: Parts, shown: Language, now: datetime) -> Mapping[str, Any]:
    city, day = parts.city.view, facts.yesterday(now)
    skewed = facts.skewed(conn, at_least_s=OFF_BY_S, since=now - HEARD_WITHIN, limit=SHOWN)
    return {
        "complete": view.complete(city.shown(facts.completeness(conn, day)), city, shown),
        "incomplete": view.incomplete(city.shown(facts.incomplete(conn, day, limit=SHOWN)), city, shown),
        "stuck": view.stuck(city.shown(facts.stuck(conn, limit=SHOWN)), city, shown),
        "drifting": view.drifting(facts.drifting(conn, city.domains.values(), limit=SHOWN), city, shown),
        "skewed": view.skewed(city.shown(skewed), city, shown),
    }


def _retention(parts: Parts) -> tuple[Retention, str | None]:
    """The policies, and what is wrong with their file: then nothing is deleted, and the page says so."""
    try:
        return load_retention(parts.retention_file, parts.city.view.domains), None
    except ReferenceDataError as error:
        return Retention(), str(error)
