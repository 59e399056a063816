"""Login, session and logout against a real database, and what every route below /ops asks for."""

import asyncio
import inspect
import json
import re
import socket
from collections.abc import Iterable, Iterator
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from dashboard import security
from dashboard.control_room import page_data
from dashboard.control_room.app import OPEN_PATHS
from dashboard.control_room.sessions import IDLE, LIFETIME
from storage import db, operators
from storage.operators import AuditEvent, Role
from tests.dashboard.room import PASSWORD, Clock, add, csrf_token_of, log_in, room, serving, started, talk

pytestmark = pytest.mark.integration

PAGE = {"Accept": "text/html"}
OUTSIDE = {"/", "/healthz", "/readyz", "/metrics", "/{path:path}"}
"""Routes that are no part of the operators' page."""


def audit(url: str) -> list[AuditEvent]:
    with db.connect(url, name="test") as conn:
        return operators.audit_trail(conn, 100)


def test_an_operator_logs_in_and_sees_the_page(city_url: str) -> None:
    add(city_url)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            entered = await log_in(client)
            assert (entered.status_code, entered.headers["location"]) == (303, "/ops/")
            page = await client.get("/ops/", headers=PAGE)
            assert page.status_code == 200
            assert 'id="react-entry-point"' in page.text

        talk(application, conversation)
    assert next((event.action, event.actor, event.source) for event in audit(city_url)) == (
        "login",
        "lan",
        "127.0.0.1",
    )


def test_a_wall_screen_comes_back_to_the_wall(database_url: str) -> None:
    add(database_url, role=Role.VIEWER)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            away = await client.get("/ops/?wall=1")
            assert away.headers["location"] == "/ops/login?wall=1"
            assert (await log_in(client, path="/ops/login?wall=1")).headers["location"] == "/ops/?wall=1"
            for every, kept in (("30", "&every=30"), ("30%26x=1", ""), ("%22%3E", "")):
                back = await log_in(client, path=f"/ops/login?wall=1&every={every}")
                assert back.headers["location"] == f"/ops/?wall=1{kept}"

        talk(application, conversation)


@pytest.mark.parametrize("https", [False, True])
def test_the_session_cookie_stays_below_ops_and_out_of_scripts(database_url: str, https: bool) -> None:
    add(database_url)
    with room(database_url, https=https) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            form = await client.get("/ops/login")
            seed = SimpleCookie(form.headers["set-cookie"])["hanoi_ops_login"].value
            entered = await client.post(
                "/ops/login",
                data={
                    "username": "lan",
                    "password": "correct-horse-battery",
                    "csrf_token": csrf_token_of(form),
                },
                headers={"Cookie": f"hanoi_ops_login={seed}"},
            )
            cookies = {}
            for header in entered.headers.get_list("set-cookie"):
                cookies.update(SimpleCookie(header))
            session, csrf = cookies[security.SESSION_COOKIE], cookies[security.CSRF_COOKIE]
            assert (session["path"], session["httponly"], session["samesite"]) == ("/ops", True, "lax")
            assert bool(session["secure"]) is bool(csrf["secure"]) is https
            assert not csrf["httponly"], "Dash reads it"
            assert len(session.value) >= 22, "128 bits or more"
            assert session.value not in csrf.value

        talk(application, conversation)


@pytest.mark.parametrize(
    ("name", "password"), [("lan", "wrong"), ("nobody", "wrong"), ("shut", "correct-horse-battery"), ("", "")]
)
def test_a_refused_login_does_not_say_why(database_url: str, name: str, password: str) -> None:
    add(database_url)
    add(database_url, "shut")
    with db.connect(database_url, name="test", autocommit=True) as conn:
        operators.disable(conn, "shut", Clock().now)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            refused = await log_in(client, name, password)
            assert refused.status_code == 401
            assert "Tên người dùng hoặc mật khẩu không đúng." in refused.text
            assert security.SESSION_COOKIE not in client.cookies

        talk(application, conversation)


def test_what_was_typed_as_an_unknown_name_is_not_kept(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client, "my-pass-word", "x")
            await log_in(client, "lan", "x")

        talk(application, conversation)
    assert [event.subject for event in audit(database_url) if event.action == "login_refused"] == ["lan", "-"]


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_a_login_that_our_form_did_not_send_is_refused(database_url: str, token: str | None) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            fields = {"username": "lan", "password": "correct-horse-battery"}
            if token is not None:
                await client.get("/ops/login")
                fields["csrf_token"] = token
            assert (await client.post("/ops/login", data=fields)).status_code == 403
            assert security.SESSION_COOKIE not in client.cookies

        talk(application, conversation)


