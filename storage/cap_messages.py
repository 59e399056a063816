"""CAP messages in the database: which alerts may need one, what was sent, and what the public feed shows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from storage import db
from storage.cap_rows import FeedMessage, NewMessage, PublicAlert, SentMessage


def candidates(conn: db.Connection) -> list[PublicAlert]:
    """Every alert that the feed holds, and every firing one that publishes by itself or was approved."""
    return [
        PublicAlert(**row)
        for row in conn.execute(_sql("candidates"), {"alert_id": None, "any": False}).fetchall()
    ]


def lock(conn: db.Connection, alert_id: int) -> PublicAlert | None:
    """The alert, which nobody else changes before this transaction ends; None: it needs no message any more."""
    conn.execute(_sql("lock"), {"alert_id": alert_id})
    row = conn.execute(_sql("candidates"), {"alert_id": alert_id, "any": False}).fetchone()
    return PublicAlert(**row) if row else None


def unlocked(conn: db.Connection, alert_id: int) -> PublicAlert | None:
    """Any alert, for who wants to see what a message of it would say."""
    row = conn.execute(_sql("candidates"), {"alert_id": alert_id, "any": True}).fetchone()
    return PublicAlert(**row) if row else None


def chains(conn: db.Connection, alert_ids: Sequence[int]) -> dict[int, list[SentMessage]]:
    """By alert the messages since its last Cancel, oldest first; none for what the feed does not hold."""
    found: defaultdict[int, list[SentMessage]] = defaultdict(list)
    if alert_ids:
        for row in conn.execute(_sql("chains"), {"alert_ids": list(alert_ids)}).fetchall():
            found[row["alert_id"]].append(SentMessage(**row))
    return dict(found)


def next_number(conn: db.Connection, alert_id: int) -> int:
    """Of the alert's next message, from 1 on."""
    row = conn.execute(_sql("next_number"), {"alert_id": alert_id}).fetchone()
    assert row is not None
    return int(row["number"])


def write(conn: db.Connection, message: NewMessage, now: datetime) -> None:
    """Puts it into the feed and into the alert's timeline; in a transaction that holds `lock`."""
    parameters = {name: getattr(message, name) for name in message.__dataclass_fields__}
    published = message.msg_type != "Cancel"
    conn.execute(_sql("write"), parameters)
    conn.execute(_sql("mark_published"), {"alert_id": message.alert_id, "published": published})
    conn.execute(_sql("record"), parameters | {"at": now})


def newest(conn: db.Connection, since: datetime, limit: int) -> list[int]:
    """Ids of the messages sent after `since`, the newest first."""
    rows = conn.execute(_sql("newest"), {"since": since, "limit": limit}).fetchall()
    return [row["id"] for row in rows]


def documents(conn: db.Connection, ids: Sequence[int]) -> list[FeedMessage]:
    """These messages with their documents, in no order."""
    return [FeedMessage(**row) for row in conn.execute(_sql("documents"), {"ids": list(ids)}).fetchall()]


def _sql(name: str) -> LiteralString:
    return db.statements("cap_messages")[name]
