"""Looks whether citizens reported something, or whether another process moderated it: then open pages ask anew."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from dashboard.data import Watch
from storage import citizen_reports, db

EVERY: Final = timedelta(seconds=1)
LOOKED_BACK: Final = timedelta(days=1)


def watch(on_change: Callable[[], None]) -> Watch:
    """Give it to the CityFeed. `on_change` is called in its thread."""
    known: tuple[datetime | None, int] | None = None

    def look(conn: db.Connection, now: datetime) -> None:
        nonlocal known
        found = citizen_reports.newest_change(conn, now - LOOKED_BACK)
        if found != known:
            known = found
            on_change()

    return Watch(every=EVERY, look=look)
