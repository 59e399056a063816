"""What a request of a replay may reach: pages and answers that can be of a past moment, and nothing else.

It stands inside the gate and is closed by default. A request that is marked as of a replay (`replay_moment`) changes
nothing, whoever sends it; it is answered as of its moment, or refused: it never gets what is now. A link that says
nothing of a moment leads out of the replay.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import security
from dashboard.control_room import answering, language, replay_moment
from dashboard.control_room.answering import Frame
from dashboard.control_room.refused import Refused
from dashboard.control_room.replay_moment import Moment
from dashboard.control_room.replay_past import Past
from dashboard.control_room.texts import say
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

_SAFE: Final = frozenset({"GET", "HEAD"})
_TIMELESS: Final = re.compile(
    r"/ops/(static|assets|_dash-component-suites)/.+|/ops/api/(domains|basemap\.geojson)|/ops/favicon\.ico"
)
"""The same at any time."""
_FRAMES: Final = re.compile(r"/ops/(replay|alerts/[0-9]+|things/[^/]+|domains(/[^/]+)?)")
"""Pages that hold no value themselves."""
_ANSWERS: Final = re.compile(
    r"/ops/api/(alerts/[0-9]+|things/[^/]+(/series|/days|/kept)?|pages/[^/]+(/panels/[^/]+)?)"
)
"""What their scripts ask for, which is made from the city of the moment."""
_OWN: Final = re.compile(r"/ops/api/past/[a-z]+")
"""Answers of the replay itself, which looks up its moment as it needs."""


class ReplayGuard:
    """ASGI, in front of the application and behind the gate."""

    def __init__(self, app: ASGIApp, *, past: Past, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._past = past
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or security.nobody():
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        query = scope.get("query_string", b"").decode("latin-1")
        own = replay_moment.own_marker(query, headers)
        of_page = replay_moment.page_marker(headers)
        if own is None and of_page is None:
            await self._app(scope, receive, send)
        elif scope["method"] not in _SAFE:
            log.warning("replay_action_refused operator=%s path=%s", security.visitor().name, path)
            await answering.said(Refused(409, "replay_no_action"))(scope, receive, send)
        elif _TIMELESS.fullmatch(path) or (own is None and _leaves(path, headers)):
            await self._app(scope, receive, send)
        elif own is None:
            await answering.said(Refused(409, "replay_not_here"))(scope, receive, send)
        else:
            await self._replay(own, query, scope, receive, send)

    async def _replay(self, text: str, query: str, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        try:
            now = self._clock()
            at = replay_moment.read(text, now)
            if path in (security.ROOT, language.OVERVIEW):
                await RedirectResponse(f"{language.REPLAY}?{query}", 303)(scope, receive, send)
                return
            moment = await self._moment(path, at, now)
        except Refused as refused:
            await _refusal(path, refused)(scope, receive, send)
            return
        except DatabaseUnreachable:
            await _refusal(path, Refused(503, "database"))(scope, receive, send)
            return
        with replay_moment.replaying(moment), security.only_looking():
            await self._app(scope, receive, send)

    async def _moment(self, path: str, at: datetime, now: datetime) -> Moment:
        """Raises Refused of what can't be shown of a past moment."""
        if _FRAMES.fullmatch(path) or _OWN.fullmatch(path):
            return Moment(at=at, now=now)
        if _ANSWERS.fullmatch(path):
            return Moment(at=at, now=now, view=await asyncio.to_thread(self._past.view, at))
        raise Refused(409, "replay_not_here")


def _leaves(path: str, headers: Headers) -> bool:
    """Whether a page is opened, by a link that says nothing of a moment; scripts of a replay can't."""
    if headers.get("sec-fetch-mode", "navigate") != "navigate":
        return False
    return not path.startswith((f"{security.ROOT}/api/", f"{security.ROOT}/stream", f"{security.ROOT}/_dash"))


def _refusal(path: str, refused: Refused) -> Response:
    """A page says it as a page, and leads back to now."""
    if path.startswith((f"{security.ROOT}/api/", f"{security.ROOT}/stream", f"{security.ROOT}/_dash")):
        return answering.said(refused)
    if path.startswith((f"{security.ROOT}/static/", f"{security.ROOT}/assets/")):
        return PlainTextResponse("not found\n", 404)
    frame = Frame(
        template="past_not_here.html",
        title=say("past_title", language.current()),
        path=language.OVERVIEW,
        styles=["alerts.css", "past.css"],
        script=None,
    )
    words = {
        f"why_{one}": say(f"refused_{refused.code}", one).format(**refused.values)
        for one in language.LANGUAGES
    }
    values = {**words, "now_path": path}
    return answering.page(
        frame, (), values, shown=language.current(), who=security.visitor(), status=refused.status
    )
