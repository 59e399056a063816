"""Things that operators keep: running processes take each change up, series stay whole, and no file undoes it."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.rules import RuleBook, parse_rules
from deploy.embedded.mosquitto import Mosquitto
from storage import clocks, db, past, sensors, sequences, thing_actions, thing_register, things
from storage.model import CoordinateTrust, Domain, Location, Text, Thing
from storage.thing_actions import By, Edit, NewSensor, ThingRefused
from tests.integration.alert_city import open_city
from tests.integration.rejecting import open_reasons, rows, values
from tests.processes import BIN, ingest_env, publish, running, wait_for
from tests.public_site import serving

pytestmark = pytest.mark.integration

NEW = "hem-thu-nghiem"
STATION = "hoan-kiem"
GAUGE = "rain-cau-giay"
HERE = Location(lat=21.03, lon=105.85, trust=CoordinateTrust.FROM_MEMORY, source="Lan")
THERE = Location(lat=21.05, lon=105.81, trust=CoordinateTrust.VERIFIED, source="survey")


def by() -> By:
    return By(name="lan", where="test", now=datetime.now(UTC))


def new_thing(**more: Any) -> Thing:
    return Thing(
        **{
            "id": NEW,
            "domain": "flood",
            "kind": "flood_point",
            "name": Text(vi="Hẻm thử nghiệm", en="Test alley"),
            "properties": ("water_depth",),
            "location": HERE,
            "attributes": {},
            **more,
        }
    )


def observed(
    domain: str, thing: str, at: datetime, sequence: int | None = None, **results: float
) -> tuple[str, bytes]:
    element = {"time": at.isoformat(), "results": results}
    if sequence is not None:
        element["sequence"] = sequence
    return f"hanoi/v1/{domain}/{thing}/observations", json.dumps(element).encode()


def audited(url: str, thing: str) -> list[tuple[str, dict[str, Any]]]:
    found = rows(
        url, "SELECT action, detail FROM operator_audit WHERE subject = %(thing)s ORDER BY id", thing=thing
    )
    return [(row["action"], row["detail"]) for row in found]


def migrate(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {"HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_DATABASE_URL": url, "HANOI_INVENTORY_DIR": str(folder)}
    return subprocess.run(
        [BIN / "hanoi-migrate"], env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_running_processes_take_up_what_is_made_replaced_retired_and_brought_back(
    city_url: str, broker: Mosquitto, tmp_path: Path, domains: dict[str, Domain]
) -> None:
    env = ingest_env(city_url, broker.url("ingest"))
    now = datetime.now(UTC).replace(microsecond=0)

    def send(*messages: tuple[str, bytes]) -> None:
        publish(broker.url("publisher"), messages)

    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        serving(city_url) as site,
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):

        def on_the_map() -> bool:
            found = site.http.get("/api/v1/map/flood.geojson").json()
            return any(feature["id"] == NEW for feature in found["features"])

        thing_actions.create(conn, domains, new_thing(), "", by())

        def taken_up() -> bool:
            """Sent again until ingest knows the Thing; what it had before is a rejection."""
            send(observed("flood", NEW, now - timedelta(minutes=30), 7, water_depth=12.0))
            return values(city_url, NEW, "water_depth") == [12.0]

        wait_for(taken_up, "a made Thing's value")
        conn.execute("DELETE FROM rejected_message WHERE reason = 'unknown_thing'")
        wait_for(on_the_map, "the citizens' map shows it")
        send(observed("flood", NEW, now - timedelta(minutes=20), 9, water_depth=14.0))
        wait_for(lambda: [one.missing for one in sequences.loss(conn)] == [1], "one message lost")
        wait_for(lambda: clocks.of_thing(conn, NEW) is not None, "its clock is measured")

        sensor = NewSensor(
            properties=("water_depth",),
            since=now - timedelta(minutes=25),
            model="US-100",
            serial="0042",
            gain=2.0,
            offset=1.0,
            reason="drift",
        )
        thing_actions.replace_sensor(conn, domains, NEW, sensor, by())
        assert sequences.loss(conn) == []
        assert clocks.of_thing(conn, NEW) is None
        wait_for(
            lambda: values(city_url, NEW, "water_depth") == [12.0, 29.0],
            "what the new sensor had sent already is calibrated, what came before is not",
        )
        send(observed("flood", NEW, now - timedelta(minutes=10), 10, water_depth=5.0))
        wait_for(lambda: values(city_url, NEW, "water_depth") == [12.0, 29.0, 11.0], "one series")
        streams = [one for one in things.all_datastreams(conn) if one.thing_id == NEW and not one.derived]
        assert [one.property for one in streams] == ["water_depth"]
        wait_for(
            lambda: [(one.expected, one.missing) for one in sequences.loss(conn)] == [(1, 0)],
            "the loss meter begins anew",
        )
        wait_for(lambda: clocks.of_thing(conn, NEW) is not None, "the clock begins anew within the hour")

        thing_actions.retire(conn, NEW, now - timedelta(minutes=5), "road works", by())
        wait_for(lambda: not on_the_map(), "it is not on the citizens' map any more")
        assert site.http.get(f"/api/v1/things/{NEW}").json()["retired_from"] is not None
        listed = site.http.get("/api/v1/things", params={"domain": "flood", "limit": 1000}).json()["items"]
        assert NEW not in [one["id"] for one in listed]
        history = site.http.get(f"/api/v1/datastreams/{streams[0].id}/observations").json()
        assert [one["result"] for one in history["items"]] == [12.0, 29.0, 11.0]
        wait_for(lambda: open_reasons(city_url) == [] and sequences.loss(conn) == [], "it is not counted")
        send(
            observed("flood", NEW, now - timedelta(minutes=6), 11, water_depth=6.0),
            observed("flood", NEW, now - timedelta(minutes=1), 12, water_depth=7.0),
        )
        wait_for(lambda: open_reasons(city_url) == ["retired_thing"], "what is of later is refused and kept")
        assert values(city_url, NEW, "water_depth") == [12.0, 29.0, 11.0, 13.0], (
            "what is older is still taken"
        )

        thing_actions.bring_back(conn, NEW, "works are over", by())
        wait_for(on_the_map, "it is on the map again")
        subprocess.run(
            [BIN / "hanoi-ingest", "reprocess", "--reason", "retired_thing"],
            env={"HANOI_RUNTIME_DIR": "/nonexistent", **env},
            check=True,
            timeout=60,
        )
        assert values(city_url, NEW, "water_depth") == [12.0, 29.0, 11.0, 13.0, 15.0], "nothing is lost"
    assert [action for action, _ in audited(city_url, NEW)] == [
        *("thing_created", "maintenance_noted", "sensor_replaced", "thing_retired", "thing_brought_back"),
    ]
    assert audited(city_url, NEW)[-1][1]["before"]["retired_reason"] == "road works"


FILE = """
domain = "rain"

