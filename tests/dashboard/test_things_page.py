"""Keeping Things over HTTP: who may, what is refused in words, the CSV out and in, and nothing half done."""

from typing import Any

import httpx
import pytest

from storage import db
from storage.operators import Role
from tests.dashboard.room import add, log_in, room, started, talk
from tests.processes import wait_for

pytestmark = pytest.mark.integration

NAMES = {"name_vi": "Thử", "name_en": "Test"}
WRITES: list[tuple[str, dict[str, Any]]] = [
    ("/inventory", {"id": "x", "domain": "rain", "kind": "gauge", **NAMES}),
    ("/things/hoan-kiem/edit", {**NAMES, "public": True, "attributes": {}, "note": ""}),
    (
        "/things/hoan-kiem/move",
        {
            "place": {"lat": 21, "lon": 105.8, "trust": "M", "source": "x"},
            "since": "2026-11-01T00:00",
            "reason": "x",
        },
    ),
    (
        "/things/hoan-kiem/sensor",
        {"properties": ["pm2_5"], "since": "2026-11-01T00:00", "model": "m", "serial": "s", "reason": "x"},
    ),
    ("/things/hoan-kiem/retire", {"since": "2026-11-01T00:00", "reason": "x"}),
    ("/things/hoan-kiem/bring-back", {"reason": "x"}),
    ("/things/hoan-kiem/follow-file", {"field": "name"}),
    ("/inventory/check", {}),
    ("/inventory/apply", {}),
]


def audited(url: str) -> list[str]:
    with db.connect(url, name="test") as conn:
        found = conn.execute("SELECT action FROM operator_audit WHERE action LIKE 'thing%' ORDER BY id")
        return [row["action"] for row in found]


async def post(client: httpx.AsyncClient, path: str, *, query: str = "", **body: Any) -> httpx.Response:
    headers = {"X-CSRF-Token": client.cookies["hanoi_ops_csrf"]}
    return await client.post(f"/ops/api{path}?lang=en{query}", headers=headers, **body)


def test_a_viewer_can_change_nothing_by_a_forged_request_and_nobody_without_the_token(city_url: str) -> None:
    add(city_url, "eve", Role.VIEWER)
    add(city_url)
    with room(city_url) as (application, _):

        async def viewer(client: httpx.AsyncClient) -> None:
            await log_in(client, "eve")
            for path, body in WRITES:
                assert (await post(client, path, json=body)).status_code == 403, path

        async def forged(client: httpx.AsyncClient) -> None:
            await log_in(client)
            for path, body in WRITES:
                assert (await client.post(f"/ops/api{path}", json=body)).status_code == 403, path

        talk(application, viewer)
        talk(application, forged)
    assert audited(city_url) == []


def test_what_cannot_be_is_refused_in_words(city_url: str) -> None:
    add(city_url)
    with room(city_url) as (application, _):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            made = dict(WRITES[0][1])
            for change, words in (
                ({"id": "Hoàn Kiếm"}, "Id: it can't be so."),
                ({"kind": "tower"}, "Kind: it can't be so."),
                ({"domain": "operations"}, "Kind: it can't be so."),
                ({"name_en": "  "}, "English name: it can't be so."),
                ({"name_vi": "a\u202eb"}, "Vietnamese name: it can't be so."),
                ({"properties": ["pm2_5"]}, "Domain rain has no property pm2_5 that a device may send."),
                ({"id": "rain-cau-giay"}, "There is a Thing rain-cau-giay already."),
            ):
                refused = await post(client, "/inventory", json={**made, **change})
                assert (refused.status_code, refused.json()["error"]) == (422, words)
            late = {"since": "2099-01-01T00:00", "reason": "x"}
            assert (await post(client, "/things/hoan-kiem/retire", json=late)).json()["code"] == "thing_since"
            nobody = await post(client, "/things/nobody/retire", json=WRITES[4][1])
            assert nobody.status_code == 404
            unfit = {**WRITES[1][1], "attributes": {"interval_s": -5}}
            assert "interval_s" in (await post(client, "/things/hoan-kiem/edit", json=unfit)).json()["error"]

        talk(application, conversation)
    assert audited(city_url) == []


def test_a_csv_goes_out_and_in_and_a_plan_that_is_old_is_not_applied(city_url: str) -> None:
    add(city_url)
    with room(city_url) as (application, parts):

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            async with started(application):
                wait_for(lambda: parts.feed.connected, "the city is loaded")
                query = "/ops/api/inventory/things.csv?q=cau giay&domain=rain&for=excel&lang=vi"
                exported = await client.get(query)
                assert exported.content.startswith(b"\xef\xbb\xbfid;domain;kind;name_vi;")
                lines = exported.text.strip().splitlines()
                assert [line.split(";")[0] for line in lines] == ["\ufeffid", "rain-cau-giay"]
                assert "Chưa từng gửi" in lines[1]
                same = (await post(client, "/inventory/check", content=exported.content)).json()
                assert same["counts"] == {"made": 0, "changed": 0, "same": 1, "refused": 0}

                file = b"id,domain,name_vi,name_en,note\nrain-x,rain,X,X,n\nrain-cau-giay,,,,seen\n"
                plan = (await post(client, "/inventory/check", content=file)).json()
                assert plan["counts"] == {"made": 1, "changed": 1, "same": 0, "refused": 0}
                made = {"id": "rain-x", "domain": "rain", "kind": "gauge", **NAMES}
                assert (await post(client, "/inventory", json=made)).status_code == 200
                old = await post(client, "/inventory/apply", query=f"&digest={plan['digest']}", content=file)
                assert (old.status_code, old.json()["code"]) == (409, "bulk_changed")
                assert audited(city_url) == ["thing_created"]
                anew = (await post(client, "/inventory/check", content=file)).json()
                query = f"&name=a.csv&digest={anew['digest']}"
                done = await post(client, "/inventory/apply", query=query, content=file)
                assert done.json()["counts"]["changed"] == 2
                assert audited(city_url) == ["thing_created", "thing_edited", "thing_edited", "things_loaded"]
                big = await post(client, "/inventory/check", content=b"x" * (1024 * 1024 + 1))
                assert (big.status_code, big.json()["error"]) == (413, "A file has 1 MB at most.")

        talk(application, conversation)
