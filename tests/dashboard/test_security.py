"""The gate and the headers, with an application behind them that only repeats what reached it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import security
from storage.db import DatabaseUnreachable
from storage.operators import Role

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LAN = security.Visitor(name="lan", role=Role.OPERATOR, token="token-of-lan")
PAGE = {"Accept": "text/html,application/xhtml+xml"}
COOKIE = {"Cookie": f"{security.SESSION_COOKIE}={LAN.token}"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def lookup(token: str, now: datetime) -> security.Visitor | None:
    return LAN if token == LAN.token and now == NOW else None


def unreachable(token: str, now: datetime) -> security.Visitor | None:
    raise DatabaseUnreachable("gone")


async def repeating(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with who was let in and the body that arrived."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    try:
        who = security.visitor().name
    except LookupError:
        who = "nobody"
    await PlainTextResponse(f"{who}|{body.decode()}")(scope, receive, send)


def gate(look: Callable[[str, datetime], security.Visitor | None] = lookup) -> security.Gate:
    return security.Gate(
        repeating,
        lookup=look,
        clock=lambda: NOW,
        open_paths=["/", "/healthz", security.LOGIN],
        unavailable=lambda: PlainTextResponse("later", 503),
    )


def ask(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://room") as client:
            return await client.request(method, path, **request)

    return asyncio.run(asking())


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/ops", ""),
        ("/ops/", ""),
        ("/ops/incidents/12", "?next=/ops/incidents/12"),
        ("/ops/api/overview", ""),
        ("/ops/assets/page.js", ""),
        ("/ops/things/a/b/c/d", ""),
        ("/ops/alerts//evil.example", ""),
    ],
)
def test_a_page_without_a_session_leads_to_the_login_and_back_to_itself(path: str, back: str) -> None:
    answer = ask(gate(), "GET", path, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/ops/login{back}")


def test_the_front_page_leads_there_whatever_the_client_accepts_and_keeps_its_query() -> None:
    answer = ask(gate(), "GET", "/ops/?wall=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ops/login?wall=1")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/event-stream"])
def test_a_script_without_a_session_gets_401(accept: str) -> None:
    assert ask(gate(), "GET", "/ops/stream", headers={"Accept": accept}).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_without_a_session_gets_401(method: str) -> None:
    assert ask(gate(), method, "/ops/", headers=PAGE).status_code == 401


def test_a_wrong_token_is_no_session() -> None:
    wrong = {"Cookie": f"{security.SESSION_COOKIE}=another"}
    assert ask(gate(), "GET", "/ops/api", headers=wrong).status_code == 401


@pytest.mark.parametrize("path", ["/", "/healthz", security.LOGIN])
def test_the_open_paths_are_open(path: str) -> None:
    assert ask(gate(), "GET", path).text == "nobody|"


@pytest.mark.parametrize("path", ["/opsy", "/OPS/", "//ops/", "/healthz/", "/api/v1/things", "/x/../ops/"])
@pytest.mark.parametrize("cookie", [{}, COOKIE])
def test_any_other_path_is_not_there_with_or_without_a_session(path: str, cookie: dict[str, str]) -> None:
    assert targeted(path, cookie) == [404]


@pytest.mark.parametrize("path", ["", "*", "x", "ops", "ops/", "ops/login", "http://x/ops/", "healthz"])
@pytest.mark.parametrize("cookie", [{}, COOKIE])
def test_a_target_that_is_no_path_is_400_with_or_without_a_session(path: str, cookie: dict[str, str]) -> None:
    assert targeted(path, cookie) == [400]


def targeted(path: str, cookie: dict[str, str]) -> list[int]:
    """The status for a path just as it stands, which no HTTP client would send."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(name.lower().encode(), value.encode()) for name, value in cookie.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b""}
    asyncio.run(gate()(scope, receive, send))  # type: ignore[arg-type]  # as a server calls it, with less
    return statuses


def test_who_has_a_session_gets_in_and_is_known_behind_the_gate() -> None:
    assert ask(gate(), "GET", "/ops/", headers=COOKIE).text == "lan|"


def test_the_visitor_is_forgotten_after_the_request() -> None:
    ask(gate(), "GET", "/ops/", headers=COOKIE)
    with pytest.raises(LookupError):
        security.visitor()


def test_a_change_without_the_csrf_token_is_refused() -> None:
    assert ask(gate(), "POST", "/ops/x", headers=COOKIE, json={}).status_code == 403


