"""A look at what comes on a topic now: a throwaway session that takes nothing away from anybody."""

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.commands import CommandError
from ingest.wire import BrokerAddress


def messages(
    address: BrokerAddress, topic_filter: str, *, count: int, timeout_s: float
) -> Iterator[tuple[str, bytes, datetime]]:
    """(topic, payload, received at), at most so many, until the time is over. Raises CommandError."""
    arrived: SimpleQueue[MQTTMessage | str] = SimpleQueue()
    client = _client(address, topic_filter, arrived)
    end = time.monotonic() + timeout_s
    try:
        client.connect(address.host, address.port, keepalive=15)
    except (OSError, ValueError) as error:
        raise CommandError(f"HANOI_MQTT_URL: {address}: {error}") from error
    client.loop_start()
    try:
        for _ in range(count):
            try:
                message = arrived.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                return
            if isinstance(message, str):
                raise CommandError(message)
            yield message.topic, bytes(message.payload), datetime.now(UTC)
    finally:
        client.disconnect()
        client.loop_stop()


def _client(address: BrokerAddress, topic_filter: str, arrived: "SimpleQueue[MQTTMessage | str]") -> Client:
    """Subscribes as soon as it is let in; what goes wrong is put into the queue as text."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"hanoi-check-{secrets.token_hex(4)}",
        protocol=MQTTProtocolVersion.MQTTv5,
    )
    client.username_pw_set(address.user, address.password)
    if address.tls:
        client.tls_set_context(address.tls)

    def on_connect(client: Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        if reason.is_failure:
            arrived.put(f"HANOI_MQTT_URL: {address} refused: {reason}")
            return
        try:
            client.subscribe(topic_filter, qos=0)
        except ValueError:
            arrived.put(f"--live: '{topic_filter}' is no topic filter")

    def on_subscribe(_: Client, __: Any, ___: Any, reasons: list[Any], ____: Any) -> None:
        if reasons and reasons[0].is_failure:
            arrived.put(f"--live: the broker does not let us read {topic_filter}: {reasons[0]}")

    def on_message(_: Client, __: Any, message: MQTTMessage) -> None:
        arrived.put(message)

    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    client.on_message = on_message
    return client
