"""Vietnamese or English: chosen by `?lang=`, kept in a cookie, known to everything that answers a request."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final, Literal
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import security

Language = Literal["vi", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")
COOKIE: Final = "hanoi_ops_lang"
OVERVIEW: Final = f"{security.ROOT}/"
DEVICES: Final = f"{security.ROOT}/devices"
DATA: Final = f"{security.ROOT}/data"
RULES: Final = f"{security.ROOT}/rules"
"""The page of all; each rule's is below it."""
ROSTER: Final = f"{security.ROOT}/roster"
NOTICES: Final = f"{security.ROOT}/notices"
BY_HAND: Final = f"{security.ROOT}/by-hand"
ALERTS: Final = f"{security.ROOT}/alerts"
"""The page of all; each alert's is below it."""
INCIDENTS: Final = f"{security.ROOT}/incidents"
"""The page of all; each incident's is below it."""
REPORTS: Final = f"{security.ROOT}/reports"
"""Shift report and bulletins are below it; of all there is none."""
CITIZEN_REPORTS: Final = f"{security.ROOT}/reports-from-citizens"
"""What citizens tell; each report's picture is below it."""
THINGS: Final = f"{security.ROOT}/things"
"""The page of all; each Thing's is below it."""
REPLAY: Final = f"{security.ROOT}/replay"
"""The overview at a past moment, which `?at=` says."""
PEOPLE: Final = f"{security.ROOT}/people"
AUDIT: Final = f"{security.ROOT}/audit"
ACCOUNT: Final = f"{security.ROOT}/account"
DOMAINS: Final = f"{security.ROOT}/domains"
"""Leads to the first of the pages of domains, which are below it."""
EXPLORE: Final = f"{security.ROOT}/explore"
BOARDS: Final = f"{security.ROOT}/boards"
"""The page of all; each board's is below it."""
_NO_PAGES: Final = tuple(
    f"{security.ROOT}/{part}" for part in ("api/", "static/", "assets/", "_dash", "stream")
)
"""What scripts ask for."""
_YEAR_S: Final = 31_536_000

_language: ContextVar[Language] = ContextVar("language", default="vi")


def current() -> Language:
    """The language of the request that is being answered; Vietnamese unless somebody chose."""
    return _language.get()


def chosen(query: str, cookies: Mapping[str, str]) -> tuple[Language, bool]:
    """The language, and whether this request chose it anew."""
    asked = parse_qs(query).get("lang", [""])[0]
    if asked in LANGUAGES:
        return asked, True
    kept = cookies.get(COOKIE, "")
    return (kept, False) if kept in LANGUAGES else ("vi", False)


class LanguageChoice:
    """ASGI: sets `current()` for what runs below and remembers a choice made on a page.

    A script that asks for data in its page's language chooses nothing: another tab may show the other one.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._attributes = f"Path={security.ROOT}; Max-Age={_YEAR_S}; SameSite=Lax; HttpOnly"
        if https:
            self._attributes += "; Secure"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        query = scope.get("query_string", b"").decode("latin-1")
        language, anew = chosen(query, security.cookies(Headers(scope=scope)))

        async def send_with_cookie(message: Message) -> None:
            if anew and _is_page(scope["path"]) and message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", f"{COOKIE}={language}; {self._attributes}")
            await send(message)

        reset = _language.set(language)
        try:
            await self._app(scope, receive, send_with_cookie)
        finally:
            _language.reset(reset)


def _is_page(path: str) -> bool:
    return path.startswith(security.ROOT) and not path.startswith(_NO_PAGES)
