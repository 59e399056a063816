"""The last 24 hours of each place on the map: read now and then beside the change feed, for no visitor."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from dashboard.data import City, CityView, Watch
from dashboard.places.observed import observed, stamped_at_end
from storage import db, place_history
from storage.observations import RollupRow
from storage.things import DatastreamRow

EVERY: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
HOURS: Final = 24


class LastDay:
    """The hours of each place's most telling property."""

    def __init__(self, city: City) -> None:
        self.hours: Mapping[int, Sequence[RollupRow]] = {}
        """By Datastream, oldest first; an hour without a usable value is left out."""
        self._city = city

    @property
    def watch(self) -> Watch:
        """Give it to the CityFeed."""
        return Watch(every=EVERY, look=self._look)

    def _look(self, conn: db.Connection, now: datetime) -> None:
        ids = [stream.id for stream in telling_streams(self._city.view)]
        first = hours(now)[0]
        self.hours = place_history.rollups(conn, ids, "1h", first, now + HOUR) if ids else {}


def hours(now: datetime) -> list[datetime]:
    """The beginnings of the last 24 hours, the running one too, oldest first."""
    running = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [running - HOUR * (HOURS - 1 - n) for n in range(HOURS)]


def telling_streams(view: CityView) -> list[DatastreamRow]:
    """Of each place on the map that Datastream whose hours its page shows."""
    found = []
    for key, domain in view.domains.items():
        for thing in view.things_of.get(key, ()):
            told = observed(view, domain, thing) if thing.kind in domain.map_kinds else []
            if told and stamped_at_end(told[0][0]) <= HOUR:
                found.append(told[0][1])
    return found
