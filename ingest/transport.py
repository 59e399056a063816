"""MQTT in: messages with a position, acknowledged only by `commit` (design promise 1).

Every setting here is a trap that was measured: a fixed client id, MQTT 5 with `clean_start=False` said explicitly
(paho's default wipes the queued session at each start of the process), a session that outlives the longest outage,
Receive Maximum as the bound on what is in flight, QoS 1, manual acks tagged with the connection's generation.
"""

import logging
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.model import Envelope, Position
from ingest.wire import BrokerAddress

log = logging.getLogger(__name__)

SESSION_EXPIRY: Final = timedelta(days=7)
"""How long the broker keeps our queue while we are away: the longest outage that loses nothing."""
RECEIVE_MAXIMUM: Final = 2000
"""Messages in flight at most: twice a batch, so that one is decoded while another is written."""
IN_FLIGHT: Final = timedelta(seconds=10)
"""A message whose publisher had no answer when the broker died was received by us at most this long before."""
RESENT_WITHIN: Final = timedelta(minutes=10)
"""How long after a lost broker publishers may still come back and send again."""
KEEPALIVE_S: Final = 15


class SubscriptionRefused(RuntimeError):
    """The broker does not let us read what we must: a configuration fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A topic filter and the QoS that it is asked for with."""

    filter: str
    qos: int = 1


@dataclass(kw_only=True)
class MqttTransport:
    """One persistent session. Callbacks run in paho's thread; `receive` and `commit` in ours."""

    address: BrokerAddress
    client_id: str
    subscriptions: Sequence[Subscription]
    receive_maximum: int = RECEIVE_MAXIMUM
    connected: bool = field(default=False, init=False)
    refused: str | None = field(default=None, init=False)
    """Why the broker does not let us subscribe; a process that sees this stops."""
    _queue: "SimpleQueue[Envelope]" = field(default_factory=SimpleQueue, init=False)
    _generation: int = field(default=0, init=False)
    _generation_lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _lost_at: datetime | None = field(default=None, init=False)
    _client: Client = field(init=False)

    def start(self) -> None:
        """Connects in the background and goes on trying for ever."""
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=True,
        )
        client.username_pw_set(self.address.user, self.address.password)
        if self.address.tls:
            client.tls_set_context(ssl.create_default_context())
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has none
        properties.SessionExpiryInterval = int(SESSION_EXPIRY.total_seconds())
        properties.ReceiveMaximum = self.receive_maximum
        client.connect_async(
            self.address.host,
            self.address.port,
            keepalive=KEEPALIVE_S,
            clean_start=False,
            properties=properties,
        )
        client.loop_start()

    def stop(self) -> None:
        """Leaves the session with the broker: what is not committed comes again."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def alive(self) -> bool:
        """Whether paho's thread runs: it ends at an exception, and then nothing is received any more."""
        name = f"paho-mqtt-client-{self.client_id}"
        return any(thread.name == name for thread in threading.enumerate())

    def receive(self, most: int, wait_s: float) -> list[Envelope]:
        """What has arrived, at most `most`; waits up to `wait_s` for the first."""
        try:
            batch = [self._queue.get(timeout=wait_s)]
        except Empty:
            return []
        while len(batch) < most:
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                break
        return batch

    def commit(self, positions: Sequence[Position]) -> None:
        """Acknowledges messages whose transaction has committed.

        Packet ids are used again after a reconnect, so those of an earlier connection are left out: the broker
        delivers these messages again. What was published with QoS 0 has no packet id and wants no answer.
        """
        with self._generation_lock:
            for position in positions:
                if position.packet_id and position.generation == self._generation:
                    self._client.ack(position.packet_id, 1)

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("broker_refused reason=%s", reason)
            return
        with self._generation_lock:
            self._generation += 1
        client.subscribe([(wanted.filter, _options(wanted.qos)) for wanted in self.subscriptions])
        log.info("broker_connected session_present=%s", flags.session_present)

    def _on_subscribe(
        self, _: Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        answers = zip(self.subscriptions, reasons, strict=False)
        refused = [f"{wanted.filter}: {reason}" for wanted, reason in answers if reason.is_failure]
        self.refused = "; ".join(refused) or None
        self.connected = not refused

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        with self._generation_lock:
            self._generation += 1
        if self.connected:
            self._lost_at = datetime.now(UTC)
        self.connected = False
        log.warning("broker_lost reason=%s", reason)

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        now = datetime.now(UTC)
        self._queue.put(
            Envelope(
                topic=message.topic,
                payload=bytes(message.payload),
                received_at=now,
                position=Position(self._generation, message.mid),
                redelivered=message.dup,
                resent_between=None if message.dup else self._resent_between(now),
            )
        )

    def _resent_between(self, now: datetime) -> tuple[datetime, datetime] | None:
        """When we received what a publisher may now send again because the broker died before it answered."""
        if self._lost_at is None or now - self._lost_at > RESENT_WITHIN:
            return None
        return self._lost_at - IN_FLIGHT, self._lost_at


def _options(qos: int) -> SubscribeOptions:
    return SubscribeOptions(qos=qos, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
