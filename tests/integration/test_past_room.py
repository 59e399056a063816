"""A replay on a real database: what stood at a moment is what was written by then; it writes nothing."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from dashboard import security
from dashboard.control_room.parts import Parts
from dashboard.control_room.replay_moment import written
from storage import db, observations, past
from storage.operators import Role
from tests.dashboard.alert_scene import NOW, Scene, scene
from tests.dashboard.room import Application, Clock, add, log_in, room, started, talk
from tests.processes import wait_for

pytestmark = pytest.mark.integration

MINUTE = timedelta(minutes=1)
START = NOW - 20 * MINUTE
"""Tong Dan's water then: 20 cm, and one more each minute; 30 cm at the tenth."""
FIRST = START + 5 * MINUTE
LATER = NOW - 30 * timedelta(seconds=1)
WRITTEN_TO = (
    *(
        "alert",
        "alert_transition",
        "alert_event",
        "notification",
        "silence",
        "operator_audit",
        "maintenance_note",
    ),
    *("annotation", "incident", "rejected_message", "manual_entry", "shift_handover", "observation_change"),
)


@pytest.fixture
def made(city_url: str, tmp_path: Path) -> Iterator[Scene]:
    with scene(city_url, tmp_path) as found:
        yield found


@contextmanager
def desk(url: str, made: Scene, *, role: Role = Role.OPERATOR) -> Iterator[tuple[Application, Parts]]:
    add(url, role=role)
    clock = Clock()
    clock.now = NOW + timedelta(hours=1)
    with room(url, clock, alerting_file=made.alerting_file) as found:
        yield found


def count(url: str) -> dict[str, int]:
    """Rows and their content, as a number a table."""
    with db.connect(url, name="test") as conn:
        return {
            table: conn.execute(
                sql.SQL("SELECT COALESCE(sum(hashtextextended(t::text, 0)), 0)::text AS n FROM {} t").format(
                    sql.Identifier(table)
                )
            ).fetchone()["n"]  # type: ignore[index]  # a count has a row
            for table in WRITTEN_TO
        }


