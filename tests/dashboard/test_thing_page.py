"""The page of a Thing and its addresses: in process, on a real database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard import security
from dashboard.control_room.app import Application
from storage import db, maintenance, operators
from storage.model import Provenance, Quality
from storage.operators import Role
from tests.dashboard.room import Clock, add, log_in, room, started, talk
from tests.processes import wait_for
from tests.public_site import Writer

pytestmark = pytest.mark.integration

STATION = "hoan-kiem"
PAGE = f"/ops/things/{STATION}"
API = f"/ops/api/things/{STATION}"
NOTE = {
    "kind": "cleaning",
    "text": "inlet cleaned",
    "starts_at": "2026-11-22T08:00",
    "ends_at": "2026-11-22T08:30",
}
MINUTE = timedelta(minutes=1)
SOURCES = """
[[source]]
name = "lab"
decoder = "csv_table"
by_hand = true
zone = "Asia/Ho_Chi_Minh"
provenance = "manual"
properties = { "PM2.5" = "pm2_5" }
devices = { HK = "hoan-kiem" }
"""


@contextmanager
def desk(
    url: str, *, role: Role = Role.OPERATOR, sources_file: Path | None = None
) -> Iterator[tuple[Application, Any]]:
    add(url, role=role)
    with room(url, Clock(), sources_file=sources_file) as made:
        yield made


def visit(
    made: tuple[Application, Any], conversation: Callable[[httpx.AsyncClient], Awaitable[None]]
) -> None:
    """A logged-in conversation once the city is loaded."""
    application, parts = made

    async def visiting(client: httpx.AsyncClient) -> None:
        async with started(application):
            await _loaded(parts)
            await log_in(client)
            await conversation(client)

    talk(application, visiting)


async def _loaded(parts: Any) -> None:
    await asyncio.to_thread(wait_for, lambda: parts.feed.connected, "the city is loaded")


async def post(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    """As the page's script does it."""
    headers = {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}
    return await client.post(path, headers=headers, json=body)


@pytest.mark.parametrize("role", Role)
def test_everybody_who_is_in_may_look(city_url: str, role: Role) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        page = await client.get(f"{PAGE}?lang=en")
        assert page.status_code == 200
        assert "<h1>Hoan Kiem</h1>" in page.text
        assert '<b id="other-name" lang="vi">Hoàn Kiếm</b>' in page.text
        assert f'data-may-act="{0 if role is Role.VIEWER else 1}"' in page.text
        for path in ("", "/series", "/series.csv", "/days"):
            assert (await client.get(f"{API}{path}")).status_code == 200

    with desk(city_url, role=role) as made:
        visit(made, look)


