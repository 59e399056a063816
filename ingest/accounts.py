"""Who may publish what on the broker: accounts of devices, gateways and sources, as Mosquitto's two files. Pure.

A device may write the topics of its own Thing and read nothing; the broker checks each message. Its name is also its
client id (the broker's listener for devices sees to that), so no account can take another's session. Secrets are
random, kept as hashes only.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ingest.sources import Source
from ingest.wire import ROOT, MessageKind, Topic

PASSWORDS: Final = "passwords"
ACCESS: Final = "access"
"""The files of an accounts folder, in the formats of Mosquitto's password_file and acl_file."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,128}")
_RESERVED: Final = re.compile(r"ingest|publisher|health|alerts|signs|watchdog|hanoi-.*", re.I)
"""The broker's own accounts, and the client ids of our processes: an account is a client id too."""
_DIGEST: Final = 6
_LONGEST_DERIVED: Final = 110
_HASH: Final = re.compile(r"\$7\$[1-9]\d{0,8}\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+")


class Sender(Protocol):
    """A Thing, of the inventory or of the database."""

    @property
    def id(self) -> str: ...

    @property
    def domain(self) -> str: ...


class AccountError(ValueError):
    """An account that can't be; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A name, the hash of its secret, and the topics (of a source: filters) that it may write."""

    name: str
    hash: str
    topics: tuple[str, ...]


def mosquitto_hash(secret: str, salt: bytes, iterations: int = 1000) -> str:
    """PBKDF2 with SHA-512, `$7$`, as mosquitto_passwd writes it. Few rounds are enough for random secrets."""
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, iterations)
    return f"$7${iterations}${_base64(salt)}${_base64(digest)}"


def checked_name(name: str) -> str:
    """Raises AccountError for one that is reserved, or that Mosquitto's files can't hold."""
    if _NAME.fullmatch(name) is None:
        raise AccountError(f"'{name:.80}': an account's name has letters, digits, - _ and . only")
    if _RESERVED.fullmatch(name):
        raise AccountError(f"'{name}' is a name of our own processes")
    return name


def source_account(source: str, device: str | None) -> str:
    """Its name; the dot keeps it apart from every Thing's. Raises AccountError.

    Of a device's name that no account can have, as `urn:dev:ow:10e2`, the rest becomes `-`, and a few digits of its
    hash tell it from others that would look the same.
    """
    if device is None:
        return checked_name(f"source.{source}")
    plain = f"source.{source}.{device}"
    if _NAME.fullmatch(plain):
        return checked_name(plain)
    digest = hashlib.sha256(device.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    legal = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain)[:_LONGEST_DERIVED].rstrip("-")
    return checked_name(f"{legal}-{digest}")


def topics_of(thing: Sender) -> tuple[str, ...]:
    """What a device of this Thing may write: no other Thing, no other domain, no wildcard."""
    kinds = [MessageKind.OBSERVATIONS, MessageKind.STATUS]
    if thing.domain == "flood":
        kinds.append(MessageKind.EXTENT)
    return tuple(str(Topic(thing.domain, thing.id, kind)) for kind in kinds)


def topics_of_all(
    names: Sequence[str], things: Mapping[str, Sender], where: str = "the inventory"
) -> tuple[str, ...]:
    """The same for a gateway's Things. Raises AccountError naming those that are not there."""
    unknown = [name for name in names if name not in things]
    if unknown:
        raise AccountError(f"no Thing of {where}: {', '.join(unknown)}")
    return tuple(topic for name in names for topic in topics_of(things[name]))


def filters_of(source: Source, device: str | None = None) -> tuple[str, ...]:
    """What a network server, or one device of a source, may write. Raises AccountError.

    A device stands in the place of a filter's only `+`; a filter with none, with several or with `#` has no such place.
    """
    filters = tuple(source.topics) if device is None else tuple(_filled(f, device) for f in source.topics)
    if not filters:
        raise AccountError(f"source '{source.name}' watches a folder: nobody publishes for it")
    for topic_filter in filters:
        if _reaches_native(topic_filter):
            raise AccountError(
                f"source '{source.name}': '{topic_filter}' reaches into {ROOT}/, every Thing's topics"
            )
        if topic_filter.startswith("$"):
            raise AccountError(f"source '{source.name}': '{topic_filter}' is the broker's own")
        if not topic_filter.isprintable():  # a line break would begin a rule of its own
            raise AccountError(f"source '{source.name}': {topic_filter!r} has a control character")
    return filters


def password_file(accounts: Iterable[Account]) -> str:
    """Mosquitto's password_file."""
    return "".join(f"{account.name}:{account.hash}\n" for account in accounts)


def access_file(accounts: Iterable[Account]) -> str:
    """Mosquitto's acl_file: who is not named may do nothing."""
    return "\n".join(
        f"user {account.name}\n" + "".join(f"topic write {topic}\n" for topic in account.topics)
        for account in accounts
    )


def parse(passwords: str, access: str) -> dict[str, Account]:
    """Account by name, from the two files. Raises AccountError naming file and line."""
    topics = _topics(access)
    found = {}
    for number, line in enumerate(passwords.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        name, _, hashed = line.partition(":")
        try:
            checked_name(name)
        except AccountError as error:
            raise AccountError(f"{PASSWORDS} line {number}: {error}") from None
        if _HASH.fullmatch(hashed) is None:
            raise AccountError(f"{PASSWORDS} line {number}: no hash that begins with $7$")
        found[name] = Account(name=name, hash=hashed, topics=topics.get(name, ()))
    return found


def _topics(access: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    name = None
    for number, line in enumerate(access.splitlines(), 1):
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if word == "user":
            name = rest
        elif name is not None and line.startswith("topic write "):
            found[name] = (*found.get(name, ()), line.removeprefix("topic write "))
        else:
            raise AccountError(f"{ACCESS} line {number}: expected 'user NAME' or 'topic write TOPIC'")
    return found


def _filled(topic_filter: str, device: str) -> str:
    if not device or set(device) & set("+#/\x00") or not device.isprintable():
        raise AccountError(f"'{device:.64}' can't stand in one level of a topic")
    levels = topic_filter.split("/")
    if levels.count("+") != 1 or "#" in levels:
        raise AccountError(
            f"'{topic_filter}' has no single + for the device: make one account for the whole source"
        )
    return "/".join(device if level == "+" else level for level in levels)


def _reaches_native(topic_filter: str) -> bool:
    """Whether some topic below hanoi/v1/ matches."""
    levels = topic_filter.split("/")
    for level, ours in zip(levels, ROOT.split("/"), strict=False):
        if level == "#":
            return True
        if level not in ("+", ours):
            return False
    return len(levels) > len(ROOT.split("/"))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
