"""Accounts by page: what admins may do and nobody else, the last admin, one's own sessions and password, the trail."""

from typing import Any

import httpx
import pytest

from dashboard.control_room.sessions import IDLE
from storage import db, operators
from storage.operators import Role
from tests.dashboard.room import PASSWORD, Clock, add, log_in, room, talk

pytestmark = pytest.mark.integration

NEW = "a-new-password"


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"X-CSRF-Token": client.cookies["hanoi_ops_csrf"]}
    return await client.post(f"/ops/api{path}?lang=en", json=body, headers=headers)


async def people(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    found = (await client.get("/ops/api/people?lang=en")).json()
    return {one["name"]: one for one in found["people"]}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_is_no_admin_may_neither_look_nor_change(city_url: str, role: Role) -> None:
    add(city_url, "boss", Role.ADMIN)
    add(city_url, role=role)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            for path in ("/ops/people", "/ops/audit", "/ops/api/people", "/ops/api/audit/actions"):
                assert (await client.get(path)).status_code == 403, path
            for path, body in (
                ("/people", {"name": "eve", "role": "admin", "password": PASSWORD}),
                ("/people/lan/role", {"role": "admin"}),
                ("/people/boss/password", {"password": NEW}),
                ("/people/boss/open", {"open": False}),
                ("/people/boss/end-sessions", {}),
                ("/audit", {}),
            ):
                assert (await post(client, path, body)).status_code == 403, path

        talk(application, conversation)
    with db.connect(city_url, name="test") as conn:
        assert [(one.name, one.role) for one in operators.all_operators(conn)] == [
            ("boss", Role.ADMIN),
            ("lan", role),
        ]


def test_an_admin_adds_changes_closes_and_opens_and_each_change_ends_the_sessions(city_url: str) -> None:
    add(city_url, "boss", Role.ADMIN)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client, "boss")
            made = {"name": "lan", "role": "viewer", "password": PASSWORD}
            assert (await post(client, "/people", made)).status_code == 200
            again = await post(client, "/people", made)
            assert (again.status_code, again.json()["error"]) == (409, "There is a lan already.")
            for path, body in (
                ("/people/lan/role", {"role": "operator"}),
                ("/people/lan/password", {"password": NEW}),
                ("/people/lan/end-sessions", {}),
                ("/people/lan/open", {"open": False}),
            ):
                password = NEW if path.endswith(("end-sessions", "open")) else PASSWORD
                async with httpx.AsyncClient(
                    transport=httpx.ASGITransport(application.asgi), base_url="http://room"
                ) as lan:
                    assert (await log_in(lan, password=password)).status_code == 303, path
                    assert (await people(client))["lan"]["sessions"] == 1
                    assert (await post(client, path, body)).status_code == 200
                    assert (await lan.get("/ops/api/notices")).status_code == 401, path
                assert (await people(client))["lan"]["sessions"] == 0
            assert (await people(client))["lan"]["open"] is False
            assert (await post(client, "/people/lan/password", {"password": PASSWORD})).status_code == 200
            assert (await people(client))["lan"]["open"] is False  # a new password opens nothing
            assert (await post(client, "/people/lan/open", {"open": True})).status_code == 200
            assert (await people(client))["lan"]["role"] == "operator"
            trail = (await post(client, "/audit", {"subject": "lan", "actor": "boss"})).json()["events"]
            assert [one["action"] for one in trail] == [
                "account opened again",
                "password changed",
                "account closed",
                "sessions ended",
                "password changed",
                "account changed",
                "account added",
            ]
            assert trail[5]["detail"] == "role: operator; role before: viewer"

        talk(application, conversation)


