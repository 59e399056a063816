"""Pages of domains and their addresses: in process, on a real database."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard import security
from dashboard.control_room.app import Application
from storage import annotations, db
from storage.model import Provenance
from storage.operators import Role
from tests.dashboard.room import Clock, add, log_in, room, started, talk
from tests.processes import wait_for
from tests.public_site import NOISE, Writer

pytestmark = pytest.mark.integration

PAGE = "/ops/domains/air"
API = "/ops/api/pages/air"
PANELS = ("matrix", "hours", "calendar", "exceedances", "compare", "pollutants")
NOTE = {
    "domain": "air_quality",
    "thing": "hoan-kiem",
    "text": "fireworks",
    "starts_at": "2026-11-22T08:00",
    "ends_at": "2026-11-22T08:30",
}
PANEL = """
[[panel]]
key = "streets"
kind = "heat"
title = { vi = "Ồn theo giờ", en = "Noise by the hour" }
properties = ["level"]
statistic = "max"
"""


@contextmanager
def desk(url: str, *, role: Role = Role.OPERATOR, **settings: Any) -> Iterator[tuple[Application, Any]]:
    add(url, role=role)
    with room(url, Clock(), **settings) as made:
        yield made


def visit(
    made: tuple[Application, Any], conversation: Callable[[httpx.AsyncClient], Awaitable[None]]
) -> None:
    """A logged-in conversation once the city is loaded."""
    application, parts = made

    async def visiting(client: httpx.AsyncClient) -> None:
        async with started(application):
            await asyncio.to_thread(wait_for, lambda: parts.feed.connected, "the city is loaded")
            await log_in(client)
            await conversation(client)

    talk(application, visiting)


async def post(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    """As the page's script does it."""
    headers = {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}
    return await client.post(path, headers=headers, json=body)


def noted(url: str) -> list[str]:
    at = Clock().now
    with db.connect(url, name="test") as conn:
        found = annotations.of_domains(
            conn, ["air_quality"], at - timedelta(days=1), at + timedelta(days=1), 10
        )
    return [one.text for one in found if one.withdrawn_at is None]


@pytest.mark.parametrize("role", Role)
def test_everybody_who_is_in_may_look_and_only_operators_write(city_url: str, role: Role) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        page = await client.get(f"{PAGE}?lang=en")
        assert page.status_code == 200
        assert "<h1>Air quality</h1>" in page.text
        frame = (await client.get(API)).json()
        assert [panel["key"] for panel in frame["panels"]] == list(PANELS)
        for panel in PANELS:
            assert (await client.get(f"{API}/panels/{panel}")).status_code == 200
            for form in ("", "?for=excel"):
                assert (await client.get(f"{API}/panels/{panel}/csv{form}")).status_code == 200
        forged = await client.post(f"{API}/notes", json=NOTE)  # another site has no token
        assert forged.status_code == 403
        made = await post(client, f"{API}/notes", NOTE)
        assert made.status_code == (403 if role is Role.VIEWER else 200)
        assert noted(city_url) == ([] if role is Role.VIEWER else ["fireworks"])
        gone = await post(client, f"{API}/notes/{made.json()['id'] if made.is_success else 1}/withdraw", {})
        assert gone.status_code == (403 if role is Role.VIEWER else 200)
        assert noted(city_url) == []

    with desk(city_url, role=role) as made:
        visit(made, look)


def test_nobody_who_is_out_may(city_url: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        for path in ("", "/panels/hours", "/panels/hours/csv"):
            assert (await client.get(f"{API}{path}")).status_code == 401
        assert (await client.post(f"{API}/notes", json=NOTE)).status_code == 401

    with desk(city_url) as (application, _):
        talk(application, look)


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/ops/api/pages/nowhere", 404, "There is no domain page 'nowhere'."),
        (f"{API}/panels/nothing", 404, "This page has no 'nothing'."),
        (f"{API}/panels/compare?things=nowhere", 422, "'nowhere' is not in the list 'Places'."),
        (f"{API}/panels/compare?property=ph", 422, "'ph' is not in the list 'Property'."),
        (f"{API}/panels/hours?range=3w", 422, "range=3w: use 6h, 24h, 7d, 30d or 1y."),
        (
            f"{API}?from=2026-11-22T10:00&to=2026-11-21T10:00",
            422,
            "The end must be at least a minute after the start.",
        ),
    ],
)
def test_what_can_not_be_shown_is_refused_by_name(city_url: str, path: str, status: int, error: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"{path}{'&' if '?' in path else '?'}lang=en")
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    with desk(city_url) as made:
        visit(made, look)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"text": " "}, "Write what to note."),
        ({"text": "x" * 501}, "An annotation has 500 characters at most."),
        ({"starts_at": None}, "Write when it began."),
        ({"ends_at": "2026-11-22T07:00"}, "It can't end before it begins."),
        ({"thing": "west-lake-trich-sai"}, "This Thing is none of that domain."),
        ({"domain": "rain"}, "There is no domain page 'rain'."),
    ],
)
def test_a_note_that_can_not_be_is_refused_in_words(
    city_url: str, changed: dict[str, Any], error: str
) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        answer = await post(client, f"{API}/notes?lang=en", {**NOTE, **changed})
        assert answer.json()["error"] == error
        assert noted(city_url) == []

    with desk(city_url) as made:
        visit(made, look)


