"""Publishes canaries over MQTT (version 5, QoS 1), as a station publishes what it measures."""

import json
import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from storage.model import Text
from storage.settings import ConfigurationError, Settings

log = logging.getLogger(__name__)

TOPIC: Final = "hanoi/v1/operations/canary/observations"
CLIENT_ID: Final = "hanoi-watchdog"
VARIABLE: Final = "HANOI_MQTT_PUBLISH_URL"
CONNECT_S: Final = 5.0
KEEPALIVE_S: Final = 10
"""Half as long again, and a broker that is frozen counts as lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    host: str
    port: int
    user: str | None
    password: str | None
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, settings: Settings) -> "Broker":
        """From HANOI_MQTT_PUBLISH_URL. Raises ConfigurationError that shows no password."""
        url = settings.required("mqtt_publish_url")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its message quotes a part of the URL
            parts, port = urlsplit(""), None
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ConfigurationError(
                f"{VARIABLE}: expected mqtt://user:password@host:port (or mqtts://); in a password"
                " / ? # @ : are written as %2F %3F %23 %40 %3A"
            )
        encrypted = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname,
            port=port or (8883 if encrypted else 1883),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=_context(settings) if encrypted else None,
        )


class Canary:
    """One connection, that is made again for ever. paho's thread only notes what it heard of the broker."""

    def __init__(self, broker: Broker) -> None:
        self._heard_at: datetime | None = None
        self._unacknowledged: set[int] = set()
        self._early: set[int] = set()
        """Acknowledged before `publish` returned."""
        self._lock = Lock()
        client = Client(CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set_context(broker.tls)
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.connect_timeout = CONNECT_S
        client.connect_async(broker.host, broker.port, keepalive=KEEPALIVE_S, clean_start=True)
        self._client = client

    def start(self) -> None:
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    @property
    def why(self) -> Text:
        """Why the broker does not answer."""
        if self.connected:
            return Text(vi="không xác nhận tin nhận được", en="does not acknowledge what it is sent")
        return Text(vi="không kết nối được", en="can't be connected to")

    @property
    def heard_at(self) -> datetime | None:
        """When the broker last let us in or took a message; now, while it has taken all and we are connected."""
        with self._lock:
            if self.connected and not self._unacknowledged:
                self._heard_at = datetime.now(UTC)
            return self._heard_at

    def publish(self, heartbeat: int, time: datetime, round_trip_s: float | None) -> bool:
        """False when there is no broker to hand it to: a canary of then is no canary of now, so it is not kept."""
        if not self.connected:
            return False
        results: dict[str, Any] = {"heartbeat": heartbeat}
        if round_trip_s is not None:
            results["round_trip"] = round(round_trip_s, 3)
        payload = json.dumps({"time": time.isoformat(timespec="milliseconds"), "results": results})
        sent = self._client.publish(
            TOPIC, payload, qos=1
        )  # without our lock: paho holds one when it calls us
        with self._lock:
            if sent.mid in self._early:
                self._early.discard(sent.mid)
            else:
                self._unacknowledged.add(sent.mid)
        return sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, more: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("broker_refused reason=%r", str(reason))
            return
        log.info("broker_connected")
        self._heard()

    def _on_disconnect(
        self,
        client: Client,
        userdata: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        more: Properties | None,
    ) -> None:
        log.warning("broker_lost reason=%r", str(reason))

    def _on_publish(
        self, client: Client, userdata: Any, mid: int, reason: ReasonCode, more: Properties | None
    ) -> None:
        with self._lock:
            if mid in self._unacknowledged:
                self._unacknowledged.discard(mid)
            else:
                self._early.add(mid)
        self._heard()

    def _heard(self) -> None:
        with self._lock:
            self._heard_at = datetime.now(UTC)


def _context(settings: Settings) -> ssl.SSLContext:
    """The broker's name is always checked against its certificate. Raises ConfigurationError naming the variable."""
    try:
        context = ssl.create_default_context(cafile=settings.mqtt_ca_file)
        if settings.mqtt_cert_file is not None:
            context.load_cert_chain(settings.mqtt_cert_file, settings.mqtt_key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"HANOI_MQTT_CA_FILE, HANOI_MQTT_CERT_FILE, HANOI_MQTT_KEY_FILE: {error}"
        ) from None
    return context