@pytest.mark.parametrize(("path", "body"), [("role", {"role": "operator"}), ("open", {"open": False})])
def test_one_admin_is_left(city_url: str, path: str, body: dict[str, Any]) -> None:
    add(city_url, "boss", Role.ADMIN)
    add(city_url, "old", Role.ADMIN)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client, "boss")
            assert (await post(client, f"/people/old/{path}", body)).status_code == 200
            refused = await post(client, f"/people/boss/{path}", body)
            assert (refused.status_code, refused.json()["code"]) == (409, "account_last_admin")
            found = (await people(client))["boss"]
            assert (found["role"], found["open"], found["sessions"]) == ("admin", True, 1)

        talk(application, conversation)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/people", {"name": "Đặng Hà", "role": "viewer", "password": PASSWORD}, "account_name"),
        ("/people", {"name": "ha", "role": "viewer", "password": "short"}, "account_password"),
        ("/people", {"name": "ha", "role": "king", "password": PASSWORD}, "field"),
        ("/people/nobody/role", {"role": "viewer"}, "account_unknown"),
        ("/people/nobody/end-sessions", {}, "account_unknown"),
        ("/account/sessions/999/end", {}, "account_session"),
    ],
)
def test_what_can_t_be_done_is_said_in_words(
    city_url: str, path: str, body: dict[str, Any], code: str
) -> None:
    add(city_url, "boss", Role.ADMIN)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client, "boss")
            refused = await post(client, path, body)
            assert refused.status_code in (409, 422)
            assert refused.json()["code"] == code
            assert "{" not in refused.json()["error"]

        talk(application, conversation)


def test_one_s_own_password_needs_the_present_one_and_can_t_be_guessed(city_url: str) -> None:
    add(city_url, role=Role.VIEWER)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            for _ in range(5):
                wrong = {"password_now": "a-wrong-one", "password": NEW}
                assert (await post(client, "/account/password", wrong)).json()["code"] == "account_wrong"
            right = {"password_now": PASSWORD, "password": NEW}
            assert (await post(client, "/account/password", right)).json()["code"] == "account_limited"

        async def later(client: httpx.AsyncClient) -> None:
            await log_in(client)
            right = {"password_now": PASSWORD, "password": NEW}
            assert (await post(client, "/account/password", right)).status_code == 200
            assert (await client.get("/ops/api/account")).status_code == 401
            assert (await log_in(client)).status_code == 401
            assert (await log_in(client, password=NEW)).status_code == 303

        talk(application, conversation)
        talk(application, later, address="127.0.0.2")


def test_one_ends_one_s_other_sessions_and_nobody_else_s(city_url: str) -> None:
    clock = Clock()
    add(city_url)
    add(city_url, "mai")
    with room(city_url, clock) as (application, parts):
        other = parts.sessions.log_in("lan", PASSWORD, before="", address="10.0.0.7", now=clock())
        foreign = parts.sessions.log_in("mai", PASSWORD, before="", address="-", now=clock())
        assert other is not None
        assert foreign is not None

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            found = (await client.get("/ops/api/account?lang=en")).json()["sessions"]
            assert [(one["address"], one["this"]) for one in found] == [
                ("127.0.0.1", True),
                ("10.0.0.7", False),
            ]
            with db.connect(city_url, name="test") as conn:
                (of_mai,) = operators.open_sessions(conn, clock(), clock.now - IDLE, "mai")
            stolen = await post(client, f"/account/sessions/{of_mai.id}/end", {})
            assert stolen.json()["code"] == "account_session"
            assert (await post(client, f"/account/sessions/{found[1]['id']}/end", {})).status_code == 200
            assert parts.sessions.visitor(other, clock()) is None
            assert parts.sessions.visitor(foreign, clock()) is not None

        talk(application, conversation)


def test_the_trail_goes_on_page_by_page(city_url: str) -> None:
    add(city_url, "boss", Role.ADMIN)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        for number in range(230):
            event = operators.AuditEvent(
                at=Clock().now, actor="lan", action="alert_noted", subject=f"alert {number}", source="-"
            )
            operators.record(conn, event)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client, "boss")
            seen: list[str] = []
            before = None
            while True:
                found = (await post(client, "/audit", {"actor": "lan", "before": before})).json()
                seen += [one["subject"] for one in found["events"]]
                before = found["older"]
                if before is None:
                    break
            assert seen == [f"alert {number}" for number in reversed(range(230))]

        talk(application, conversation)
