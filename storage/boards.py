"""Boards: panels that somebody chose and arranged. Only its owner or an administrator changes one; none is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from storage import db, operators
from storage.operators import AuditEvent, Role

MOST_PANELS: Final = 24
MOST_OF_ONE: Final = 100
"""Boards of one owner."""
LONGEST_TITLE: Final = 120

Panels = Sequence[dict[str, Any]]


class BoardRefused(ValueError):
    """`code` says why: `gone`, `not_yours`, `changed` (by somebody since), `full` or `many`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"board: {code}")
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """Times are aware UTC."""

    id: int
    owner: str
    title: str
    shared: bool
    panels: list[dict[str, Any]]
    version: int
    created_at: datetime
    changed_at: datetime
    changed_by: str

    def may_read(self, name: str, role: Role) -> bool:
        return self.shared or self.may_change(name, role)

    def may_change(self, name: str, role: Role) -> bool:
        return name == self.owner or role.may(Role.ADMIN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts; `source` is the address."""

    name: str
    role: Role
    source: str


def add(
    conn: db.Connection, *, title: str, panels: Panels, actor: Actor, now: datetime, how: str = "board_added"
) -> int:
    """Its number. It is private at first; `how` is the action in the audit. Raises BoardRefused."""
    asked = {"title": title, "shared": False, "panels": Jsonb(list(panels)), "most": MOST_OF_ONE}
    with conn.transaction():
        row = conn.execute(_sql("add"), {**asked, "actor": actor.name, "now": now}).fetchone()
        if row is None:
            raise BoardRefused("many")
        _record(conn, how, row["id"], actor, now, {"title": title, "panels": len(panels)})
    return int(row["id"])


def one(conn: db.Connection, board_id: int, name: str, role: Role) -> Board:
    """Raises BoardRefused where there is none that this one may see."""
    row = conn.execute(_sql("one"), {"board_id": board_id}).fetchone()
    board = Board(**row) if row else None
    if board is None or not board.may_read(name, role):
        raise BoardRefused("gone")
    return board


def listed(conn: db.Connection, owner: str, limit: int) -> list[Board]:
    """The owner's, then those that others share; the last changed first."""
    return [Board(**row) for row in conn.execute(_sql("listed"), {"owner": owner, "limit": limit})]


def save(
    conn: db.Connection,
    board_id: int,
    *,
    version: int,
    title: str,
    shared: bool,
    panels: Panels,
    actor: Actor,
    now: datetime,
) -> int:
    """The new version. `version` is the one that was changed. Raises BoardRefused."""
    with conn.transaction():
        before = _held(conn, board_id, actor)
        if before.version != version:
            raise BoardRefused("changed")
        detail: dict[str, Any] = {"title": title, "panels": len(panels)}
        if shared != before.shared:
            detail["shared"] = shared
        return _saved(conn, board_id, title, shared, panels, actor, now, detail)


def pin(conn: db.Connection, board_id: int, panel: dict[str, Any], *, actor: Actor, now: datetime) -> int:
    """The new version, with the panel behind the others. Raises BoardRefused."""
    with conn.transaction():
        before = _held(conn, board_id, actor)
        if len(before.panels) >= MOST_PANELS:
            raise BoardRefused("full")
        panels = [*before.panels, panel]
        detail = {"title": before.title, "panels": len(panels)}
        return _saved(conn, board_id, before.title, before.shared, panels, actor, now, detail)


def retire(conn: db.Connection, board_id: int, *, actor: Actor, now: datetime) -> None:
    """Raises BoardRefused."""
    with conn.transaction():
        before = _held(conn, board_id, actor)
        conn.execute(_sql("retire"), {"board_id": board_id, "actor": actor.name, "now": now})
        _record(conn, "board_retired", board_id, actor, now, {"title": before.title})


def _held(conn: db.Connection, board_id: int, actor: Actor) -> Board:
    row = conn.execute(_sql("one_held"), {"board_id": board_id}).fetchone()
    board = Board(**row) if row else None
    if board is None or not board.may_read(actor.name, actor.role):
        raise BoardRefused("gone")
    if not board.may_change(actor.name, actor.role):
        raise BoardRefused("not_yours")
    return board


def _saved(
    conn: db.Connection,
    board_id: int,
    title: str,
    shared: bool,
    panels: Panels,
    actor: Actor,
    now: datetime,
    detail: dict[str, Any],
) -> int:
    asked = {"board_id": board_id, "title": title, "shared": shared, "panels": Jsonb(list(panels))}
    row = conn.execute(_sql("save"), {**asked, "actor": actor.name, "now": now}).fetchone()
    assert row is not None
    _record(conn, "board_changed", board_id, actor, now, detail)
    return int(row["version"])


def _record(
    conn: db.Connection, action: str, board_id: int, actor: Actor, now: datetime, detail: dict[str, Any]
) -> None:
    event = AuditEvent(
        at=now,
        actor=actor.name,
        action=action,
        subject=f"board {board_id}",
        source=actor.source,
        detail=detail,
    )
    operators.record(conn, event)


def _sql(name: str) -> LiteralString:
    return db.statements("boards")[name]
