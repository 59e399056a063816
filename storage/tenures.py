"""Which worker beside the first handles which topics, and from which message on (decision 0008).

A tenure is a worker's time with one topic filter. Its worker asks, holds, releases and drops; worker 1 answers each
step with a subscription identifier. The steps go one way, so that each side can die and begin again at any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class Tenure:
    """The columns of `ingest_tenure`, in the order in which they are filled."""

    id: int
    filter: str
    worker: int
    offered: int | None = None
    """From this identifier on, worker 1's messages may be the worker's as well: it may subscribe."""
    held: bool = False
    """The broker has confirmed the worker's subscription."""
    since: int | None = None
    """From here on worker 1 leaves them to the worker."""
    released: bool = False
    """The worker wants to end it."""
    until: int | None = None
    """From here on worker 1 handles them again: the worker may unsubscribe."""
    dropped: bool = False
    """The broker has confirmed that the subscription is gone."""
    closed: int | None = None
    """From here on nobody else has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """Tenures (by id) that take the same identifier of worker 1, by step."""

    identifier: int
    offered: Sequence[int] = ()
    since: Sequence[int] = ()
    until: Sequence[int] = ()
    closed: Sequence[int] = ()


def all_tenures(conn: db.Connection) -> list[Tenure]:
    """Of every worker, those that are over included while worker 1 may still have a message of them."""
    return [Tenure(**row) for row in conn.execute(db.statements("tenures")["all_tenures"])]


def tenures_of(conn: db.Connection, worker: int) -> list[Tenure]:
    """Those of one worker that it has not dropped."""
    return [Tenure(**row) for row in conn.execute(db.statements("tenures")["tenures_of"], {"worker": worker})]


def seen(conn: db.Connection, worker: int, now: datetime) -> bool:
    """A worker beside the first is alive; returns whether it was before, so that it may have a session."""
    row = conn.execute(db.statements("tenures")["seen"], {"worker": worker, "now": now}).fetchone()
    return bool(row and row["known"])


def gone(conn: db.Connection, worker: int) -> None:
    """A worker has ended its session."""
    conn.execute(db.statements("tenures")["gone"], {"worker": worker})


def unseen(conn: db.Connection, before: datetime) -> list[tuple[int, datetime]]:
    """(worker, last seen) of those that were not seen since `before`."""
    rows = conn.execute(db.statements("tenures")["unseen"], {"before": before})
    return [(row["worker"], row["seen_at"]) for row in rows]


def ask(conn: db.Connection, worker: int, filters: Sequence[str]) -> None:
    """Begins tenures; of a filter that somebody has, none."""
    conn.execute(db.statements("tenures")["ask"], {"worker": worker, "filters": list(filters)})


def withdraw(conn: db.Connection, ids: Sequence[int]) -> None:
    """Takes back what was asked and not yet offered."""
    conn.execute(db.statements("tenures")["withdraw"], {"ids": list(ids)})


def hold(conn: db.Connection, ids: Sequence[int]) -> None:
    conn.execute(db.statements("tenures")["hold"], {"ids": list(ids)})


def release(conn: db.Connection, ids: Sequence[int]) -> None:
    conn.execute(db.statements("tenures")["release"], {"ids": list(ids)})


def drop(conn: db.Connection, ids: Sequence[int]) -> None:
    conn.execute(db.statements("tenures")["drop"], {"ids": list(ids)})


def last_identifier(conn: db.Connection) -> int | None:
    """The last that worker 1 took; None before the first."""
    row = conn.execute(db.statements("tenures")["last_identifier"]).fetchone()
    return int(row["last"]) if row else None


def next_identifier(conn: db.Connection, least: int) -> int:
    """One that was never used: a message in the session may still have any of the others."""
    row = conn.execute(db.statements("tenures")["next_identifier"], {"least": least}).fetchone()
    if row is None:
        raise RuntimeError("INSERT … RETURNING gave nothing")
    return int(row["last"])


def settle(conn: db.Connection, settlement: Settlement, now: datetime) -> None:
    """What worker 1 answers to all the steps that were open."""
    parameters = {
        "identifier": settlement.identifier,
        "offered": list(settlement.offered),
        "since": list(settlement.since),
        "until": list(settlement.until),
        "closed": list(settlement.closed),
        "now": now,
    }
    conn.execute(db.statements("tenures")["settle"], parameters)


def void(conn: db.Connection, worker: int) -> int:
    """Ends all tenures of a worker whose session is lost, in the middle; returns how many there were."""
    return conn.execute(db.statements("tenures")["void"], {"worker": worker}).rowcount


def forget(conn: db.Connection, before: datetime) -> None:
    """Removes tenures that were closed before."""
    conn.execute(db.statements("tenures")["forget"], {"before": before})
