"""hanoi-simulate against a real broker: history, gaps, outages, restarts, and files that appear while it runs."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.mosquitto import Mosquitto
from tests.integration.listener import Listener
from tests.processes import LIMIT_S, start, wait_for

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)

NOISE_CATALOG = """
[domain]
key = "noise"
name = { vi = "Tiếng ồn", en = "Noise" }
headline = "level"
map_kinds = ["microphone"]

[property.level]
name = { vi = "Mức ồn", en = "Sound level" }
unit = "dB[SPL]"
interval_s = 60
possible = [0, 160]
plausible = [20, 120]

[simulator.profile.level]
kind = "diurnal"
base = 52
peaks = [{ hour = 8, height = 14 }]
"""

NOISE_INVENTORY = """
domain = "noise"

[[thing]]
id = "noise-1"
kind = "microphone"
name = { vi = "Một", en = "One" }
properties = ["level"]
location = { lat = 21.03, lon = 105.85, trust = "S", source = "made for a test" }
"""


@pytest.fixture
def listener(broker: Mosquitto) -> Iterator[Listener]:
    with Listener(broker.url("ingest")) as found:
        yield found


@pytest.fixture
def env(broker: Mosquitto, tmp_path: Path) -> dict[str, str]:
    for folder in ("runtime", "catalog", "inventory"):
        (tmp_path / folder).mkdir()
    return {
        "HANOI_MQTT_PUBLISH_URL": broker.url("publisher"),
        "HANOI_RUNTIME_DIR": str(tmp_path / "runtime"),
        "HANOI_CATALOG_DIR": str(tmp_path / "catalog"),
        "HANOI_INVENTORY_DIR": str(tmp_path / "inventory"),
    }


def run(*arguments: str, env: dict[str, str], log: Path, expect: int = 0) -> str:
    """Until it ends by itself; what it printed and logged."""
    with log.open("wb") as file:
        process = start("hanoi-simulate", *arguments, env=env, log=file)
        assert process.wait(LIMIT_S) == expect, log.read_text()
    return log.read_text()


@contextmanager
def simulating(*arguments: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as file:
        process = start("hanoi-simulate", *arguments, env=env, log=file)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def covered(env: dict[str, str]) -> dict[str, Any]:
    path = Path(env["HANOI_RUNTIME_DIR"]) / "data" / "simulate" / "state.json"
    found: dict[str, Any] = json.loads(path.read_bytes())["covered"] if path.exists() else {}
    return found


def times(listener: Listener, topic: str) -> list[datetime]:
    return sorted(datetime.fromisoformat(at) for heard, at in listener.results() if heard == topic)


def test_history_goes_through_the_broker_by_the_hour_and_a_second_start_fills_only_the_gap(
    env: dict[str, str], listener: Listener, tmp_path: Path
) -> None:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first, second = (end - HOUR).isoformat(), end.isoformat()
    run("--backfill", "4h", "--until", first, env=env, log=tmp_path / "1.log")
    listener.catch_up(env["HANOI_MQTT_PUBLISH_URL"])
    assert "hanoi/v1/parking/thd-09-b15/observations" in dict(listener.messages)
    before = listener.times_heard()
    assert set(before.values()) == {1}
    for topic, payload in listener.messages:
        said = payload if isinstance(payload, list) else [payload]
        stamps = [datetime.fromisoformat(one["time"]) for one in said]
        assert max(stamps) - min(stamps) < HOUR, topic
        assert all(one["provenance"] == "simulated" for one in said)
    run("--backfill", "5h", "--until", second, env=env, log=tmp_path / "2.log")
    listener.catch_up(env["HANOI_MQTT_PUBLISH_URL"])
    after = listener.times_heard()
    assert set(after.values()) == {1}
    new = {datetime.fromisoformat(at) for _, at in after.keys() - before.keys()}
    assert min(new) > end - HOUR
    assert max(new) <= end
    flood = times(listener, "hanoi/v1/flood/flood-hoa-bang/observations")
    assert {b - a for a, b in pairwise(flood)} == {timedelta(minutes=1)}
    assert len(flood) == 5 * 60


def test_live_goes_on_where_history_ended(env: dict[str, str], listener: Listener, tmp_path: Path) -> None:
    began = datetime.now(UTC)
    with simulating("--backfill", "1h", env=env, log=tmp_path / "log"):
        wait_for(
            lambda: any(at > began + timedelta(seconds=2) for _, at in _stamps(listener)),
            "a value that happened after the start",
        )
    assert set(listener.times_heard().values()) == {1}
    assert max(at for _, at in _stamps(listener)) <= datetime.now(UTC)


def test_killed_again_and_again_it_leaves_no_gap_and_never_contradicts_itself(
    env: dict[str, str], listener: Listener, tmp_path: Path
) -> None:
    """State is written every few seconds, so a kill costs a repetition at most: the same values at the same times."""
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    arguments = ("--backfill", "12h", "--until", end.isoformat())
    for _ in range(3):
        heard = len(listener.messages)
        with simulating(*arguments, env=env, log=tmp_path / "log") as process:
            wait_for(lambda before=heard: len(listener.messages) > before + 200, "it speaks")  # type: ignore[misc]  # mypy infers no lambda with a default
            process.kill()
            process.wait(60)
    run(*arguments, env=env, log=tmp_path / "last.log")
    topic = "hanoi/v1/flood/flood-hoa-bang/observations"
    wait_for(
        lambda: len(times(listener, topic)) >= 12 * 60,
        "what the broker acknowledged has reached the listener",
    )
    flood = times(listener, topic)
    assert {b - a for a, b in pairwise(flood)} == {timedelta(minutes=1)}
    assert len(flood) == 12 * 60


def test_a_broker_that_is_killed_during_history_loses_nothing(
    env: dict[str, str], broker: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    with simulating(
        "--backfill", "24h", "--until", end.isoformat(), env=env, log=tmp_path / "log"
    ) as process:
        for n in (500, 2500):
            wait_for(lambda enough=n: len(listener.messages) > enough, "it speaks")  # type: ignore[misc]  # mypy infers no lambda with a default
            broker.kill()
            time.sleep(1)
            assert process.poll() is None
            broker.start()
        assert process.wait(LIMIT_S) == 0
    intervals = covered(env)["flood/flood-hoa-bang/observations"]
    assert len(intervals) == 1
    wait_for(
        lambda: len(times(listener, "hanoi/v1/flood/flood-hoa-bang/observations")) >= 24 * 60,
        "every minute of a day",
    )
    assert {topic.split("/")[2] for topic, _ in listener.messages} == {
        "air_quality",
        "water_quality",
        "rain",
        "flood",
        "parking",
    }


def test_what_nobody_listens_to_is_not_taken_for_sent(
    env: dict[str, str], broker: Mosquitto, tmp_path: Path
) -> None:
    """The broker acknowledges a message without a subscriber and throws it away (reason 0x10)."""
    log = tmp_path / "log"
    with simulating("--backfill", "1h", env=env, log=log):
        wait_for(lambda: "message_not_taken" in log.read_text(), "it notices")
        time.sleep(1.5)
        assert [key for key in covered(env) if key.endswith("/observations")] == []
        with Listener(broker.url("ingest")) as late:
            wait_for(lambda: "history_published" in log.read_text(), "history after all")
            wait_for(lambda: len(times(late, "hanoi/v1/flood/flood-hoa-bang/observations")) >= 60, "the hour")
    assert "flood/flood-hoa-bang/observations" in covered(env)


def test_a_sixth_domain_speaks_within_seconds_of_its_files(
    env: dict[str, str], listener: Listener, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with simulating(
        "--domain",
        "noise",
        env=env,
        log=log,
    ) as process:
        assert process.wait(LIMIT_S) == 2
    assert "noise" in log.read_text()
    with simulating("--backfill", "2h", env=env, log=log):
        wait_for(lambda: "history_published" in log.read_text(), "the five domains")
        (tmp_path / "catalog" / "noise.toml").write_text(NOISE_CATALOG)
        (tmp_path / "inventory" / "noise.toml").write_text(NOISE_INVENTORY)
        wait_for(lambda: len(times(listener, "hanoi/v1/noise/noise-1/observations")) >= 120, "noise")
        (tmp_path / "catalog" / "noise.toml").write_text(NOISE_CATALOG.replace("base = 52", "base = 'loud'"))
        wait_for(lambda: "simulation_unchanged" in log.read_text(), "the fault is said")
        assert "simulator.profile" in log.read_text()


def test_a_second_simulator_hands_its_scenario_to_the_running_one(
    env: dict[str, str], listener: Listener, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with simulating(env=env, log=log):
        wait_for(lambda: "history_published" in log.read_text(), "it runs")
        refused = run(env=env, log=tmp_path / "second.log", expect=2)
        assert "another hanoi-simulate" in refused
        assert "takes up 'storm'" in run("--scenario", "storm", env=env, log=tmp_path / "third.log")
        wait_for(
            lambda: "simulation_changed streams=344 scenarios=1" in log.read_text(), "the storm is taken up"
        )
    assert listener.messages


def test_a_storm_of_the_past_is_seen_in_gauges_and_streets(
    env: dict[str, str], listener: Listener, tmp_path: Path
) -> None:
    """It replaces what was published for that time before."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    begin = end - 5 * HOUR
    until = ("--backfill", "6h", "--until", end.isoformat())
    run(*until, "--domain", "rain", "--domain", "flood", env=env, log=tmp_path / "1.log")
    listener.messages.clear()
    run(*until, "--scenario", "storm", "--scenario-start", begin.isoformat(), env=env, log=tmp_path / "2.log")
    wait_for(lambda: any("rain_interval" in one["results"] for _, one in listener.elements()), "rain")
    rain = [
        one["results"]["rain_interval"] for _, one in listener.elements() if "rain_interval" in one["results"]
    ]
    depth = [
        one["results"]["water_depth"] for _, one in listener.elements() if "water_depth" in one["results"]
    ]
    assert max(rain) > 3
    assert max(depth) >= 15
    extents = [payload for topic, payload in listener.messages if topic.endswith("/extent")]
    assert extents
    assert all(payload["type"] == "FeatureCollection" and "time" in payload for payload in extents)
    for _, one in listener.elements():
        if one["results"].keys() & {"water_depth", "rain_interval"}:
            assert datetime.fromisoformat(one["time"]) > begin


def _stamps(listener: Listener) -> list[tuple[str, datetime]]:
    return [(topic, datetime.fromisoformat(one["time"])) for topic, one in listener.elements()]
