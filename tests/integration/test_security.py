"""Hostile publishers against the real process, broker and database: nobody else notices, and no secret shows."""

import contextlib
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.embedded.mosquitto import Mosquitto
from ingest.wire import BrokerAddress
from storage import db
from tests.integration.raw_mqtt import Raw, connect, packet, publish
from tests.processes import BIN, free_port, ingest_env, ready, running, start, wait_for
from tests.processes import publish as publish_all

pytestmark = pytest.mark.integration

CALM = "hanoi/v1/air_quality/trung-yen-3/observations"
WILD = "hanoi/v1/rain/{}/observations"
EPOCH = datetime(2026, 11, 1, tzinfo=UTC)


def reading(number: int, key: str = "pm2_5") -> bytes:
    time_ = EPOCH + timedelta(seconds=number)
    return json.dumps({"time": time_.isoformat(), "results": {key: 10 + number % 7}}).encode()


class City:
    """A running ingest with its broker and database."""

    def __init__(self, broker: Mosquitto, url: str, bind: str) -> None:
        self.broker, self.url, self.bind = broker, url, bind
        address = BrokerAddress.parse(broker.url("publisher"))
        self.user, self.password = address.user or "", address.password or ""

    def raw(self, client_id: str = "raw") -> Raw:
        """A connection of the account that may publish as anybody."""
        made = Raw(self.broker.port)
        assert made.log_in(self.user, self.password, client_id) == 0
        return made

    def query(self, sql: str, *parameters: object) -> list[Any]:
        with db.connect(self.url, name="test") as conn:
            return conn.execute(sql, parameters or None).fetchall()

    def stored(self, thing: str) -> int:
        rows = self.query(
            "SELECT count(*) AS n FROM observation o JOIN datastream d ON d.id = o.datastream_id"
            " WHERE d.thing_id = %s AND NOT d.derived",
            thing,
        )
        return int(rows[0]["n"])

    def calm_thing_gets_through(self, numbers: range) -> None:
        publish_all(self.broker.url("publisher"), [(CALM, reading(n)) for n in numbers], "calm")
        wait_for(lambda: self.stored("trung-yen-3") >= numbers.stop, "the calm Thing's readings stored")
        assert ready(self.bind)


@pytest.fixture
def limits() -> dict[str, str]:
    return {}


@pytest.fixture
def city(broker: Mosquitto, city_url: str, tmp_path: Path, limits: dict[str, str]) -> Iterator[City]:
    env = {**ingest_env(city_url, "in the file"), **limits}
    del env["HANOI_MQTT_URL"]
    (tmp_path / "mqtt-url").write_text(f"{broker.url('ingest')}\n")
    env["HANOI_MQTT_URL_FILE"] = str(tmp_path / "mqtt-url")
    bind = env["HANOI_INGEST_BIND"]
    with running("hanoi-ingest", env=env, bind=bind, folder=tmp_path):
        yield City(broker, city_url, bind)


HOSTILE_TOPICS = [
    "hanoi/v1/air_quality/<script>alert(1)</script>/observations",
    "hanoi/v1/air_quality/x'; DROP TABLE observation; --/observations",
    "hanoi/v1/air_quality/../../etc/passwd/observations",
    "hanoi/v1/air_quality/..%2f..%2fetc%2fpasswd/observations",
    "hanoi/v1/air_quality/{{7*7}}${jndi:ldap://x}/observations",
    "hanoi/v1/air_quality/trạm-bơm-\u202eevil/observations",
    "hanoi/v1/air_quality/trung-yen-3 /observations",
    "hanoi/v1/air_quality/TRUNG-YEN-3/observations",
    "hanoi/v1/air_quality/trung-yen-3/observations/",
    "hanoi/v1//trung-yen-3/observations",
    "hanoi/v1/$SYS/trung-yen-3/observations",
    "hanoi/v1/air_quality/%s%n%x/observations",
    "hanoi/v1/" + "/" * 150 + "observations",
    "hanoi/v1/air_quality/" + "x" * 60_000 + "/observations",
]
HOSTILE_PAYLOADS = [
    b'{"time": "<img src=x onerror=alert(1)>", "results": {"pm2_5": 1}}',
    b"'; DROP TABLE rejected_message; --",
    b'{"time": "2026-11-22T03:04:05Z", "results": {"\\u0000<b>": 1}}',
    b"\x1b[31m\x00\xff",
]


