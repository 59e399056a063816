"""Who asks the API, and how often: visitors by their network, holders of a key by its quotas."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.api.problems import problem
from dashboard.api_keys import KeyRing
from dashboard.limits import AnonymousLimits, Verdict, fields
from dashboard.networks import network

APIS: Final = ("/api/", "/sta/", "/ngsi-ld/", "/open311/")
KEY_HEADER: Final = "x-api-key"
_QUERIES: Final = re.compile(r"/api/v1/(datastreams/.*|things/?)|/(sta|ngsi-ld|open311)/.*")
_OF_A_TIME: Final = re.compile(r"/(vi|en)/[^/]+/[^/]+/[^/]+")
"""Pages and files of what a place observed in a month or a day."""
_STREAM: Final = "/api/v1/stream"
_BEARER: Final = re.compile(r"bearer(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
STREAM_RETRY_S: Final = 30
ReadablePage = Callable[[Scope, int], Response | None]
"""The refusal as a page, of a request and the seconds to wait; None where no page was asked for."""


class Allowances:
    """ASGI: below APIS and of pages of history every request counts; 429 beyond what is allowed, 401 with a key that
    is none.

    Other pages, assets and maps that are known are answered from memory: a refusal would cost as much.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        anonymous: AnonymousLimits,
        keys: KeyRing,
        page: ReadablePage = lambda scope, wait_s: None,
    ) -> None:
        self._app = app
        self._page = page
        self._anonymous = anonymous
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS" or not _counts(scope["path"]):
            await self._app(scope, receive, send)
            return
        visitor = network(scope["client"][0]) if scope["client"] else "-"
        verdicts, refusal = self._judge(scope, visitor)
        send_told = _telling(send, verdicts)
        if refusal is not None:
            await refusal(scope, receive, send_told)
        elif scope["path"] == _STREAM:
            await self._stream(scope, receive, send_told, visitor)
        else:
            await self._app(scope, receive, send_told)

    def _judge(self, scope: Scope, visitor: str) -> tuple[list[Verdict], Response | None]:
        """What the policies say, and the refusal if one of them refuses."""
        given = given_key(Headers(scope=scope))
        key = self._keys.find(given) if given else None
        if key is not None:
            verdicts = self._keys.take(key)
            return verdicts, self._too_many(scope, verdicts)
        policy = AnonymousLimits.QUERIES if _is_query(scope["path"]) else AnonymousLimits.API
        verdicts = self._anonymous.take(policy, visitor)
        refusal = self._too_many(scope, verdicts)
        if refusal is not None:
            self._anonymous.refused[policy] += 1
        elif given is not None:
            self._anonymous.refused["key"] += 1
            refusal = problem(
                401,
                "the key is not known, was revoked or is over; without one the API answers too",
                headers={"WWW-Authenticate": 'Bearer realm="Hanoi open data"'},
            )
        return verdicts, refusal

    def _too_many(self, scope: Scope, verdicts: Sequence[Verdict]) -> Response | None:
        refused = [one for one in verdicts if not one.allowed]
        if not refused:
            return None
        wait_s = int(max(one.after_s for one in refused)) + 1
        if _OF_A_TIME.fullmatch(scope["path"]) and (page := self._page(scope, wait_s)) is not None:
            return page
        told = " and ".join(f"{one.quota} requests in {one.window_s} s" for one in refused)
        return problem(
            429, f"more than {told}; try again in {wait_s} s", headers={"Retry-After": str(wait_s)}
        )

    async def _stream(self, scope: Scope, receive: Receive, send: Send, visitor: str) -> None:
        if not self._anonymous.open_stream(visitor):
            self._anonymous.refused["streams"] += 1
            answer = problem(
                429,
                "too many streams of your network are open",
                headers={"Retry-After": str(STREAM_RETRY_S)},
            )
            await answer(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._anonymous.close_stream(visitor)


def _counts(path: str) -> bool:
    return path.startswith(APIS) or _OF_A_TIME.fullmatch(path) is not None


def _is_query(path: str) -> bool:
    return (_QUERIES.fullmatch(path) or _OF_A_TIME.fullmatch(path)) is not None


def given_key(headers: Headers) -> str | None:
    """The key of a request, "" for one that is empty; None: it has none. Other schemes than Bearer are not ours."""
    bearer = _BEARER.fullmatch(headers.get("authorization", "").strip())
    if bearer is not None:
        return (bearer[1] or "").strip()
    return headers.get(KEY_HEADER)


def _telling(send: Send, verdicts: Sequence[Verdict]) -> Send:
    extra = fields(verdicts)

    async def send_told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *extra]
        await send(message)

    return send_told if extra else send
