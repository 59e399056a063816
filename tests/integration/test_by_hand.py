"""Values by hand: through the real broker and the real ingest, shown as what they are, and over when they expire."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from alerts.notifiers import DeliveryError
from alerts.notifiers._mqtt_session import Session, parse_broker
from dashboard import security
from dashboard.api import schema
from dashboard.control_room import manual_send
from dashboard.control_room.manual_send import Message
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import Postgres
from storage import db, manual, manual_actions, operators
from storage.model import HANOI, Provenance
from storage.operators import Role
from tests.dashboard.room import add, log_in, room, started, talk
from tests.integration.alert_city import open_city
from tests.processes import free_port, ingest_env, running, wait_for
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.integration

OPS = "/ops/api/by-hand"
TONG_DAN = "flood-tong-dan"
FLOODED: dict[str, Any] = {
    "matter": "flood",
    "thing": TONG_DAN,
    "results": {"water_depth": 40},
    "minutes": 120,
    "note": "a caller, twice",
}
Ask = Callable[[str, Any], Awaitable[httpx.Response]]
Conversation = Callable[[httpx.AsyncClient, Ask], Awaitable[None]]


@pytest.fixture
def manual_url(city_url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[str]:
    """A running ingest, and how the control room reaches its broker."""
    env = ingest_env(city_url, broker.url("ingest"))
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        yield broker.url("manual")


@pytest.fixture
def served(postgres: Postgres, city_url: str) -> Iterator[Served]:
    """As the role that sees a few views and nothing else."""
    postgres.create_login("public_login", member_of="hanoi_public")
    with serving(postgres.url("public_login", city_url.rsplit("/", 1)[1])) as site:
        yield site


def in_room(
    url: str, manual_url: str | None, conversation: Conversation, *, role: Role = Role.OPERATOR
) -> None:
    """An operator before a control room whose city is loaded."""
    add(url, role=role)
    with room(url, manual_url=manual_url) as (application, parts):

        async def talking(client: httpx.AsyncClient) -> None:
            async with started(application):
                while not parts.feed.connected:
                    await asyncio.sleep(0.05)
                await log_in(client)

                async def ask(path: str, body: Any) -> httpx.Response:
                    headers = {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}
                    return await client.post(f"{OPS}{path}?lang=en", headers=headers, json=body, timeout=30)

                await conversation(client, ask)

        talk(application, talking)


def entered(url: str, manual_url: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the page is told of an entry."""
    found: dict[str, Any] = {}

    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        answer = await ask("", body)
        assert answer.status_code == 200, answer.text
        found.update(answer.json())

    in_room(url, manual_url, conversation)
    return found


def shown(served: Served, domain: str, thing: str) -> dict[str, Any]:
    collection = schema.MapCollection.model_validate_json(
        served.http.get(f"/api/v1/map/{domain}.geojson").content
    )
    [feature] = [one for one in collection.features if one.id == thing]
    found: dict[str, Any] = feature.properties.model_dump()
    return found


def in_seconds(seconds: float) -> str:
    """As a form gives it."""
    return (now() + timedelta(seconds=seconds)).astimezone(HANOI).strftime("%Y-%m-%dT%H:%M:%S")


def test_a_flood_by_hand_goes_through_ingest_and_is_shown_as_manual_until_it_expires(
    city_url: str, manual_url: str, served: Served
) -> None:
    found = entered(city_url, manual_url, FLOODED)
    assert found["outcome"] == "stored"
    assert found["words"].startswith("Stored; it holds until ")
    wait_for(lambda: shown(served, "flood", TONG_DAN)["state"] == "live", "it is shown")
    properties = shown(served, "flood", TONG_DAN)
    assert (properties["level"], properties["label_en"]) == (3, "Severe: cars should not enter")
    value = properties["values"]["water_depth"]
    assert (value["result"], value["provenance"], value["quality"]) == (40, "manual", 1)
    assert timedelta(minutes=118) < value["expires_at"] - now() <= timedelta(minutes=120)
    item = schema.ThingItem.model_validate_json(served.http.get(f"/api/v1/things/{TONG_DAN}").content)
    [latest] = [one.latest for one in item.datastreams if one.property == "water_depth"]
    assert latest is not None
    assert (latest.provenance, latest.expires_at) == ("manual", value["expires_at"])
    with db.connect(city_url, name="test") as conn:
        [event] = [one for one in operators.audit_trail(conn, 9) if one.action == "manual_entered"]
        assert (event.actor, event.detail["results"]) == ("lan", {"water_depth": 40})
        [row] = manual.entries(conn, 9)
    assert (row.author, row.note, row.outcome) == ("lan", "a caller, twice", "stored")


