"""A rejected message as operators read it: what was wrong, where in the payload, and the payload's beginning. Pure."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS
from storage.rejections import RejectionPreview


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownRejection:
    id: int
    time: datetime
    topic: str
    reason: str
    path: str
    message: str
    more: int
    payload: str
    size: int


def shown_rejection(row: RejectionPreview, language: Language) -> ShownRejection:
    """The first fault of the message; `path` leads to it inside the payload."""
    faults = [fault for fault in row.detail.get("faults", []) if isinstance(fault, dict)]
    first = faults[0] if faults else {}
    known = TEXTS.get(f"reason_{row.reason}")
    return ShownRejection(
        id=row.id,
        time=row.received_at,
        topic=row.topic,
        reason=known.in_language(language) if known else row.reason.replace("_", " "),
        path=str(first.get("path", "")),
        message=str(first.get("message", "")),
        more=max(0, len(faults) - 1) + int(row.detail.get("more_faults", 0)),
        payload=printable(row.payload),
        size=row.size,
    )


def printable(payload: bytes) -> str:
    """The beginning of a payload on one line: what is no text or steers a terminal is shown as a dot."""
    text = payload.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "·" for char in text)
