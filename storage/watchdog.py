"""What the watchdog remembers, in a SQLite file of its own: canaries, when nobody watched, what it has told.

Every method takes aware times. One thread writes; readers open the file themselves.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from storage.blocks import statements
from storage.model import HANOI

IN_TIME: Final = timedelta(seconds=30)
"""A canary that takes longer came late."""
KEPT: Final = timedelta(days=3)
"""So long each canary is a row; then its day is."""
WAIT_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCount:
    """Canaries of a day in Hanoi; `due` of them were to come through, those still under way left out."""

    day: date
    due: int
    in_time: int
    late: int

    @property
    def lost(self) -> int:
        return self.due - self.in_time - self.late


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwatched:
    """Nobody watched from `began` to `ended`."""

    began: datetime
    ended: datetime


class Ledger:
    """The file. Raises sqlite3.Error when it can't be used, such as a full disk."""

    def __init__(self, path: Path) -> None:
        """Makes the file where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._conn = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
        self._conn.execute("PRAGMA journal_mode = WAL")  # readers don't hold up the one who writes
        self._conn.execute("PRAGMA synchronous = NORMAL")
        self._conn.executescript(_sql("create"))

    def close(self) -> None:
        self._conn.close()

    def next_heartbeat(self) -> int:
        """One more than the last, for ever."""
        (newest,) = self._conn.execute(_sql("newest")).fetchone()
        return 1 + max(newest or 0, int(self.recall("heartbeat") or 0))

    def publish(self, heartbeat: int, due_at: datetime, *, sent: bool) -> None:
        """`sent`: it was handed to a broker; otherwise there was none to hand it to."""
        with self._transaction():
            asked = {"heartbeat": heartbeat, "due_at": due_at.timestamp(), "sent": sent}
            self._conn.execute(_sql("publish"), asked)
            self.remember("heartbeat", str(heartbeat))
            self.remember("watched_at", str(due_at.timestamp()))

    def returned(self, heartbeat: int, at: datetime) -> timedelta | None:
        """How long it took; None when nobody waits for it: it was never sent, or came before."""
        found = self._conn.execute(_sql("waits"), {"heartbeat": heartbeat}).fetchone()
        if found is None:
            return None
        self._conn.execute(_sql("returned"), {"heartbeat": heartbeat, "at": at.timestamp()})
        return at - datetime.fromtimestamp(found[0], UTC)

    def missed(self, began: datetime, ended: datetime) -> int:
        """Canaries due from `began` (inclusive) to `ended` (exclusive) that did not come through in time."""
        asked = {"began": began.timestamp(), "ended": ended.timestamp(), "in_time_s": IN_TIME.total_seconds()}
        (count,) = self._conn.execute(_sql("missed"), asked).fetchone()
        return int(count)

    def did_not_watch(self, began: datetime, ended: datetime) -> None:
        asked = {"began": began.timestamp(), "ended": ended.timestamp()}
        self._conn.execute(_sql("did_not_watch"), asked)

    def watched_at(self) -> datetime | None:
        """When it last watched, before now; None: never."""
        at = self.recall("watched_at")
        return None if at is None else datetime.fromtimestamp(float(at), UTC)

    def fold(self, now: datetime) -> None:
        """Days that are long over become numbers."""
        first_kept = (now - KEPT).astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
        asked = {"before": first_kept.timestamp(), "in_time_s": IN_TIME.total_seconds()}
        with self._transaction():
            self._conn.execute(_sql("fold"), asked)
            self._conn.execute(_sql("forget"), {"before": first_kept.timestamp()})

    def remember(self, key: str, value: str) -> None:
        self._conn.execute(_sql("remember"), {"key": key, "value": value})

    def recall(self, key: str) -> str | None:
        found = self._conn.execute(_sql("recall"), {"key": key}).fetchone()
        return None if found is None else str(found[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")


def day_counts(path: Path, now: datetime) -> list[DayCount]:
    """Every day of which a canary is known, oldest first."""
    asked = {"in_time_s": IN_TIME.total_seconds(), "judged_before": (now - IN_TIME).timestamp()}
    with _reading(path) as conn:
        rows = [*conn.execute(_sql("days")), *conn.execute(_sql("canaries"), asked)]
    totals: dict[str, tuple[int, int, int]] = {}
    for day, *counts in rows:
        before = totals.get(day, (0, 0, 0))
        totals[day] = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])
    return [
        DayCount(day=date.fromisoformat(day), due=due, in_time=in_time, late=late)
        for day, (due, in_time, late) in sorted(totals.items())
    ]


def unwatched(path: Path) -> list[Unwatched]:
    """When nobody watched, oldest first."""
    with _reading(path) as conn:
        rows = conn.execute(_sql("unwatched")).fetchall()
    return [
        Unwatched(began=datetime.fromtimestamp(began, UTC), ended=datetime.fromtimestamp(ended, UTC))
        for began, ended in rows
    ]


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(path, timeout=WAIT_S)
    try:
        yield conn
    finally:
        conn.close()


def _sql(name: str) -> str:
    return statements("watchdog")[name]
