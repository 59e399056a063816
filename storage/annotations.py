"""Annotations: what people say of a time in a domain's charts. They are kept; one written in error is withdrawn."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from storage import db, operators
from storage.operators import AuditEvent

LONGEST_TEXT: Final = 500


class AnnotationRefused(ValueError):
    """One that can't be kept; `code` says why: `empty`, `too_long`, `end_before_start` or `thing`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"annotation: {code}")
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """Times are aware UTC."""

    id: int
    domain: str
    thing_id: str | None
    """None: it is about the whole domain."""
    text: str
    starts_at: datetime
    ends_at: datetime | None
    """None: it is about one moment."""
    author: str
    written_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def add(
    conn: db.Connection,
    domain: str,
    *,
    thing_id: str | None,
    text: str,
    starts_at: datetime,
    ends_at: datetime | None,
    author: str,
    source: str,
    now: datetime,
) -> int:
    """The number of the new one, which is in the audit as well. `source` is the author's address.

    Raises AnnotationRefused.
    """
    text = text.strip()
    if not text:
        raise AnnotationRefused("empty")
    if len(text) > LONGEST_TEXT:
        raise AnnotationRefused("too_long")
    if ends_at is not None and ends_at < starts_at:
        raise AnnotationRefused("end_before_start")
    asked = {
        "domain": domain,
        "thing_id": thing_id,
        "text": text,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    with conn.transaction():
        row = conn.execute(_sql("add"), {**asked, "author": author, "now": now}).fetchone()
        if row is None:
            raise AnnotationRefused("thing")
        detail = {"annotation": row["id"], "text": text}
        _record(conn, "annotated", thing_id or domain, author, source, now, detail)
    return int(row["id"])


def withdraw(
    conn: db.Connection,
    domains: Collection[str],
    annotation_id: int,
    *,
    actor: str,
    source: str,
    now: datetime,
) -> bool:
    """Whether there was such a one of the domains and it held until now; the audit has it then."""
    asked = {"annotation_id": annotation_id, "domains": list(domains), "actor": actor, "now": now}
    with conn.transaction():
        done = conn.execute(_sql("withdraw"), asked).rowcount > 0
        if done:
            row = conn.execute(_sql("withdrawn_from"), {"annotation_id": annotation_id}).fetchone()
            assert row is not None
            subject = row["thing_id"] or row["domain"]
            _record(conn, "annotation_withdrawn", subject, actor, source, now, {"annotation": annotation_id})
    return done


def of_domains(
    conn: db.Connection, domains: Collection[str], start: datetime, end: datetime, limit: int
) -> list[Annotation]:
    """What is said of times from `start` to `end`, the newest first; those withdrawn too."""
    asked = {"domains": list(domains), "start": start, "end": end, "limit": limit}
    return [Annotation(**row) for row in conn.execute(_sql("of_domains"), asked)]


def _record(
    conn: db.Connection,
    action: str,
    subject: str,
    actor: str,
    source: str,
    now: datetime,
    detail: dict[str, Any],
) -> None:
    operators.record(
        conn,
        AuditEvent(at=now, actor=actor, action=action, subject=subject, source=source, detail=detail),
    )


def _sql(name: str) -> LiteralString:
    return db.statements("annotations")[name]
