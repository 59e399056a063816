"""Accounts of devices on the broker: each its own topics, its own port, its own client id; changed while it runs."""

import itertools
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded import broker_settings, settings
from deploy.embedded.broker_settings import Listener
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.ports import listeners
from deploy.embedded.process import free_port
from deploy.embedded.runtime import Runtime
from ingest.transport import MqttTransport, Subscription
from ingest.wire import BrokerAddress
from tests.embedded.test_demo import Stage
from tests.integration.raw_mqtt import NOT_AUTHORIZED, SUBACK, Raw, subscribe
from tests.processes import BIN, publish, wait_for

pytestmark = pytest.mark.integration

Servers = tuple[Runtime, Path]
OWN = "hanoi/v1/air_quality/trung-yen-3/observations"
_numbers = itertools.count(1)


def accounts(*words: str, folder: Path, secrets: Path) -> None:
    """Runs the command as an operator does; new secrets are added to the file `secrets`."""
    out = secrets.with_name(f"out-{next(_numbers)}")
    asked = ["--out", str(out)] if words[0] in ("add", "rotate") else []
    subprocess.run(
        [BIN / "hanoi-ingest", "accounts", *words, "--folder", folder, *asked],
        env={"HANOI_RUNTIME_DIR": "/nonexistent"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    if out.exists():
        with secrets.open("a") as file:
            file.write(out.read_text())


def secret(secrets: Path, account: str) -> str:
    """The newest."""
    return dict(line.split(" ") for line in secrets.read_text().splitlines())[account]


@contextmanager
def broker_for_devices(servers: Servers, tmp_path: Path, **options: Any) -> Iterator[Mosquitto]:
    installed, folder = servers
    with Mosquitto(
        installed,
        folder / f"accounts-{next(_numbers)}",
        listeners=[Listener(port=free_port())],
        accounts=tmp_path / "accounts",
        proves_persistence=False,
        dies_with_parent=True,
        **options,
    ) as broker:
        yield broker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "accounts"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


@pytest.fixture(scope="module")
def known(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mosquitto, str]]:
    """A broker that knows trung-yen-3, and its secret: for tests that leave nothing behind."""
    path = tmp_path_factory.mktemp("known")
    accounts("add", "trung-yen-3", folder=path / "accounts", secrets=path / "secrets")
    with broker_for_devices(servers, path) as broker:
        yield broker, secret(path / "secrets", "trung-yen-3")


def ingest(broker: Mosquitto) -> MqttTransport:
    made = MqttTransport(
        address=BrokerAddress.parse(broker.url("ingest")),
        client_id="hanoi-ingest",
        subscriptions=[Subscription(filter="#")],
    )
    made.start()
    wait_for(lambda: made.connected, "subscribed")
    return made


def test_a_device_publishes_as_its_own_thing_and_as_nothing_else(
    servers: Servers, tmp_path: Path, folder: Path, secrets: Path
) -> None:
    accounts("add", "trung-yen-3", folder=folder, secrets=secrets)
    with broker_for_devices(servers, tmp_path) as broker, Raw(broker.listeners[0].port) as device:
        reader = ingest(broker)
        assert device.log_in("trung-yen-3", secret(secrets, "trung-yen-3")) == 0
        assert device.publish(OWN, b"mine") in (0, 16)
        for topic in (
            "hanoi/v1/air_quality/other/observations",
            "hanoi/v1/air_quality/other/status",
            "hanoi/v1/air_quality/trung-yen-30/observations",
            "hanoi/v1/air_quality/trung-yen-3/observations/more",
            "hanoi/v1/air_quality/trung-yen-3",
            "hanoi/v1/air_quality/trung-yen-3/extent",
            "hanoi/v1/rain/trung-yen-3/observations",
            "hanoi/v1/air_quality/Trung-Yen-3/observations",
            "hanoi/v1/air_quality//trung-yen-3/observations",
            "/hanoi/v1/air_quality/trung-yen-3/observations",
            "hanoi-health/proof",
            "$SYS/broker/uptime",
            "$SYS/broker/connection/trung-yen-3/state",
            "$CONTROL/dynamic-security/v1",
            "$share/g/hanoi/v1/air_quality/trung-yen-3/observations",
            "%u",
        ):
            assert device.publish(topic, b"not mine", packet_id=2) == NOT_AUTHORIZED, topic
        assert device.publish(OWN, b"mine again", packet_id=3) in (0, 16)
        assert [e.payload for e in reader.receive(1, 5) + reader.receive(10, 1)] == [b"mine", b"mine again"]
        reader.stop()


@pytest.mark.parametrize(
    "topic", [b"hanoi/v1/air_quality/+/observations", b"#", b"a\x00b", b"", b"\xff\xfe", b"\xed\xa0\x80"]
)
def test_a_topic_that_is_none_ends_the_connection(known: tuple[Mosquitto, str], topic: bytes) -> None:
    """Wildcards, NUL, nothing, bytes that are not UTF-8, a lone surrogate: no client library sends these."""
    broker, password = known
    with Raw(broker.listeners[0].port) as device:
        assert device.log_in("trung-yen-3", password) == 0
        assert device.publish(topic) == 255
    assert broker.answers()


def test_a_device_that_subscribes_to_everything_hears_nothing(known: tuple[Mosquitto, str]) -> None:
    broker, password = known
    with Raw(broker.listeners[0].port) as device:
        device.log_in("trung-yen-3", password)
        device.send(subscribe(b"#", b"$SYS/#", b"hanoi/v1/#", OWN.encode(), b"$share/g/#"))
        device.answer(SUBACK)
        publish(broker.url("publisher"), [(OWN, b"1"), ("hanoi/v1/rain/x/status", b"2")])
        device.publish(OWN, b"3")
        assert device.alive()  # the answer would come after whatever was delivered
        device.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            device.read()


def test_an_account_works_at_the_devices_port_only_and_ours_only_at_the_first(
    known: tuple[Mosquitto, str],
) -> None:
    broker, password = known
    own = BrokerAddress.parse(broker.url("ingest"))
    with Raw(broker.port) as first:
        assert first.log_in("trung-yen-3", password) == NOT_AUTHORIZED
    with Raw(broker.listeners[0].port) as devices:
        assert devices.log_in("ingest", own.password or "") == NOT_AUTHORIZED
    with Raw(broker.listeners[0].port) as devices:
        assert devices.log_in("trung-yen-3", "wrong") == NOT_AUTHORIZED


def test_no_device_can_take_over_the_session_of_ingest(
    servers: Servers, tmp_path: Path, folder: Path, secrets: Path
) -> None:
    """Mosquitto gives a session to whoever says its client id, whatever the account (its issues 3551 and 3553).

    A clean start under the id of ingest would throw away all that waits for it.
    """
    accounts("add", "trung-yen-3", folder=folder, secrets=secrets)
    with broker_for_devices(servers, tmp_path) as broker:
        ingest(broker).stop()
        publish(broker.url("publisher"), [(OWN, b"waits")])
        for _ in range(2):
            with Raw(broker.listeners[0].port) as device:
                assert device.log_in("trung-yen-3", secret(secrets, "trung-yen-3"), "hanoi-ingest") == 0
                assert device.publish(OWN, b"mine") == 0
        reader = ingest(broker)
        assert [e.payload for e in reader.receive(10, 5) + reader.receive(10, 0.5)] == [
            b"waits",
            b"mine",
            b"mine",
        ]
        with Raw(broker.listeners[0].port) as device:
            device.log_in("trung-yen-3", secret(secrets, "trung-yen-3"), "hanoi-ingest")
            assert reader.connected
            device.publish(OWN, b"still there")
            assert [e.payload for e in reader.receive(1, 5)] == [b"still there"]
        reader.stop()


def test_accounts_change_while_the_broker_runs(
    servers: Servers, tmp_path: Path, folder: Path, secrets: Path
) -> None:
    """And nobody else notices: the session of ingest and the other devices' connections stay."""
    accounts("add", "trung-yen-3", folder=folder, secrets=secrets)
    with broker_for_devices(servers, tmp_path) as broker:
        port = broker.listeners[0].port
        reader = ingest(broker)
        with Raw(port) as stays, Raw(port) as goes, Raw(port) as comes:
            stays.log_in("trung-yen-3", secret(secrets, "trung-yen-3"))
            assert broker.reload_if_changed() is None
            accounts("add", "--gateway", "gw", "--things", "ltk-01-b07", folder=folder, secrets=secrets)
            assert broker.reload_if_changed() == "the broker knows 2 accounts of devices"
            wait_for(lambda: lets_in(port, "gw", secret(secrets, "gw")), "the gateway let in")
            goes.log_in("gw", secret(secrets, "gw"))
            assert goes.publish("hanoi/v1/parking/ltk-01-b07/status", b"online") == 0
            assert goes.publish("hanoi/v1/parking/ltk-01-b08/status", b"online") == NOT_AUTHORIZED
            old = secret(secrets, "gw")
            accounts("rotate", "gw", folder=folder, secrets=secrets)
            broker.reload_if_changed()
            wait_for(lambda: not goes.alive(), "the old secret's connection closed")
            assert not lets_in(port, "gw", old)
            comes.log_in("gw", secret(secrets, "gw"))
            accounts("remove", "gw", folder=folder, secrets=secrets)
            broker.reload_if_changed()
            wait_for(lambda: not comes.alive(), "the removed account's connection closed")
            assert not lets_in(port, "gw", secret(secrets, "gw"))
            assert stays.publish(OWN, b"x") == 0
        received = reader.receive(1, 5) + reader.receive(10, 0.5)
        assert [(e.topic, e.position.generation) for e in received] == [
            ("hanoi/v1/parking/ltk-01-b07/status", 1),
            (OWN, 1),
        ]
        reader.stop()


def test_a_spoilt_accounts_file_leaves_the_known_accounts_in_force(
    servers: Servers, tmp_path: Path, folder: Path, secrets: Path
) -> None:
    accounts("add", "trung-yen-3", folder=folder, secrets=secrets)
    with broker_for_devices(servers, tmp_path) as broker:
        (folder / "access").write_text("user trung-yen-3\ntopic readwrite #\n")
        said = broker.reload_if_changed()
        assert said is not None
        assert "access line 2" in said
        assert lets_in(broker.listeners[0].port, "trung-yen-3", secret(secrets, "trung-yen-3"))
        with Raw(broker.listeners[0].port) as device:
            device.log_in("trung-yen-3", secret(secrets, "trung-yen-3"))
            assert device.publish("hanoi/v1/rain/x/status") == NOT_AUTHORIZED


def test_a_source_account_reaches_its_filters_and_nothing_native(
    servers: Servers, tmp_path: Path, folder: Path, secrets: Path
) -> None:
    (tmp_path / "sources.toml").write_text(
        '[[source]]\nname = "tts"\ndecoder = "senml"\ntopics = ["v3/+/devices/+/up"]\n'
    )
    subprocess.run(
        [BIN / "hanoi-ingest", "accounts", "add", "--source", "tts", "--folder", folder, "--out", secrets],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_SOURCES_FILE": str(tmp_path / "sources.toml")},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with broker_for_devices(servers, tmp_path, extra_topics=["v3/+/devices/+/up"]) as broker:
        reader = ingest(broker)
        with Raw(broker.listeners[0].port) as server:
            server.log_in("source.tts", secret(secrets, "source.tts"))
            assert server.publish("v3/app@tenant/devices/eui-1/up", b"1") == 0
            assert server.publish("v3/app@tenant/devices/eui-1/join", b"1") == NOT_AUTHORIZED
            assert server.publish(OWN, b"1") == NOT_AUTHORIZED
        assert [e.topic for e in reader.receive(5, 5)] == ["v3/app@tenant/devices/eui-1/up"]
        reader.stop()


def test_without_the_plugin_all_accounts_are_in_the_one_file_that_mosquitto_2_0_knows(tmp_path: Path) -> None:
    setting = broker_settings.choose("safe-2.0", tmp_path)
    text = broker_settings.configuration(setting, folder=tmp_path, port=1, listeners=[Listener(port=2)])
    assert "plugin_load" not in text
    assert f"password_file {tmp_path}/passwords" in text
    assert text.index("use_username_as_clientid true") > text.index("listener 2 ")


def test_a_crowd_of_devices_does_not_keep_ingest_out(
    servers: Servers, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_settings, "MAX_DEVICES", 20)
    with broker_for_devices(servers, tmp_path) as broker:
        crowd = [Raw(broker.listeners[0].port) for _ in range(40)]
        try:
            reader = ingest(broker)
            assert broker.answers()
            reader.stop()
        finally:
            for one in crowd:
                one.socket.close()


def lets_in(port: int, user: str, password: str) -> bool:
    with Raw(port) as probe:
        return probe.log_in(user, password) == 0


def test_beside_a_running_demo_a_new_account_works_within_seconds(servers: Servers, tmp_path: Path) -> None:
    stage = Stage(servers)
    port = free_port()
    not_for_the_demo = {"HANOI_DATABASE_URL_FILE": "/nonexistent", "HANOI_MQTT_CA_FILE": "/nonexistent"}
    with stage.running(HANOI_MQTT_DEVICE_PORT=str(port), **not_for_the_demo):
        assert not stage.note("ingest")["environment"].keys() & not_for_the_demo.keys()
        out = tmp_path / "secret"
        subprocess.run(
            [BIN / "hanoi-ingest", "accounts", "add", "trung-yen-3", "--out", out],
            env={"HANOI_RUNTIME_DIR": str(stage.runtime)},
            check=True,
        )
        password = out.read_text().split()[1]
        wait_for(lambda: lets_in(port, "trung-yen-3", password), "let in", limit_s=10)
        with Raw(port) as device:
            device.log_in("trung-yen-3", password)
            assert device.publish(OWN) in (0, 16)
            assert device.publish("hanoi/v1/rain/x/status") == NOT_AUTHORIZED
        assert "trung-yen-3" in (stage.runtime / "accounts" / "passwords").read_text()


def test_the_devices_port_gives_way_where_nobody_asked_for_it() -> None:
    port = free_port()
    said: list[str] = []
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert listeners(settings.read({"HANOI_MQTT_PORT": str(port - 1000)}), said.append) == []
    assert "HANOI_MQTT_DEVICE_PORT" in said[0]


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"HANOI_MQTT_TLS_PORT": "8883"}, "go together"),
        ({"HANOI_MQTT_TLS_PORT": "x"}, "HANOI_MQTT_TLS_PORT=x"),
        ({"HANOI_MQTT_TLS_CERT_FILE": "/nonexistent"}, "HANOI_MQTT_TLS_CERT_FILE=/nonexistent: No such file"),
        ({"HANOI_MQTT_DEVICE_PORT": "0"}, "HANOI_MQTT_DEVICE_PORT=0"),
    ],
)
def test_half_a_listener_is_refused_by_name(variables: dict[str, str], why: str) -> None:
    with pytest.raises(settings.SettingError, match=why):
        settings.read(variables)


def test_the_demo_opens_a_tls_port_that_its_operator_sets(tmp_path: Path) -> None:
    (tmp_path / "c").touch()
    (tmp_path / "k").touch()
    variables = {
        "HANOI_MQTT_TLS_PORT": "8883",
        "HANOI_MQTT_TLS_CERT_FILE": str(tmp_path / "c"),
        "HANOI_MQTT_TLS_KEY_FILE": str(tmp_path / "k"),
        "HANOI_MQTT_DEVICE_PORT": "18831",
    }
    plain, secure = listeners(settings.read(variables), print)
    assert (plain.port, plain.devices, plain.tls) == (18831, True, None)
    assert (secure.host, secure.port, secure.devices) == ("127.0.0.1", 8883, True)
    assert secure.tls is not None
