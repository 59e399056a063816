"""What administrators changed of the alert rules: versions that lie over the rules' files. It only grows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from storage import db, operators
from storage.operators import AuditEvent

KEPT: Final = 5
"""Versions of a rule that are tried, the newest first, until one loads."""
LONGEST_REASON: Final = 500
LARGEST: Final = 65_536
"""Bytes of a document."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleEdit:
    """A version of a rule."""

    id: int
    key: str
    version: int
    """1, 2, …"""
    document: str | None
    """TOML as in rules.d with this one rule; None: as the files have it, or gone where they have none."""
    enabled: bool
    """False: the rule is in force nowhere."""
    reason: str
    author: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class InForceRow:
    """A rule as the engine has put it in force."""

    key: str
    digest: str
    version: int
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FiredRow:
    fired: int
    last_at: datetime


class EditedMeanwhile(Exception):
    """Somebody else saved the rule since it was read."""

    def __init__(self, key: str, newest: RuleEdit | None) -> None:
        super().__init__(f"rule {key}: somebody saved another version meanwhile")
        self.newest = newest


def made(conn: db.Connection) -> int:
    """How many versions there are of all rules: another number when anything was edited."""
    row = conn.execute(_sql("edits_made")).fetchone()
    assert row is not None
    return int(row["made"])


def newest(conn: db.Connection) -> dict[str, list[RuleEdit]]:
    """By rule the last versions, the newest first."""
    found: dict[str, list[RuleEdit]] = {}
    for row in conn.execute(_sql("newest_edits"), {"kept": KEPT}):
        found.setdefault(row["key"], []).append(RuleEdit(**row))
    return found


def of_rule(conn: db.Connection, key: str, limit: int) -> list[RuleEdit]:
    """Its versions, the newest first."""
    rows = conn.execute(_sql("edits_of"), {"key": key, "limit": limit})
    return [RuleEdit(**row) for row in rows]


def save(
    conn: db.Connection,
    key: str,
    *,
    document: str | None,
    enabled: bool,
    reason: str,
    version: int,
    author: str,
    source: str,
    now: datetime,
) -> int:
    """Adds a version and its entry in the audit; returns its number. `version` is the one that was read, 0 of none.

    Raises EditedMeanwhile.
    """
    with conn.transaction():
        conn.execute(_sql("lock_key"), {"key": key})
        held = conn.execute(_sql("version_of"), {"key": key}).fetchone()
        assert held is not None
        if held["version"] != version:
            raise EditedMeanwhile(key, next(iter(of_rule(conn, key, 1)), None))
        parameters = {
            "key": key,
            "version": version + 1,
            "document": document,
            "enabled": enabled,
            "reason": reason.strip(),
            "author": author,
            "now": now,
        }
        conn.execute(_sql("insert_edit"), parameters)
        detail = {"version": version + 1, "enabled": enabled, "reason": reason.strip(), "document": document}
        event = AuditEvent(
            at=now, actor=author, action="rule_saved", subject=f"rule {key}", source=source, detail=detail
        )
        operators.record(conn, event)
    return version + 1


def in_force(conn: db.Connection) -> Mapping[str, InForceRow]:
    return {row["key"]: InForceRow(**row) for row in conn.execute(_sql("in_force"))}


def fired_since(conn: db.Connection, since: datetime) -> Mapping[str, FiredRow]:
    """By rule how often it began to fire since then, and when last."""
    rows = conn.execute(_sql("fired_since"), {"since": since})
    return {row["rule"]: FiredRow(fired=row["fired"], last_at=row["last_at"]) for row in rows}


def _sql(name: str) -> LiteralString:
    return db.statements("rule_edits")[name]