def test_hostile_topics_and_payloads_are_rows_and_nothing_else(city: City) -> None:
    messages = [(topic, reading(0)) for topic in HOSTILE_TOPICS] + [(CALM, p) for p in HOSTILE_PAYLOADS]
    with city.raw() as wild:
        for number, (topic, payload) in enumerate(messages, 1):
            assert wild.publish(topic, payload, packet_id=number) == 0, topic[:80]
    wait_for(
        lambda: len(city.query("SELECT FROM rejected_message")) == len(messages), "one row each", limit_s=30
    )
    rows = city.query("SELECT topic, payload, reason FROM rejected_message ORDER BY id")
    assert [(row["topic"], bytes(row["payload"])) for row in rows] == messages
    assert {row["reason"] for row in rows[: len(HOSTILE_TOPICS)]} <= {"unknown_topic", "unknown_thing"}
    city.calm_thing_gets_through(range(3))


def test_control_characters_in_a_topic_forge_no_log_line(city: City, tmp_path: Path) -> None:
    with city.raw() as wild:
        wild.publish("hanoi/v1/air_quality/a\n2026 CRITICAL forged\x1b[2J/observations", b"x")
    city.calm_thing_gets_through(range(3))
    assert not re.search(r"^2026 CRITICAL forged|\x1b", (tmp_path / "hanoi-ingest.log").read_text(), re.M)


def test_oversized_publishers_are_cut_off_and_nobody_else(city: City) -> None:
    with city.raw() as calm:
        for size in (3 << 20, 200 << 20):
            with city.raw("greedy") as greedy:
                body = publish(CALM.encode(), b"x" * (3 << 20))
                whole = body if size == 3 << 20 else b"\x32\x80\x80\x80\x64" + body[5 : 1 << 16]
                with contextlib.suppress(ConnectionError):  # cut off while it sends
                    greedy.send(whole)
                assert greedy.hung_up()
        assert calm.alive()
    city.calm_thing_gets_through(range(3))
    assert city.query("SELECT FROM rejected_message") == []


def test_slow_publishers_hold_up_nobody(city: City) -> None:
    """Connections that say nothing, half a CONNECT, half a message; and a keepalive that never comes."""
    port, user, password = city.broker.port, city.user.encode(), city.password.encode()
    slow: list[Raw] = []
    try:
        for number in range(200):
            slow.append(Raw(port))
            if number % 4 == 1:
                slow[-1].send(connect(b"half", user, password)[: 5 + number % 30])
            elif number % 4 == 2:
                slow[-1].log_in(city.user, city.password, f"slow-{number}")
                slow[-1].send(publish(CALM.encode(), b"y" * 1_000_000)[: 1000 + number])
        city.calm_thing_gets_through(range(50))
        assert city.broker.answers()
    finally:
        for one in slow:
            one.socket.close()
    assert city.query("SELECT FROM rejected_message") == []


def test_packets_that_are_none_end_their_own_connection_only(city: City) -> None:
    garbage = [
        b"\x00" * 64,
        b"\xff" * 64,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50,
        packet(1, 0, b"\x00\x04MQTT\x05\xc2"),
        b"\x10\xff\xff\xff\xff\xff\x7f",
    ]
    for data in garbage:
        with Raw(city.broker.port) as stranger:
            stranger.send(data)
    city.calm_thing_gets_through(range(3))


