"""Adding a domain is one TOML plus inventory, also in a running system: simulated, stored, mapped, alerted."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.embedded.mosquitto import Mosquitto
from storage import db
from tests.dashboard.room import PASSWORD, add, csrf_token_of
from tests.processes import free_port, running, start, wait_for

pytestmark = pytest.mark.integration

CATALOG = """
[domain]
key = "noise"
name = { vi = "Tiếng ồn", en = "Noise" }
headline = "sound_level"
map_kinds = ["microphone"]

[property.sound_level]
name = { vi = "Mức ồn", en = "Sound level" }
unit = "dB[SPL]"
interval_s = 2
possible = [0, 194]
plausible = [20, 140]
bands = [
  { level = 0, below = 55, label = { vi = "Yên tĩnh", en = "Quiet" }, color = "#69749B" },
  { level = 1, label = { vi = "Ồn", en = "Loud" }, color = "#C5870E" },
]

[[rule]]
key = "noise-loud"
property = "sound_level"
when = { at_least = 60 }
clear = 55
for = "0s"
severity = "info"
title = { vi = "Ồn từ 60 dB", en = "60 dB or louder" }
runbook = { vi = "Kiểm tra tại chỗ.", en = "Look on the spot." }
suggestion = true
basis = { vi = "made up for this test", en = "made up for this test" }

[[panel]]
key = "streets"
kind = "lines"
title = { vi = "Ồn theo thời gian", en = "Noise over time" }
properties = ["sound_level"]

[simulator.profile.sound_level]
kind = "diurnal"
base = 70
"""

INVENTORY = """
domain = "noise"

[[thing]]
id = "noise-hoan-kiem"
kind = "microphone"
name = { vi = "Hồ Hoàn Kiếm", en = "Hoan Kiem Lake" }
properties = ["sound_level"]
location = { lat = 21.0287, lon = 105.8524, trust = "S", source = "placed for a test" }
"""


@pytest.fixture
def city(city_url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """A running system: the addresses of its processes, and the folder whose catalog/ and inventory/ it watches."""
    binds = {name: f"127.0.0.1:{free_port()}" for name in ("INGEST", "ALERTS", "PUBLIC", "CONTROL_ROOM")}
    env = {
        "HANOI_DATABASE_URL": city_url,
        "HANOI_MQTT_URL": broker.url("ingest"),
        "HANOI_MQTT_PUBLISH_URL": broker.url("publisher"),
        "HANOI_RUNTIME_DIR": str(tmp_path / "runtime"),
        "HANOI_CATALOG_DIR": str(tmp_path / "catalog"),
        "HANOI_INVENTORY_DIR": str(tmp_path / "inventory"),
        **{f"HANOI_{name}_BIND": bind for name, bind in binds.items()},
    }
    with ExitStack() as stack:
        for program, name in (
            ("hanoi-ingest", "INGEST"),
            ("hanoi-alerts", "ALERTS"),
            ("hanoi-public", "PUBLIC"),
            ("hanoi-control-room", "CONTROL_ROOM"),
        ):
            stack.enter_context(running(program, env=env, bind=binds[name], folder=tmp_path))
        log = stack.enter_context((tmp_path / "simulate.log").open("ab"))
        simulator = start("hanoi-simulate", "--domain", "noise", env=env, log=log)
        stack.callback(simulator.wait)
        stack.callback(simulator.terminate)
        yield {name: f"http://{bind}" for name, bind in binds.items()}, tmp_path


def test_a_domain_dropped_into_a_running_system_comes_alive(
    city: tuple[dict[str, str], Path], city_url: str
) -> None:
    addresses, folder = city
    public = addresses["PUBLIC"]
    assert httpx.get(f"{public}/api/v1/map/noise.geojson").status_code == 404
    for name, text in (("inventory", INVENTORY), ("catalog", CATALOG)):
        (folder / name).mkdir()
        (folder / name / "noise.toml").write_text(text, encoding="utf-8")

    wait_for(lambda: _feature(public).get("state") == "live", "a live feature on the map")
    feature = _feature(public)
    assert feature["values"]["sound_level"]["provenance"] == "simulated"
    assert feature["values"]["sound_level"]["unit"] == "dB[SPL]"
    assert (feature["label_en"], feature["level"]) == ("Loud", 1)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        log = folder / "hanoi-alerts.log"
        wait_for(lambda: _firing(conn), "its alert fires", context=log.read_text)
    add(city_url)
    with httpx.Client(base_url=addresses["CONTROL_ROOM"]) as room:
        _enter(room)
        wait_for(lambda: room.get("/ops/domains/noise").status_code == 200, "it has a page")
        panel = "/ops/api/pages/noise/panels/streets?lang=en"
        wait_for(lambda: not room.get(panel).json()["empty"], "its panel has a line")
        found = room.get(panel).json()
        assert found["name"] == "Noise over time"
        assert [line["name"] for line in found["figure"]["data"]] == ["Hoan Kiem Lake"]
        overview = room.get("/ops/api/overview").json()
        assert "noise" in [tile["domain"] for tile in overview["tiles"]]


def _enter(room: httpx.Client) -> None:
    form = room.get("/ops/login")
    asked = {"username": "lan", "password": PASSWORD, "csrf_token": csrf_token_of(form)}
    assert room.post("/ops/login", data=asked).status_code == 303


def _feature(public: str) -> dict[str, Any]:
    answer = httpx.get(f"{public}/api/v1/map/noise.geojson")
    if answer.status_code != 200:
        return {}
    features = {feature["id"]: feature["properties"] for feature in answer.json()["features"]}
    return dict(features.get("noise-hoan-kiem", {}))


def _firing(conn: db.Connection) -> bool:
    rows = conn.execute(
        "SELECT 1 FROM alert WHERE thing_id = 'noise-hoan-kiem' AND state = 'firing'"
    ).fetchall()
    return bool(rows)
