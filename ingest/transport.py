"""MQTT in: messages with a position, acknowledged only by `commit` (design promise 1).

Every setting here is a trap that was measured: a fixed client id, MQTT 5 with `clean_start=False` said explicitly
(paho's default wipes the queued session at each start of the process), a session that outlives the longest outage,
Receive Maximum as the bound on what is in flight, QoS 1, manual acks tagged with the connection's generation.
"""

import logging
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.model import Envelope, Position
from ingest.mqtt_client import Arrived, BatchedClient
from ingest.unanswered import Unanswered
from ingest.wire import BrokerAddress

log = logging.getLogger(__name__)

_T = TypeVar("_T")

SESSION_EXPIRY: Final = timedelta(days=7)
"""How long the broker keeps our queue while we are away: the longest outage that loses nothing."""
RECEIVE_MAXIMUM: Final = 4000
"""Messages in flight at most: twice a batch, so that one is decoded while another is written."""
RESENT_WITHIN: Final = timedelta(minutes=10)
"""How long after a lost broker publishers may still come back and send again."""
BATCH_BYTES: Final = 1024 * 1024
"""Payload in a batch, so that one of large messages is decoded while another is written as well."""
QUEUED_BYTES: Final = 64 * 1024 * 1024
"""Payload that waits for its batch. Receive Maximum counts messages; beyond this the socket is left unread."""
KEEPALIVE_S: Final = 15
FILTERS_A_PACKET: Final = 200
TAKEN_OVER: Final = 0x8E
"""The broker's reason for ending a connection: another one came with our client id (MQTT 5, 3.14.2.1)."""


class SubscriptionRefused(RuntimeError):
    """The broker does not let us read what we must: a configuration fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A topic filter and what it is asked for with."""

    filter: str
    qos: int = 1
    identifier: int | None = None
    """The broker marks with it what it sends because of this subscription."""
    retained: bool = True
    """Whether what was published before is wanted, at the first time."""


