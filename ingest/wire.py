"""The native MQTT format: broker address, topics, and observations as JSON. Shared by ingest and all publishers."""

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from storage.model import NAME, Provenance

ROOT: Final = "hanoi/v1"
MAX_BYTES: Final = 512 * 1024
"""A larger payload is rejected as too_large (and stored whole)."""
MAX_DEPTH: Final = 32
MAX_SEQUENCE: Final = 2**53 - 1
"""Up to here a double tells every integer from its neighbours, and JSON numbers are doubles to many encoders."""
SUBSCRIPTION: Final = f"{ROOT}/#"

_TOPIC: Final = re.compile(rf"{ROOT}/(?P<domain>{NAME.pattern})/(?P<thing>{NAME.pattern})/(?P<kind>[a-z]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerAddress:
    """mqtt://user:password@host:port, or mqtts:// for TLS; an IPv6 address in brackets."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: ssl.SSLContext | None
    """Checks the broker's certificate and name; None: not encrypted."""

    @classmethod
    def parse(cls, url: str, variable: str = "HANOI_MQTT_URL") -> "BrokerAddress":
        """Raises ValueError that names the variable and shows no password."""
        wrong = f"{variable}: expected mqtt://user:password@host:port (or mqtts://)"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its message quotes a part of the URL
            raise ValueError(f"{wrong}; in a password / ? # @ : are written as %2F %3F %23 %40 %3A") from None
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError(wrong)
        tls = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname,
            port=port or (8883 if tls else 1883),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=ssl.create_default_context() if tls else None,
        )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class MessageKind(StrEnum):
    """The last level of a topic."""

    OBSERVATIONS = "observations"
    STATUS = "status"
    EXTENT = "extent"


class Topic(msgspec.Struct, frozen=True):
    """hanoi/v1/{domain}/{thing}/{kind}"""

    domain: str
    thing: str
    kind: MessageKind

    def __str__(self) -> str:
        return f"{ROOT}/{self.domain}/{self.thing}/{self.kind}"


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One element of a native message: the results of one Thing at one time (aware).

    `flags` maps properties to calibrating, fault or estimated. `sequence` counts the Thing's elements up by one.
    """

    time: datetime
    results: Mapping[str, float | bool]
    flags: Mapping[str, str] | None = None
    result_time: datetime | None = None
    provenance: Provenance | None = None
    sequence: int | None = None


def parse_topic(topic: str) -> Topic | None:
    """None for a topic that is not of the native scheme."""
    match = _TOPIC.fullmatch(topic)
    if match is None or match["kind"] not in MessageKind._value2member_map_:
        return None
    return Topic(match["domain"], match["thing"], MessageKind(match["kind"]))


def observations_topic(domain: str, thing: str) -> str:
    return str(Topic(domain, thing, MessageKind.OBSERVATIONS))


def extent_topic(domain: str, thing: str) -> str:
    return str(Topic(domain, thing, MessageKind.EXTENT))


def encode(elements: Sequence[Element]) -> bytes:
    """One element as an object, several as an array. Raises ValueError for a naive time or no element."""
    if not elements:
        raise ValueError("a message holds at least one element")
    for element in elements:
        if element.time.tzinfo is None:
            raise ValueError(f"time {element.time} has no offset")
    return msgspec.json.encode(elements[0] if len(elements) == 1 else list(elements))


def encode_extent(time: datetime, features: Sequence[Mapping[str, Any]], provenance: Provenance) -> bytes:
    """A flooded area as a GeoJSON FeatureCollection; each feature has `depth_cm` among its properties."""
    collection = {
        "type": "FeatureCollection",
        "time": time,
        "provenance": provenance.value,
        "features": list(features),
    }
    return msgspec.json.encode(collection)