def test_tiles_and_things_lead_by_the_domain_s_own_key(city_url: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        answer = await client.get("/ops/domains/flood?range=7d")
        assert (answer.status_code, answer.headers["location"]) == (303, "/ops/domains/rain-flood?range=7d")
        first = await client.get("/ops/domains")
        assert (first.status_code, first.headers["location"]) == (303, "/ops/domains/air")
        missing = await client.get("/ops/domains/<img src=x>")
        assert missing.status_code == 404
        assert "<img" not in missing.text
        assert "Không có trang lĩnh vực" in missing.text

    with desk(city_url) as made:
        visit(made, look)


def test_what_is_stored_is_drawn_and_is_in_both_files(city_url: str) -> None:
    at = Clock().now
    points = [(at - timedelta(minutes=5 * n), 60.0 + n) for n in range(3)]
    Writer(city_url).write("hoan-kiem", "pm2_5", *points, provenance=Provenance.SIMULATED)

    async def look(client: httpx.AsyncClient) -> None:
        query = "things=hoan-kiem,kim-lien&property=pm2_5&from=2026-11-22T09:00&to=2026-11-22T10:01"
        found = (await client.get(f"{API}/panels/compare?{query}&lang=en")).json()
        assert [line["y"] for line in found["figure"]["data"]] == [[62.0, 61.0, 60.0], []]
        assert "highest 62.0 µg/m³ (Hoan Kiem, 22/11/2026 09:50)" in found["words"]
        assert (found["empty"], found["old"]) == (False, False)
        plain = await client.get(f"{API}/panels/compare/csv?{query}")
        rows = list(csv.DictReader(io.StringIO(plain.text)))
        assert [(row["thing"], row["time"], float(row["mean"]), row["provenance"]) for row in rows] == [
            ("hoan-kiem", "2026-11-22T02:50:00Z", 62.0, "simulated"),
            ("hoan-kiem", "2026-11-22T02:55:00Z", 61.0, "simulated"),
            ("hoan-kiem", "2026-11-22T03:00:00Z", 60.0, "simulated"),
        ]
        excel = await client.get(f"{API}/panels/compare/csv?{query}&for=excel")
        assert excel.content.startswith(b"\xef\xbb\xbf")
        assert "22/11/2026 09:50;Hoàn Kiếm;62;62;62;1;0;0;mô phỏng" in excel.text
        assert (await client.get(API)).json()["simulated"]

    with desk(city_url) as made:
        visit(made, look)


def test_old_values_are_called_old(city_url: str) -> None:
    """PM2.5 is reported every 5 minutes: after a quarter of an hour it is old."""
    at = Clock().now
    Writer(city_url).write("hoan-kiem", "pm2_5", (at - timedelta(minutes=16), 60.0))

    async def look(client: httpx.AsyncClient) -> None:
        found = (await client.get(f"{API}/panels/compare?range=24h")).json()
        assert (found["empty"], found["old"], found["newest"]) == (False, True, "2026-11-22T02:44:00Z")
        hours = (await client.get(f"{API}/panels/exceedances")).json()
        assert (hours["empty"], hours["newest"]) == (True, None)

    with desk(city_url) as made:
        visit(made, look)


@pytest.mark.parametrize(
    ("panels", "keys"), [("", ["newest", "heat", "lines"]), (PANEL, ["streets"])], ids=["none", "one"]
)
def test_a_domain_made_of_a_file_alone_has_a_page(
    city_url: str, tmp_path: Path, panels: str, keys: list[str]
) -> None:
    (tmp_path / "noise.toml").write_text(NOISE + panels, encoding="utf-8")

    async def look(client: httpx.AsyncClient) -> None:
        page = await client.get("/ops/domains/noise")
        assert "<h1>Tiếng ồn</h1>" in page.text
        frame = (await client.get("/ops/api/pages/noise")).json()
        assert [panel["key"] for panel in frame["panels"]] == keys
        for key in keys:
            found = (await client.get(f"/ops/api/pages/noise/panels/{key}")).json()
            assert found["empty"]

    with desk(city_url, catalog_folders=[tmp_path]) as made:
        visit(made, look)
