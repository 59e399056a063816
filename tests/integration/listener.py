"""Somebody who hears everything that is published, and whose session outlives the broker."""

import json
import threading
from collections import Counter
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from paho.mqtt import publish
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.wire import BrokerAddress
from tests.processes import wait_for

MARKER = "hanoi/v1/marker"

Observed = tuple[str, str]
"""Topic and time of one element."""


class Listener:
    """A context manager; subscribed from its start. Messages stay in the order of arrival."""

    def __init__(self, url: str, topics: str = "hanoi/v1/#") -> None:
        self._address = BrokerAddress.parse(url)
        self._topics = topics
        self._subscribed = threading.Event()
        self.messages: list[tuple[str, Any]] = []
        self._marker = b""

    def __enter__(self) -> Self:
        client = self._client = Client(
            CallbackAPIVersion.VERSION2, client_id="test-listener", protocol=MQTTProtocolVersion.MQTTv5
        )
        client.username_pw_set(self._address.user, self._address.password)
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._on_message
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types for it
        properties.SessionExpiryInterval = 3600
        client.connect(self._address.host, self._address.port, clean_start=False, properties=properties)
        client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: Client, _: object, __: ConnectFlags, ___: ReasonCode, ____: Properties | None
    ) -> None:
        client.subscribe(self._topics, qos=1)

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        if message.topic == MARKER:
            self._marker = bytes(message.payload)
        else:
            self.messages.append((message.topic, json.loads(message.payload)))

    def catch_up(self, publish_url: str) -> None:
        """Returns when everything that the broker has acknowledged so far has been heard: it keeps the order."""
        address = BrokerAddress.parse(publish_url)
        marker = token_hex(8)
        publish.single(
            MARKER,
            marker,
            qos=1,
            hostname=address.host,
            port=address.port,
            auth={"username": address.user or "", "password": address.password or ""},
        )
        wait_for(lambda: self._marker == marker.encode(), "what was published before the marker")

    def elements(self) -> list[tuple[str, dict[str, Any]]]:
        """Topic and element; an array counts as its elements."""
        return [
            (topic, element)
            for topic, payload in list(self.messages)
            if topic.endswith("/observations")
            for element in (payload if isinstance(payload, list) else [payload])
        ]

    def results(self) -> dict[Observed, dict[str, Any]]:
        """By topic and time; a second delivery must say the same as the first."""
        held: dict[Observed, dict[str, Any]] = {}
        for topic, element in self.elements():
            before = held.setdefault((topic, element["time"]), element["results"])
            assert before == element["results"], (topic, element["time"])
        return held

    def times_heard(self) -> Counter[Observed]:
        """How often each element came."""
        return Counter((topic, element["time"]) for topic, element in self.elements())