@pytest.mark.parametrize(
    "limits", [{"HANOI_INGEST_RATE_PER_THING": "50", "HANOI_INGEST_BURST_PER_THING": "500"}]
)
def test_a_flooding_thing_is_limited_not_lost_and_the_others_get_through(city: City) -> None:
    """What is over the limit can be taken in later: of 12,000 none is missing after reprocessing."""
    gauge = city.query("SELECT id FROM thing WHERE domain = 'rain' ORDER BY id LIMIT 1")[0]["id"]
    flood = [(WILD.format(gauge), reading(n, "rain_interval")) for n in range(12_000)]
    thread = threading.Thread(target=publish_all, args=(city.broker.url("publisher"), flood, "wild"))
    thread.start()
    slowest = _slowest_calm_reading(city, thread)
    thread.join()
    print(f"flood of 12,000: the calm Thing's slowest reading took {slowest:.2f} s from publish to commit")
    wait_for(lambda: city.stored(gauge) + _limited(city) >= 12_000, "all of the flood somewhere")
    limited = _limited(city)
    assert 500 <= city.stored(gauge) < 12_000
    assert limited + city.stored(gauge) == 12_000
    metrics = httpx.get(f"http://{city.bind}/metrics").text
    assert f'hanoi_ingest_messages_rate_limited_total{{thing="{gauge}"}} {float(limited)}' in metrics
    assert f'reason="rate_limited"}} {float(limited)}' in metrics
    subprocess.run(
        [BIN / "hanoi-ingest", "reprocess", "--reason", "rate_limited"],
        env={"HANOI_DATABASE_URL": city.url, "HANOI_RUNTIME_DIR": "/nonexistent"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert city.stored(gauge) == 12_000


def _slowest_calm_reading(city: City, flood: threading.Thread) -> float:
    """Seconds from publish to commit, while the flood lasts."""
    slowest, number = 0.0, 0
    with city.raw("calm") as calm:
        while flood.is_alive():
            began = time.monotonic()
            calm.publish(CALM, reading(number), packet_id=1)
            number += 1
            wait_for(partial(_has_stored, city, number), "a calm reading stored")
            slowest = max(slowest, time.monotonic() - began)
    assert number
    return slowest


def _has_stored(city: City, number: int) -> bool:
    return city.stored("trung-yen-3") >= number


def _has_spoken(log: Path, process: subprocess.Popen[bytes]) -> bool:
    return log.stat().st_size > 0 or process.poll() is not None


def _limited(city: City) -> int:
    rows = city.query("SELECT count(*) AS n FROM rejected_message WHERE reason = 'rate_limited'")
    return int(rows[0]["n"])


SECRET = "S3cr3t-wOrd"
PROGRAMS: list[tuple[str, list[str]]] = [
    ("hanoi-ingest", []),
    ("hanoi-alerts", []),
    ("hanoi-public", []),
    ("hanoi-control-room", []),
    ("hanoi-migrate", []),
    ("hanoi-simulate", []),
]


@pytest.mark.parametrize(
    ("database", "broker_url"),
    [
        (f"postgresql://hanoi:{SECRET}@127.0.0.1:1/x", f"mqtt://u:{SECRET}@127.0.0.1:1"),
        (f"postgresql://hanoi:a/{SECRET}@b@127.0.0.1:5432/x", f"mqtt://u:a/{SECRET}@b@127.0.0.1:1"),
        (f"{SECRET}", f"{SECRET}"),
        ("postgresql://publisher:" + SECRET + "@{db}/postgres", "mqtt://ingest:" + SECRET + "@{mqtt}"),
    ],
    ids=["unreachable", "unescaped", "no URL", "refused"],
)
def test_no_secret_shows_in_what_any_process_says(
    tmp_path: Path, postgres: Any, broker: Mosquitto, database: str, broker_url: str
) -> None:
    database = database.replace("{db}", postgres.superuser_url.rpartition("@")[2].partition("/")[0])
    broker_url = broker_url.replace("{mqtt}", f"127.0.0.1:{broker.port}")
    processes = []
    for program, arguments in PROGRAMS:
        env = {
            "HANOI_DATABASE_URL": database,
            "HANOI_MQTT_URL": broker_url,
            "HANOI_ALERT_WEBHOOK_URL": "http://127.0.0.1:1/hook?token=another-S3cr3t",
            "HANOI_METRICS_TOKEN": "another-S3cr3t",
            "HANOI_LOG_LEVEL": "DEBUG",
            "HANOI_RUNTIME_DIR": str(tmp_path / program),
            **{
                f"HANOI_{b}_BIND": f"127.0.0.1:{free_port()}"
                for b in ("PUBLIC", "CONTROL_ROOM", "INGEST", "ALERTS")
            },
        }
        with (tmp_path / f"{program}.log").open("wb") as log:
            processes.append(start(program, *arguments, env=env, log=log))
    try:
        for process, (program, _) in zip(processes, PROGRAMS, strict=True):
            wait_for(partial(_has_spoken, tmp_path / f"{program}.log", process), f"{program} says something")
        time.sleep(2)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    said = {program: (tmp_path / f"{program}.log").read_text() for program, _ in PROGRAMS}
    assert all(said[program] for program in ("hanoi-ingest", "hanoi-migrate", "hanoi-simulate"))
    assert [program for program, text in said.items() if SECRET in text or "another-S3cr3t" in text] == []