def test_what_has_expired_is_grey_and_says_so(city_url: str, manual_url: str, served: Served) -> None:
    body = {**FLOODED, "minutes": None, "until": in_seconds(12)}
    assert entered(city_url, manual_url, body)["outcome"] == "stored"
    wait_for(lambda: shown(served, "flood", TONG_DAN)["level"] == 3, "it is shown")
    wait_for(lambda: shown(served, "flood", TONG_DAN)["state"] == "stale", "it expires")
    properties = shown(served, "flood", TONG_DAN)
    assert (properties["level"], properties["color"]) == (None, "#8A8F98")
    assert (properties["label_vi"], properties["label_en"]) == ("Đã hết hiệu lực", "Expired")


def test_what_is_cancelled_counts_no_more_and_stays_on_record(
    city_url: str, manual_url: str, served: Served
) -> None:
    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        number = (await ask("", FLOODED)).json()["id"]
        await asyncio.to_thread(
            wait_for, lambda: shown(served, "flood", TONG_DAN)["level"] == 3, "it is shown"
        )
        assert (await ask(f"/{number}/cancel", {})).status_code == 200
        again = await ask(f"/{number}/cancel", {})
        assert (again.status_code, again.json()["error"]) == (
            409,
            f"There is no entry {number}, or it holds no more.",
        )
        [entry] = (await client.get(f"{OPS}?lang=en")).json()["entries"]
        assert (entry["name"], entry["values"], entry["holds"]) == (
            "Tong Dan",
            ["Water depth: 40 cm"],
            False,
        )
        assert entry["state"] == "cancelled"
        assert entry["lines"][1].startswith("Cancelled by lan")

    in_room(city_url, manual_url, conversation)
    wait_for(lambda: shown(served, "flood", TONG_DAN)["label_en"] == "Expired", "it is grey")


def test_the_stream_says_until_when_a_value_holds(city_url: str, manual_url: str, served: Served) -> None:
    with served.http.stream("GET", "/api/v1/stream?domain=flood") as answer:
        lines = answer.iter_lines()
        next(lines)
        entered(city_url, manual_url, FLOODED)
        line = next(line for line in lines if '"expires_at"' in line)
    assert '"provenance":"manual"' in line


def test_a_sensor_that_reports_afterwards_wins(city_url: str, manual_url: str, served: Served) -> None:
    entered(city_url, manual_url, FLOODED)
    Writer(city_url).write(TONG_DAN, "water_depth", (now(), 3.0))
    wait_for(lambda: shown(served, "flood", TONG_DAN)["values"]["water_depth"]["result"] == 3, "it is shown")
    value = shown(served, "flood", TONG_DAN)["values"]["water_depth"]
    assert (value["provenance"], value["expires_at"]) == ("measured", None)


def test_a_rejection_is_said_with_its_reason_and_nothing_is_stored(city_url: str, manual_url: str) -> None:
    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        found = (await ask("", {**FLOODED, "results": {"water_depth": 9999}})).json()
        assert found["outcome"] == "rejected"
        assert found["words"] == (
            "Rejected, nothing is stored. Water depth: Value out of range (9999 is not from -5 to 500 cm)."
        )
        [entry] = (await client.get(f"{OPS}?lang=en")).json()["entries"]
        assert (entry["state"], entry["holds"]) == ("rejected", False)

    in_room(city_url, manual_url, conversation)
    with db.connect(city_url, name="test") as conn:
        assert manual.holds(conn) == []
        row = conn.execute("SELECT count(*) AS n FROM rejected_message").fetchone()
    assert row == {"n": 1}


