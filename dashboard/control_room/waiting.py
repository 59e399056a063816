"""Who waits for work that lasts: told how far it has come, and heard when it shall end. For the thread that works."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock
from typing import Any

from storage import db


class Stopped(Exception):
    """It was cancelled, or nobody waits for it any more."""


class Waiting:
    """One for each work; every method may be called from any thread."""

    def __init__(self) -> None:
        self.newest: Mapping[str, Any] = {}
        """How far the work has come; what stands in it is between the work and its page."""
        self._stopped = Event()
        self._lock = Lock()
        self._asks: db.Connection | None = None

    def reached(self, **progress: Any) -> None:
        """Raises Stopped."""
        self.newest = progress
        self.look()

    def look(self) -> None:
        """Raises Stopped."""
        if self.is_stopped():
            raise Stopped

    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    @contextmanager
    def asking(self, conn: db.Connection) -> Iterator[None]:
        """A statement that runs on `conn` ends with the work. Stands inside of a transaction. Raises Stopped."""
        self._asks_by(conn)
        try:
            self.look()
            yield
        except db.Cancelled:
            self.look()
            raise
        finally:
            self._asks_by(None)

    def stop(self) -> None:
        """Blocking, shortly. Called again and again until the work has ended: a statement may begin just after."""
        self._stopped.set()
        with self._lock, suppress(db.DatabaseUnreachable):  # the next call tries again
            if self._asks is not None:
                self._asks.cancel_safe(timeout=1.0)

    def _asks_by(self, conn: db.Connection | None) -> None:
        """Under the lock: nobody cancels what another asks by the same connection later."""
        with self._lock:
            self._asks = conn
