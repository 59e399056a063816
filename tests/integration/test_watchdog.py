"""The watchdog by itself: canaries, HTTP, receivers of its own, memory. An echo stands for the platform."""

import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from alerts import message
from alerts.examples import documents
from alerts.heartbeat import Heartbeat, watchdog_url
from deploy.embedded.mosquitto import Mosquitto
from storage.settings import ConfigurationError, Settings
from tests.integration.watchdog_rig import echo, watchdog, watchdog_env
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import BIN, ready, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as opened:
        yield opened


def test_a_canary_is_an_observation_with_its_number_and_the_last_round_trip(
    broker: Mosquitto, tmp_path: Path
) -> None:
    env = watchdog_env(broker, tmp_path)
    with watchdog(env, tmp_path) as rig, echo(broker, env) as got:
        wait_for(lambda: len(got) >= 4, "canaries")
        rig.wait_until_alive()
        numbers = [body["results"]["heartbeat"] for body in got]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert 0 <= got[-1]["results"]["round_trip"] < 30
        assert datetime.fromisoformat(got[0]["time"]).tzinfo is not None
        assert set(got[0]) == {"time", "results"}
        assert rig.get("/healthz").text == "ok\n"
        assert rig.metric("hanoi_watchdog_incident") == 0


def test_numbers_go_on_after_a_restart_and_availability_is_kept(broker: Mosquitto, tmp_path: Path) -> None:
    env = watchdog_env(broker, tmp_path)
    with watchdog(env, tmp_path) as rig, echo(broker, env) as got:
        rig.wait_until_alive()
    with watchdog(env, tmp_path) as rig, echo(broker, env) as later:
        rig.wait_until_alive()
        wait_for(lambda: bool(later), "canaries")
        assert later[0]["results"]["heartbeat"] > got[-1]["results"]["heartbeat"]
        found = rig.get("/availability").json()
    assert found["zone"] == "Asia/Ho_Chi_Minh"
    (day,) = found["days"][-1:]
    (month,) = found["months"][-1:]
    assert day["period"].startswith(month["period"])
    assert day["in_time"] >= 6
    assert day["in_time"] + day["late"] + day["lost"] == day["due"]
    printed = subprocess.run(
        [BIN / "hanoi-watchdog", "availability"], env=env, capture_output=True, text=True, check=True
    )
    assert day["period"] in printed.stdout
    assert month["period"] in printed.stdout


def test_time_in_which_it_did_not_run_is_unwatched_and_not_available(
    broker: Mosquitto, tmp_path: Path
) -> None:
    env = watchdog_env(broker, tmp_path)
    with watchdog(env, tmp_path) as rig, echo(broker, env):
        rig.wait_until_alive()
    Event().wait(3)
    with watchdog(env, tmp_path) as rig, echo(broker, env):
        rig.wait_until_alive()
        days = rig.get("/availability").json()["days"]
    assert sum(day["unwatched_s"] for day in days) >= 3
    assert sum(day["lost"] for day in days) == 0


def test_when_nothing_comes_back_it_tells_in_both_languages_and_later_that_it_is_over(
    broker: Mosquitto, receiver: Receiver, tmp_path: Path
) -> None:
    env = watchdog_env(broker, tmp_path, HANOI_WATCHDOG_WEBHOOK_URL=receiver.url)
    silent = Event()
    with watchdog(env, tmp_path) as rig, echo(broker, env, lambda body: not silent.is_set()):
        rig.wait_until_alive()
        silent.set()
        wait_for(lambda: len(receiver.got) == 1, "told", context=rig.log.read_text)
        silent.clear()
        wait_for(lambda: len(receiver.got) == 2, "told that it is over", context=rig.log.read_text)
        assert rig.metric("hanoi_watchdog_incident") == 0
        days = rig.get("/availability").json()["days"]
        log = rig.log.read_text()
    down, over = receiver.got
    assert [alert["thing"]["id"] for alert in down["alerts"]] == ["canary"]
    assert (down["reason"], down["status"], down["simulated"]) == ("firing", "actual", False)
    assert "has not come back since" in down["text"]["en"]
    assert "không quay về" in down["text"]["vi"]
    assert (over["reason"], over["alerts"][0]["state"]) == ("resolved", "resolved")
    assert "is back after" in over["text"]["en"]
    not_in_time = sum(day["late"] + day["lost"] for day in days)
    assert 0 <= over["alerts"][0]["evidence"]["canaries_missed"] <= not_in_time, "as its own books say"
    assert len(set(receiver.keys)) == 2
    assert "s3cret" not in log