def test_nobody_who_is_out_may(city_url: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        for path in ("", "/series", "/series.csv", "/days"):
            assert (await client.get(f"{API}{path}")).status_code == 401
        assert (await client.post(f"{API}/notes", json=NOTE)).status_code == 401
        page = await client.get(PAGE, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, f"/ops/login?next={PAGE}")
        entered = await log_in(client, path=page.headers["location"])
        assert (entered.status_code, entered.headers["location"]) == (303, PAGE)

    with desk(city_url) as (application, _):
        talk(application, look)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("asked", ["nowhere", "<img src=x>", "A%00B", "x" * 500])
def test_an_unknown_thing_is_said_in_both_languages(city_url: str, language: str, asked: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        page = await client.get(f"/ops/things/{asked}?lang={language}")
        assert page.status_code == 404
        assert "Không có thiết bị" in page.text
        assert "There is no Thing" in page.text
        assert "<img" not in page.text
        if asked == "nowhere":
            assert page.text.count("&#x27;nowhere&#x27;") == 2
            for path in ("", "/series", "/series.csv", "/days"):
                found = await client.get(f"/ops/api/things/nowhere{path}?lang={language}")
                assert found.status_code == 404
                assert "nowhere" in found.json()["error"]

    with desk(city_url) as made:
        visit(made, look)


def test_a_thing_that_is_not_public_is_shown_to_operators(city_url: str) -> None:
    with db.connect(city_url, name="test") as conn:
        conn.execute("UPDATE thing SET is_public = false WHERE id = 'hoan-kiem'")

    async def look(client: httpx.AsyncClient) -> None:
        assert (await client.get(PAGE)).status_code == 200
        found = (await client.get(f"{API}?lang=en")).json()
        assert found["public"] is False
        assert ["Public pages", "do not: only operators see it"] in found["about"]

    with desk(city_url) as made:
        visit(made, look)


def test_the_series_is_that_of_the_database(city_url: str) -> None:
    writer, at = Writer(city_url), Clock().now
    points = [(at - n * 5 * MINUTE, 30.0 + n) for n in range(1, 11)]
    writer.write(STATION, "pm2_5", *points, provenance=Provenance.SIMULATED)
    writer.write(STATION, "pm2_5", (at - 60 * MINUTE, 400.0), quality=Quality.SUSPECT)

    async def look(client: httpx.AsyncClient) -> None:
        found = (await client.get(f"{API}/series?property=pm2_5&range=24h&lang=en")).json()
        assert (found["step"], found["property"], found["range"]["live"]) == ("raw", "pm2_5", True)
        assert len(found["table"]["rows"]) == 11
        assert "lowest 31.0 µg/m³, highest 40.0 µg/m³, mean 35.5 µg/m³" in found["words"]
        assert "Suspect or failed: 1" in found["words"]
        fixed = (
            await client.get(f"{API}/series?property=pm2_5&from=2026-11-22T09:30&to=2026-11-22T09:45")
        ).json()
        assert [row[0] for row in fixed["table"]["rows"]] == [
            "22/11/2026 09:40:00",
            "22/11/2026 09:35:00",
            "22/11/2026 09:30:00",
        ]
        year = (await client.get(f"{API}/series?property=pm2_5&range=1y")).json()
        assert year["step"] == "1d"

    with desk(city_url) as made:
        visit(made, look)


def test_csv_is_a_file_in_either_form(city_url: str) -> None:
    at = Clock().now
    Writer(city_url).write(STATION, "pm2_5", (at - 5 * MINUTE, 61.5), provenance=Provenance.SIMULATED)

    async def look(client: httpx.AsyncClient) -> None:
        asked = f"{API}/series.csv?property=pm2_5&range=24h"
        excel = await client.get(f"{asked}&for=excel")
        assert excel.headers["content-type"] == "text/csv; charset=utf-8"
        assert excel.headers["content-disposition"] == (
            'attachment; filename="hoan-kiem_pm2_5_20261121-20261122.csv"'
        )
        assert excel.content == (
            b"\xef\xbb\xbf"
            + "Thời điểm;Bụi mịn PM2.5 (µg/m³);Chất lượng;Lý do;Nguồn gốc\r\n"
            "22/11/2026 09:55;61,5;tốt;;mô phỏng\r\n".encode()
        )
        plain = await client.get(asked)
        assert plain.text.splitlines()[1].startswith(
            "hoan-kiem,air_quality,pm2_5,ug/m3,2026-11-22T02:55:00Z,"
        )
        wrong = await client.get(f"{asked}&for=word&lang=en")
        assert (wrong.status_code, wrong.json()["error"]) == (422, "for=word: leave it out or write excel.")

    with desk(city_url) as made:
        visit(made, look)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("property=ph", 404, "Thing 'hoan-kiem' has no property 'ph'."),
        ("range=3w", 422, "range=3w: use 6h, 24h, 7d, 30d or 1y."),
        (
            "from=2026-11-22T08:00&to=2026-11-22T07:00",
            422,
            "The end must be at least a minute after the start.",
        ),
        ("from=yesterday&to=2026-11-22T07:00", 422, "'yesterday' is no time"),
        ("from=2020-01-01T00:00&to=2026-11-22T07:00", 422, "A span has 1400 days at most."),
    ],
)
def test_what_can_not_be_shown_is_refused_by_name(city_url: str, query: str, status: int, said: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        for path in ("series", "series.csv"):
            found = await client.get(f"{API}/{path}?{query}&lang=en")
            assert found.status_code == status
            assert said in found.json()["error"]

    with desk(city_url) as made:
        visit(made, look)


def test_an_operator_s_note_is_kept_marked_and_withdrawn(city_url: str) -> None:
    async def act(client: httpx.AsyncClient) -> None:
        made = await post(client, f"{API}/notes", NOTE)
        assert made.status_code == 200
        number = made.json()["id"]
        [shown] = (await client.get(f"{API}?lang=en")).json()["notes"]
        assert (shown["text"], shown["kind_word"]) == ("inlet cleaned", "cleaning")
        assert shown["when"] == "22/11/2026 08:00 to 22/11/2026 08:30"
        assert shown["by"] == "written by lan, 22/11/2026 10:00"
        drawn = (await client.get(f"{API}/series?lang=en")).json()["figure"]["layout"]
        assert "⚒ cleaning" in [one["text"] for one in drawn["annotations"]]
        assert (await post(client, f"{API}/notes/{number}/withdraw", {})).status_code == 200
        again = await post(client, f"{API}/notes/{number}/withdraw?lang=en", {})
        assert (again.status_code, again.json()["code"]) == (409, "no_note")
        assert (await post(client, f"{API}/notes/{2**63}/withdraw", {})).status_code == 409
        [gone] = (await client.get(f"{API}?lang=en")).json()["notes"]
        assert gone["withdrawn"] == "withdrawn by lan, 22/11/2026 10:00"
        undrawn = (await client.get(f"{API}/series?lang=en")).json()["figure"]["layout"]
        assert "⚒ cleaning" not in [one["text"] for one in undrawn["annotations"]]

    with desk(city_url) as made:
        visit(made, act)
    with db.connect(city_url, name="test") as conn:
        events = [one for one in operators.audit_trail(conn, 10) if one.action.startswith("maintenance")]
    assert [(one.action, one.actor, one.subject, one.source) for one in events] == [
        ("maintenance_withdrawn", "lan", STATION, "127.0.0.1"),
        ("maintenance_noted", "lan", STATION, "127.0.0.1"),
    ]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"text": "  "}, 422, "note_empty"),
        ({"text": "x" * 2001}, 422, "note_too_long"),
        ({"text": "a\x00b"}, 422, "request"),
        ({"starts_at": None}, 422, "note_start"),
        ({"starts_at": "22/11/2026"}, 422, "field"),
        ({"starts_at": "2026-02-30T00:00"}, 422, "request"),
        ({"ends_at": "2026-11-22T07:00"}, 422, "note_end_before_start"),
        ({"kind": "party"}, 422, "field"),
        ({"author": "minh"}, 422, "request"),
    ],
)
def test_a_note_that_says_nothing_is_refused(
    city_url: str, changed: dict[str, Any], status: int, code: str
) -> None:
    async def act(client: httpx.AsyncClient) -> None:
        refused = await post(client, f"{API}/notes", {**NOTE, **changed})
        assert (refused.status_code, refused.json()["code"]) == (status, code)

    with desk(city_url) as made:
        visit(made, act)
    with db.connect(city_url, name="test") as conn:
        assert maintenance.of_thing(conn, STATION, 10) == []


