"""Claiming, reprocessing and loading by an operator: in process, on a real database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard import security
from dashboard.control_room import device_desk
from dashboard.control_room.app import Application
from storage import db, operators
from storage.operators import Role
from tests.dashboard.room import Clock, add, log_in, room, started, talk
from tests.integration.rejecting import LATER, T0, native, open_reasons, rows, topic, values, worker

pytestmark = pytest.mark.integration

STATION = "trung-yen-3"
DEVICES = "/ops/api/devices"
CLAIMS = "/ops/api/claims"
REPROCESS = "/ops/api/reprocess"
LOAD = "/ops/api/load"
SOURCES = """
[[source]]
name = "lab"
decoder = "csv_table"
by_hand = true
zone = "Asia/Ho_Chi_Minh"
provenance = "manual"
properties = { "PM2.5" = "pm2_5" }
devices = { TY3 = "trung-yen-3" }
"""
TABLE = b"time,device,PM2.5\n2026-11-22T08:00,TY3,35.2\n2026-11-22T09:00,TY3,many\n2026-11-22T09:30,TY9,1\n"
NEW = {
    "id": "station-x",
    "domain": "air_quality",
    "name_vi": "Trạm X",
    "name_en": "Station X",
    "place": {"lat": 21.03, "lon": 105.85, "source": "lan, on the phone"},
}


def strangers(url: str, count: int = 3) -> None:
    """A device that nobody knows has sent a few messages."""
    with worker(url) as made:
        for minute in range(count):
            made.take(topic("air_quality", "station-x"), native(minute, pm2_5=30 + minute))


@contextmanager
def desk(url: str, *, role: Role = Role.OPERATOR, sources_file: Path | None = None) -> Iterator[Application]:
    add(url, role=role)
    clock = Clock()
    clock.now = LATER
    with room(url, clock, sources_file=sources_file) as (application, _):
        yield application


async def post(client: httpx.AsyncClient, path: str, **request: Any) -> httpx.Response:
    """As the page's script does it."""
    headers = {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}
    return await client.post(path, headers=headers, **request)


def test_the_page_lists_devices_with_their_last_payload(city_url: str) -> None:
    strangers(city_url)
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            page = await client.get("/ops/devices?lang=en")
            assert (page.status_code, "Unclaimed devices" in page.text) == (200, True)
            found = (await client.get(f"{DEVICES}?lang=en")).json()
            (device,) = found["devices"]
            assert (device["source"], device["device"], device["count"]) == ("mqtt", "station-x", 3)
            assert (device["is_native"], device["own_id"]) == (True, "station-x")
            assert device["payload"] == native(2, pm2_5=32).decode()
            assert [(one["word"], one["count"]) for one in found["open"]] == [("Unknown Thing", 3)]

        talk(application, conversation)


def test_an_operator_claims_a_device_for_a_thing_that_is_there(city_url: str) -> None:
    strangers(city_url)
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            asked = {"source": "mqtt", "device": "station-x", "thing": STATION}
            answer = await post(client, CLAIMS, json=asked)
            assert answer.status_code == 200, answer.text
            outcome = answer.json()["outcome"]
            assert (outcome["messages"], outcome["resolved"], outcome["written"]) == (3, 3, 3)
            assert outcome["after"] is None
            assert (await client.get(DEVICES)).json()["devices"] == []

        talk(application, conversation)
    assert values(city_url, STATION, "pm2_5") == [30, 31, 32]
    (claimed,) = rows(city_url, "SELECT source, device, thing_id, claimed_at, claimed_by FROM device_claim")
    assert claimed == {
        "source": "mqtt",
        "device": "station-x",
        "thing_id": STATION,
        "claimed_at": LATER,
        "claimed_by": "lan",
    }
    with db.connect(city_url, name="test") as conn:
        event = operators.audit_trail(conn, 1)[0]
    assert (event.action, event.actor, event.subject, event.source) == (
        "device_claimed",
        "lan",
        STATION,
        "127.0.0.1",
    )


