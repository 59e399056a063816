"""A watchdog as its users start it, with short times, and an echo that stands for the platform."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alerts.watchdog.canary import TOPIC
from deploy.embedded.mosquitto import Mosquitto
from ingest.wire import BrokerAddress
from tests.processes import free_port, running, wait_for

SHORT = {
    "HANOI_WATCHDOG_EVERY_S": "0.5",
    "HANOI_WATCHDOG_SILENCE_S": "4",
    "HANOI_WATCHDOG_PROBE_S": "8",
}


@dataclass(frozen=True, kw_only=True)
class Rig:
    url: str
    runtime: Path
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=5)

    def metric(self, name: str) -> float:
        lines = self.get("/metrics").text.splitlines()
        return next((float(line.split()[-1]) for line in lines if line.split(" ")[0] == name), 0.0)

    @property
    def returned(self) -> float:
        return self.metric("hanoi_watchdog_canaries_returned_total")

    def wait_until_alive(self) -> None:
        before = self.returned
        wait_for(lambda: self.returned >= before + 3, "canaries come back", context=self.log.read_text)


def watchdog_env(broker: Mosquitto, runtime: Path, **more: str) -> dict[str, str]:
    bind = f"127.0.0.1:{free_port()}"
    return {
        "HANOI_MQTT_PUBLISH_URL": broker.url("publisher"),
        "HANOI_RUNTIME_DIR": str(runtime),
        "HANOI_WATCHDOG_BIND": bind,
        "HANOI_WATCHDOG_WATCHES": "broker",
        **SHORT,
        **more,
    }


@contextmanager
def watchdog(env: Mapping[str, str], folder: Path) -> Iterator[Rig]:
    bind = env["HANOI_WATCHDOG_BIND"]
    with running("hanoi-watchdog", env=env, bind=bind, folder=folder):
        yield Rig(
            url=f"http://{bind}",
            runtime=Path(env["HANOI_RUNTIME_DIR"]),
            log=folder / "hanoi-watchdog.log",
        )


@contextmanager
def echo(
    broker: Mosquitto, env: Mapping[str, str], answers: Callable[[dict[str, Any]], bool] = lambda body: True
) -> Iterator[list[dict[str, Any]]]:
    """Takes canaries from the broker and says that they came through; yields what they said."""
    got: list[dict[str, Any]] = []
    url = f"http://{env['HANOI_WATCHDOG_BIND']}/heartbeat"

    def on_message(client: Client, userdata: object, message: MQTTMessage) -> None:
        body = json.loads(message.payload)
        got.append(body)
        if answers(body):
            told = {"heartbeat": body["results"]["heartbeat"], "time": body["time"]}
            try:
                httpx.post(url, json=told, timeout=5)
            except httpx.TransportError:
                return

    address = BrokerAddress.parse(broker.url("ingest"))
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=f"echo-{os.getpid()}", protocol=MQTTProtocolVersion.MQTTv5
    )
    client.username_pw_set(address.user, address.password)
    client.on_message = on_message
    client.on_connect = lambda *_: client.subscribe(TOPIC, qos=1)
    client.reconnect_delay_set(1, 1)
    client.connect(address.host, address.port)
    client.loop_start()
    try:
        yield got
    finally:
        client.disconnect()
        client.loop_stop()
