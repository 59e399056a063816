"""A short MQTT 5 session with a deadline: read what is retained, publish, wait for the broker's word, leave.

Driven by hand, without a thread: every wait has the same end.
"""

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from alerts.notifiers import DeliveryError

TOPICS_AT_ONCE: Final = 10
"""Fewer than any broker has in flight: what is retained then comes before the answer to what is asked next."""
REFUSED: Final = frozenset({0x84, 0x86, 0x87, 0x8A, 0x8C, 0x90})
"""Protocol version, user name or password, not authorised, banned, authentication method, topic name: it stays so."""
_STEP_S: Final = 0.05
_FORM: Final = (
    "must be mqtt://user:password@host:port (or mqtts://); in a password / ? # @ : are %2F %3F %23 %40 %3A"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_broker(url: str, ca_file: Path | None) -> Broker:
    """Raises ValueError 'key: what would be right' without the address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its message quotes a part of the URL
        raise ValueError(f"url: {_FORM}") from None
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(f"url: {_FORM}")
    tls = parts.scheme == "mqtts"
    if ca_file is not None and not tls:
        raise ValueError("ca_file: is for mqtts://, and url is mqtt://")
    try:
        context = ssl.create_default_context(cafile=ca_file) if tls else None
    except (OSError, ssl.SSLError):
        raise ValueError("ca_file: is no file with a PEM certificate") from None
    return Broker(
        host=parts.hostname,
        port=port or (8883 if tls else 1883),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=context,
    )


class Session:
    """A context: connected inside. Everything raises DeliveryError, which says whether it can be mended by itself."""

    def __init__(self, broker: Broker, *, deadline_s: float) -> None:
        self._broker = broker
        self._end = time.monotonic() + deadline_s
        self._connected: ReasonCode | None = None
        self._answers: dict[int | None, Sequence[ReasonCode]] = {}
        self._messages: dict[str, bytes] = {}
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"hanoi-alerts-{uuid4().hex[:12]}",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self._client.connect_timeout = deadline_s / 2
        self._client.username_pw_set(broker.user, broker.password)
        if broker.tls is not None:
            self._client.tls_set_context(broker.tls)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_answers
        self._client.on_unsubscribe = self._on_answers
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._broker.host, self._broker.port, clean_start=True)
        except OSError as error:  # ssl.SSLError and socket.gaierror are among them
            raise DeliveryError(f"mqtt: {type(error).__name__}", retry=True) from None
        try:
            self._until(lambda: self._connected is not None)
            assert self._connected is not None
            _require(self._connected, "the broker refused the connection")
        except DeliveryError:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        """Says goodbye where somebody listens, and closes the socket in any case: paho keeps it until then."""
        self._client.disconnect()
        self._client.loop(_STEP_S)
        socket = self._client.socket()
        if socket is not None:
            socket.close()

    def retained(self, topics: Sequence[str]) -> Mapping[str, bytes]:
        """What the broker keeps under these topics."""
        for first in range(0, len(topics), TOPICS_AT_ONCE):
            part = list(topics[first : first + TOPICS_AT_ONCE])
            _, packet = self._client.subscribe([(topic, 1) for topic in part])
            self._require_answer(packet, "may not read the state of the signs")
            _, packet = self._client.unsubscribe(part)
            self._require_answer(packet, "unsubscribing failed")
        return self._messages

    def publish(self, topic: str, content: Mapping[str, Any], *, retain: bool) -> None:
        """Returns when the broker has it."""
        sent = self._client.publish(topic, msgspec.json.encode(content), qos=1, retain=retain)
        self._require_answer(sent.mid, "the broker refused a message")

    def _require_answer(self, packet: int | None, what: str) -> None:
        self._until(lambda: packet in self._answers)
        for reason in self._answers[packet]:
            _require(reason, what)

    def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            if time.monotonic() > self._end:
                raise DeliveryError("mqtt: TimeoutError", retry=True)
            if self._client.loop(_STEP_S) is not MQTTErrorCode.MQTT_ERR_SUCCESS and not done():
                raise DeliveryError("mqtt: the connection was lost", retry=True)

    def _on_connect(self, _: Any, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        self._connected = reason

    def _on_answers(self, _: Any, __: Any, packet: int, reasons: Sequence[ReasonCode], ___: Any) -> None:
        self._answers[packet] = reasons

    def _on_publish(self, _: Any, __: Any, packet: int, reason: ReasonCode, ___: Any) -> None:
        self._answers[packet] = [reason]

    def _on_message(self, _: Any, __: Any, message: MQTTMessage) -> None:
        self._messages[message.topic] = bytes(message.payload)


def _require(reason: ReasonCode, what: str) -> None:
    if reason.is_failure:
        raise DeliveryError(f"mqtt: {what} ({reason})", retry=reason.value not in REFUSED)
