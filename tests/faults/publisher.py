"""A publisher at a steady rate that remembers what the broker acknowledged."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.wire import BrokerAddress, Element, encode, observations_topic

EPOCH: Final = datetime(2026, 10, 1, tzinfo=UTC)
BROKEN_EVERY: Final = 50
"""Each fiftieth message is broken, in bytes that no other has."""
STRANGER_EVERY: Final = 77
"""Each of these comes from a Thing that nobody knows."""
ERROR_EVERY: Final = 61
"""Each of these is the same error text as the others: as many rows as there are messages."""
ERROR_TEXT: Final = b"ERR 7 sensor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message by its number: a bay's value at a second of its own, or broken bytes."""

    number: int
    bay: str

    @property
    def time(self) -> datetime:
        return EPOCH + timedelta(seconds=self.number)

    @property
    def broken(self) -> bool:
        return self.number % BROKEN_EVERY == 0

    @property
    def stranger(self) -> bool:
        return self.number % STRANGER_EVERY == 0

    @property
    def error(self) -> bool:
        return self.number % ERROR_EVERY == 0

    @property
    def refused(self) -> bool:
        """Whether it becomes a rejection."""
        return self.broken or self.stranger or self.error

    @property
    def result(self) -> float:
        """What must be stored of it."""
        return float(self.number % 2 == 0)

    @property
    def key(self) -> tuple[str, str, datetime]:
        """Thing, property and time."""
        return self.bay, "occupied", self.time

    @property
    def topic(self) -> str:
        return observations_topic("parking", "atlantis" if self.stranger else self.bay)

    @property
    def payload(self) -> bytes:
        if self.error:
            return ERROR_TEXT
        if self.broken:
            return json.dumps({"time": "yesterday", "number": self.number}).encode()
        return encode([Element(time=self.time, results={"occupied": self.number % 2 == 0})])


def usual(number: int, bays: Sequence[str]) -> Sent:
    return Sent(number=number, bay=bays[number % len(bays)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Good(Sent):
    """Nothing is wrong with it, whatever its number."""

    @property
    def broken(self) -> bool:
        return False

    @property
    def stranger(self) -> bool:
        return False

    @property
    def error(self) -> bool:
        return False


@dataclass(kw_only=True)
class Publisher:
    """Numbers go up for ever; `acked` are the messages that the broker has taken over."""

    url: str
    bays: list[str]
    rate_hz: float = 300.0
    client_id: str = "fault-publisher"
    make: Callable[[int, Sequence[str]], Sent] | None = None
    """The message with a number, from one of the bays; None for the usual mix."""
    acked: list[Sent] = field(default_factory=list, init=False)
    _open: dict[int, Sent] = field(default_factory=dict, init=False)
    _early: set[int] = field(default_factory=set, init=False)
    """Packet ids whose ack came before `publish` returned them."""
    _running: threading.Event = field(default_factory=threading.Event, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _number: int = field(default=0, init=False)

    def start(self) -> None:
        address = BrokerAddress.parse(self.url)
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.username_pw_set(address.user, address.password)
        client.max_inflight_messages_set(1000)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(1, 1)
        client.on_publish = self._on_publish
        client.on_connect = self._on_connect
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has none
        properties.SessionExpiryInterval = 3600
        client.connect(address.host, address.port, clean_start=False, properties=properties)
        client.loop_start()
        threading.Thread(target=self._publish, daemon=True).start()
        self.resume()

    def resume(self) -> None:
        self._running.set()

    def pause(self) -> None:
        """Stops sending; what is under way still gets its ack."""
        self._running.clear()

    def stop(self) -> None:
        self._stop.set()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def number(self) -> int:
        """Of the last message."""
        return self._number

    @property
    def unacked(self) -> int:
        with self._lock:
            return len(self._open)

    def _publish(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            if not self._running.wait(0.1):
                due = time.monotonic()
                continue
            due += 1 / self.rate_hz
            time.sleep(max(0.0, due - time.monotonic()))
            self._number += 1
            sent = (self.make or usual)(self._number, self.bays)
            self._opened(self._client.publish(sent.topic, sent.payload, qos=1).mid, sent)

    def _opened(self, mid: int, sent: Sent) -> None:
        """paho holds a lock of its own during callbacks, so ours must not be held while it publishes."""
        with self._lock:
            if mid in self._early:
                self._early.remove(mid)
                self.acked.append(sent)
            else:
                self._open[mid] = sent

    def _on_connect(
        self, _: Client, __: Any, ___: ConnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        assert not reason.is_failure, reason

    def _on_publish(self, _: Client, __: Any, mid: int, reason: ReasonCode, ___: Properties | None) -> None:
        assert not reason.is_failure, reason
        with self._lock:
            sent = self._open.pop(mid, None)
            if sent is None:
                self._early.add(mid)
            else:
                self.acked.append(sent)
