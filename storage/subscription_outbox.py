"""Citizens who asked to be told, as the alerts process sees them: what to look at, what to send, what to forget."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from storage import db
from storage.subscription_rows import ForgottenRow, MarkRow, MessageRow, ReadingRow, WatchedRow
from storage.subscriptions import hash_of


def watched(conn: db.Connection) -> list[WatchedRow]:
    return [WatchedRow(**row) for row in conn.execute(_sql("watched")).fetchall()]


def readings(conn: db.Connection) -> dict[tuple[str, str], ReadingRow]:
    """By Thing and property; of Things that are public and in service."""
    rows = conn.execute(_sql("readings")).fetchall()
    return {(row["thing_id"], row["property"]): ReadingRow(**row) for row in rows}


def mark(conn: db.Connection, rows: Sequence[MarkRow], now: datetime) -> None:
    """In the caller's transaction: what is decided and what is to be sent are written together."""
    marks = {
        "ids": [row.id for row in rows],
        "holds": [row.holds for row in rows],
        "told_at": [row.told_at for row in rows],
    }
    conn.execute(_sql("mark"), marks)
    for row in rows:
        if row.facts is not None:
            conn.execute(_sql("put_news"), {"id": row.id, "facts": json.dumps(row.facts), "now": now})


def claim(
    conn: db.Connection,
    channel: str,
    under_way: Sequence[UUID],
    now: datetime,
    retry_at: datetime,
    term: int,
    limit: int,
) -> list[MessageRow]:
    """What is due and not `under_way`, news first; nobody else takes it before `retry_at`."""
    asked = {
        "channel": channel,
        "under_way": under_way,
        "now": now,
        "retry_at": retry_at,
        "term": term,
        "limit": limit,
    }
    rows = conn.execute(_sql("claim"), asked).fetchall()
    return [MessageRow(**{**row, **{name: _bytes(row[name]) for name in ("p256dh", "auth")}}) for row in rows]


def add_token(conn: db.Connection, subscription_id: int, token: str, now: datetime) -> None:
    """For the links of one message."""
    conn.execute(_sql("add_token"), {"id": subscription_id, "token_hash": hash_of(token), "now": now})


def take_over(conn: db.Connection, term: int, now: datetime) -> None:
    conn.execute(_sql("take_over"), {"term": term, "now": now})


def finish(conn: db.Connection, key: UUID) -> None:
    conn.execute(_sql("finish"), {"key": key})


def put_off(conn: db.Connection, key: UUID, retry_at: datetime) -> None:
    conn.execute(_sql("put_off"), {"key": key, "retry_at": retry_at})


def end(conn: db.Connection, subscription_id: int) -> None:
    """Its address is no more."""
    conn.execute(_sql("end"), {"id": subscription_id})


def forget(
    conn: db.Connection,
    *,
    unconfirmed_before: datetime,
    news_before: datetime,
    asked_before: datetime,
    tokens_before: datetime,
) -> ForgottenRow:
    """Deletes what is kept no longer."""
    messages = conn.execute(
        _sql("forget_old_messages"),
        {"news_before": news_before, "welcomes_before": unconfirmed_before},
    ).fetchall()  # before the subscriptions that nobody confirmed take theirs with them
    gone = conn.execute(_sql("forget_unconfirmed"), {"before": unconfirmed_before}).rowcount
    conn.execute(_sql("forget_asked"), {"before": asked_before})
    conn.execute(_sql("forget_tokens"), {"before": tokens_before})
    return ForgottenRow(unconfirmed=gone, messages=Counter(row["channel"] for row in messages))


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _sql(name: str) -> LiteralString:
    return db.statements("subscriptions")[name]