async def asked(client: httpx.AsyncClient, path: str, at: datetime, **more: str) -> dict[str, Any]:
    answer = await client.get(f"/ops/api/{path}", params={"at": written(at), "lang": "en", **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def depth(found: dict[str, Any], thing: str = "flood-tong-dan") -> float:
    maps = next(one for one in found["maps"] if one["domain"] == "flood")
    feature = next(one for one in maps["features"] if one["id"] == thing)
    value: float = feature["properties"]["values"]["water_depth"]["result"]
    return value


def test_the_database_at_a_moment_ends_there_and_takes_nothing(city_url: str, made: Scene) -> None:
    pool = past.open_pool(city_url, name="test")
    try:
        with pool.connection(timeout=10) as conn, past.at(conn, FIRST):
            newest = observations.newest(conn)
            stream = made.city.streams["flood-tong-dan", "water_depth"]
            assert (newest[stream].phenomenon_time, newest[stream].result) == (FIRST, 25.0)
            hour = conn.execute(
                "SELECT max, last, count FROM observation_1h WHERE datastream_id = %s ORDER BY bucket DESC LIMIT 1",
                (stream,),
            ).fetchone()
            assert hour is not None
            assert (hour["max"], hour["last"]) == (25.0, 25.0)  # and not what the hour came to later
        with pool.connection(timeout=10) as conn:
            with pytest.raises(
                (psycopg.errors.UndefinedObject, psycopg.DataError)
            ):  # which moment was not said
                observations.newest(conn)
            with pytest.raises(past.NotKept):
                conn.execute("SELECT * FROM operator_audit")
            with pytest.raises((past.NotKept, psycopg.errors.ReadOnlySqlTransaction)):
                conn.execute("UPDATE public.alert SET severity = 'info'")
            with pytest.raises((past.NotKept, psycopg.errors.ReadOnlySqlTransaction)):
                conn.execute("SET transaction_read_only = off; DELETE FROM past_view.silence")
    finally:
        pool.close()


def test_a_moment_shows_what_stood_then(city_url: str, made: Scene) -> None:
    flooded = made.ids["flooded"]
    with db.connect(city_url, name="test") as conn:
        fired = conn.execute("SELECT firing_since FROM alert WHERE id = %s", (flooded,)).fetchone()
        conn.execute(
            "UPDATE alert SET state = 'resolved', resolved_at = %s, value = 3, value_time = %s WHERE id = %s",
            (NOW, NOW, flooded),
        )
    assert fired is not None
    since = fired["firing_since"]

    async def conversation(client: httpx.AsyncClient) -> None:
        await log_in(client)
        async with started(application):
            await asyncio.to_thread(wait_for, lambda: parts.feed.connected, "the city is loaded")
            before = await asked(client, "past/moment", since - MINUTE)
            assert flooded not in {
                one["id"] for one in before["overview"]["alerts"] if one["state"] == "firing"
            }
            stood = await asked(client, "past/moment", LATER)
            queue = {one["id"]: one for one in stood["overview"]["alerts"]}
            assert (queue[flooded]["state"], queue[flooded]["value"]) == ("firing", depth(stood))
            assert depth(stood) == 39.0
            assert "Acknowledged by lan" in queue[flooded]["acknowledged"]
            unseen = await asked(client, "past/moment", NOW - 2 * MINUTE)
            assert {one["id"]: one for one in unseen["overview"]["alerts"]}[flooded]["acknowledged"] is None
            ended = await asked(client, "past/moment", NOW + MINUTE)
            assert {one["id"]: one["state"] for one in ended["overview"]["alerts"]}[flooded] == "resolved"
            tile = next(one for one in stood["overview"]["tiles"] if one["domain"] == "flood")
            assert (tile["headline"]["value"], tile["headline"]["place"]) == (39.0, "Tong Dan")
            assert "On call then (by today's roster): Nguyễn Thị Lan" in stood["overview"]["duty"]["words"]
            page = await asked(client, f"alerts/{flooded}", LATER)
            assert page["state"] == "firing"
            assert "value 39 cm" in page["value_words"]
            early = await client.get(f"/ops/api/alerts/{flooded}", params={"at": written(START - MINUTE)})
            assert early.status_code == 404
            thing = await asked(client, "things/flood-tong-dan", FIRST)
            assert thing["series"][0]["value"].startswith("25")
            assert thing["newest"] == FIRST.isoformat().replace("+00:00", "Z")
            series = await asked(client, "things/flood-tong-dan/series", FIRST)
            assert series["range"]["to"] == written(FIRST)
            flood = await asked(client, "pages/rain-flood", FIRST)
            assert flood["newest"] == FIRST.isoformat().replace("+00:00", "Z")
            for panel in flood["panels"]:
                await asked(client, f"pages/rain-flood/panels/{panel['key']}", FIRST)
            for key in ("air_quality", "water_quality", "parking"):
                frame = await asked(client, f"pages/{key}", FIRST)
                for panel in frame["panels"]:
                    await asked(client, f"pages/{key}/panels/{panel['key']}", FIRST)

    with desk(city_url, made) as (application, parts):
        talk(application, conversation)


def test_steps_played_come_to_what_a_moment_shows(city_url: str, made: Scene) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        await log_in(client)
        async with started(application):
            await asyncio.to_thread(wait_for, lambda: parts.feed.connected, "the city is loaded")
            found = await asked(client, "past/moment", FIRST)
            features = {one["id"]: one for domain in found["maps"] for one in domain["features"]}
            played = await asked(client, "past/steps", FIRST, step="60")
            assert [one["at"] for one in played["steps"]] == [
                (FIRST + n * MINUTE).isoformat().replace("+00:00", "Z") for n in range(1, 11)
            ]
            for step in played["steps"]:
                for change in step["changes"]:
                    for name in change["gone"]:
                        del features[name]
                    features |= {one["id"]: one for one in change["features"]}
            end = await asked(client, "past/moment", FIRST + 10 * MINUTE)
            whole = {one["id"]: one for domain in end["maps"] for one in domain["features"]}
            for one in (*features.values(), *whole.values()):
                one["properties"].pop("age_s")
            assert features == whole
            assert features["flood-tong-dan"]["properties"]["values"]["water_depth"]["result"] == 35.0
            assert played["steps"][-1]["overview"]["alerts"] == end["overview"]["alerts"]
            around = await asked(client, "past/alerts", START)
            assert around["previous"] is None
            assert around["next"] is not None
            last = await asked(client, "past/steps", NOW + timedelta(minutes=58), step="60")
            assert (len(last["steps"]), last["over"]) == (2, True)

    with desk(city_url, made) as (application, parts):
        talk(application, conversation)


def test_nothing_is_done_and_nothing_of_now_is_told_in_a_replay(city_url: str, made: Scene) -> None:
    flooded = made.ids["ordinary"]
    marker = written(FIRST)
    marks: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"at": marker}, {}),
        ({}, {"X-Replay-At": marker}),
        ({}, {"Referer": f"http://room/ops/replay?at={marker}&speed=60"}),
        ({"at": "nonsense"}, {}),
    ]

    async def conversation(client: httpx.AsyncClient) -> None:
        await log_in(client)
        csrf = {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}
        async with started(application):
            await asyncio.to_thread(wait_for, lambda: parts.feed.connected, "the city is loaded")
            before = count(city_url)
            for query, headers in marks:
                for path, body in (
                    (f"alerts/{flooded}/acknowledge", {"note": "forged"}),
                    (
                        "silences",
                        {"kind": "silence", "matchers": ["severity = critical"], "reason": "x", "minutes": 5},
                    ),
                    ("things/flood-tong-dan/notes", {"kind": "other", "text": "x", "starts_at": marker}),
                    ("pages/rain-flood/notes", {"domain": "rain", "text": "x", "starts_at": marker}),
                ):
                    answer = await client.post(
                        f"/ops/api/{path}", params=query, headers=csrf | headers, json=body
                    )
                    assert answer.status_code == 409, (path, query, headers, answer.text)
                    assert answer.json()["code"] == "replay_no_action"
            assert count(city_url) == before
            referer = {"Referer": f"http://room/ops/replay?at={marker}", "Sec-Fetch-Mode": "cors"}
            for path in (
                "api/overview",
                "api/map/flood.geojson",
                "stream",
                "api/alerts",
                f"api/alerts/{flooded}",
            ):
                answer = await client.get(f"/ops/{path}", headers=referer)
                assert answer.status_code == 409, path
            for path in (
                "devices",
                "alerts",
                "notices",
                "incidents",
                "data",
                "reports/shift",
                "account",
                "by-hand",
            ):
                answer = await client.get(f"/ops/{path}", params={"at": marker, "lang": "en"})
                assert answer.status_code == 409, path
                assert "can&#x27;t be shown at a past moment" in answer.text, path
                assert "PHÁT LẠI · REPLAY" in answer.text, path
            assert (await client.get("/ops/replay", params={"at": "2999-01-01T00:00"})).status_code == 422
            moved = await client.get("/ops/", params={"at": marker})
            assert moved.headers["location"] == f"/ops/replay?at={marker.replace(':', '%3A')}"
            page = await client.get(f"/ops/alerts/{flooded}", params={"at": marker, "lang": "en"})
            assert 'data-may-act="0"' in page.text
            assert "/ops/logout" not in page.text
            live = await client.get(f"/ops/alerts/{flooded}", params={"lang": "en"})
            assert "REPLAY" not in live.text
            # and outside of a replay the same is done
            done = await client.post(
                f"/ops/api/alerts/{flooded}/acknowledge", headers=csrf, json={"note": "really"}
            )
            assert done.status_code == 200
            assert count(city_url) != before

    with desk(city_url, made) as (application, parts):
        talk(application, conversation)


def test_replays_leave_the_pages_of_now_their_connections(city_url: str, made: Scene) -> None:
    """As many read at once as may; one more is told so, and who asks for now is answered."""

    async def conversation(client: httpx.AsyncClient) -> None:
        await log_in(client)
        async with started(application):
            await asyncio.to_thread(wait_for, lambda: parts.feed.connected, "the city is loaded")
            with parts.past.reading(FIRST), parts.past.reading(FIRST):
                answer = await client.get("/ops/api/past/moment", params={"at": written(FIRST), "lang": "en"})
                assert answer.status_code == 503
                assert answer.json()["code"] == "replay_busy"
                assert answer.json()["error"].startswith("2 replays are reading at the same time.")
                assert (await client.get(f"/ops/api/alerts/{made.ids['ordinary']}")).status_code == 200
            assert (
                await client.get("/ops/api/past/moment", params={"at": written(FIRST)})
            ).status_code == 200

    with desk(city_url, made) as (application, parts):
        talk(application, conversation)
