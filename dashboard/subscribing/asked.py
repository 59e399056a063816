"""What somebody asked to be told, looked at: what can't be is named by its field. Pure."""

import base64
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from dashboard.citizen_forms.unfit import Unfit
from dashboard.data import CityView
from storage.model import Domain
from storage.subscription_offers import Offer, usable_offer
from storage.subscriptions import LONGEST_ENDPOINT, LONGEST_MAIL, Channel, NewSubscription, PushKeys
from storage.things import ThingRow

_MAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
"""A dot-atom of RFC 5322 at a host name; what else the standards allow no provider gives out."""
_LONGEST_LOCAL: Final = 64
_ENDPOINT: Final = re.compile(r"https://[!-~]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """As it came in; "" where nothing was said. Mail, or the three that a browser gives of push."""

    channel: str = Channel.EMAIL
    thing: str = ""
    at_least: str = ""
    email: str = ""
    endpoint: str = ""
    p256dh: str = ""
    auth: str = ""
    trap: str = ""
    """A field that people do not see."""


def subscription(asked: Asked, view: CityView, language: str) -> NewSubscription:
    """Raises Unfit."""
    if asked.trap:
        raise Unfit("trap", "trap")
    thing, _, offer = offered(asked.thing, view)
    at_least = int(asked.at_least) if asked.at_least.isascii() and asked.at_least.isdigit() else 0
    if at_least not in offer.at_least:
        raise Unfit("at_least", "unknown" if asked.at_least else "missing")
    push = asked.channel == Channel.PUSH
    return NewSubscription(
        channel=Channel(asked.channel),
        address=_endpoint(asked.endpoint) if push else _mail(asked.email),
        keys=_keys(asked) if push else None,
        language=language,
        thing_id=thing.id,
        property=offer.property,
        at_least=at_least,
    )


def offered(thing_id: str, view: CityView) -> tuple[ThingRow, Domain, Offer]:
    """A Thing of the map and what its domain offers. Raises Unfit."""
    thing = view.things.get(thing_id)
    domain = view.domains.get(thing.domain) if thing else None
    if thing is None or domain is None or thing.retired_from is not None:
        raise Unfit("thing", "unknown" if thing_id else "missing")
    offer = usable_offer(domain)
    if offer is None or thing.kind not in domain.map_kinds:
        raise Unfit("thing", "not_offered")
    return thing, domain, offer


def _mail(text: str) -> str:
    """The host in small letters: it means the same."""
    plain = text.strip()
    local, _, host = plain.rpartition("@")
    if not plain:
        raise Unfit("email", "missing")
    if len(plain) > LONGEST_MAIL or len(local) > _LONGEST_LOCAL or not _MAIL.fullmatch(plain):
        raise Unfit("email", "wrong")
    return f"{local}@{host.lower()}"


def _endpoint(text: str) -> str:
    """Of a push service out in the world; whether its name leads there is looked at when something is sent."""
    if not text:
        raise Unfit("endpoint", "missing")
    if len(text) > LONGEST_ENDPOINT or not _ENDPOINT.fullmatch(text):
        raise Unfit("endpoint", "wrong")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Unfit("endpoint", "wrong") from None
    if "@" in parts.netloc or port not in (None, 443) or not _is_outside(host):
        raise Unfit("endpoint", "wrong")
    return text


def _is_outside(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.rstrip(".").endswith((".localhost", ".local", ".internal"))


def _keys(asked: Asked) -> PushKeys:
    p256dh, auth = _bytes(asked.p256dh, "p256dh"), _bytes(asked.auth, "auth")
    if len(p256dh) != 65 or p256dh[0] != 4:
        raise Unfit("p256dh", "wrong")
    if len(auth) != 16:
        raise Unfit("auth", "wrong")
    return PushKeys(p256dh=p256dh, auth=auth)


def _bytes(text: str, field: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}={0,2}", text):
        raise Unfit(field, "wrong")
    plain = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError:
        raise Unfit(field, "wrong") from None