def test_a_change_with_another_sessions_csrf_token_is_refused() -> None:
    headers = {**COOKIE, security.CSRF_HEADER: security.csrf_token("another")}
    assert ask(gate(), "POST", "/ops/x", headers=headers, json={}).status_code == 403


def test_a_change_with_the_token_in_the_header_reaches_the_application_whole() -> None:
    headers = {**COOKIE, security.CSRF_HEADER: LAN.csrf_token}
    assert ask(gate(), "POST", "/ops/x", headers=headers, content=b"body").text == "lan|body"


def test_a_form_with_the_token_reaches_the_application_whole() -> None:
    body = urlencode({security.CSRF_FIELD: LAN.csrf_token, "a": "b c"})
    answer = ask(gate(), "POST", "/ops/x", headers={**COOKIE, **FORM}, content=body)
    assert answer.text == f"lan|{body}"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "a=b",
        f"{security.CSRF_FIELD}=",
        f"{security.CSRF_FIELD}=wrong",
        f"{security.CSRF_FIELD}=%ff",
        f"{security.CSRF_FIELD}={LAN.csrf_token}&fill={'x' * security.LARGEST_FORM}",
    ],
)
def test_a_form_without_the_right_token_is_refused(body: str) -> None:
    assert ask(gate(), "POST", "/ops/x", headers={**COOKIE, **FORM}, content=body).status_code == 403


def test_the_token_in_a_json_body_does_not_count() -> None:
    body = {security.CSRF_FIELD: LAN.csrf_token}
    assert ask(gate(), "POST", "/ops/x", headers=COOKIE, json=body).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_change_that_the_browser_says_comes_from_elsewhere_is_refused(site: str) -> None:
    headers = {**COOKIE, security.CSRF_HEADER: LAN.csrf_token, "Sec-Fetch-Site": site}
    assert ask(gate(), "POST", "/ops/x", headers=headers).status_code == 403


def test_when_nobody_can_tell_whose_session_it_is_the_answer_is_503() -> None:
    assert ask(gate(unreachable), "GET", "/ops/", headers=COOKIE).status_code == 503


@pytest.mark.parametrize("cookie", ["", f"{security.SESSION_COOKIE}=another"])
@pytest.mark.parametrize("path", ["/ops/_dash-ws-callback", "ops/_dash-ws-callback", "/healthz", "/x"])
def test_a_websocket_without_a_session_is_closed_before_it_opens(path: str, cookie: str) -> None:
    assert websocket(gate(), cookie, path) == ["websocket.close"]


def test_a_websocket_with_a_session_reaches_the_application() -> None:
    async def accepting(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})

    held = gate()
    held._app = accepting
    assert websocket(held, f"{security.SESSION_COOKIE}={LAN.token}") == ["websocket.accept"]


def websocket(app: ASGIApp, cookie: str, path: str = "/ops/_dash-ws-callback") -> list[str]:
    """The messages that a handshake is answered with."""
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b""}
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # as a server calls it, with less
    return sent


def test_every_answer_says_what_browsers_must_not_do() -> None:
    app = security.SecureHeaders(repeating, policy=security.content_policy(), https=False)
    headers = ask(app, "GET", "/anything").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers


def test_https_is_for_good() -> None:
    app = security.SecureHeaders(repeating, policy="", https=True)
    assert "max-age=31536000" in ask(app, "GET", "/").headers["strict-transport-security"]


def test_scripts_come_from_us_or_have_a_known_hash_and_are_never_strings() -> None:
    policy = security.content_policy(scripts=["'sha256-abc'"], images=["https://tiles.example.org"])
    assert "script-src 'self' 'sha256-abc';" in policy
    assert "img-src 'self' data: blob: https://tiles.example.org;" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'unsafe" not in policy


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (None, ()),
        ("/tiles/{z}/{x}/{y}.png", ()),
        ("https://tiles.example.org/{z}/{x}/{y}.png", ("https://tiles.example.org",)),
        ("https://{s}.tiles.example.org/{z}/{x}/{y}.png", ("https://*.tiles.example.org",)),
    ],
)
def test_the_origin_of_map_tiles(url: str | None, origin: tuple[str, ...]) -> None:
    assert security.origin_of(url) == origin


def test_nothing_equals_an_empty_secret() -> None:
    assert not security.same("", "")
    assert security.same("a", "a")
    assert not security.same("a", "ä")
