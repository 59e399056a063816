"""The broker: nothing that it acknowledged is lost, whoever is not known stays out."""

import itertools
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.embedded import broker_settings, commit_each
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.process import ServerError
from deploy.embedded.runtime import Runtime
from ingest.accounts import mosquitto_hash

pytestmark = pytest.mark.integration

Servers = tuple[Runtime, Path]
TOPIC = "hanoi/v1/rain/gauge-{}/observations"
_numbers = itertools.count(1)


@contextmanager
def fresh(servers: Servers, **options: Any) -> Iterator[Mosquitto]:
    """Yield a broker of one's own."""
    installed, folder = servers
    with Mosquitto(installed, folder / f"embedded-mq-{next(_numbers)}", **options) as broker:
        yield broker


class Peer:
    """A client that keeps count of what it sent, what was acknowledged and what it got."""

    def __init__(self, broker: Mosquitto, user: str, name: str = "", **options: Any) -> None:
        url = urlsplit(broker.url(user))
        self.acked: set[int] = set()
        self.got: set[int] = set()
        self.deliveries = 0
        self.ready = threading.Event()
        self.refused = ""
        self.client = Client(
            CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5, **options
        )
        self.client.username_pw_set(url.username, url.password)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_publish = self._on_publish
        self._port = broker.port
        self._sent: dict[int, int] = {}

    def connect(self, receive_maximum: int = 0, session_s: int = 0) -> "Peer":
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types for it
        wishes.SessionExpiryInterval = session_s
        if receive_maximum:
            wishes.ReceiveMaximum = receive_maximum
        self.client.connect("127.0.0.1", self._port, clean_start=not session_s, properties=wishes)
        self.client.loop_start()
        assert self.ready.wait(10)
        return self

    def send(self, number: int, size: int = 200) -> bool:
        """Publish a number; whether the connection was there."""
        payload = str(number).encode().ljust(size)
        info = self.client.publish(TOPIC.format(number % 300), payload, qos=1)
        self._sent[info.mid] = number
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, data: Any, flags: Any, reason: Any, more: Any) -> None:
        if reason.is_failure:
            self.refused = str(reason)
        self.ready.set()

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self.deliveries += 1
        self.got.add(int(message.payload[:12].split()[0]))

    def _on_publish(self, client: Client, data: Any, mid: int, reason: Any, more: Any) -> None:
        if not reason.is_failure:
            self.acked.add(self._sent[mid])


def subscribe_and_leave(broker: Mosquitto) -> None:
    """Leave a session behind that collects everything."""
    peer = Peer(broker, "ingest", "collector").connect(session_s=3600)
    done = threading.Event()
    peer.client.on_subscribe = lambda *arguments: done.set()
    peer.client.subscribe("hanoi/#", qos=1)
    assert done.wait(10)
    peer.leave()


def collect(broker: Mosquitto, wanted: set[int], limit_s: float = 60) -> Peer:
    """Come back to that session and take what it kept."""
    peer = Peer(broker, "ingest", "collector").connect(5000, session_s=3600)
    wait_until(lambda: wanted <= peer.got, limit_s)
    peer.leave()
    return peer


