"""SenML and SensorThings beside each other, through a real broker into the database, as a sources.toml says."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cbor2
import pytest

from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from storage import db
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

SOURCES = """
[[source]]
name = "sondes"
decoder = "senml"
topics = ["senml/#"]
[source.properties]
temp = "water_temperature"
ec = "conductivity"
"%RH" = "humidity"
[source.devices]
"urn:dev:mac:0024befffe804ff1" = "west-lake-trich-sai"
"urn:dev:ow:10e2073a01080063" = "trung-yen-3"

[[source]]
name = "small-sondes"
decoder = "senml"
topics = ["cbor/+/up"]
options = { encoding = "cbor", device_from_topic = 2 }

[[source]]
name = "partner"
decoder = "sensorthings"
topics = ["v1.1/#"]
zone = "Asia/Ho_Chi_Minh"
[source.devices]
42 = { thing = "trung-yen-3", options = { property = "pm2_5" } }
43 = "trung-yen-3"
[source.properties]
43 = { property = "no2", unit = "ppb" }
"""
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
SONDE = "urn:dev:mac:0024befffe804ff1:"


@pytest.fixture
def open_broker(servers: tuple[runtime.Runtime, Path]) -> Iterator[Mosquitto]:
    """A broker whose publisher may use the topics of these sources."""
    installed, folder = servers
    with Mosquitto(
        installed,
        folder / "broker-other-formats",
        extra_topics=("senml/#", "cbor/#", "v1.1/#"),
        proves_persistence=False,
        dies_with_parent=True,
    ) as server:
        yield server


def messages() -> list[tuple[str, bytes]]:
    t = int(HOUR.timestamp())
    pack = [
        {"bn": SONDE, "bt": t, "bver": 10, "n": "temp", "u": "Cel", "v": 28.5},
        {"n": "ec", "u": "S/m", "v": 0.0412},
        {"n": "temp", "t": 60, "u": "K", "v": 301.65},
        {"n": "note", "vs": "cleaned"},
    ]
    humidity = [{"bn": "urn:dev:ow:10e2073a01080063", "bt": t, "u": "%RH", "v": 71}]
    stranger = [{"bn": "urn:dev:mac:ffffffffffffffff:", "bt": t, "n": "temp", "v": 1}]
    naive = HOUR.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).replace(tzinfo=None)
    interval = f"{naive.isoformat()}/{(naive + timedelta(minutes=10)).isoformat()}"
    return [
        ("senml/lake", json.dumps(pack).encode()),
        ("senml/air", json.dumps(humidity).encode()),
        ("senml/lake", json.dumps(stranger).encode()),
        ("cbor/west-lake-nhat-tan/up", cbor2.dumps([{-3: t, 0: "ph", 2: 7.25}])),
        (
            "v1.1/Datastreams(42)/Observations",
            json.dumps({"phenomenonTime": HOUR.isoformat(), "result": 35.2}).encode(),
        ),
        (
            "v1.1/Observations",
            json.dumps({"phenomenonTime": interval, "result": 10, "Datastream": {"@iot.id": 43}}).encode(),
        ),
        ("v1.1/Datastreams(44)/Observations", b'{"result": 1}'),
        ("v1.1/Observations", b'{"result": 1}'),
    ]


def test_packs_and_observations_become_rows_of_the_right_thing_property_and_unit(
    city_url: str, open_broker: Mosquitto, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES)
    env = {
        **ingest_env(city_url, open_broker.url("ingest")),
        "HANOI_SOURCES_FILE": str(tmp_path / "sources.toml"),
    }
    stored = """
        SELECT d.thing_id, d.property, d.unit, o.phenomenon_time AS time, o.result, o.quality
        FROM observation AS o JOIN datastream AS d ON d.id = o.datastream_id
        WHERE NOT d.derived ORDER BY 1, 2, 4"""
    rejected = "SELECT source, reason, unknown_devices, detail FROM rejected_message ORDER BY id"
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        publish(open_broker.url("publisher"), messages())
        wait_for(lambda: len(conn.execute(rejected).fetchall()) == 4, "the last message and all before it")
        rows = [tuple(row.values()) for row in conn.execute(stored)]
        refused = [
            (row["source"], row["reason"], row["unknown_devices"], row["detail"]["faults"][0]["path"])
            for row in conn.execute(rejected)
        ]
    lake = "west-lake-trich-sai"
    assert rows == [
        ("trung-yen-3", "humidity", "%", HOUR, 71, 1),
        # 10 ppb of NO2 at 25 °C and 1 atm: 10 · 46.01 / 24.45 (domain.md, 3)
        ("trung-yen-3", "no2", "ug/m3", HOUR + timedelta(minutes=10), pytest.approx(18.82, abs=0.01), 1),
        ("trung-yen-3", "pm2_5", "ug/m3", HOUR, 35.2, 1),
        ("west-lake-nhat-tan", "ph", "[pH]", HOUR, 7.25, 1),
        (lake, "conductivity", "uS/cm", HOUR, pytest.approx(412), 1),
        (lake, "water_temperature", "Cel", HOUR, 28.5, 1),
        (lake, "water_temperature", "Cel", HOUR + timedelta(minutes=1), pytest.approx(28.5), 1),
    ]
    assert refused == [
        ("sondes", "wrong_type", None, "$[3].vs"),
        ("sondes", "unknown_thing", ["urn:dev:mac:ffffffffffffffff"], "$[0]"),
        ("partner", "unknown_thing", ["44"], "$"),
        ("partner", "missing_field", None, "$.Datastream"),
    ]