@dataclass(kw_only=True)
class MqttTransport:
    """One persistent session. Callbacks run in paho's thread; `receive` and `commit` in ours."""

    address: BrokerAddress
    client_id: str
    subscriptions: Sequence[Subscription] = ()
    """At the first connection; `want` changes them."""
    receive_maximum: int = RECEIVE_MAXIMUM
    connected: bool = field(default=False, init=False)
    """Whether the broker has confirmed, on this connection, what was wanted when it began."""
    refused: str | None = field(default=None, init=False)
    """Why the broker does not let us subscribe; a process that sees this stops."""
    taken_over: bool = field(default=False, init=False)
    """Another process uses our client id. It has the session now, and we don't fight for it."""
    sessions: int = field(default=0, init=False)
    """Connections at which the broker had no session of ours, the very first included."""
    identifiers: bool = field(default=True, init=False)
    """Whether the broker knows subscription identifiers."""
    granted: Mapping[str, Subscription] = field(default_factory=dict, init=False)
    """Filter → subscription that the broker has confirmed on this connection; replaced as a whole."""
    gone: frozenset[str] = field(default=frozenset(), init=False)
    """Filters whose end the broker has confirmed on this connection."""
    received: int = field(default=0, init=False)
    """Messages since the start; written by the receiving thread only."""
    committed: int = field(default=0, init=False)
    """Those of them that are done with."""
    _wanted: dict[str, Subscription] = field(default_factory=dict, init=False)
    _unwanted: frozenset[str] = field(default=frozenset(), init=False)
    _asked: dict[str, Subscription] = field(default_factory=dict, init=False)
    """Filter → what was asked for last on this connection."""
    _asked_end: set[str] = field(default_factory=set, init=False)
    _answers_due: dict[int, list[Subscription] | list[str]] = field(default_factory=dict, init=False)
    """Packet id → what the broker has not answered yet. Of the receiving thread, like all that begins with _asked."""
    _queue: "SimpleQueue[Envelope]" = field(default_factory=SimpleQueue, init=False)
    _generation: int = field(default=0, init=False)
    _generation_lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _lost: tuple[datetime, datetime] | None = field(default=None, init=False)
    """When we lost the broker, after the time from which on messages may have been unanswered then."""
    _unanswered: Unanswered = field(default_factory=Unanswered, init=False)
    _bytes_in: int = field(default=0, init=False)
    """Counted by the receiving thread only, `_bytes_out` by the one that calls `receive`."""
    _bytes_out: int = field(default=0, init=False)
    _client: BatchedClient = field(init=False)

    def __post_init__(self) -> None:
        self.want(self.subscriptions)

    def start(self) -> None:
        """Connects in the background and goes on trying for ever."""
        self._client = client = BatchedClient(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        client.full = lambda: self._bytes_in - self._bytes_out > QUEUED_BYTES
        client.username_pw_set(self.address.user, self.address.password)
        if self.address.tls:
            client.tls_set_context(self.address.tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
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
        client.start()

    def stop(self, *, end_session: bool = False) -> None:
        """Leaves the session with the broker: what is not committed comes again. Or ends it, with all in it."""
        self._client.stop(end_session=end_session)

    def want(self, wanted: Iterable[Subscription], unwanted: Collection[str] = ()) -> None:
        """Subscribes to what is new or different and ends the unwanted; `granted` and `gone` tell when it is done.

        A filter that is in neither stays as it is.
        """
        self._wanted = {each.filter: each for each in wanted}
        self._unwanted = frozenset(unwanted)
        if self.connected:  # otherwise the next connection asks
            self._client.later(self._ask)

    @property
    def alive(self) -> bool:
        """Whether paho's thread runs: it ends at an exception, and then nothing is received any more."""
        return self._client.alive

    def receive(self, most: int, wait_s: float) -> list[Envelope]:
        """What has arrived, at most `most` and about BATCH_BYTES; waits up to `wait_s` for the first."""
        try:
            batch = [self._queue.get(timeout=wait_s)]
        except Empty:
            return []
        size = len(batch[0].payload)
        while len(batch) < most and size < BATCH_BYTES:
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                break
            size += len(batch[-1].payload)
        self._bytes_out += size
        return batch

    def commit(self, positions: Sequence[Position]) -> None:
        """Acknowledges messages whose transaction has committed.

        Packet ids are used again after a reconnect, so those of an earlier connection are left out: the broker
        delivers these messages again. What was published with QoS 0 has no packet id and wants no answer.
        """
        self.committed += len(positions)
        with self._generation_lock:
            present = self._generation
            self._client.acknowledge(
                [p.packet_id for p in positions if p.packet_id and p.generation == present]
            )

    def _on_connect(
        self, _: Client, __: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("broker_refused reason=%s", reason)
            return
        with self._generation_lock:
            self._generation += 1
        self.sessions += not flags.session_present
        self.identifiers = getattr(properties, "SubscriptionIdentifierAvailable", 1) == 1
        self._asked, self._asked_end, self._answers_due = {}, set(), {}
        log.info("broker_connected session_present=%s", flags.session_present)
        self._ask()
        self.connected = not self._answers_due

    def _ask(self) -> None:
        """Sends what the broker has not been asked on this connection."""
        if not self._client.is_connected():
            return
        wanted, unwanted = self._wanted, self._unwanted
        new = [each for each in wanted.values() if self._asked.get(each.filter) != each]
        ended = sorted(unwanted - self._asked_end)
        self._asked_end = (self._asked_end - wanted.keys()) | unwanted
        self._asked = {**{f: s for f, s in self._asked.items() if f not in unwanted}, **wanted}
        self.gone -= wanted.keys()
        for identifier in {each.identifier for each in new}:
            same = [each for each in new if each.identifier == identifier]
            for part in _parts(same):
                self._due(self._subscribe(part, identifier), part)
        for names in _parts(ended):
            self._due(self._client.unsubscribe(names), names)

    def _subscribe(
        self, part: Sequence[Subscription], identifier: int | None
    ) -> tuple[MQTTErrorCode, int | None]:
        properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]  # paho has none
        if identifier is not None and self.identifiers:
            properties.SubscriptionIdentifier = identifier
        return self._client.subscribe([(each.filter, _options(each)) for each in part], properties=properties)

    def _due(self, sent: tuple[Any, int | None], what: list[Subscription] | list[str]) -> None:
        _, packet_id = sent
        if packet_id is not None:  # otherwise the connection is lost, and the next one asks again
            self._answers_due[packet_id] = what

    def _on_subscribe(
        self, _: Client, __: Any, packet_id: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        asked = self._answers_due.pop(packet_id, [])
        answers = [
            (each, r) for each, r in zip(asked, reasons, strict=False) if isinstance(each, Subscription)
        ]
        refused = [f"{each.filter}: {reason}" for each, reason in answers if reason.is_failure]
        if refused:
            self.refused = "; ".join(refused)
        self.granted = {**self.granted, **{each.filter: each for each, r in answers if not r.is_failure}}
        self.connected = self.connected or (not self._answers_due and self.refused is None)

    def _on_unsubscribe(
        self, _: Client, __: Any, packet_id: int, reasons: Any, ____: Properties | None
    ) -> None:
        ended = {each for each in self._answers_due.pop(packet_id, []) if isinstance(each, str)}
        self.granted = {f: each for f, each in self.granted.items() if f not in ended}
        self.gone |= ended
        self.connected = self.connected or (not self._answers_due and self.refused is None)

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        with self._generation_lock:
            self._generation += 1
        if self.connected:
            now = datetime.now(UTC)
            self._lost = self._unanswered.since(now), now
        self.connected = False
        self.granted, self.gone = {}, frozenset()
        log.warning("broker_lost reason=%s", reason)
        if reason.value == TAKEN_OVER:
            self.taken_over = True
            self._client.give_up()

    def _on_message(self, _: Client, __: Any, message: MQTTMessage | Arrived) -> None:
        now = datetime.now(UTC)
        self._unanswered.note(now, self.received, self.committed)
        self.received += 1
        self._bytes_in += len(message.payload)
        self._queue.put(
            Envelope(
                topic=message.topic,
                payload=bytes(message.payload),
                received_at=now,
                position=Position(self._generation, message.mid),
                redelivered=message.dup,
                identifier=message.identifier if isinstance(message, Arrived) else None,
                retained=message.retain,
                resent_between=None if message.dup else self._resent_between(now),
            )
        )

    def _resent_between(self, now: datetime) -> tuple[datetime, datetime] | None:
        """When we received what may now come again without a mark: a publisher had no answer of the broker that died,
        or the broker that was started again none of ours."""
        if self._lost is None or now - self._lost[1] > RESENT_WITHIN:
            return None
        return self._lost


def _options(wanted: Subscription) -> SubscribeOptions:
    old = SubscribeOptions.RETAIN_SEND_IF_NEW_SUB if wanted.retained else SubscribeOptions.RETAIN_DO_NOT_SEND
    return SubscribeOptions(qos=wanted.qos, retainHandling=old)


def _parts(whole: list[_T]) -> list[list[_T]]:
    return [whole[n : n + FILTERS_A_PACKET] for n in range(0, len(whole), FILTERS_A_PACKET)]