def test_an_operator_claims_a_device_as_a_new_thing(city_url: str) -> None:
    strangers(city_url)
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            asked = {"source": "mqtt", "device": "station-x", "new": NEW}
            assert (await post(client, CLAIMS, json=asked)).status_code == 200

        talk(application, conversation)
    assert values(city_url, "station-x", "pm2_5") == [30, 31, 32]
    (thing,) = rows(city_url, "SELECT * FROM thing WHERE id = 'station-x'")
    assert (thing["kind"], thing["name_vi"], thing["coordinate_trust"]) == ("station", "Trạm X", "M")
    assert thing["coordinate_source"] == "lan, on the phone"


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"thing": "atlantis"}, 422, "There is no Thing 'atlantis'."),
        ({"new": {**NEW, "id": "another"}}, 422, "keeps its id: 'station-x'"),
        ({"new": {**NEW, "domain": "noise"}}, 422, "Domain: not a valid value."),
        ({"new": {**NEW, "name_vi": " "}}, 422, "Vietnamese name: not a valid value."),
        ({"new": {**NEW, "place": {"lat": 91, "lon": 0, "source": "x"}}}, 422, "Place: not a valid value."),
        ({"new": {**NEW, "kind": "Bay!"}}, 422, "Kind: not a valid value."),
        ({"new": {**NEW, "kind": "sonde"}}, 422, "Kind: not a valid value."),
        ({"new": {**NEW, "name_en": "e\u202e"}}, 422, "English name: not a valid value."),
        ({"new": {**NEW, "name_en": "e\u2066x"}}, 422, "English name: not a valid value."),
        ({"new": {**NEW, "name_en": "e\x9bx"}}, 422, "English name: not a valid value."),
        (
            {"new": {**NEW, "place": {"lat": "x", "lon": 0, "source": "x"}}},
            422,
            "place.lat: not a valid value.",
        ),
        ({"device": "a\x00b", "thing": STATION}, 422, "Device: not a valid value."),
        ({"thing": "trung\x00yen"}, 422, "Thing: not a valid value."),
        ({"source": "m\x00", "thing": STATION}, 422, "Source: not a valid value."),
        ({"device": STATION, "thing": "hoan-kiem"}, 422, f"'{STATION}' is a Thing itself"),
        ({"new": {**NEW, "trust": "V"}}, 422, "check the fields"),
        ({"thing": STATION, "new": NEW}, 422, "check the fields"),
        ({}, 422, "check the fields"),
        ({"source": "lab", "thing": STATION}, 422, "Source 'lab' is not in HANOI_SOURCES_FILE."),
        ({"device": "", "thing": STATION}, 422, "Device: not a valid value."),
    ],
)
def test_a_claim_that_cannot_be_is_refused_in_words(
    city_url: str, asked: dict[str, Any], status: int, says: str
) -> None:
    strangers(city_url, 1)
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            body = {"source": "mqtt", "device": "station-x", **asked}
            answer = await post(client, f"{CLAIMS}?lang=en", json=body)
            assert (answer.status_code, says in answer.json()["error"]) == (status, True), answer.text

        talk(application, conversation)
    assert rows(city_url, "SELECT 1 FROM device_claim") == []
    assert rows(city_url, "SELECT 1 FROM thing WHERE id IN ('station-x', 'another')") == []


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"reason": "a\x00"}, 422, "Reason: "),
        ({"source": "a\x00"}, 422, "Source: "),
        ({"device": "a\x00"}, 422, "Device: "),
        ({"after": {"received_at": "2026-11-22T00:00:00Z", "id": 2**63}}, 422, "after.id: "),
        ({"after": {"received_at": "2026-11-22T00:00:00Z", "id": 10**30}}, 422, "after.id: "),
        ({"after": {"received_at": "2026-11-22T00:00:00Z", "id": -1}}, 422, "after.id: "),
        ({"after": {"received_at": "2026-11-22T00:00:00", "id": 1}}, 422, "after.received_at: "),
        ({"after": {"received_at": "2026-11-22T00:00:00Z", "id": 2**63 - 1}}, 200, ""),
        ({"after": {"received_at": "9999-12-31T23:59:59-14:00", "id": 1}}, 200, ""),
        ({"after": {"received_at": "0001-01-01T00:00:00+14:00", "id": 1}}, 200, ""),
    ],
)
def test_a_reprocessing_that_cannot_be_is_refused_with_its_field(
    city_url: str, asked: dict[str, Any], status: int, says: str
) -> None:
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            answer = await post(client, f"{REPROCESS}?lang=en", json={"reason": "not_json", **asked})
            assert (answer.status_code, says in answer.text) == (status, True), answer.text

        talk(application, conversation)


def test_a_viewer_may_not_even_look(city_url: str) -> None:
    strangers(city_url, 1)
    with desk(city_url, role=Role.VIEWER) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            for path in ("/ops/devices", DEVICES, f"{DEVICES}/choices"):
                assert (await client.get(path)).status_code == 403, path
            for path in (CLAIMS, REPROCESS, LOAD):
                asked = {"source": "mqtt", "device": "station-x", "thing": STATION}
                assert (await post(client, path, json=asked)).status_code == 403, path

        talk(application, conversation)
    assert open_reasons(city_url) == ["unknown_thing"]