@pytest.mark.parametrize("cookie", ["hanoi_ops_login=", 'hanoi_ops_login=""', ""])
def test_a_login_whose_token_anybody_could_compute_is_refused(database_url: str, cookie: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            fields = {"username": "lan", "password": PASSWORD, "csrf_token": security.csrf_token("")}
            refused = await client.post("/ops/login", data=fields, headers={"Cookie": cookie})
            assert refused.status_code == 403
            assert security.SESSION_COOKIE not in client.cookies
            assert csrf_token_of(refused) != security.csrf_token("")

        talk(application, conversation)


def test_what_was_typed_comes_back_as_text_and_not_as_html(database_url: str) -> None:
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            refused = await log_in(client, '"><script>x</script>', "x")
            assert "<script>" not in refused.text
            assert "&quot;&gt;&lt;script&gt;" in refused.text

        talk(application, conversation)


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(database_url: str) -> None:
    add(database_url)
    add(database_url, "mai")
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            for _ in range(5):
                assert (await log_in(client, password="wrong")).status_code == 401
            limited = await log_in(client)
            assert (limited.status_code, limited.headers["retry-after"]) == (429, "60")
            assert (await log_in(client, "mai")).status_code == 303, "others get in"

        async def forging(client: httpx.AsyncClient) -> None:
            client.headers["X-Forwarded-For"] = "203.0.113.9"
            assert (await log_in(client)).status_code == 429

        async def elsewhere(client: httpx.AsyncClient) -> None:
            assert (await log_in(client)).status_code == 303

        talk(application, conversation)
        talk(application, forging)
        talk(application, elsewhere, address="192.0.2.7")


def test_attempts_at_the_same_moment_count_too(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            answers = await asyncio.gather(*(log_in(client, password="wrong") for _ in range(12)))
            assert [answer.status_code for answer in answers].count(401) <= 5

        talk(application, conversation)


def test_each_login_is_a_new_session_and_ends_the_browser_s_old_one(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, parts):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            first = client.cookies[security.SESSION_COOKIE]
            await log_in(client)
            second = client.cookies[security.SESSION_COOKIE]
            assert first != second
            assert parts.sessions.visitor(first, parts.clock()) is None
            assert parts.sessions.visitor(second, parts.clock()) is not None

        talk(application, conversation)


def test_the_database_does_not_know_the_cookie(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            token = client.cookies[security.SESSION_COOKIE].encode()
            with db.connect(database_url, name="test") as conn:
                rows = conn.execute("SELECT token_hash FROM operator_session").fetchall()
            assert [len(row["token_hash"]) for row in rows] == [32]
            assert all(token not in row["token_hash"] for row in rows)

        talk(application, conversation)


@pytest.mark.parametrize("how", ["revoked", "disabled", "new password", "idle", "too old", "logged out"])
def test_a_session_that_ended_lets_nobody_in(database_url: str, how: str) -> None:
    add(database_url)
    clock = Clock()
    with room(database_url, clock) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            clock.goes_on(timedelta(minutes=5))
            assert (await client.get("/ops/", headers=PAGE)).status_code == 200
            await end(client)
            answer = await client.get("/ops/", headers=PAGE)
            assert (answer.status_code, answer.headers["location"]) == (303, "/ops/login")
            assert (await client.get("/ops/api/overview")).status_code == 401

        async def end(client: httpx.AsyncClient) -> None:
            with db.connect(database_url, name="test", autocommit=True) as conn:
                match how:
                    case "revoked":
                        assert operators.revoke_sessions_of(conn, "lan", clock.now) == 1
                    case "disabled":
                        operators.disable(conn, "lan", clock.now)
                    case "new password":
                        add(database_url, password="another-password")
                    case "idle":
                        clock.goes_on(IDLE)
                    case "too old":
                        for _ in range(LIFETIME[Role.OPERATOR] // timedelta(minutes=30) + 1):
                            clock.goes_on(timedelta(minutes=30))
                            await client.get("/ops/api/overview")
                    case "logged out":
                        field = {"csrf_token": client.cookies[security.CSRF_COOKIE]}
                        cookie = client.cookies[security.SESSION_COOKIE]
                        gone = await client.post("/ops/logout", data=field)
                        assert (gone.status_code, gone.headers["location"]) == (303, "/ops/login")
                        assert security.SESSION_COOKIE not in client.cookies
                        client.cookies.set(security.SESSION_COOKIE, cookie, domain="room", path="/ops")

        talk(application, conversation)


def test_an_open_page_keeps_its_session(database_url: str) -> None:
    add(database_url)
    clock = Clock()
    with room(database_url, clock) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            for _ in range(6):
                clock.goes_on(IDLE / 2)
                assert (await client.get("/ops/api/overview")).status_code == 200

        talk(application, conversation)


def test_logout_without_the_csrf_token_is_refused(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            assert (await client.post("/ops/logout")).status_code == 403
            assert (await client.get("/ops/logout")).status_code != 303
            assert (await client.get("/ops/api/overview")).status_code == 200

        talk(application, conversation)


def walk(routes: Iterable[BaseRoute]) -> Iterator[Route | Mount | WebSocketRoute]:
    """Every route, those of included routers too. Fails for a kind of route that it does not know."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from walk(included.routes)
        else:
            assert isinstance(route, Route | Mount | WebSocketRoute), route
            yield route


def test_every_route_below_ops_needs_a_session(city_url: str) -> None:
    with room(city_url) as (application, _):
        routes = list(walk(application.server.routes))
        guarded = [route for route in routes if route.path.startswith(security.ROOT)]
        assert {route.path for route in routes} - {route.path for route in guarded} == OUTSIDE
        assert {"/ops/", "/ops/stream", "/ops/api/overview", "/ops/_dash-update-component"} <= {
            route.path for route in guarded
        }

        async def conversation(client: httpx.AsyncClient) -> None:
            for route in guarded:
                path = re.sub(r"{[^}]*}", "x", route.path) + ("/map.js" if isinstance(route, Mount) else "")
                for method in getattr(route, "methods", None) or {"GET"}:
                    answer = await client.request(method, path)
                    expected = {200, 403} if path in OPEN_PATHS else {303, 401}
                    assert answer.status_code in expected, (method, path, answer.status_code)

        talk(application, conversation)


def test_unknown_paths_are_404_for_operators_and_nobody_learns_of_them_otherwise(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            async with started(application):  # Dash adds its catch-all when the server starts
                for path in ("/api", "/api/v1/things", "/nothing", "/favicon.ico"):
                    assert (await client.get(path, headers=PAGE)).status_code == 404, path
                await log_in(client)
                for path in (
                    "/ops/nothing",
                    "/ops/api/nothing",
                    "/ops/static/nothing.js",
                    "/ops/assets/x.js",
                ):
                    assert (await client.get(path, headers=PAGE)).status_code == 404, path
                assert (await client.get("/ops/api/map/nothing.geojson")).status_code == 404

        talk(application, conversation)


def test_no_request_target_gets_around_the_gate(city_url: str) -> None:
    """As bytes on a connection: HTTP clients tidy up such targets before they send them."""
    with serving(city_url) as address:
        url = httpx.URL(address)

        def status(target: str) -> int:
            with socket.create_connection((url.host, url.port or 0), timeout=30) as connection:
                request = f"GET {target} HTTP/1.1\r\nHost: room\r\nConnection: close\r\n\r\n"
                connection.sendall(request.encode())
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
            assert b"react-entry-point" not in answer, target
            return int(answer.split(b" ", 2)[1])

        no_paths = [
            "http://x/ops/_dash-layout",
            "http://x/ops/",
            "ops/",
            "ops/_dash-layout",
            "*",
            "x",
            "?a=b",
        ]
        assert {target: status(target) for target in no_paths} == dict.fromkeys(no_paths, 400)
        not_there = ["//ops/", "/OPS/", "/%2fops/", "/healthz/", "/api/v1/things", "//x/ops/_dash-layout"]
        assert {target: status(target) for target in not_there} == dict.fromkeys(not_there, 404)
        guarded = ["/ops/_dash-layout", "/%6fps/_dash-layout", "/ops%2f_dash-layout", "/ops/../healthz"]
        assert {target: status(target) for target in guarded} == dict.fromkeys(guarded, 401)
        assert (status("/healthz"), status("/ops/login"), status("/ops/")) == (200, 200, 303)


def test_the_addresses_that_people_type_lead_to_the_page(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            assert (await client.get("/")).headers["location"] == "/ops/"
            await log_in(client)
            assert (await client.get("/ops?wall=1")).headers["location"] == "/ops/?wall=1"

        talk(application, conversation)


def test_every_callback_is_async_and_serves_nobody_outside_the_gate(city_url: str) -> None:
    """A sync callback would block the event loop, that is every other operator's page (design, web)."""
    with room(city_url) as (application, _):
        callbacks = {output: found["callback"] for output, found in application.dash.callback_map.items()}
    assert callbacks
    for output, callback in callbacks.items():
        asked = inspect.unwrap(callback)
        assert inspect.iscoroutinefunction(asked), output
        with pytest.raises(LookupError):
            asyncio.run(asked(*(None for _ in inspect.signature(asked).parameters)))


def test_a_callback_needs_the_csrf_token_and_then_answers(city_url: str) -> None:
    add(city_url)
    with room(city_url) as (application, _):
        output = next(iter(application.dash.callback_map))
        body = {
            "output": output,
            "outputs": [
                {"id": id_, "property": name}
                for id_, name in (part.rsplit(".", 1) for part in output.strip(".").split("..."))
            ],
            "inputs": [
                {"id": "selected", "property": "data", "value": {"thing": "hoan-kiem", "property": "pm2_5"}}
            ],
            "changedPropIds": ["selected.data"],
        }

        async def conversation(client: httpx.AsyncClient) -> None:
            async with started(application):
                await log_in(client)
                path = "/ops/_dash-update-component"
                assert (await client.post(path, json=body)).status_code == 403
                token = client.cookies[security.CSRF_COOKIE]
                await until_loaded(client)
                answer = await client.post(path, json=body, headers={security.CSRF_HEADER: token})
                assert answer.status_code == 200
                link = answer.json()["response"]["thing-name"]["children"]["props"]
                assert link == {"children": "Hoàn Kiếm", "href": "/ops/things/hoan-kiem"}

        talk(application, conversation)


async def until_loaded(client: httpx.AsyncClient) -> None:
    while (await client.get("/ops/api/overview")).json()["link"] == "loading":
        await asyncio.sleep(0.05)


def test_the_overview_has_a_tile_for_every_domain_in_the_language_that_was_chosen(city_url: str) -> None:
    add(city_url)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            async with started(application):
                await log_in(client)
                await until_loaded(client)
                names = [each["name"] for each in (await client.get("/ops/api/overview")).json()["tiles"]]
                assert names == ["Không khí", "Úng ngập", "Đỗ xe", "Mưa", "Chất lượng nước"]
                assert 'html lang="vi"' in (await client.get("/ops/")).text
                await client.get("/ops/?lang=en")
                assert 'html lang="en"' in (await client.get("/ops/")).text
                english = (await client.get("/ops/api/overview")).json()
                assert english["tiles"][0]["name"] == "Air quality"
                assert english["link_word"] == "No data yet"

        talk(application, conversation)


def test_a_live_stream_ends_with_its_session(city_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_data, "STILL_IN_EVERY_S", 0.05)
    add(city_url)
    with room(city_url) as (application, parts):

        async def conversation(client: httpx.AsyncClient) -> None:
            async with started(application):
                await log_in(client)
                stream = asyncio.create_task(client.get("/ops/stream"))
                while not parts.hub.listeners:
                    await asyncio.sleep(0.05)
                with db.connect(city_url, name="test", autocommit=True) as conn:
                    operators.revoke_sessions_of(conn, "lan", parts.clock())
                ended = await asyncio.wait_for(stream, 30)
                assert ended.headers["content-type"].startswith("text/event-stream")
                assert (await client.get("/ops/stream")).status_code == 401

        talk(application, conversation)


def test_the_layout_names_its_operator_and_carries_the_logout_s_token(city_url: str) -> None:
    add(city_url)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            answer = await client.get("/ops/_dash-layout")
            layout = json.dumps(answer.json(), ensure_ascii=False)
            assert "lan · người vận hành" in layout
            assert client.cookies[security.CSRF_COOKIE] in layout

        talk(application, conversation)


def test_metrics_are_for_this_machine_or_for_the_token(database_url: str) -> None:
    async def local(client: httpx.AsyncClient) -> None:
        assert "hanoi_control_room_listeners" in (await client.get("/metrics")).text
        passed_on = await client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
        assert passed_on.status_code == 403

    async def remote(client: httpx.AsyncClient) -> None:
        assert (await client.get("/metrics")).status_code == 403

    async def with_token(client: httpx.AsyncClient) -> None:
        assert (await client.get("/metrics")).status_code == 403
        bearer = {"Authorization": "Bearer secret-token"}
        assert (await client.get("/metrics", headers=bearer)).status_code == 200

    with room(database_url) as (application, _):
        talk(application, local)
        talk(application, remote, address="192.0.2.7")
    with room(database_url, metrics_token="secret-token") as (application, _):
        talk(application, with_token, address="192.0.2.7")


def test_the_page_allows_only_the_scripts_that_it_has(database_url: str) -> None:
    add(database_url)
    with room(database_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            page = await client.get("/ops/", headers=PAGE)
            policy = page.headers["content-security-policy"]
            assert "'unsafe-eval'" not in policy
            assert re.search(r"script-src 'self' 'sha256-[^']+';", policy)
            assert "http" not in "".join(re.findall(r'(?:src|href)="([^"]+)"', page.text)), "only our own"

        talk(application, conversation)
