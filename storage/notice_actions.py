"""What people do about public notices. Each is one transaction with its entry in the operators' audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, LiteralString

from storage import db, operators, wards
from storage.notices import Kind
from storage.operators import AuditEvent

LONGEST: Final = timedelta(days=30)
FARTHEST: Final = timedelta(days=366)
"""Ahead of now; what begins later was written with a wrong year."""
LONGEST_TEXT: Final = 500
"""Characters, in each language."""


class NoticeRefused(ValueError):
    """A notice that can't be made; the message says why, `code` says it to pages in other languages."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class NewNotice:
    """As somebody writes it."""

    kind: Kind
    text_vi: str
    text_en: str
    wards: Sequence[str] = ()
    starts_at: datetime
    ends_at: datetime | None
    replaces: int | None = None
    """A notice that is withdrawn in its favour."""


def publish(conn: db.Connection, new: NewNotice, *, author: str, source: str, now: datetime) -> int:
    """Returns its id. `source` is the author's address. Raises NoticeRefused."""
    ends_at = _checked(new, now)
    parameters = {
        "kind": new.kind.value,
        "text_vi": new.text_vi.strip(),
        "text_en": new.text_en.strip(),
        "wards": sorted(set(new.wards)),
        "starts_at": new.starts_at,
        "ends_at": ends_at,
        "replaces": new.replaces,
    }
    with conn.transaction():
        if new.replaces is not None:
            withdrawn = withdraw(conn, new.replaces, actor=author, source=source, now=now)
            _require(withdrawn, f"notice {new.replaces} is over or was never there", "replaced_is_over")
        row = conn.execute(_sql("publish"), {**parameters, "author": author, "now": now}).fetchone()
        assert row is not None
        detail = {**parameters, "starts_at": new.starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        event = AuditEvent(
            at=now,
            actor=author,
            action="notice_published",
            subject=f"notice {row['id']}",
            source=source,
            detail=detail,
        )
        operators.record(conn, event)
    return int(row["id"])


def withdraw(conn: db.Connection, notice_id: int, *, actor: str, source: str, now: datetime) -> bool:
    """Whether it was not over until now."""
    with conn.transaction():
        done = (
            conn.execute(_sql("withdraw"), {"notice_id": notice_id, "actor": actor, "now": now}).rowcount > 0
        )
        if done:
            event = AuditEvent(
                at=now, actor=actor, action="notice_withdrawn", subject=f"notice {notice_id}", source=source
            )
            operators.record(conn, event)
    return done


def _checked(new: NewNotice, now: datetime) -> datetime:
    """When it ends. Raises NoticeRefused."""
    for language, text in (("vi", new.text_vi), ("en", new.text_en)):
        _require(text.strip() != "", f"text_{language}: a notice has a text in both languages", "text")
        _require(
            len(text.strip()) <= LONGEST_TEXT, f"text_{language}: over {LONGEST_TEXT} characters", "length"
        )
    unknown = [code for code in new.wards if code not in wards.by_code()]
    _require(not unknown, f"wards: there is no {', '.join(unknown)}", "ward")
    if new.ends_at is None:
        raise NoticeRefused("ends_at: a notice has an end", "end")
    _require(new.ends_at > new.starts_at, "ends_at: a notice ends after it begins", "end_before_start")
    _require(new.ends_at > now, "ends_at: a notice that is over tells nobody", "end_past")
    _require(new.ends_at - new.starts_at <= LONGEST, f"ends_at: over {LONGEST.days} days", "too_long")
    _require(new.starts_at - now <= FARTHEST, "starts_at: more than a year ahead", "far")
    return new.ends_at


def _require(right: bool, message: str, code: str) -> None:
    if not right:
        raise NoticeRefused(message, code)


def _sql(name: str) -> LiteralString:
    return db.statements("notices")[name]