def test_a_claim_without_the_csrf_token_is_refused(city_url: str) -> None:
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            for path in (CLAIMS, REPROCESS, LOAD):
                assert (await client.post(path, json={})).status_code == 403

        talk(application, conversation)


def test_reprocessing_comes_in_slices_that_lead_to_the_end(
    city_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_desk, "SLICE", 1)
    with worker(city_url) as made:
        for _ in range(450):
            made.take(topic("air_quality", STATION), b"{", T0)
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            found, after = [], None
            while not found or after:
                answer = await post(client, REPROCESS, json={"reason": "not_json", "after": after})
                assert answer.status_code == 200, answer.text
                found.append(answer.json()["outcome"]["messages"])
                after = answer.json()["outcome"]["after"]
            assert (sum(found), len(found)) == (450, 4)
            assert (await post(client, REPROCESS, json={})).status_code == 422

        talk(application, conversation)
    assert len(open_reasons(city_url)) == 450


def test_what_is_resolved_is_no_longer_on_the_overview(city_url: str) -> None:
    strangers(city_url)
    with desk(city_url) as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            asked = {"source": "mqtt", "device": "station-x", "thing": STATION}
            assert (await post(client, CLAIMS, json=asked)).status_code == 200
            async with started(application):
                for _ in range(200):
                    await asyncio.sleep(0.05)
                    overview = (await client.get("/ops/api/overview")).json()
                    if overview["link"] != "loading":
                        break
            assert (overview["rejections"], overview["rejected_day"]) == ([], 0)

        talk(application, conversation)
    assert rows(city_url, "SELECT count(*) AS n FROM rejected_message") == [{"n": 3}]


def test_a_table_is_tried_then_stored_and_again_changes_nothing(city_url: str, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES, "utf-8")
    with desk(city_url, sources_file=tmp_path / "sources.toml") as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            assert (await client.get(f"{DEVICES}/choices")).json()["tables"] == ["lab"]
            query = f"{LOAD}?lang=en&source=lab&name=x.csv"
            tried = (await post(client, f"{query}&dry_run=1", content=TABLE)).json()
            assert (tried["observations"], tried["written"], tried["fault_count"]) == (1, 1, 2)
            assert [fault["path"] for fault in tried["faults"]] == ["line 3, column PM2.5", "line 4"]
            assert tried["unknown_devices"] == ["TY9"]
            assert tried["sample"][0]["provenance"] == "manual"
            assert values(city_url, STATION, "pm2_5") == []
            assert open_reasons(city_url) == []
            stored = (await post(client, f"{query}&dry_run=0", content=TABLE)).json()
            assert (stored["written"], stored["duplicate"]) == (1, 0)
            again = (await post(client, f"{query}&dry_run=0", content=TABLE)).json()
            assert (again["written"], again["duplicate"]) == (0, 1)

        talk(application, conversation)
    assert values(city_url, STATION, "pm2_5") == [35.2]
    assert open_reasons(city_url) == ["wrong_type"]
    with db.connect(city_url, name="test") as conn:
        assert [e.action for e in operators.audit_trail(conn, 2)] == ["file_loaded", "file_loaded"]


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("source=nobody&name=x", 422, "Source 'nobody'"),
        ("source=lab&name=x", 413, "larger than 8 MB"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_words(
    city_url: str, tmp_path: Path, query: str, status: int, says: str
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES, "utf-8")
    payload = b"x" * (8 * 1024 * 1024 + 1) if status == 413 else TABLE
    with desk(city_url, sources_file=tmp_path / "sources.toml") as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            answer = await post(client, f"{LOAD}?lang=en&{query}", content=payload)
            assert (answer.status_code, says in answer.json()["error"]) == (status, True), answer.text

        talk(application, conversation)


def test_a_broken_sources_file_is_said_and_breaks_nothing_else(city_url: str, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text("[[source", "utf-8")
    with desk(city_url, sources_file=tmp_path / "sources.toml") as application:

        async def conversation(client: httpx.AsyncClient) -> None:
            await log_in(client)
            answer = await client.get(f"{DEVICES}/choices?lang=en")
            assert (answer.status_code, "sources.toml: not TOML" in answer.json()["error"]) == (422, True)
            assert (await client.get(DEVICES)).status_code == 200

        talk(application, conversation)