def test_of_a_sample_what_is_good_is_stored_and_what_is_not_is_named(
    city_url: str, manual_url: str, served: Served
) -> None:
    sample = {
        "matter": "lab",
        "thing": "west-lake-trich-sai",
        "results": {"bod5": 12.5, "ph": 7.4, "dissolved_oxygen": 999},
        "minutes": 10_080,
    }
    found = entered(city_url, manual_url, sample)
    assert found["outcome"] == "partly"
    assert "Dissolved oxygen (DO): Value out of range" in found["words"]
    wait_for(lambda: "bod5" in shown(served, "water_quality", "west-lake-trich-sai")["values"], "it is shown")
    values = shown(served, "water_quality", "west-lake-trich-sai")["values"]
    assert {
        key: (one["result"], one["provenance"]) for key, one in values.items() if key in sample["results"]
    } == {
        "bod5": (12.5, "manual"),
        "ph": (7.4, "manual"),
    }


def test_a_closed_road_is_a_property_like_any(city_url: str, manual_url: str, served: Served) -> None:
    body = {**FLOODED, "matter": "road", "results": {"road_closed": True}}
    assert entered(city_url, manual_url, body)["outcome"] == "stored"
    wait_for(lambda: "road_closed" in shown(served, "flood", TONG_DAN)["values"], "it is shown")
    assert shown(served, "flood", TONG_DAN)["closed"] is True
    value = shown(served, "flood", TONG_DAN)["values"]["road_closed"]
    assert (value["result"], value["provenance"]) == (1, "manual")


def test_a_bay_out_of_service_is_no_free_bay_whatever_its_sensor_says(
    city_url: str, manual_url: str, served: Served
) -> None:
    writer = Writer(city_url)
    writer.write("ltk-01-b01", "occupied", (now(), 0.0))
    wait_for(lambda: shown(served, "parking", "ltk-01")["free"] == 1, "it is free")
    body = {"matter": "bay", "thing": "ltk-01-b01", "results": {"out_of_service": True}, "minutes": 60}

    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        number = (await ask("", body)).json()["id"]
        writer.write("ltk-01-b01", "occupied", (now(), 0.0))
        await asyncio.to_thread(
            wait_for, lambda: shown(served, "parking", "ltk-01")["out_of_service"] == 1, "it is out"
        )
        assert shown(served, "parking", "ltk-01")["free"] == 0
        await ask(f"/{number}/cancel", {})

    in_room(city_url, manual_url, conversation)
    wait_for(lambda: shown(served, "parking", "ltk-01")["free"] == 1, "it is free again")


def test_when_the_broker_is_gone_nothing_is_stored_and_the_page_says_so(city_url: str) -> None:
    found = entered(city_url, f"mqtt://manual:x@127.0.0.1:{free_port()}", FLOODED)
    assert found["outcome"] == "unsent"
    assert found["words"].startswith("The MQTT broker did not take it, nothing is stored.")
    with db.connect(city_url, name="test") as conn:
        assert manual.holds(conn) == []


def test_when_ingest_does_not_answer_it_is_not_called_stored(city_url: str, broker: Mosquitto) -> None:
    at = now()
    message = Message(domain="flood", thing_id=TONG_DAN, results={"water_depth": 40}, time=at, result_time=at)
    assert manual_send.publish(parse_broker(broker.url("manual"), None), message) is None
    pool = db.open_pool(city_url, name="test", max_size=1)
    try:
        assert manual_send.follow(pool, message, patience_s=0.5).kind == "sent"
    finally:
        pool.close()


def test_the_account_may_publish_observations_and_nothing_else(broker: Mosquitto) -> None:
    at = parse_broker(broker.url("manual"), None)
    for topic in ("hanoi/v1/flood/flood-tong-dan/extent", "hanoi/alerts/siren", "other/observations"):
        with Session(at, deadline_s=10) as session, pytest.raises(DeliveryError, match="refused") as refused:
            session.publish(topic, {}, retain=False)
        assert not refused.value.retry
    with Session(at, deadline_s=10) as session:
        session.publish("hanoi/v1/flood/flood-tong-dan/observations", {}, retain=False)