[[thing]]
id = "rain-file"
kind = "gauge"
name = {{ vi = "{name}", en = "File" }}
properties = ["rain_counter"]
location = {{ lat = {lat}, lon = 105.8, trust = "M", source = "file" }}
attributes = {{ resolution_mm = {mm} }}
"""


def test_a_migrate_leaves_edits_and_keeps_what_the_file_says(
    city_url: str, tmp_path: Path, domains: dict[str, Domain]
) -> None:
    def deploy(name: str, lat: float, mm: float) -> None:
        (tmp_path / "rain.toml").write_text(FILE.format(name=name, lat=lat, mm=mm), "utf-8")
        done = migrate(city_url, tmp_path)
        assert done.returncode == 0, done.stderr

    def is_now() -> tuple[Any, ...]:
        (row,) = rows(city_url, "SELECT name_vi, lat, properties FROM thing WHERE id = 'rain-file'")
        return row["name_vi"], row["lat"], row["properties"]["resolution_mm"]

    deploy("Một", 21.0, 0.2)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        edit = Edit(name=Text(vi="Sửa tay", en="By hand"))
        thing_actions.edit(conn, domains, "rain-file", edit, by())
        deploy("Một", 21.1, 0.5)
        assert is_now() == ("Sửa tay", 21.1, 0.5), "the name is held, the rest follows the file"
        deploy("Hai", 21.1, 0.5)
        assert is_now() == ("Sửa tay", 21.1, 0.5)
        (held,) = thing_register.held(conn, "rain-file")
        assert (held.field, held.file_said["vi"], held.file_says["vi"]) == ("name", "Một", "Hai")
        assert next(one.differs for one in thing_register.all_rows(conn) if one.id == "rain-file")
        thing_actions.follow_file(conn, "rain-file", "name", by())
        assert is_now() == ("Hai", 21.1, 0.5)
        deploy("Ba", 21.1, 0.5)
        assert is_now() == ("Ba", 21.1, 0.5)
    assert audited(city_url, "rain-file")[0] == (
        "thing_edited",
        {
            "before": {"name_vi": "Một", "name_en": "File"},
            "after": {"name_vi": "Sửa tay", "name_en": "By hand"},
        },
    )


def test_a_file_that_names_a_made_thing_changes_nothing_of_it_and_may_not_give_it_another_domain(
    city_url: str, tmp_path: Path, domains: dict[str, Domain]
) -> None:
    file = FILE.format(name="Tệp", lat=20.9, mm=0.2)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        made = new_thing(id="rain-file", domain="rain", kind="gauge", properties=("battery",))
        thing_actions.create(conn, domains, made, "", by())
        (tmp_path / "rain.toml").write_text(file, "utf-8")
        assert migrate(city_url, tmp_path).returncode == 0
        (row,) = rows(city_url, "SELECT name_vi, lat FROM thing WHERE id = 'rain-file'")
        assert (row["name_vi"], row["lat"]) == ("Hẻm thử nghiệm", 21.03)
        keys = {one.property for one in things.all_datastreams(conn) if one.thing_id == "rain-file"}
        assert keys == {"battery", "rain_counter"}, "what the file says it measures is added"
        water = (
            file.replace('"rain"', '"water_quality"').replace("gauge", "sonde").replace("rain_counter", "ph")
        )
        (tmp_path / "rain.toml").write_text(water, "utf-8")
        refused = migrate(city_url, tmp_path)
        assert (refused.returncode, "was made in the control room in 'rain'" in refused.stderr) == (2, True)


def test_a_move_keeps_where_it_stood(city_url: str, domains: dict[str, Domain]) -> None:
    moved_at = datetime.now(UTC) - timedelta(hours=2)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        (before,) = [one for one in things.all_things(conn) if one.id == GAUGE]
        thing_actions.move(conn, GAUGE, THERE, moved_at, "roof rebuilt", by())
        (after,) = [one for one in things.all_things(conn) if one.id == GAUGE]
        assert (after.lat, after.lon, after.coordinate_trust) == (21.05, 105.81, "V")
        (left,) = thing_register.places_left(conn, GAUGE)
        assert (left.left_at, left.lat, left.lon, left.reason) == (
            moved_at,
            before.lat,
            before.lon,
            "roof rebuilt",
        )
        for since, code in (
            (moved_at, "thing_before_last"),
            (datetime.now(UTC) + timedelta(hours=1), "thing_since"),
        ):
            with pytest.raises(ThingRefused) as refused:
                thing_actions.move(conn, GAUGE, HERE, since, "again", by())
            assert refused.value.code == code
    assert audited(city_url, GAUGE)[-1] == (
        "thing_moved",
        {
            "before": {
                "lat": before.lat,
                "lon": before.lon,
                "coordinate_trust": before.coordinate_trust,
                "coordinate_source": before.coordinate_source,
            },
            "after": {"lat": 21.05, "lon": 105.81, "coordinate_trust": "V", "coordinate_source": "survey"},
            "since": moved_at.isoformat(),
            "reason": "roof rebuilt",
        },
    )


def test_a_replay_shows_it_where_it_stood_and_in_service(city_url: str, domains: dict[str, Domain]) -> None:
    moved_at = datetime.now(UTC) - timedelta(hours=2)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        (before,) = [one for one in things.all_things(conn) if one.id == GAUGE]
        thing_actions.move(conn, GAUGE, THERE, moved_at, "roof rebuilt", by())
        thing_actions.retire(conn, GAUGE, moved_at + timedelta(hours=1), "gone", by())
    pool = past.open_pool(city_url, name="test-replay")
    try:
        for hours, lat, is_retired in ((3, before.lat, False), (1.5, 21.05, False), (0, 21.05, True)):
            moment = datetime.now(UTC) - timedelta(hours=hours)
            with pool.connection() as conn, past.at(conn, moment) as then:
                (shown,) = [one for one in things.all_things(then) if one.id == GAUGE]
                assert (shown.lat, shown.retired_from is not None) == (lat, is_retired)
                assert len(thing_register.places_left(then, GAUGE)) == (0 if hours == 3 else 1)
                assert thing_register.kept(then, GAUGE) is not None
                assert sensors.of_thing(then, GAUGE) == []
                assert thing_register.all_rows(then)
    finally:
        pool.close()


def test_a_retired_thing_s_alert_ends_and_it_is_silent_to_nobody(
    city_url: str, domains: dict[str, Domain]
) -> None:
    rules = parse_rules(domains).by_key
    book = RuleBook.of([rules["flood-30"]])
    point = "flood-tong-dan"
    now = datetime.now(UTC)
    with open_city(city_url, book) as city:
        city.use(book, now)
        city.write(point, "water_depth", [(now - timedelta(minutes=n), 40.0) for n in range(10, 0, -1)])
        city.evaluate(now)
        assert [one["state"] for one in city.alerts()] == ["firing"]
        assert not city.engine.follow_things(city.conn, city.term, now)
        thing_actions.retire(city.conn, point, now, "dug up", by())
        assert city.engine.follow_things(city.conn, city.term, now)
        assert [one["state"] for one in city.alerts()] == ["resolved"]
        assert city.transitions()[-1].reason == "thing_retired"
        city.write(point, "water_depth", [(now, 45.0)])
        city.evaluate(now)
        assert city.outcomes()[-1][0] == "resolved", "nothing fires of a Thing that is out of service"
        thing_actions.bring_back(city.conn, point, "back", by())
        assert city.engine.follow_things(city.conn, city.term, now)
        city.write(point, "water_depth", [(now + timedelta(minutes=n), 45.0) for n in range(1, 11)])
        city.evaluate(now + timedelta(minutes=10))
        assert [one["state"] for one in city.alerts()][-1] == "firing"
