"""Web push (RFC 8030): encrypted for the browser (RFC 8291), signed by our VAPID key (RFC 8292)."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from alerts.notifiers import DeliveryError
from alerts.subscribers.outside import Outside

KEPT_S: Final = 3600
"""How long a push service keeps a message for a browser that is away: what is older is no news."""
SCALAR_BYTES: Final = 32
SIGNED_FOR_S: Final = 12 * 3600
"""RFC 8292 allows 24 h."""
GONE: Final = (404, 410)
TRANSIENT: Final = (408, 425, 429)


class AddressGone(DeliveryError):
    """The browser is subscribed no more."""


class KeyFault(ValueError):
    """No VAPID key; the message does not show it."""


@dataclass(frozen=True, slots=True)
class Vapid:
    """Our key pair, both as base64url: the scalar (32 bytes) and the uncompressed point (65 bytes)."""

    private: str = field(repr=False)
    public: str
    subject: str
    """Whom a push service can write to: mailto: or https:."""

    @classmethod
    def of(cls, private: str, subject: str) -> "Vapid":
        """Raises KeyFault."""
        try:
            scalar = unbase64(private)
            key = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
            if len(scalar) != SCALAR_BYTES:
                raise ValueError("too short")
        except ValueError:
            raise KeyFault("want 32 bytes as base64url, as `hanoi-alerts vapid-keys` makes them") from None
        return cls(private, public_of(key), subject)

    def authorization(self, endpoint: str, now: datetime) -> str:
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(now.timestamp()) + SIGNED_FOR_S,
            "sub": self.subject,
        }
        point = unbase64(self.public)
        key = ECKey.import_key(
            {
                "kty": "EC",
                "crv": "P-256",
                "x": base64url(point[1:33]),
                "y": base64url(point[33:]),
                "d": self.private,
            }
        )
        return f"vapid t={jwt.encode({'typ': 'JWT', 'alg': 'ES256'}, claims, key)}, k={self.public}"


def new_keys() -> tuple[str, str]:
    """Private and public, as the settings take them."""
    key = ec.generate_private_key(ec.SECP256R1())
    return base64url(key.private_numbers().private_value.to_bytes(32, "big")), public_of(key)


def public_of(key: ec.EllipticCurvePrivateKey) -> str:
    return base64url(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pusher:
    vapid: Vapid
    outside: Outside

    def send(
        self, endpoint: str, p256dh: bytes, auth: bytes, key: UUID, content: dict[str, Any], now: datetime
    ) -> None:
        """Raises AddressGone, DeliveryError; none names the endpoint."""
        headers = {
            "Authorization": self.vapid.authorization(endpoint, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
            "Urgency": "high",
            "Topic": key.hex,
        }
        status, after_s = self.outside.post(endpoint, encrypted(content, p256dh, auth), headers)
        if status in GONE:
            raise AddressGone(f"push: answered {status}", retry=False)
        if not 200 <= status < 300:
            again = status in TRANSIENT or status >= 500
            raise DeliveryError(f"push: answered {status}", retry=again, after_s=after_s)


def encrypted(content: dict[str, Any], p256dh: bytes, auth: bytes) -> bytes:
    """One record with our one-time key before it. Raises AddressGone for keys that are none: nobody could read it."""
    try:
        made: bytes = http_ece.encrypt(
            json.dumps(content, ensure_ascii=False).encode(),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=p256dh,
            auth_secret=auth,
            version="aes128gcm",
        )
    except (ValueError, http_ece.ECEException):
        raise AddressGone("push: the browser's key is none", retry=False) from None
    return made


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64(text: str) -> bytes:
    """Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
