"""Claiming: an operator says which Thing a device is that nobody knows. Used by the command line and control room."""

import logging
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ingest.model import NATIVE
from ingest.sources import Sources
from ingest.wire import parse_topic
from storage import claims, db, operators, things
from storage.catalog import ReferenceDataError
from storage.claims import ClaimRefused, Unclaimed
from storage.model import NAME, CoordinateTrust, Domain, Location, Text, Thing
from storage.operators import AuditEvent
from storage.reference import Reference

log = logging.getLogger(__name__)

LONGEST_DEVICE: Final = 128
LONGEST_NAME: Final = 200
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of text, also of what stands behind the name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Who claims, and from where: a name, and the address or `command line`."""

    name: str
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A device in the naming of its source; of native messages, the Thing of the topic."""

    source: str
    device: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where somebody says that it stands. Degrees WGS 84."""

    lat: float
    lon: float
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewThing:
    """What somebody says of a Thing that no file names, unchecked."""

    id: str
    domain: str
    kind: str | None
    """None: the first kind of the domain that is on the map."""
    name_vi: str
    name_en: str
    place: Place | None = None
    parent: str | None = None
    properties: Sequence[str] = ()
    public: bool = True


def domain_of(found: Unclaimed) -> str | None:
    """The domain that the topic names; other formats say nothing of it."""
    topic = parse_topic(found.topic) if found.source == NATIVE else None
    return topic.domain if topic else None


def is_native(source: str) -> bool:
    """Whether a new Thing must be called as its device is: the id is the same everywhere."""
    return source == NATIVE


def own_id(device: Device) -> str | None:
    """The id of a new Thing that is called like its device; None where that can't be an id."""
    name = device.device.lower()
    return name if NAME.fullmatch(name) else None


def claim(
    conn: db.Connection,
    device: Device,
    thing: str | Thing,
    *,
    domains: Mapping[str, Domain],
    sources: Sources,
    who: Who,
    now: datetime,
) -> bool:
    """In one transaction: the Thing if it is new, the claim, the audit, the word to running processes.

    False when just this was claimed before. Raises ClaimRefused.
    """
    _check_device(device, sources)
    thing_id = thing if isinstance(thing, str) else thing.id
    try:
        with conn.transaction():
            if isinstance(thing, Thing):
                things.add(conn, domains, thing)
            _check_own_name(conn, device, thing_id)
            made = claims.claim(
                conn, source=device.source, device=device.device, thing_id=thing_id, now=now, by=who.name
            )
            if made:
                _record(conn, "device_claimed", device, thing_id, who, now, new=isinstance(thing, Thing))
                things.announce(conn)
    except ReferenceDataError as error:
        raise ClaimRefused(str(error), "thing", thing=thing_id) from error
    if made:
        log.info(
            "device_claimed source=%s device=%r thing=%s new=%s by=%s",
            device.source,
            device.device,
            thing_id,
            isinstance(thing, Thing),
            who.name,
        )
    return made


def unclaim(conn: db.Connection, device: Device, *, who: Who, now: datetime) -> str | None:
    """The Thing that the device was until now; what was stored for it stays. None: nobody had claimed it."""
    with conn.transaction():
        thing_id = claims.release(conn, source=device.source, device=device.device)
        if thing_id is not None:
            _record(conn, "device_unclaimed", device, thing_id, who, now)
            things.announce(conn)
    if thing_id is not None:
        log.info(
            "device_unclaimed source=%s device=%r thing=%s by=%s",
            device.source,
            device.device,
            thing_id,
            who.name,
        )
    return thing_id


