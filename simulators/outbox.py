"""Messages to the broker with QoS 1: a message counts as sent when the broker has acknowledged it.

At most `window` messages are unacknowledged, so an outage costs no memory: whoever sends waits. paho sends again
what was unacknowledged when a connection was lost.
"""

import logging
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest import tls
from ingest.wire import BrokerAddress
from storage.settings import Settings

log = logging.getLogger(__name__)

WINDOW: Final = 400
NO_SUBSCRIBER: Final = 0x10
"""The broker took the message and threw it away, because nobody's session wants it. For us that is not sent."""
_RETRY_S: Final = 1.0
_KEEPALIVE_S: Final = 30


def broker_address(settings: Settings) -> BrokerAddress:
    """Where to publish: HANOI_MQTT_PUBLISH_URL, else HANOI_MQTT_URL. Raises ConfigurationError."""
    return tls.broker_address(
        settings, "mqtt_url" if settings.mqtt_publish_url is None else "mqtt_publish_url"
    )


@dataclass(slots=True)
class _Sent:
    topic: str
    payload: bytes
    receipt: object
    acknowledged: bool = False


@dataclass(kw_only=True)
class Outbox:
    """One connection. Call `start`, `send` while `has_room`, `receipts`, and `stop`; all from one thread.

    paho's thread only appends to `_answers`; everything else happens in the caller's.
    """

    address: BrokerAddress
    client_id: str
    window: int = WINDOW
    connected: bool = field(default=False, init=False)
    refused: str | None = field(default=None, init=False)
    """Why the broker did not let us in at the last attempt."""
    _client: Client = field(init=False)
    _thread: threading.Thread = field(init=False)
    _answers: deque[tuple[int, ReasonCode]] = field(default_factory=deque, init=False)
    _something: threading.Event = field(default_factory=threading.Event, init=False)
    _order: deque[_Sent] = field(default_factory=deque, init=False)
    _waiting: dict[int, _Sent] = field(default_factory=dict, init=False)
    _again: deque[_Sent] = field(default_factory=deque, init=False)
    _again_at: float = field(default=0.0, init=False)
    _told: int | None = field(default=None, init=False)
    _full: bool = field(default=False, init=False)

    def start(self) -> None:
        """Connects in the background and goes on trying."""
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.username_pw_set(self.address.user, self.address.password)
        if self.address.tls:
            client.tls_set_context(self.address.tls)
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        client.max_inflight_messages = 0  # ours is the window; paho's would walk all messages at each ack
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_connect_fail
        client.on_publish = self._on_publish
        client.connect_async(self.address.host, self.address.port, keepalive=_KEEPALIVE_S, clean_start=True)
        self._client = client
        self._thread = threading.Thread(
            target=client.loop_forever, kwargs={"retry_first_connection": True}, name="mqtt", daemon=True
        )
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether paho's thread runs: it ends at an exception, and then nothing is sent any more."""
        return self._thread.is_alive()

    @property
    def has_room(self) -> bool:
        """Once the window was full, only when half of it is free again: fewer, larger steps."""
        self._full = len(self._order) >= (self.window // 2 if self._full else self.window)
        return self.connected and not self._again and not self._full

    @property
    def unacknowledged(self) -> int:
        return len(self._order)

    def send(self, topic: str, payload: bytes, receipt: object = None) -> None:
        """Hands over one message; `receipt` comes back from `receipts` when this and all before it are safe."""
        sent = _Sent(topic, payload, receipt)
        self._order.append(sent)
        self._publish(sent)

    def receipts(self) -> list[object]:
        """Receipts of messages that are safe, in the order in which they were sent."""
        self._take_answers()
        self._send_again()
        safe: list[object] = []
        while self._order and self._order[0].acknowledged:
            receipt = self._order.popleft().receipt
            if receipt is not None:
                safe.append(receipt)
        return safe

    def wait(self, seconds: float) -> None:
        """Until the broker says something, at most so long."""
        self._something.wait(seconds)
        self._something.clear()

    def wake(self) -> None:
        """Ends a `wait`."""
        self._something.set()

    def stop(self) -> None:
        self.connected = False
        self._client.disconnect()
        self._thread.join(5)

    def _publish(self, sent: _Sent) -> None:
        self._waiting[self._client.publish(sent.topic, sent.payload, qos=1).mid] = sent

    def _take_answers(self) -> None:
        while self._answers:
            packet_id, reason = self._answers.popleft()
            sent = self._waiting.pop(packet_id, None)
            if sent is None:
                continue
            sent.acknowledged = not reason.is_failure and reason.value != NO_SUBSCRIBER
            if not sent.acknowledged:
                self._put_back(sent, reason)
            elif self._told is not None and not self._again:
                log.info("broker_takes_messages_again")
                self._told = None

    def _put_back(self, sent: _Sent, reason: ReasonCode) -> None:
        self._again.append(sent)
        self._again_at = time.monotonic() + _RETRY_S
        if self._told != reason.value:
            self._told = reason.value
            nobody = "; does ingest run?" if reason.value == NO_SUBSCRIBER else ""
            log.warning(
                "message_not_taken topic=%s reason=%r what=trying_again%s", sent.topic, str(reason), nobody
            )

    def _send_again(self) -> None:
        if self._again and self.connected and time.monotonic() >= self._again_at:
            for _ in range(len(self._again)):
                self._publish(self._again.popleft())

    def _on_connect(
        self, _: Client, __: object, ___: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            log.error("broker_refused reason=%r", str(reason))
        else:
            self.refused = None
            self.window = min(self.window, getattr(properties, "ReceiveMaximum", self.window))
            self.connected = True
            log.info("broker_connected address=%s", self.address)
        self._something.set()

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        if self.connected:
            log.warning("broker_lost reason=%r", str(reason))
        self.connected = False
        self._something.set()

    def _on_connect_fail(self, _: Client, __: object) -> None:
        """paho calls this while it handles the error, which says whether it was the network or the certificate."""
        log.warning("broker_unreachable address=%s error=%r", self.address, str(sys.exc_info()[1] or ""))

    def _on_publish(
        self, _: Client, __: object, packet_id: int, reason: ReasonCode, ___: Properties | None
    ) -> None:
        self._answers.append((packet_id, reason))
        self._something.set()