def test_the_document_is_that_of_an_alert(broker: Mosquitto, receiver: Receiver, tmp_path: Path) -> None:
    """So that whoever reads the one reads the other."""
    env = watchdog_env(broker, tmp_path, HANOI_WATCHDOG_WEBHOOK_URL=receiver.url)
    with watchdog(env, tmp_path):
        wait_for(lambda: receiver.got, "told")
    known = documents()[0]
    assert receiver.got[0]["version"] == message.VERSION
    assert set(receiver.got[0]) == set(known)
    assert set(receiver.got[0]["alerts"][0]) == set(known["alerts"][0])


def test_a_receiver_that_is_away_is_tried_again_with_the_same_key(
    broker: Mosquitto, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers.extend([(503, {}), (500, {}), (200, {})])
    env = watchdog_env(broker, tmp_path, HANOI_WATCHDOG_WEBHOOK_URL=receiver.url)
    with watchdog(env, tmp_path):
        wait_for(lambda: receiver.taken(), "taken")
    assert receiver.statuses[:3] == [503, 500, 200]
    assert len(set(receiver.keys[:3])) == 1


def test_receivers_come_from_a_file_of_their_own(
    broker: Mosquitto, receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "watchdog.toml"
    file.write_text('[receiver.night-desk]\ntype = "webhook"\nurl = { env = "DESK" }\n')
    env = watchdog_env(broker, tmp_path, HANOI_WATCHDOG_RECEIVERS=str(file), DESK=receiver.url)
    sent = subprocess.run(
        [BIN / "hanoi-watchdog", "send-test"], env=env, capture_output=True, text=True, check=False
    )
    assert (sent.returncode, sent.stdout) == (0, "night-desk: taken\n")
    assert receiver.got[0]["reason"] == "test"
    with watchdog(env, tmp_path):
        wait_for(lambda: len(receiver.got) == 2, "told")
    assert receiver.got[1]["receiver"] == "night-desk"


def test_a_restart_does_not_tell_the_same_incident_twice_but_its_end(
    broker: Mosquitto, receiver: Receiver, tmp_path: Path
) -> None:
    env = watchdog_env(broker, tmp_path, HANOI_WATCHDOG_WEBHOOK_URL=receiver.url)
    with watchdog(env, tmp_path):
        wait_for(lambda: receiver.got, "told")
    with watchdog(env, tmp_path) as rig:
        Event().wait(6)
        assert len(receiver.got) == 1, "it was silent for longer than the limit again, and is told already"
        with echo(broker, env):
            wait_for(lambda: len(receiver.got) == 2, "told that it is over", context=rig.log.read_text)
    assert receiver.got[1]["reason"] == "resolved"


def test_a_broker_that_is_killed_or_frozen_is_named(
    broker: Mosquitto, receiver: Receiver, tmp_path: Path
) -> None:
    env = watchdog_env(broker, tmp_path, HANOI_WATCHDOG_WEBHOOK_URL=receiver.url)
    with watchdog(env, tmp_path) as rig, echo(broker, env):
        rig.wait_until_alive()
        broker.kill()
        wait_for(lambda: _named(receiver, "broker"), "named", context=rig.log.read_text)
        broker.start()
        wait_for(lambda: receiver.got[-1]["reason"] == "resolved", "over", context=rig.log.read_text)
        missed = receiver.got[-1]["alerts"][0]["evidence"]["canaries_missed"]
        assert missed >= 5, "no broker was there to take them"
        receiver.got.clear()
        broker.pause()
        try:
            wait_for(lambda: _named(receiver, "broker"), "named", context=rig.log.read_text)
        finally:
            broker.resume()
        assert "does not acknowledge" in _texts(receiver) or "can't be connected to" in _texts(receiver)
        wait_for(lambda: receiver.got[-1]["reason"] == "resolved", "over", context=rig.log.read_text)


def _named(receiver: Receiver, part: str) -> bool:
    return any(alert["thing"]["id"] == part for got in receiver.got for alert in got["alerts"])


def _texts(receiver: Receiver) -> str:
    return " ".join(got["text"]["en"] for got in receiver.got)


def test_what_is_no_heartbeat_is_refused_and_a_number_that_nobody_sent_counts_for_nothing(
    broker: Mosquitto, tmp_path: Path
) -> None:
    env = watchdog_env(broker, tmp_path)
    with watchdog(env, tmp_path) as rig:
        for body in (b"", b"{}", b"[1]", b'{"heartbeat": "x"}', b'{"heartbeat": 1.5}', b"x" * 5000):
            assert httpx.post(f"{rig.url}/heartbeat", content=body, timeout=5).status_code == 422
        assert httpx.post(f"{rig.url}/heartbeat", json={"heartbeat": 10**9}, timeout=5).status_code == 202
        assert httpx.post(f"{rig.url}/other", json={}, timeout=5).status_code == 404
        wait_for(lambda: "unknown_heartbeat heartbeat=1000000000" in rig.log.read_text(), "noted")
        assert rig.returned == 0


def test_while_all_is_well_an_address_outside_is_pinged(
    broker: Mosquitto, receiver: Receiver, tmp_path: Path
) -> None:
    pinged = Event()

    class Outside(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pinged.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/ping/s3cret"
    try:
        with watchdog(watchdog_env(broker, tmp_path, HANOI_WATCHDOG_PING_URL=url), tmp_path) as rig:
            wait_for(pinged.is_set, "pinged")
            assert "s3cret" not in rig.log.read_text()
    finally:
        server.shutdown()
        server.server_close()


def test_it_stops_when_it_is_asked_to(broker: Mosquitto, tmp_path: Path) -> None:
    env = watchdog_env(broker, tmp_path)
    process = subprocess.Popen([BIN / "hanoi-watchdog"], env=env, stderr=subprocess.DEVNULL)
    wait_for(lambda: ready(env["HANOI_WATCHDOG_BIND"]), "ready", alive=lambda: process.poll() is None)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"HANOI_MQTT_PUBLISH_URL": "http://user:pa55word@x"}, "HANOI_MQTT_PUBLISH_URL: expected mqtt://"),
        ({"HANOI_WATCHDOG_WATCHES": "brokr"}, "HANOI_WATCHDOG_WATCHES: brokr"),
        ({"HANOI_WATCHDOG_WATCHES": "database"}, "HANOI_WATCHDOG_DATABASE: host:port"),
        ({"HANOI_WATCHDOG_DATABASE": "db", "HANOI_WATCHDOG_WATCHES": "database"}, "HANOI_WATCHDOG_DATABASE"),
        ({"HANOI_WATCHDOG_WEBHOOK_URL": "ftp://pa55word"}, "HANOI_WATCHDOG_WEBHOOK_URL: must be"),
        ({"HANOI_WATCHDOG_PING_URL": "pa55word"}, "HANOI_WATCHDOG_PING_URL: must be"),
        ({"HANOI_WATCHDOG_RECEIVERS": "/nonexistent/w.toml"}, "/nonexistent/w.toml: can't be read"),
        ({"HANOI_WATCHDOG_SILENCE_S": "0"}, "HANOI_WATCHDOG_SILENCE_S"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(more: dict[str, str], says: str, tmp_path: Path) -> None:
    env = {
        "HANOI_RUNTIME_DIR": str(tmp_path),
        "HANOI_MQTT_PUBLISH_URL": "mqtt://nobody:pa55word@127.0.0.1:9",
        "HANOI_WATCHDOG_BIND": "127.0.0.1:9",
        "HANOI_WATCHDOG_WATCHES": "broker",
        **more,
    }
    done = subprocess.run([BIN / "hanoi-watchdog"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "pa55word" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_engine_tells_each_new_canary_once_and_waits_for_a_watchdog_that_is_away() -> None:
    got: list[int] = []
    status = [202]

    class Watchdog(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append(body["heartbeat"])
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Watchdog)
    Thread(target=server.serve_forever, daemon=True).start()
    stop, at = Event(), datetime.fromisoformat("2026-11-22T03:00:00+00:00")
    newest: list[tuple[float, datetime] | None] = [None]
    heartbeat = Heartbeat(f"http://127.0.0.1:{server.server_port}", lambda: newest[0], stop)
    thread = Thread(target=heartbeat.run, daemon=True)
    thread.start()
    try:
        newest[0] = (1.0, at)
        wait_for(lambda: got == [1], "told")
        status[0] = 503
        newest[0] = (2.0, at + timedelta(seconds=10))
        wait_for(lambda: got[1:3] == [2, 2], "tried again")
        newest[0] = (3.0, at + timedelta(seconds=20))
        wait_for(lambda: got[-1] == 3, "only the newest")
        status[0] = 202
        wait_for(lambda: heartbeat._told == newest[0], "taken")
        told = len(got)
        stop.wait(1)
        assert len(got) == told, "each once"
    finally:
        stop.set()
        thread.join(5)
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:8095"),
        ({"watchdog_bind": "0.0.0.0:9000"}, "http://127.0.0.1:9000"),
        ({"watchdog_bind": "[::1]:9000"}, "http://[::1]:9000"),
        ({"watchdog_url": "http://watchdog:8095/"}, "http://watchdog:8095"),
    ],
)
def test_the_engine_finds_the_watchdog(given: dict[str, str], url: str) -> None:
    assert watchdog_url(Settings(**given)) == url  # type: ignore[arg-type]  # the keywords are the test's own


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(ConfigurationError, match="HANOI_WATCHDOG_URL"):
        Heartbeat("ftp://x", lambda: None, Event())