def test_a_note_of_an_unknown_thing_is_refused(city_url: str) -> None:
    async def act(client: httpx.AsyncClient) -> None:
        refused = await post(client, "/ops/api/things/nowhere/notes?lang=en", NOTE)
        assert (refused.status_code, refused.json()["error"]) == (404, "There is no Thing 'nowhere'.")

    with desk(city_url) as made:
        visit(made, act)


def test_a_viewer_writes_nothing(city_url: str) -> None:
    async def act(client: httpx.AsyncClient) -> None:
        assert (await post(client, f"{API}/notes", NOTE)).status_code == 403
        assert (await post(client, f"{API}/notes/1/withdraw", {})).status_code == 403

    with desk(city_url, role=Role.VIEWER) as made:
        visit(made, act)
    with db.connect(city_url, name="test") as conn:
        assert maintenance.of_thing(conn, STATION, 10) == []


def test_a_note_needs_the_token_of_our_own_page(city_url: str) -> None:
    async def act(client: httpx.AsyncClient) -> None:
        assert (await client.post(f"{API}/notes", json=NOTE)).status_code == 403
        forged = {security.CSRF_HEADER: "0" * 64}
        assert (await client.post(f"{API}/notes", json=NOTE, headers=forged)).status_code == 403
        assert (await client.get(f"{API}/notes")).status_code in (404, 405)

    with desk(city_url) as made:
        visit(made, act)
    with db.connect(city_url, name="test") as conn:
        assert maintenance.of_thing(conn, STATION, 10) == []


def test_sources_that_name_it_are_told_and_a_broken_file_is_said(city_url: str, tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(SOURCES, "utf-8")

    async def look(client: httpx.AsyncClient) -> None:
        about = (await client.get(f"{API}?lang=en")).json()["about"]
        assert ["Other source", "lab, device HK, decoder csv_table"] in about
        file.write_text("[[source]]\nname = 7\n", "utf-8")
        about = (await client.get(f"{API}?lang=en")).json()["about"]
        assert any(
            name == "Other source" and "HANOI_SOURCES_FILE can't be read" in text for name, text in about
        )

    with desk(city_url, sources_file=file) as made:
        visit(made, look)


def test_the_calendar_has_a_year_of_days_to_yesterday(city_url: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        found = (await client.get(f"{API}/days?property=pm2_5&lang=en")).json()
        cells = [cell for week in found["weeks"] for cell in week if cell]
        assert len(cells) == 365
        assert cells[-1]["label"] == "21/11/2026: before the first value"
        assert found["words"] is None

    with desk(city_url) as made:
        visit(made, look)
