"""Sirens and signs over a real Mosquitto, as its account `alerts` may and no further."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alerts import message
from alerts.examples import FLOODED, NOW
from alerts.notifiers import DeliveryError, Notifier, build
from alerts.secrets import SecretReader
from deploy.embedded import secret_files
from deploy.embedded.mosquitto import Mosquitto
from storage.alert_routing import AlertCard
from tests.integration.webhook_receiver import hostile

pytestmark = pytest.mark.integration

TOPIC: Final = "hanoi/alerts/flood/flood-cao-ba-quat"
CRITICAL: Final = replace(FLOODED, id=8, rule="flood-30", severity="critical")
OTHER: Final = replace(FLOODED, id=9, thing_id="flood-nguyen-khuyen")


def told(*cards: AlertCard, reason: str = "firing") -> dict[str, Any]:
    return message.document(
        key="k", receiver="signs", reason=reason, group={}, alerts=cards, now=NOW, base_url=None
    )


def over(card: AlertCard) -> AlertCard:
    return replace(card, state="resolved", resolved_at=NOW, decided_at=NOW + timedelta(minutes=1))


def signs(url: str, **table: Any) -> Notifier:
    reader = SecretReader(folder=Path(), environment={"HANOI_ALERTS_MQTT_URL": url})
    return build("signs", {"type": "mqtt", **table}, "alerting.toml", reader)


@contextmanager
def subscribed(broker: Mosquitto, topic: str, user: str = "signs") -> Iterator[list[MQTTMessage]]:
    """What a sign gets from now on, with what is retained first."""
    got: list[MQTTMessage] = []
    ready = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(user, secret_files.password(broker.passwords, user))
    client.on_message = lambda _, __, found: got.append(found)
    client.on_subscribe = lambda *_: ready.set()

    def on_connect(*_: Any) -> None:
        client.subscribe(topic, qos=1)

    client.on_connect = on_connect
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert ready.wait(10)
    try:
        yield got
    finally:
        client.disconnect()
        client.loop_stop()


def retained(broker: Mosquitto, topic: str = TOPIC) -> dict[str, Any]:
    """What a sign finds that connects now."""
    found = threading.Event()
    with subscribed(broker, topic) as got:
        for _ in range(100):
            if got or found.wait(0.1):
                break
        assert got, f"nothing at {topic}"
        assert got[0].retain
        state: dict[str, Any] = json.loads(got[0].payload)
        return state


def test_a_sign_that_connects_later_finds_the_alert_of_its_thing(broker: Mosquitto) -> None:
    signs(broker.url("alerts")).send("k", told(FLOODED))
    state = retained(broker)
    assert (state["state"], state["severity"], state["status"]) == ("alert", "warning", "actual")
    assert state["level"] == {"vi": "Cảnh báo", "en": "Warning"}
    assert state["text"]["vi"] == (
        "Ngập từ 15 cm – Cao Bá Quát: 20,5 cm (ngưỡng đề xuất 15 cm), 20/07/2026 16:57"
    )


def test_the_worst_of_alerts_told_apart_is_shown_until_all_have_ended(broker: Mosquitto) -> None:
    seen = []
    for document in (told(CRITICAL), told(FLOODED), told(over(CRITICAL)), told(over(FLOODED))):
        signs(broker.url("alerts")).send("k", document)
        seen.append((retained(broker)["state"], retained(broker)["severity"]))
    assert seen == [("alert", "critical"), ("alert", "critical"), ("alert", "warning"), ("clear", None)]


def test_each_thing_of_a_group_has_its_own_sign(broker: Mosquitto) -> None:
    many = [replace(FLOODED, id=n, thing_id=f"flood-{n}") for n in range(25)]
    signs(broker.url("alerts")).send("k", told(*many))
    signs(broker.url("alerts")).send("k", told(*[over(card) for card in many[:24]]))
    states = [retained(broker, f"hanoi/alerts/flood/flood-{n}")["state"] for n in (0, 23, 24)]
    assert states == ["clear", "clear", "alert"]


def test_a_test_reaches_who_listens_and_moves_no_sign(broker: Mosquitto) -> None:
    signs(broker.url("alerts")).send("k", told(FLOODED))
    before = retained(broker)
    with subscribed(broker, "hanoi/alerts/test") as got:
        signs(broker.url("alerts")).send("k2", message.test_document("signs", "lan", NOW))
        for _ in range(100):
            if got:
                break
            threading.Event().wait(0.1)
    (found,) = got
    assert json.loads(found.payload)["state"] == "test"
    assert not found.retain
    assert retained(broker) == before


def test_a_siren_that_takes_no_exercises_is_not_told_of_them_but_always_of_the_end(broker: Mosquitto) -> None:
    siren = signs(broker.url("alerts"), exercises=False)
    siren.send("k", told(FLOODED, replace(CRITICAL, provenance="simulated")))
    assert [alert["id"] for alert in retained(broker)["alerts"]] == [7]
    siren.send("k", told(over(replace(FLOODED, provenance="simulated"))))
    assert retained(broker)["state"] == "clear"


def test_a_prefix_of_its_own_that_the_account_may_not_use_is_a_failure_for_good(broker: Mosquitto) -> None:
    with pytest.raises(DeliveryError) as refused:
        signs(broker.url("alerts"), prefix="city/sirens").send("k", told(FLOODED))
    assert "Not authorized" in str(refused.value)
    assert not refused.value.retry


def test_the_account_can_not_publish_telemetry(broker: Mosquitto) -> None:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set("alerts", secret_files.password(broker.passwords, "alerts"))
    reasons: list[int] = []
    answered = threading.Event()

    def on_publish(_: Any, __: Any, ___: int, reason: Any, ____: Any) -> None:
        reasons.append(reason.value)
        answered.set()

    def on_connect(*_: Any) -> None:
        client.publish("hanoi/v1/flood/flood-cao-ba-quat/observations", b"{}", qos=1)

    client.on_publish = on_publish
    client.on_connect = on_connect
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert answered.wait(10)
    client.disconnect()
    client.loop_stop()
    assert reasons == [0x87]


def test_a_wrong_password_is_a_failure_for_good_that_does_not_show_it(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = signs(f"mqtt://alerts:S3cr3t-wrong-88@127.0.0.1:{broker.port}")
    with caplog.at_level("DEBUG"), pytest.raises(DeliveryError) as refused:
        receiver.send("k", told(FLOODED))
    assert not refused.value.retry
    assert "S3cr3t" not in str(refused.value) + repr(receiver) + caplog.text


def test_a_broker_that_is_away_is_tried_again(broker: Mosquitto) -> None:
    receiver = signs(broker.url("alerts"))
    broker.stop()
    with pytest.raises(DeliveryError, match="mqtt: ConnectionRefusedError") as refused:
        receiver.send("k", told(FLOODED))
    assert refused.value.retry
    broker.start()
    receiver.send("k", told(FLOODED, OTHER))
    assert retained(broker)["state"] == "alert"


def test_a_broker_that_never_answers_is_given_up() -> None:
    with hostile(b"", [b""] * 600, wait_s=0.1) as silent:
        port = silent.url.split(":")[2].split("/")[0]
        receiver = signs(f"mqtt://127.0.0.1:{port}", timeout_s=1.0)
        with pytest.raises(DeliveryError, match="mqtt: TimeoutError") as refused:
            receiver.send("k", told(FLOODED))
    assert refused.value.retry
