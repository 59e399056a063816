"""Incidents, shift reports and bulletins from the control room's door to a real database and back."""

import io
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image
from pypdf import PdfReader

from dashboard import security
from dashboard.control_room.attachment_types import LARGEST_FILE
from storage import db, incident_actions, incidents, operators, things
from storage.catalog import load_catalog
from storage.incident_actions import By, IncidentRefused, NewIncident
from storage.model import HANOI, Provenance
from storage.operators import Role
from tests.dashboard.alert_scene import NOW, Scene, scene
from tests.dashboard.room import Clock, add, log_in, room, started, talk
from tests.processes import wait_for
from tests.public_site import Writer

pytestmark = pytest.mark.integration

API = "/ops/api/incidents"
SHIFT = "?from=2026-11-22T14:00&to=2026-11-22T22:00"
"""The shift by the hours that are configured, in which the scene plays."""
Conversation = Callable[[httpx.AsyncClient], Awaitable[None]]


class Ticking(Clock):
    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.now = now

    def __call__(self) -> datetime:
        self.goes_on(timedelta(milliseconds=1))
        return self.now


@pytest.fixture
def made(city_url: str, tmp_path: Path) -> Iterator[Scene]:
    with scene(city_url, tmp_path) as found:
        yield found


def in_room(
    url: str,
    made: Scene | None,
    conversation: Conversation,
    *,
    role: Role = Role.OPERATOR,
    now: datetime = NOW,
) -> None:
    """With the city loaded, since reports name its Things. Every look at the clock is a millisecond later."""
    clock = Ticking(now)
    add(url, role=role)
    with room(url, clock, alerting_file=made.alerting_file if made else None) as (application, parts):

        async def logged_in(client: httpx.AsyncClient) -> None:
            async with started(application):
                wait_for(lambda: parts.feed.connected, "the city is loaded")
                await log_in(client)
                await client.get("/ops/incidents?lang=en")
                await conversation(client)

        talk(application, logged_in)


def token(client: httpx.AsyncClient) -> dict[str, str]:
    return {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}


