"""Which alerts process leads: one row with a term that grows, a heartbeat, and who holds it.

Who leads holds an advisory lock in the session it writes through. The term is what fences: a transaction that begins
with `require` can't commit anything once another process has taken over.
"""

from dataclasses import dataclass
from datetime import datetime

from storage import db


class Deposed(Exception):
    """Another process leads now; trying again can't help before this one leads anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaderRow:
    term: int
    holder: str
    heartbeat_at: datetime
    silent_s: float
    """Seconds since its heartbeat, by the database's clock."""


def take_over(conn: db.Connection, holder: str) -> int:
    """Begins a new term, which is returned. Waits until no transaction of the old one is open."""
    sql = db.statements("leader")
    with conn.transaction():
        conn.execute(sql["lock"])
        row = conn.execute(sql["take_over"], {"holder": holder}).fetchone()
    assert row is not None
    return int(row["term"])


def require(conn: db.Connection, term: int) -> None:
    """Holds off a change of leader until the caller's transaction ends. Raises Deposed when there was one."""
    row = conn.execute(db.statements("leader")["require"], {"term": term}).fetchone()
    if row is None:
        raise Deposed(f"term {term} is over: another process leads")


def beat(conn: db.Connection, term: int) -> None:
    """The leader lives. Raises Deposed when another leads."""
    if conn.execute(db.statements("leader")["beat"], {"term": term}).rowcount == 0:
        raise Deposed(f"term {term} is over: another process leads")


def current(conn: db.Connection) -> LeaderRow | None:
    """None: nobody ever led."""
    row = conn.execute(db.statements("leader")["current"]).fetchone()
    return LeaderRow(**row) if row else None


def depose(conn: db.Connection, holder: str) -> int:
    """Ends the database sessions of a frozen leader; returns how many. What they had not committed is undone."""
    rows = conn.execute(db.statements("leader")["depose"], {"session": f"hanoi-{session_name(holder)}"})
    return sum(bool(row["ended"]) for row in rows.fetchall())


def session_name(holder: str) -> str:
    """What the sessions of a process are called (`db.connect(name=…)`), so that another can find them."""
    return f"alerts-{holder}"
