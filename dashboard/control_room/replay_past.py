"""The city and the room at a past moment, made of what is stored: what a replay shows instead of what is now.

Things, the catalogue and the roster are as they are today; values stand at their own time, late ones too.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Final

from dashboard.control_room import replay_moment
from dashboard.control_room.duty import Duty
from dashboard.control_room.refused import Refused
from dashboard.control_room.room import (
    PREVIEW_BYTES,
    REJECTIONS_KEPT,
    Room,
    RoomView,
    Trend,
    muted_by,
    trend_of,
)
from dashboard.data import City, CityView, Clock, Extent
from storage import db, manual, observations, past, rejections, silences
from storage.observations import LiveValue

VIEWS_KEPT: Final = 6
"""Some 400 bytes a Datastream each: a page asks several times for the same moment."""
HELD_FOR_S: Final = 30.0
ALERTS_MOST: Final = 400
WAIT_S: Final = 4.0
"""So long a replay waits for its turn to read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Held:
    """A picture of a moment; not for long, since late values may still come."""

    live: CityView
    """The city whose Things and catalogue it has."""
    made: CityView
    since_s: float

    def still_right(self, live: CityView) -> bool:
        same = self.live.things is live.things and self.live.domains is live.domains
        return same and time.monotonic() - self.since_s < HELD_FOR_S


class Past:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, city: City, pool: db.Pool, duty: Duty) -> None:
        self._city = city
        self._pool = pool
        self._duty = duty
        self._views: OrderedDict[datetime, _Held] = OrderedDict()
        self._lock = Lock()

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def reading(self, at: datetime) -> Iterator[db.Connection]:
        """A connection for which it is `at`. Two replays read at once; a third waits a while and is then told so."""
        try:
            with self._pool.connection(timeout=WAIT_S) as conn, past.at(conn, at):
                yield conn
        except past.NoTurn as error:
            raise Refused(503, "replay_busy", readers=str(past.READERS)) from error
        except past.NotKept as error:
            raise Refused(409, "replay_not_here") from error
        except past.TookTooLong as error:
            raise Refused(503, "replay_slow") from error

    def view(self, at: datetime) -> CityView:
        """The city then."""
        live = self._city.view
        if live.loaded_at is None:
            raise Refused(503, "database")
        with self._lock:
            held = self._views.get(at)
            if held is not None and held.still_right(live):
                self._views.move_to_end(at)
                return held.made
        with self.reading(at) as conn:
            made = city_at(conn, live, at)
        with self._lock:
            self._views[at] = _Held(live=live, made=made, since_s=time.monotonic())
            while len(self._views) > VIEWS_KEPT:
                self._views.popitem(last=False)
        return made

    def room(
        self, conn: db.Connection, view: CityView, at: datetime, trends: dict[str, Trend] | None = None
    ) -> RoomView:
        """What the room knew then, as far as it is kept: alerts, rejections, trends; the roster as it is today.

        `conn` is of `reading`. `trends`, when they are known already, are taken as they are.
        """
        alerts = past.alerts(conn, ALERTS_MOST)
        handling = {seen.id: seen for row, seen in alerts if row.state != "resolved"}
        if trends is None:
            trends = {key: trend_of(conn, view, domain, at) for key, domain in view.domains.items()}
        return RoomView(
            alerts=tuple(row for row, _ in alerts),
            handling=handling,
            muted=muted_by(handling.values(), silences.active(conn, at)),
            rejections=tuple(rejections.previews(conn, REJECTIONS_KEPT, PREVIEW_BYTES)),
            trends=trends,
            duty=self._duty.look(at),
        )


def city_at(conn: db.Connection, live: CityView, at: datetime) -> CityView:
    """`conn` is one for which it is `at`. Nothing is foretold in it."""
    bare = replace(live, newest={}, holds={}, forecasts={}, extents=(), citizen_reports=(), loaded_at=at)
    known = observations.newest(conn).values()
    values = [live.named(value) for value in known if value.datastream_id in live.streams]
    return with_extents(with_values(bare, conn, values), conn)


def with_values(view: CityView, conn: db.Connection, values: Sequence[LiveValue]) -> CityView:
    """The next picture: values of later on, and what is entered by hand holds as it did then."""
    held, _ = view.with_holds(manual.holds(conn))
    return held.with_values(values)[0]


def with_extents(view: CityView, conn: db.Connection) -> CityView:
    return replace(view, extents=tuple(Extent(**row) for row in observations.newest_extents(conn)))


class CityInTime(City):
    """The city of now, or in a request of a replay that of its moment. Nobody but the feed changes the one of now."""

    def __init__(self, live: City) -> None:
        self._live = live

    @property
    def view(self) -> CityView:
        moment = replay_moment.current()
        return self._live.view if moment is None or moment.view is None else moment.view

    @view.setter
    def view(self, view: CityView) -> None:
        raise TypeError("only the feed's own city takes a new picture")


class RoomInTime(Room):
    """The room of now; in a request of a replay nothing that is not asked for by its moment."""

    def __init__(self, live: Room) -> None:
        self._live = live

    @property
    def view(self) -> RoomView:
        return self._live.view if replay_moment.current() is None else RoomView()

    @view.setter
    def view(self, view: RoomView) -> None:
        raise TypeError("only the room that the feed knows takes a new picture")


class PoolInTime:
    """Connections to what is now, or in a request of a replay to its moment."""

    def __init__(self, live: db.Connections, past: Past) -> None:
        self._live = live
        self._past = past

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[db.Connection]:
        moment = replay_moment.current()
        if moment is None:
            with self._live.connection(timeout) as conn:
                yield conn
        else:
            with self._past.reading(moment.at) as conn:
                yield conn

    def close(self, timeout: float = 5.0) -> None:
        raise TypeError("the pools are closed by who opened them")


def clock_in_time(live: Clock) -> Clock:
    """The time of now, or in a request of a replay that of its moment."""

    def now() -> datetime:
        moment = replay_moment.current()
        return live() if moment is None else moment.at

    return now