async def post(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    return await client.post(f"{path}?lang=en", headers=token(client), json=body)


async def attach(client: httpx.AsyncClient, path: str, name: str, content: bytes) -> httpx.Response:
    headers = {**token(client), "Content-Type": "application/octet-stream"}
    return await client.post(f"{path}/attachments", params={"name": name}, headers=headers, content=content)


async def one(client: httpx.AsyncClient, number: int, language: str = "en") -> dict[str, Any]:
    answer = await client.get(f"{API}/{number}?lang={language}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def said(found: dict[str, Any]) -> list[str]:
    return [one["line"]["words"] for one in found["timeline"]]


def test_an_incident_from_its_opening_to_its_end(city_url: str, made: Scene) -> None:
    flooded, ordinary = made.ids["flooded"], made.ids["ordinary"]

    async def conversation(client: httpx.AsyncClient) -> None:
        number = (await post(client, API, {"alerts": [flooded]})).json()["id"]
        page = f"{API}/{number}"
        found = await one(client, number)
        assert found["title"] == "Street flooded 30 cm or more: no cars – Tong Dan"
        assert (found["severity"], found["open"]) == ("critical", True)
        assert [step["text"] for step in found["steps"]] == [
            "Close the street, tell the traffic police",
            "Send mobile pumps",
            "Look for people who are stuck",
        ]
        assert (await one(client, number, "vi"))["steps"][1]["text"] == "Điều bơm di động"
        assert found["marks"] == ["1 of 1 alerts are not all from measurements"]

        again = await post(client, API, {"alerts": [flooded]})
        assert (again.status_code, again.json()["code"]) == (409, "incident_alert_taken")
        assert again.json()["error"] == f"Alert {flooded} is in incident {number}, which is open."
        alert = (await client.get(f"/ops/api/alerts/{flooded}?lang=en")).json()
        assert [within["id"] for within in alert["incidents"]] == [number]
        board = (await client.get("/ops/api/alerts?lang=en")).json()
        assert board["incidents"][str(flooded)]["id"] == number

        assert (await post(client, f"{page}/join", {"alerts": [ordinary]})).status_code == 200
        step = found["steps"][0]["id"]
        assert (await post(client, f"{page}/steps/{step}", {"done": True})).json()["changed"]
        assert not (await post(client, f"{page}/steps/{step}", {"done": True})).json()["changed"]
        assert (await post(client, f"{page}/steps/{step}", {"done": False})).status_code == 200
        assert (await post(client, f"{page}/steps/{step}", {"done": True})).status_code == 200
        assert (await post(client, f"{page}/steps/999999", {"done": True})).status_code == 404
        assert (await post(client, f"{page}/steps", {"text": "Gọi đội số 2"})).status_code == 200
        assert (await post(client, f"{page}/note", {"text": "Xe tải chết máy"})).status_code == 200
        change = {"commander": "lan", "assignee": "Đội 2", "severity": "warning"}
        assert (await post(client, f"{page}/change", change)).status_code == 200
        nobody = await post(client, f"{page}/change", {"commander": "nobody"})
        assert (nobody.status_code, nobody.json()["error"]) == (422, "No account 'nobody' may lead.")

        found = await one(client, number)
        assert [step["done"][:5] for step in found["steps"]] == ["✓ lan", "", "", "", "", "", ""]
        people = [one["line"]["words"] for one in reversed(found["timeline"]) if one["kind"] == "people"]
        assert people == [
            "lan opened the incident",
            f"lan added the alerts #{ordinary}",
            *("lan ticked off", "lan took the tick back", "lan ticked off", "lan added a step", "lan noted"),
            "lan changed: Severity: Critical → Warning; Commander: – → lan; Crew or person at work: – → Đội 2",
        ]
        # what the alerts' own timelines say stands between: who acknowledged, what was escalated
        assert any("acknowledged it" in words for words in said(found))
        assert {one["kind"] for one in found["timeline"]} == {"people", "alert", "message"}

        no_text = await post(client, f"{page}/close", {"text": " "})
        assert (no_text.status_code, no_text.json()["error"]) == (422, "Write how it was resolved.")
        assert (await post(client, f"{page}/close", {"text": "Nước đã rút"})).status_code == 200
        closed = await post(client, f"{page}/steps", {"text": "x"})
        assert (closed.status_code, closed.json()["code"]) == (409, "incident_closed")
        search = await client.get(f"{API}/closed", params={"words": "TONG dan doi 2", "lang": "en"})
        assert [one["id"] for one in search.json()["closed"]] == [number]
        assert (await client.get(f"{API}/closed?words=hoan")).json()["closed"] == []
        other = (await post(client, API, {"alerts": [ordinary]})).json()["id"]
        taken = await post(client, f"{page}/reopen", {"text": "Nước lại lên"})
        assert taken.json()["error"] == f"Alert {ordinary} is in incident {other}, which is open."
        assert (await post(client, f"{API}/{other}/close", {"text": "Nhầm"})).status_code == 200
        assert (await post(client, f"{page}/reopen", {"text": "Nước lại lên"})).status_code == 200
        assert (await one(client, number))["open"]

    in_room(city_url, made, conversation)
    with db.connect(city_url, name="test") as conn:
        trail = operators.audit_trail(conn, 50)
        actions = [event.action for event in trail]
        [changed] = [event.detail for event in trail if event.action == "incident_changed"]
        assert changed == {
            "severity": "critical → warning",
            "commander": "– → lan",
            "assignee": "– → Đội 2",
        }
        assert actions.count("incident_ticked") == 2
        assert {"incident_opened", "incident_joined", "incident_noted", "incident_reopened"} <= set(actions)
    for change in (
        "UPDATE incident_event SET actor = 'minh'",
        "DELETE FROM incident_event",
        "UPDATE incident SET opened_by = 'minh'",
        "DELETE FROM incident_step",
        "TRUNCATE incident_attachment",
        "TRUNCATE incident_event",
        "UPDATE incident_step SET text_vi = 'khác'",
    ):
        with (
            db.connect(city_url, name="test") as conn,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            conn.execute(change)


def test_two_who_open_one_from_the_same_alert_at_once_get_one_incident(city_url: str, made: Scene) -> None:
    new = NewIncident(title="Ngập", severity="critical", place="", alert_ids=[made.ids["flooded"]], steps=[])
    outcomes: list[int | str] = []
    both = threading.Barrier(4)

    def open_one(name: str) -> None:
        with db.connect(city_url, name="test", autocommit=True) as conn:
            both.wait()
            try:
                outcomes.append(
                    incident_actions.open_incident(conn, new, By(actor=name, source="-", now=NOW))
                )
            except IncidentRefused as refused:
                outcomes.append(refused.code)

    threads = [threading.Thread(target=open_one, args=(f"operator-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes))[1:] == ["alert_taken"] * 3
    with db.connect(city_url, name="test") as conn:
        assert len(incidents.open_incidents(conn, 10)) == 1


async def every_post(client: httpx.AsyncClient, number: int, headers: dict[str, str]) -> list[int]:
    page, json = f"{API}/{number}", {"text": "x"}
    span = {"start": "2026-11-22T14:00", "end": "2026-11-22T22:00", "note": "x"}
    asked: list[tuple[str, Any]] = [
        (API, {"title": "x"}),
        (f"{page}/join", {"alerts": [1]}),
        (f"{page}/change", {"title": "x"}),
        *((f"{page}/{name}", json) for name in ("note", "steps", "close", "reopen")),
        (f"{page}/steps/1", {"done": True}),
        ("/ops/api/reports/shift", span),
    ]
    answers = [await client.post(path, headers=headers, json=body) for path, body in asked]
    answers.append(await client.post(f"{page}/attachments?name=a.txt", headers=headers, content=b"text"))
    return [answer.status_code for answer in answers]


def test_who_may_only_look_changes_nothing_and_nobody_does_without_our_token(
    city_url: str, made: Scene
) -> None:
    new = NewIncident(title="Ngập", severity="warning", place="", alert_ids=[], steps=[])
    with db.connect(city_url, name="test", autocommit=True) as conn:
        number = incident_actions.open_incident(conn, new, By(actor="lan", source="-", now=NOW))

    async def looks(client: httpx.AsyncClient) -> None:
        assert (await client.get(f"/ops/incidents/{number}")).status_code == 200
        assert await every_post(client, number, token(client)) == [403] * 10

    async def forges(client: httpx.AsyncClient) -> None:
        assert await every_post(client, number, {}) == [403] * 10
        assert (await client.get(f"{API}/{number}/close")).status_code in (404, 405)

    in_room(city_url, made, looks, role=Role.VIEWER)
    in_room(city_url, made, forges)
    with db.connect(city_url, name="test") as conn:
        [event] = incidents.events(conn, number, 10)
        assert event.kind == "opened"
        counted = conn.execute("SELECT count(*) AS n FROM shift_handover").fetchone()
        assert counted == {"n": 0}


def test_attachments_are_what_is_in_them_and_are_never_shown_as_a_page(city_url: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    photo = io.BytesIO()
    Image.new("RGB", (64, 48), "#2060a0").save(photo, "JPEG", exif=exif)

    async def conversation(client: httpx.AsyncClient) -> None:
        number = (await post(client, API, {"title": "Cây đổ", "place": "Láng"})).json()["id"]
        page = f"{API}/{number}"
        assert (await attach(client, page, "ảnh hiện trường.png", photo.getvalue())).status_code == 200
        page_text = b"<html><script>alert(1)</script></html>"
        assert (await attach(client, page, "x.jpg", page_text)).json()["name"] == "x.txt"
        refused = await attach(client, page, "x.pdf", b"PK\x03\x04zip")
        assert (refused.status_code, refused.json()["code"]) == (422, "attachment_unknown_type")
        large = await attach(client, page, "x.txt", b"x" * (LARGEST_FILE + 1))
        assert (large.status_code, large.json()["code"]) == (413, "attachment_too_large")

        picture, text = (await one(client, number))["attachments"]
        answer = await client.get(picture["href"])
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        name = "%E1%BA%A3nh%20hi%E1%BB%87n%20tr%C6%B0%E1%BB%9Dng.jpg"
        assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
        assert b"PhoneMaker" not in answer.content
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == (64, 48)
        answer = await client.get(text["href"])
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.content == page_text
        assert (await client.get(f"/ops/incidents/{number + 1}/attachments/1")).status_code == 404

        for n in range(incidents.MOST_ATTACHMENTS - 2):
            assert (await attach(client, page, f"{n}.txt", b"more")).status_code == 200
        many = await attach(client, page, "one more.txt", b"more")
        assert many.json()["code"] == "incident_many_attachments"

    in_room(city_url, None, conversation)


def text_of(html: str) -> str:
    """What a reader sees of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_shift_report_says_what_happened_and_is_frozen_when_it_is_handed_over(
    city_url: str, made: Scene
) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        number = (await post(client, API, {"alerts": [made.ids["flooded"]]})).json()["id"]
        report = text_of((await client.get(f"/ops/reports/shift{SHIFT}&lang=en")).text)
        assert "Shift from 22/11/2026 14:00 to 22/11/2026 22:00, as of 22/11/2026 14:30" in report
        assert "SIMULATED DATA" in report
        assert "← earlier" in report
        assert "later →" not in report
        assert "Street flooded 30 cm or more: no cars – Tong Dan (simulated) 22/11/2026 14:21" in report
        assert "22/11/2026 14:29 lan acknowledged" in report
        assert "thing = &quot;flood-thai-ha&quot;" in report or "flood-thai-ha" in report
        assert f"#{number} Street flooded 30 cm or more: no cars – Tong Dan" in report
        assert "Close the street, tell the traffic police; Send mobile pumps" in report
        assert "Nguyễn Thị Lan (duty)" in report

        body = {"start": "2026-11-22T14:00", "end": "2026-11-22T22:00", "note": "Trạm bơm số 3 hỏng"}
        handed = (await post(client, "/ops/api/reports/shift", body)).json()["id"]
        frozen = f"/ops/reports/shift/{handed}"
        before = text_of((await client.get(f"{frozen}?lang=vi")).text)
        assert "Trạm bơm số 3 hỏng — lan, lúc 22/11/2026 14:30" in before
        await post(client, f"{API}/{number}/note", {"text": "later"})
        await post(client, f"{API}/{number}/close", {"text": "It is over"})
        assert "It is over" in text_of((await client.get(f"/ops/reports/shift{SHIFT}&lang=en")).text)
        assert text_of((await client.get(f"{frozen}?lang=vi")).text) == before
        english = text_of((await client.get(f"{frozen}?lang=en")).text)
        assert "Close the street" in english
        assert "It is over" not in english

        pdf = await client.get(f"{frozen}.pdf?lang=vi")
        assert pdf.headers["content-type"] == "application/pdf"
        read = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
        assert "Trạm bơm số 3 hỏng" in " ".join(read.split())
        assert (await client.get("/ops/reports/shift/999999")).status_code == 404

    in_room(city_url, made, conversation)
    with (
        db.connect(city_url, name="test") as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute("UPDATE shift_handover SET note = 'other'")


@pytest.mark.parametrize(
    "query",
    [
        "?from=2026-11-22T14:00",
        "?from=22/11/2026 14:00&to=22/11/2026 13:00",
        "?from=x&to=y",
        "?from=2026-11-01T14:00&to=2026-11-22T14:00",
        "?from=2027-01-01T14:00&to=2027-01-01T15:00",
    ],
)
def test_a_shift_that_can_not_be_is_refused_on_its_page(city_url: str, query: str) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/ops/reports/shift{query}&lang=en")
        assert answer.status_code == 422
        assert "A shift ends after it begins" in answer.text
        assert 'name="from"' in answer.text

    in_room(city_url, None, conversation)


def test_bulletins_are_of_what_is_stored_of_their_days(city_url: str) -> None:
    observed = load_catalog()
    with db.connect(city_url, name="test") as conn:
        for domain, thing_id, key in (
            ("air_quality", "hoan-kiem", "vn_aqi_daily"),
            ("air_quality", "hoan-kiem", "qcvn_05_ratio"),
            ("rain", "rain-cau-giay", "rain_24h"),
            ("flood", "flood-tong-dan", "flood_level"),
        ):
            things.ensure_datastream(conn, thing_id, observed[domain].properties[key])
    writer = Writer(city_url)
    midnight = datetime(2026, 11, 22, tzinfo=HANOI)
    derived, measured = Provenance.DERIVED, Provenance.MEASURED
    for days, index in ((0, 180.0), (1, 132.0)):
        at = midnight + timedelta(days=days)
        writer.write("hoan-kiem", "vn_aqi_daily", (at, index), provenance=derived, input_provenance=measured)
        writer.write("rain-cau-giay", "rain_24h", (at, 30.0 * days + 20.4), provenance=derived)
    writer.write(
        "hoan-kiem",
        "qcvn_05_ratio",
        *((midnight + timedelta(hours=n), 130.0) for n in (0, 1, 2, 24, 25)),
        provenance=derived,
    )
    points = [(midnight + timedelta(hours=5, minutes=n), 36.0 if n == 7 else 12.0) for n in range(60)]
    writer.write("flood-tong-dan", "water_depth", *points, provenance=Provenance.SIMULATED)
    levels = [(midnight + timedelta(hours=5, minutes=10 * n), 1.0 + (n == 1)) for n in range(6)]
    writer.write("flood-tong-dan", "flood_level", *levels, provenance=derived)

    async def conversation(client: httpx.AsyncClient) -> None:
        day = await client.get("/ops/reports/daily.csv?date=2026-11-22&table=air&lang=en")
        assert day.headers["content-disposition"] == (
            'attachment; filename="hanoi-daily-air-20261122-20261122.csv"'
        )
        row = next(line for line in day.text.splitlines() if line.startswith("Hoan Kiem"))
        # the index at 24:00 is the day's; of 00:00, 01:00, 02:00, 24:00, 25:00 three are hours that end in it
        assert row.split(",")[1:3] == ["132", "Poor"]
        assert row.split(",")[7] == "3"
        flood = await client.get("/ops/reports/daily.csv?date=22/11/2026&table=flood&for=excel")
        assert flood.content.startswith(b"\xef\xbb\xbf")
        rows = flood.content.decode("utf-8-sig").splitlines()
        assert rows[1].split(";")[1:] == ["36", "Ngập nặng: ô tô không nên vào", "60", "10", "mô phỏng"]
        rain = (await client.get("/ops/reports/monthly.csv?month=2026-11&table=rain&lang=en")).text
        assert rain.splitlines()[1].split(",")[1:5] == ["70.8", "2", "50.4", "Heavy rain"]

        page = text_of((await client.get("/ops/reports/daily?date=2026-11-22&lang=en")).text)
        assert "22/11/2026, Hanoi" in page
        assert "SIMULATED DATA" in page
        assert "Highest: Hoan Kiem, 132 (Poor)" in page
        dry = text_of((await client.get("/ops/reports/daily?date=2026-11-21&lang=vi")).text)
        assert "DỮ LIỆU MÔ PHỎNG" not in dry
        assert "Hoàn Kiếm, 180 (Xấu)" in dry
        pdf = await client.get("/ops/reports/monthly.pdf?month=11/2026&lang=vi")
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
        assert "Tháng 11/2026 (từ 01/11 đến 29/11/2026)" in " ".join(text.split())
        for wrong in ("daily?date=31/02/2026", "daily?date=2027-01-01", "monthly?month=13/2026"):
            assert (await client.get(f"/ops/reports/{wrong}")).status_code == 422
        assert (await client.get("/ops/reports/daily.csv?table=x")).status_code == 404

    in_room(city_url, None, conversation, now=datetime(2026, 11, 30, 3, tzinfo=UTC))