def checked(new: NewThing, device: Device, reference: Reference) -> Thing:
    """The Thing, if it can be one. Raises ClaimRefused naming the field."""
    domains = reference.domains
    domain = domains.get(new.domain)
    if domain is None:
        raise ClaimRefused(f"domain: '{new.domain}' is none of {', '.join(domains)}", "field", field="domain")
    if device.source == NATIVE and new.id != device.device:
        message = f"id: a device that sends as '{device.device}' is a Thing of that id, not '{new.id}'"
        raise ClaimRefused(message, "native_id", thing=device.device)
    _check_key("id", new.id)
    kind = new.kind or domain.map_kinds[0]
    _check_kind(kind, domain, reference)
    unknown = [
        key for key in new.properties if key not in domain.properties or domain.properties[key].derived
    ]
    if unknown:
        message = f"properties: {', '.join(unknown)}: not of domain '{new.domain}'"
        raise ClaimRefused(message, "field", field="properties")
    return Thing(
        id=new.id,
        domain=new.domain,
        kind=kind,
        name=Text(vi=_shown("name_vi", new.name_vi), en=_shown("name_en", new.name_en)),
        properties=tuple(dict.fromkeys(new.properties)),
        parent_id=new.parent,
        location=_location(new.place),
        attributes={},
        public=new.public,
    )


def _check_device(device: Device, sources: Sources) -> None:
    if not device.device or len(device.device) > LONGEST_DEVICE:
        raise ClaimRefused(f"device: 1 to {LONGEST_DEVICE} characters", "field", field="device")
    if device.source == NATIVE:
        return
    source = sources.named(device.source)
    if source is None:
        message = f"source: '{device.source}' is not in HANOI_SOURCES_FILE"
        raise ClaimRefused(message, "source", source=device.source)
    told = source.devices.get(device.device)
    if told is not None:
        message = (
            f"HANOI_SOURCES_FILE says that device '{device.device}' of '{device.source}' is '{told}':"
            " mend it there, the file goes first"
        )
        raise ClaimRefused(message, "file_says", thing=told)


def _check_own_name(conn: db.Connection, device: Device, thing_id: str) -> None:
    """A Thing that sends under its own name is known by it, whatever a claim says: the claim would do nothing."""
    if device.source != NATIVE or device.device == thing_id:
        return
    if any(thing.id == device.device for thing in things.all_things(conn)):
        message = (
            f"device: '{device.device}' is a Thing itself: what it sends in the city's own format is its own"
        )
        raise ClaimRefused(message, "is_a_thing", thing=device.device)


def _check_kind(kind: str, domain: Domain, reference: Reference) -> None:
    """A kind that nothing else in the domain has is most likely misspelt, and no map shows it."""
    kinds = {*domain.map_kinds, *(thing.kind for thing in reference.things if thing.domain == domain.key)}
    if kind not in kinds:
        message = f"kind: '{kind:.80}' is none of domain '{domain.key}': {', '.join(sorted(kinds))}"
        raise ClaimRefused(message, "field", field="kind")


def _check_key(field: str, value: str) -> None:
    if not NAME.fullmatch(value):
        raise ClaimRefused(f"{field}: '{value:.80}': 1 to 64 of a-z 0-9 _ -", "field", field=field)


def _shown(field: str, value: str) -> str:
    text = value.strip()
    if not text or len(text) > LONGEST_NAME or any(map(_steers, text)):
        message = f"{field}: 1 to {LONGEST_NAME} characters that can be shown"
        raise ClaimRefused(message, "field", field=field)
    return text


def _steers(char: str) -> bool:
    """Control characters, line and paragraph separators, halves of characters, and what turns the direction."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _TURNING


def _location(place: Place | None) -> Location | None:
    """Nobody has verified it: trust M."""
    if place is None:
        return None
    if not -90 <= place.lat <= 90 or not -180 <= place.lon <= 180:
        message = f"lat, lon: {place.lat}, {place.lon}: degrees, -90 to 90 and -180 to 180"
        raise ClaimRefused(message, "field", field="place")
    source = _shown("place_source", place.source)
    return Location(lat=place.lat, lon=place.lon, trust=CoordinateTrust.FROM_MEMORY, source=source)


def _record(
    conn: db.Connection,
    action: str,
    device: Device,
    thing_id: str,
    who: Who,
    now: datetime,
    **more: object,
) -> None:
    event = AuditEvent(
        at=now,
        actor=who.name,
        action=action,
        subject=thing_id,
        source=who.where,
        detail={"source": device.source, "device": device.device, **more},
    )
    operators.record(conn, event)