def wait_until(true: Any, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_killed_broker_keeps_20000_messages_that_wait(servers: Servers) -> None:
    with fresh(servers) as broker:
        assert broker.setting.name == "safe"
        subscribe_and_leave(broker)
        publisher = Peer(broker, "publisher").connect()
        for number in range(20_000):
            publisher.send(number)
        wait_until(lambda: len(publisher.acked) == 20_000, 60)
        broker.kill()
        publisher.leave()
        broker.start()
        assert collect(broker, set(range(20_000))).got == set(range(20_000))


def test_what_was_acknowledged_when_the_broker_was_killed_is_there(servers: Servers) -> None:
    """With the plugin as it is shipped about 2 kills in 100 lose one: commit_each.py."""
    chance = random.Random(20261122)
    sent = 0
    with fresh(servers) as broker:
        subscribe_and_leave(broker)
        for _ in range(10):
            publisher = Peer(broker, "publisher").connect()
            killer = threading.Timer(chance.uniform(0.05, 0.3), broker.kill)
            killer.start()
            while publisher.send(sent):
                sent += 1
                time.sleep(1 / 2000)
            sent += 1
            killer.join()
            publisher.client.loop_stop()
            broker.start()
            assert publisher.acked
            assert publisher.acked <= collect(broker, publisher.acked, 10).got


def test_a_backlog_is_not_cut_at_1000_messages_and_not_handed_out_by_20(servers: Servers) -> None:
    with fresh(servers) as broker:
        subscribe_and_leave(broker)
        publisher = Peer(broker, "publisher").connect()
        for number in range(3000):
            publisher.send(number)
        wait_until(lambda: len(publisher.acked) == 3000, 30)
        publisher.leave()
        holder = Peer(broker, "ingest", "collector", manual_ack=True)
        holder.connect(2500, session_s=3600)
        wait_until(lambda: holder.deliveries >= 2500, 20)
        time.sleep(0.2)
        assert holder.deliveries == 2500
        holder.leave()


def test_publishing_fast_is_not_logged_message_by_message(servers: Servers) -> None:
    """max_inflight_messages 0 and 65535 make Mosquitto 2.1.2 log a warning for each message."""
    with fresh(servers) as broker:
        publisher = Peer(broker, "publisher").connect()
        for number in range(1000):
            publisher.send(number)
        wait_until(lambda: len(publisher.acked) == 1000, 20)
        publisher.leave()
        assert len(broker.log.read_text(encoding="utf-8").splitlines()) < 50


def test_2_mib_pass_and_more_does_not(servers: Servers) -> None:
    with fresh(servers) as broker:
        subscribe_and_leave(broker)
        publisher = Peer(broker, "publisher").connect()
        publisher.send(1, size=2 * 1024 * 1024)
        wait_until(lambda: publisher.acked == {1}, 20)
        publisher.leave()
        greedy = Peer(broker, "publisher").connect()
        greedy.send(2, size=3 * 1024 * 1024)
        time.sleep(0.3)
        greedy.leave()
        assert greedy.acked == set()
        assert collect(broker, {1}).got == {1}


@pytest.mark.parametrize(("user", "password"), [("", ""), ("publisher", "guess")])
def test_strangers_stay_out(servers: Servers, user: str, password: str) -> None:
    with fresh(servers, proves_persistence=False) as broker:
        peer = Peer(broker, "publisher")
        peer.client.username_pw_set(user or None, password or None)
        assert peer.connect().refused == "Not authorized"
        peer.leave()


def test_ingest_only_reads_and_publishers_only_write(servers: Servers) -> None:
    with fresh(servers, proves_persistence=False) as broker:
        ingest = Peer(broker, "ingest").connect()
        ingest.client.subscribe("hanoi/#", qos=1)
        publisher = Peer(broker, "publisher").connect()
        publisher.client.subscribe("hanoi/#", qos=1)
        time.sleep(0.2)
        ingest.send(1)
        publisher.send(2)
        publisher.client.publish("elsewhere", b"3", qos=1)
        wait_until(lambda: ingest.got, 10)
        time.sleep(0.2)
        assert (ingest.got, ingest.acked) == ({2}, set())
        assert publisher.got == set()
        ingest.leave()
        publisher.leave()


def test_a_broker_that_cannot_write_its_store_is_found_out(servers: Servers) -> None:
    """It runs on and only logs; a folder in the store's place makes it so."""
    installed, folder = servers
    broker = Mosquitto(installed, folder / "embedded-unwritable", setting="fast")
    installed.folder_for_server(broker.folder)
    (broker.folder / "mosquitto.db").mkdir()
    with pytest.raises(ServerError, match="can it write"):
        broker.start()
    assert broker.pid is None


def test_the_store_belongs_to_the_account_that_the_broker_runs_as(servers: Servers) -> None:
    with fresh(servers) as broker:
        user = broker.runtime.user
        assert broker.folder.stat().st_uid == (user.uid if user else os.getuid())
        assert broker.folder.stat().st_mode & 0o777 == 0o700
        assert "Error" not in broker.log.read_text(encoding="utf-8")


def test_a_frozen_broker_answers_again_when_it_goes_on(servers: Servers) -> None:
    with fresh(servers, proves_persistence=False) as broker:
        broker.pause()
        assert not broker.answers()
        broker.resume()
        assert broker.answers()


@pytest.mark.parametrize("setting", ["safe", "fast"])
def test_syncing_is_for_every_setting(servers: Servers, setting: str) -> None:
    with fresh(servers, proves_persistence=False, setting=setting) as broker:
        assert (broker.folder / "mosquitto.sqlite3-wal").exists() == (setting == "safe")
        broker.sync()
        assert broker.answers()


def test_a_plugin_built_differently_gives_the_next_best_setting(tmp_path: Path) -> None:
    original = tmp_path / commit_each.ORIGINAL
    original.parent.mkdir()
    original.write_bytes(b"\0COMMIT AND BEGIN;\0")
    assert not commit_each.make_copy(tmp_path)
    assert broker_settings.choose(None, tmp_path).name == "safe-batched"
    original.unlink()
    assert broker_settings.choose(None, tmp_path).name == "safe-2.0"
    with pytest.raises(ValueError, match=r"HANOI_BROKER_SETTING=safe: .* safe-2\.0, fast"):
        broker_settings.choose("safe", tmp_path)


def test_only_the_ends_of_the_transaction_are_blanked(servers: Servers) -> None:
    libraries = next((servers[0].broker / "usr/lib").glob("*-linux-gnu"))
    original = (libraries / commit_each.ORIGINAL).read_bytes()
    copy = (libraries / commit_each.COPY).read_bytes()
    different = [(a, b) for a, b in zip(original, copy, strict=True) if a != b]
    assert bytes(a for a, _ in different) == b"BEGIN;END;"
    assert bytes(b for _, b in different) == b" " * 10


def test_every_setting_says_its_price(servers: Servers) -> None:
    libraries = next((servers[0].broker / "usr/lib").glob("*-linux-gnu"))
    settings = broker_settings.available(libraries)
    assert [one.name for one in settings] == ["safe", "safe-batched", "safe-2.0", "fast"]
    assert all(len(one.price) > 30 for one in settings)


def test_a_password_is_hashed_as_mosquitto_passwd_does() -> None:
    """Expected value: `mosquitto_passwd -I 1000`'s scheme, PBKDF2-SHA512, by openssl kdf."""
    assert mosquitto_hash("lake", b"saltsaltsalt", 1000) == HASH_OF_LAKE


# openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt pass:lake -kdfopt salt:saltsaltsalt
#   -kdfopt iter:1000 -binary PBKDF2 | base64
HASH_OF_LAKE = (
    "$7$1000$c2FsdHNhbHRzYWx0$RDv3UhSaPE+4kPEKwhmtZtaRzCtKRgOVuaEA2ZlcXfuNWoGWFSFtqmu6huCbXRpS"
    "yvJLM2sIy+99qFulhaXYaA=="
)