def test_where_it_is_not_set_up_the_page_says_how(city_url: str) -> None:
    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        assert (await client.get(f"{OPS}/choices")).json()["set_up"] is False
        assert "HANOI_MANUAL_MQTT_URL" in (await client.get("/ops/by-hand?lang=en")).text
        answer = await ask("", FLOODED)
        assert (answer.status_code, answer.json()["code"]) == (503, "manual_not_set_up")

    in_room(city_url, None, conversation)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"thing": "nowhere"}, "Choose a place of the list."),
        ({"thing": "hoan-kiem"}, "Choose a place of the list."),
        ({"results": {}}, "Enter a value at least."),
        ({"minutes": None}, "Say until when it holds."),
        ({"minutes": None, "until": "2026-01-01T00:00"}, "It must hold until after now."),
        ({"minutes": 200_000}, "It lasts 90 days at most."),
        ({"at": "2099-01-01T00:00"}, "What is seen can't be in the future."),
    ],
)
def test_a_refusal_says_what_is_wrong_and_sends_nothing(
    city_url: str, broker: Mosquitto, change: dict[str, Any], error: str
) -> None:
    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        answer = await ask("", {**FLOODED, **change})
        assert (answer.status_code, answer.json()["error"]) == (422, error)
        for wrong in ({"matter": "gossip"}, {"results": {"battery": 3}}, {"thing": "x\x00"}):
            assert (await ask("", {**FLOODED, **wrong})).status_code == 422
        assert (await client.get(OPS)).json()["entries"] == []

    in_room(city_url, broker.url("manual"), conversation)


def test_who_may_only_look_enters_nothing(city_url: str, broker: Mosquitto) -> None:
    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        for path in ("/ops/by-hand", OPS, f"{OPS}/choices"):
            assert (await client.get(path)).status_code == 403
        assert (await ask("", FLOODED)).status_code == 403
        assert (await ask("/1/cancel", {})).status_code == 403

    in_room(city_url, broker.url("manual"), conversation, role=Role.VIEWER)


def test_nothing_is_entered_without_the_token_of_our_page(city_url: str, broker: Mosquitto) -> None:
    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        assert (await client.post(OPS, json=FLOODED)).status_code == 403
        assert (await client.get(f"{OPS}/1/cancel")).status_code in (404, 405)
        page = await client.get("/ops/by-hand")
        assert page.headers["permissions-policy"] == "camera=(), geolocation=(self), microphone=()"
        assert (await client.get("/ops/alerts")).headers["permissions-policy"] == (
            "camera=(), geolocation=(), microphone=()"
        )

    in_room(city_url, broker.url("manual"), conversation)


def test_a_bookmark_on_a_phone_leads_through_the_login_to_the_page(city_url: str, broker: Mosquitto) -> None:
    async def conversation(client: httpx.AsyncClient, ask: Ask) -> None:
        client.cookies.clear()
        away = await client.get("/ops/by-hand", headers={"Accept": "text/html"})
        assert away.headers["location"] == "/ops/login?next=/ops/by-hand"
        back = await log_in(client, path=away.headers["location"])
        assert (back.status_code, back.headers["location"]) == (303, "/ops/by-hand")

    in_room(city_url, broker.url("manual"), conversation)


def test_an_alert_on_values_by_hand_does_not_fire_for_ever(city_url: str) -> None:
    at = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    again = at + timedelta(minutes=2)
    with open_city(city_url) as city:
        for time in (at, again):
            city.write(TONG_DAN, "water_depth", [(time, 40.0)], provenance=Provenance.MANUAL)
            city.evaluate(time)
        alerts = {one["rule"]: (one["state"], one["provenance"]) for one in city.alerts()}
        assert alerts == {"flood-15": ("firing", "manual"), "flood-30": ("firing", "manual")}
        city.let_time_pass(again + timedelta(hours=6, minutes=1))
        assert {one["state"] for one in city.alerts()} == {"resolved"}


def test_history_can_not_be_rewritten(city_url: str) -> None:
    at = now()
    with db.connect(city_url, name="test", autocommit=True) as conn:
        manual_actions.enter(
            conn,
            thing_id=TONG_DAN,
            results={"water_depth": 40},
            time=at,
            expires_at=at + timedelta(hours=1),
            note="",
            author="lan",
            source="-",
            now=at,
        )
        for statement in (
            "UPDATE manual_entry SET author = 'nobody'",
            "UPDATE manual_entry SET expires_at = expires_at + INTERVAL '1 day'",
            "DELETE FROM manual_entry",
            "TRUNCATE manual_entry",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)
