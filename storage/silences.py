"""Silences and maintenance windows: what matches is not told in [starts_at, ends_at). Never deleted, only ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from storage import alert_log, db, operators
from storage.matchers import Matchers, match_all, match_anything, parse_all
from storage.model import HANOI
from storage.operators import AuditEvent

SILENCE: Final = "silence"
MAINTENANCE: Final = "maintenance"
"""A silence that was planned."""
KINDS: Final = (SILENCE, MAINTENANCE)
MOST_MATCHERS: Final = 20


class SilenceRefused(ValueError):
    """A silence that can't be made; the message says why, `code` says it to pages in other languages."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class SilenceRow:
    id: int
    kind: str
    matchers: list[str]
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None

    @property
    def parsed(self) -> Matchers:
        return parse_all(self.matchers)

    def active(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at and self.ended_at is None


def add(
    conn: db.Connection,
    *,
    matchers: Sequence[str],
    starts_at: datetime,
    ends_at: datetime | None,
    author: str,
    reason: str,
    source: str,
    now: datetime,
    kind: str = SILENCE,
) -> int:
    """Returns its id. `source` is the author's address. In one transaction with its audit. Raises SilenceRefused."""
    texts = _checked(matchers)
    _require(kind in KINDS, f"kind is one of {', '.join(KINDS)}", "kind")
    _require(author.strip() != "", "a silence has an author", "author")
    _require(reason.strip() != "", "a silence has a reason", "reason")
    if ends_at is None:
        raise SilenceRefused("a silence has an end", "end")
    _require(ends_at > starts_at, "a silence ends after it begins", "end_before_start")
    _require(ends_at > now, "a silence that is over mutes nothing", "end_past")
    parameters = {
        "kind": kind,
        "matchers": Jsonb(texts),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "author": author,
        "reason": reason.strip(),
        "now": now,
    }
    detail = {
        "matchers": texts,
        "reason": reason.strip(),
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
    }
    with conn.transaction():
        row = conn.execute(_sql("add"), parameters).fetchone()
        assert row is not None
        silence_id = int(row["id"])
        _audit(conn, f"{kind}_added", silence_id, author, source, now, detail)
        _note_on_alerts(conn, parse_all(texts), silence_id, parameters)
    return silence_id


def _note_on_alerts(
    conn: db.Connection, matchers: Matchers, silence_id: int, parameters: Mapping[str, Any]
) -> None:
    """On the timeline of each alert that fires and that it mutes."""
    until = parameters["ends_at"].astimezone(HANOI)
    detail = {"silence": silence_id, "until": f"{until:%H:%M %d/%m/%Y}", "note": parameters["reason"]}
    for row in conn.execute(_sql("firing_labels")).fetchall():
        if match_all(matchers, row["labels"]):
            conn.execute(
                _sql("note_on_alert"),
                {"alert_id": row["id"], "detail": Jsonb(detail), **parameters},
            )


def end(conn: db.Connection, silence_id: int, *, actor: str, source: str, now: datetime) -> bool:
    """Whether it was not over until now."""
    parameters = {"silence_id": silence_id, "actor": actor, "now": now}
    with conn.transaction():
        ended = conn.execute(_sql("end"), parameters).rowcount > 0
        if ended:
            _audit(conn, "silence_ended", silence_id, actor, source, now, {})
    return ended


def active(conn: db.Connection, now: datetime) -> list[SilenceRow]:
    """Those that mute at present."""
    return [SilenceRow(**row) for row in conn.execute(_sql("active"), {"now": now}).fetchall()]


def coming(conn: db.Connection, now: datetime) -> list[SilenceRow]:
    """Those that mute or will, by when they begin."""
    return [SilenceRow(**row) for row in conn.execute(_sql("coming"), {"now": now}).fetchall()]


def all_silences(conn: db.Connection, limit: int) -> list[SilenceRow]:
    """The newest first, those that are over too."""
    return [SilenceRow(**row) for row in conn.execute(_sql("all_silences"), {"limit": limit}).fetchall()]


def _checked(matchers: Sequence[str]) -> list[str]:
    """As they are kept."""
    _require(len(matchers) > 0, "a silence says what it mutes", "matcher")
    _require(len(matchers) <= MOST_MATCHERS, f"a silence has at most {MOST_MATCHERS} matchers", "matchers")
    try:
        parsed = parse_all(matchers)
    except ValueError as error:
        raise SilenceRefused(str(error), "matcher_wrong") from None
    _require(
        not match_anything(parsed),
        "a silence says of at least one label what it has to be, or it would mute everything",
        "matches_everything",
    )
    return [str(matcher) for matcher in parsed]


def _require(right: bool, message: str, code: str) -> None:
    if not right:
        raise SilenceRefused(message, code)


def _audit(
    conn: db.Connection,
    action: str,
    silence_id: int,
    actor: str,
    source: str,
    now: datetime,
    detail: dict[str, Any],
) -> None:
    event = AuditEvent(
        at=now, actor=actor, action=action, subject=f"silence {silence_id}", source=source, detail=detail
    )
    operators.record(conn, event)
    alert_log.tell(conn)


def _sql(name: str) -> LiteralString:
    return db.statements("silences")[name]
