"""Explore and boards, by their addresses: in process, on a real database."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest

from storage import db
from storage.model import Provenance, Quality
from storage.operators import Role
from tests.dashboard.room import Clock, add, log_in
from tests.dashboard.test_domain_pages import desk, post, visit
from tests.public_site import Writer

pytestmark = pytest.mark.integration

API = "/ops/api/boards"
SERIES = "hoan-kiem:pm2_5,west-lake-trich-sai:dissolved_oxygen"
PANELS: list[dict[str, Any]] = [
    {"kind": "title", "text": "Ca đêm", "width": 3},
    {"kind": "domain", "page": "air", "panel": "hours", "choices": {}, "width": 2},
    {"kind": "series", "thing": "hoan-kiem", "property": "pm2_5", "width": 1},
    {"kind": "explore", "series": SERIES.split(","), "width": 1},
]


def test_explore_says_what_was_written(city_url: str) -> None:
    at = Clock().now
    writer = Writer(city_url)
    hour = timedelta(hours=1)
    writer.write("hoan-kiem", "pm2_5", *[(at - n * hour, 40.0 + n) for n in range(1, 4)])
    writer.write("hoan-kiem", "pm2_5", (at - 5 * hour, 900.0), quality=Quality.FAIL)
    sonde = ("west-lake-trich-sai", "dissolved_oxygen")
    writer.write(*sonde, (at - hour, 3.25), provenance=Provenance.SIMULATED)

    async def look(client: httpx.AsyncClient) -> None:
        assert "<h1>Explore</h1>" in (await client.get("/ops/explore?lang=en")).text
        found = (await client.get(f"/ops/api/explore?series={SERIES}&range=24h&lang=en")).json()
        assert "Hoan Kiem: Fine particles PM2.5: lowest 41.0 µg/m³" in found["words"]
        assert "highest 43" in found["words"]
        assert "mean 42" in found["words"]
        assert len(found["table"]["rows"]) == 5  # the one that failed is told too
        assert found["simulated"] is True
        assert [axis for axis in found["figure"]["layout"] if axis.startswith("yaxis")] == ["yaxis", "yaxis2"]
        lines = [one for one in found["figure"]["data"] if one["mode"] == "lines+markers"]
        assert [[y for y in one["y"] if y is not None] for one in lines] == [[43, 42, 41], [3.25]]
        [cross] = [one for one in found["figure"]["data"] if one["mode"] == "markers"]
        assert cross["y"] == [900]
        file = (await client.get(f"/ops/api/explore/csv?series={SERIES}&range=24h")).text
        rows = list(csv.DictReader(io.StringIO(file)))
        assert sorted((row["property"], float(row["result"])) for row in rows) == [
            ("dissolved_oxygen", 3.25),
            *(("pm2_5", value) for value in (41.0, 42.0, 43.0, 900.0)),
        ]
        excel = (await client.get(f"/ops/api/explore/csv?series={SERIES}&range=24h&for=excel")).content
        first, *others = excel.decode("utf-8-sig").splitlines()
        assert first.split(";")[:5] == ["Thời điểm", "Điểm đo", "Đại lượng", "Đơn vị", "Giá trị"]
        assert len(others) == 5
        offered = (await client.get("/ops/api/explore/streams?words=hoan kiem PM2.5")).json()["offered"]
        assert "hoan-kiem:pm2_5" in [one["key"] for one in offered]
        year = (await client.get(f"/ops/api/explore?series={SERIES}&range=1y&lang=en")).json()
        assert "by the day" in year["words"] or "by the hour" in year["words"]

    with desk(city_url) as made:
        visit(made, look)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("series=nowhere:pm2_5", 404, "no_thing"),
        ("series=hoan-kiem:depth", 404, "no_property"),
        ("series=hoan-kiem:pm2_5&range=3h", 422, "range_span"),
        ("series=" + ",".join(f"a{n}:b" for n in range(9)), 422, "explore_many"),
    ],
)
def test_explore_refuses_in_words(city_url: str, asked: str, status: int, code: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        for path in ("/ops/api/explore", "/ops/api/explore/csv"):
            answer = await client.get(f"{path}?{asked}")
            assert (answer.status_code, answer.json()["code"]) == (status, code)

    with desk(city_url) as made:
        visit(made, look)


def test_a_viewer_s_board_lives_from_first_to_last(city_url: str) -> None:
    add(city_url, "mai", Role.OPERATOR)
    add(city_url, "root", Role.ADMIN)

    async def look(client: httpx.AsyncClient) -> None:
        assert (await client.post(API, json={"title": "a"})).status_code == 403  # no token
        board = (await post(client, API, {"title": " Ca đêm ", "panels": PANELS[:3]})).json()["id"]
        one = f"{API}/{board}"
        assert (await post(client, f"{one}/pin", {"panel": PANELS[3]})).status_code == 200
        found = (await client.get(f"{one}?lang=en")).json()
        assert (found["title"], found["version"], found["may_change"]) == ("Ca đêm", 2, True)
        assert [panel["panel"] for panel in found["panels"]] == PANELS
        for panel in found["panels"]:
            if panel["path"]:
                assert (await client.get(f"/ops/api{panel['path']}&range=24h")).status_code == 200
                assert (await client.get(f"/ops/api{panel['file']}&range=24h")).status_code == 200
                assert (await client.get(panel["page"].partition("#")[0])).status_code == 200

        saved = {"version": 2, "title": "Ca đêm", "shared": False, "panels": PANELS[::-1]}
        assert (await post(client, one, saved)).json()["version"] == 3
        late = await post(client, one, {**saved, "panels": []})
        assert (late.status_code, late.json()["code"]) == (409, "board_changed")
        await log_in(client, "mai")
        assert (await client.get(one)).status_code == 404
        assert (await post(client, one, {**saved, "version": 3})).status_code == 404
        await log_in(client)
        await post(client, one, {**saved, "version": 3, "shared": True})
        await log_in(client, "mai")
        assert [row["title"] for row in (await client.get(API)).json()["boards"]] == ["Ca đêm"]
        assert (await client.get(one)).json()["may_change"] is False
        for path, body in (("", {**saved, "version": 4}), ("/pin", {"panel": PANELS[0]}), ("/retire", {})):
            assert (await post(client, f"{one}{path}", body)).status_code == 403
        file = await client.get(f"{one}/file")
        brought = (await post(client, f"{API}/import", file.json())).json()["id"]
        copy = (await client.get(f"{API}/{brought}")).json()
        assert (copy["owner"], [panel["panel"] for panel in copy["panels"]]) == ("mai", PANELS[::-1])
        await log_in(client, "root")
        assert (await post(client, f"{one}/retire", {})).status_code == 200
        assert (await client.get(one)).status_code == 404

    with desk(city_url, role=Role.VIEWER) as made:
        visit(made, look)
    with db.connect(city_url, name="test") as conn:
        trail = conn.execute(
            "SELECT actor, action FROM operator_audit WHERE subject LIKE 'board %' ORDER BY id"
        ).fetchall()
        left = conn.execute("SELECT title, retired_by FROM board ORDER BY id").fetchall()
    assert [(row["actor"], row["action"]) for row in trail] == [
        ("lan", "board_added"),
        *(("lan", "board_changed"),) * 3,
        ("mai", "board_imported"),
        ("root", "board_retired"),
    ]
    assert [(row["title"], row["retired_by"]) for row in left] == [("Ca đêm", "root"), ("Ca đêm", None)]


def test_what_is_not_there_is_said_in_its_panel_and_the_others_are_shown(city_url: str) -> None:
    strange = [
        {"kind": "domain", "page": "air", "panel": "smell", "choices": {}, "width": 1},
        {"kind": "series", "thing": "nowhere", "property": "pm2_5", "width": 1},
        {"kind": "explore", "series": ["hoan-kiem:pm2_5", "hoan-kiem:depth"], "width": 1},
        PANELS[1],
    ]

    async def look(client: httpx.AsyncClient) -> None:
        file = {"format": "hanoi-board", "version": 1, "title": "From elsewhere", "panels": strange}
        board = (await post(client, f"{API}/import", file)).json()["id"]
        found = (await client.get(f"{API}/{board}?lang=en")).json()["panels"]
        assert [panel["panel"] for panel in found] == strange
        assert "air/smell" in found[0]["fault"]
        assert "nowhere:pm2_5" in found[1]["fault"]
        assert "hoan-kiem:depth" in found[2]["fault"]
        assert found[3]["fault"] is None
        wrong = await post(client, f"{API}/import?lang=en", {**file, "panels": [{"kind": "gauge"}]})
        assert wrong.status_code == 422
        assert "panel 1: there is no kind gauge" in wrong.json()["error"]
        full = (await post(client, API, {"title": "full", "panels": [PANELS[0]] * 24})).json()["id"]
        more = await post(client, f"{API}/{full}/pin", {"panel": PANELS[0]})
        assert more.json()["code"] == "board_full"
        large = await post(client, f"{API}/import", {**file, "title": "x" * 300_000})
        assert large.status_code == 413

    with desk(city_url) as made:
        visit(made, look)
