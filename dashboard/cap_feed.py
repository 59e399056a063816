"""The public feed of CAP messages in memory, read again and again beside the change feed: no query for a visitor."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree import ElementTree as ET

from dashboard.data import Watch
from dashboard.encoded import Encoded, encode
from storage import cap_messages, db
from storage.cap_rows import FeedMessage
from storage.model import Provenance

EVERY: Final = timedelta(seconds=1)
KEPT_FOR: Final = timedelta(days=7)
LISTED: Final = 100
"""Messages in the feed."""
KEPT: Final = 1000
"""Documents that can be fetched: an Update refers to ones that the feed lists no more."""
ATOM: Final = "http://www.w3.org/2005/Atom"
CAP_TYPE: Final = "application/cap+xml"
PATH: Final = "/api/v1/alerts/cap"
OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When a feed that never had a message was last changed."""
TITLE: Final = "Cảnh báo Hà Nội / Hanoi alerts (CAP 1.2)"
SIMULATED: Final = "Dữ liệu mô phỏng / Simulated data"
EXERCISES: Final = "Exercise: diễn tập, không phải cảnh báo thật / an exercise, no warning"


class CapBoard:
    """The feed and its documents, each encoded when it changes."""

    def __init__(self, site_url: str | None) -> None:
        self.documents: Mapping[str, Encoded] = {}
        """By identifier."""
        self._site_url = (site_url or "").rstrip("/")
        self._messages: dict[int, FeedMessage] = {}
        self._listed: list[int] = []
        self.feed: Encoded = self._encoded_feed([])

    @property
    def watch(self) -> Watch:
        """Give it to the CityFeed."""
        return Watch(every=EVERY, look=self._look)

    def _look(self, conn: db.Connection, now: datetime) -> None:
        ids = cap_messages.newest(conn, now - KEPT_FOR, KEPT)
        if ids == self._listed:
            return
        missing = [id for id in ids if id not in self._messages]
        found = {message.id: message for message in cap_messages.documents(conn, missing)} if missing else {}
        known = self._messages | found
        self._messages = {id: known[id] for id in ids if id in known}
        self._encode()
        self._listed = ids

    def _encode(self) -> None:
        before = self.documents
        self.documents = {
            message.identifier: before.get(message.identifier) or encode(message.document.encode())
            for message in self._messages.values()
        }
        self.feed = self._encoded_feed(list(self._messages.values())[:LISTED])

    def _encoded_feed(self, messages: Sequence[FeedMessage]) -> Encoded:
        return encode(atom(messages, self._site_url).encode())


def atom(messages: Sequence[FeedMessage], site_url: str) -> str:
    """An Atom 1.0 feed (RFC 4287), the newest first. Links are relative where `site_url` is ''."""
    feed = ET.Element("feed", {"xmlns": ATOM})
    newest = max((message.sent_at for message in messages), default=OLDEST)
    _add(feed, "id", "urn:hanoi-ops:alerts:cap")
    _add(feed, "title", TITLE)
    _add(feed, "subtitle", _subtitle(messages))
    _add(feed, "updated", _iso(newest))
    _add(ET.SubElement(feed, "author"), "name", "hanoi-ops")
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=f"{site_url}{PATH}")
    for message in messages:
        _entry(ET.SubElement(feed, "entry"), message, site_url)
    ET.indent(feed)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'


def _entry(entry: ET.Element, message: FeedMessage, site_url: str) -> None:
    title = f"{message.headline_vi} / {message.headline_en}"
    _add(entry, "id", f"urn:hanoi-ops:cap:{message.identifier}")
    _add(entry, "title", title)
    _add(entry, "updated", _iso(message.sent_at))
    _add(entry, "published", _iso(message.sent_at))
    ET.SubElement(entry, "category", scheme="urn:hanoi-ops:cap:status", term=message.status)
    ET.SubElement(entry, "category", scheme="urn:hanoi-ops:cap:msgType", term=message.msg_type)
    _add(entry, "summary", f"{message.status} {message.msg_type}: {title}")
    href = f"{site_url}{PATH}/{message.identifier}.xml"
    ET.SubElement(entry, "link", rel="alternate", type=CAP_TYPE, href=href)


def _subtitle(messages: Sequence[FeedMessage]) -> str:
    """Says it when anything listed is simulated, or no warning for another reason."""
    said = []
    if any(message.provenance == Provenance.SIMULATED for message in messages):
        said.append(SIMULATED)
    if any(message.status != "Actual" for message in messages):
        said.append(EXERCISES)
    return ". ".join(said)


def _add(parent: ET.Element, name: str, text: str) -> None:
    if text:
        ET.SubElement(parent, name).text = text


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
