"""Uplinks of The Things Stack and ChirpStack through a real broker into the database, as a sources.toml says."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from storage import db
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

SOURCES = """
[[source]]
name = "things-stack"
decoder = "the_things_stack"
topics = ["v3/+/devices/+/up"]
[source.devices]
tbrg-760 = { thing = "rain-cau-giay", options = { codec = "decentlab_dl_tbrg" } }
mbx-303 = { thing = "flood-phan-boi-chau", options = { codec = "decentlab_dl_mbx", reference_mm = 1500 } }
pheht-1 = { thing = "west-lake-trich-sai", options = { codec = "decentlab_dl_pheht" } }

[[source]]
name = "chirpstack"
decoder = "chirpstack"
topics = ["application/+/device/+/event/+"]
[source.devices]
70b3d57ed0051234 = { thing = "trung-yen-3", options = { codec = "decentlab_dl_pm" } }
70b3d57ed0055678 = "minh-khai"
[source.properties]
"air.co_ppm" = { property = "co", unit = "ppm" }
"""
HEARD = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
# Decentlab's published vectors (domain.md 8.9)
TBRG = "0202f8000300040258409a00000c54"
MBX = "02012f000304d200010bb1"
PHEHT = "0252b800030000884282c77f637ff60c5c"
PM = "021b50000f0c25002500270027002701f50107012c012d012d012d67bd618dbd10"


@pytest.fixture
def open_broker(servers: tuple[runtime.Runtime, Path]) -> Iterator[Mosquitto]:
    """A broker whose publisher may use the topics of these sources."""
    installed, folder = servers
    with Mosquitto(
        installed,
        folder / "broker-lorawan",
        extra_topics=("v3/#", "application/#"),
        proves_persistence=False,
        dies_with_parent=True,
    ) as server:
        yield server


def things_stack(device: str, frame: str) -> tuple[str, bytes]:
    event = {
        "end_device_ids": {"device_id": device, "dev_eui": "0004A30B001C0530"},
        "received_at": f"{HEARD + timedelta(seconds=1):%FT%T}.250000001Z",
        "uplink_message": {
            "f_port": 1,
            "frm_payload": base64.b64encode(bytes.fromhex(frame)).decode(),
            "rx_metadata": [{"time": f"{HEARD:%FT%T}.000000000Z", "rssi": -113, "snr": -2.5}],
            "received_at": f"{HEARD + timedelta(seconds=1):%FT%T}Z",
        },
    }
    return f"v3/app1@ttn/devices/{device}/up", json.dumps(event).encode()


def chirpstack(eui: str, kind: str = "up", **more: Any) -> tuple[str, bytes]:
    event = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": f"{HEARD:%FT%T}.000000000+00:00",
        "deviceInfo": {"deviceName": "x", "devEui": eui},
        "rxInfo": [{"rssi": -60}],
        **more,
    }
    return f"application/17c8/device/{eui}/event/{kind}", json.dumps(event).encode()


def test_uplinks_become_observations_of_the_right_thing_in_our_units(
    city_url: str, open_broker: Mosquitto, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES)
    env = {
        **ingest_env(city_url, open_broker.url("ingest")),
        "HANOI_SOURCES_FILE": str(tmp_path / "sources.toml"),
    }
    messages = [
        things_stack("tbrg-760", TBRG),
        things_stack("mbx-303", MBX),
        things_stack("pheht-1", PHEHT),
        chirpstack("70B3D57ED0051234", data=base64.b64encode(bytes.fromhex(PM)).decode()),
        chirpstack("70b3d57ed0055678", object={"air": {"co_ppm": 0}, "pm10": 60.1}),
        things_stack("nobody", MBX),
        things_stack("mbx-303", MBX[:-2]),
        chirpstack("70b3d57ed0051234", "join", devAddr="00189440"),
    ]
    stored = """
        SELECT d.thing_id, d.property, o.result, o.phenomenon_time AS time, o.result_time
        FROM observation AS o JOIN datastream AS d ON d.id = o.datastream_id WHERE NOT d.derived ORDER BY 1, 2"""
    rejected = "SELECT source, reason, unknown_devices FROM rejected_message ORDER BY id"
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        publish(open_broker.url("publisher"), [*messages[:5], *messages])  # the good ones are sent twice
        wait_for(lambda: len(conn.execute(rejected).fetchall()) == 3, "the last message and all before it")
        rows = conn.execute(stored).fetchall()
        refused = [tuple(row.values()) for row in conn.execute(rejected)]
    assert [(row["thing_id"], row["property"], row["result"]) for row in rows] == [
        ("flood-phan-boi-chau", "battery", 2.993),
        ("flood-phan-boi-chau", "rssi", -113),
        ("flood-phan-boi-chau", "water_depth", 26.6),  # (1500 − 1234) mm in cm
        ("minh-khai", "co", 0),
        ("minh-khai", "pm10", 60.1),
        ("minh-khai", "rssi", -60),
        ("rain-cau-giay", "battery", 3.156),
        ("rain-cau-giay", "rain_counter", 1653.8),
        ("rain-cau-giay", "rain_interval", 0.4),
        ("rain-cau-giay", "rssi", -113),
        ("trung-yen-3", "battery", 3.109),
        ("trung-yen-3", "humidity", 41.63),
        ("trung-yen-3", "pm10", 3.9),
        ("trung-yen-3", "pm2_5", 3.9),
        ("trung-yen-3", "pressure", 968),  # 96 800 Pa
        ("trung-yen-3", "rssi", -60),
        ("trung-yen-3", "temperature", 24.357),
        ("west-lake-trich-sai", "battery", 3.164),
        ("west-lake-trich-sai", "orp", -15.7),
        ("west-lake-trich-sai", "ph", 7.11),
        ("west-lake-trich-sai", "rssi", -113),
        ("west-lake-trich-sai", "water_temperature", 21.14),
    ]
    assert {row["time"] for row in rows} == {HEARD}
    servers_time = {row["result_time"] for row in rows if row["thing_id"] == "rain-cau-giay"}
    assert servers_time == {HEARD + timedelta(seconds=1)}
    assert refused == [
        ("things-stack", "unsupported", ["nobody"]),  # no codec, but heard: it waits to be claimed
        ("things-stack", "not_decodable", None),
        ("chirpstack", "unsupported", None),
    ]
