"""The city in memory: what is known now of every Thing this process may see, fed by the change feed.

One thread (`CityFeed`) writes; everybody else reads `city.view`, which never changes once it is there: a reader
that takes it once has a consistent picture without a lock.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, Final, Protocol, TypeVar

import msgspec

from storage import db, live, manual, observations, things
from storage.citizen_reports import ShownReport
from storage.forecasts import ShownForecast
from storage.manual import Hold
from storage.model import Domain, Provenance
from storage.observations import HistoryValue, LiveValue
from storage.things import DatastreamRow, ThingRow

log = logging.getLogger(__name__)

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 5.0

Clock = Callable[[], datetime]
_Key = TypeVar("_Key", bound=Hashable)
_Row = TypeVar("_Row")


class _HasDomain(Protocol):
    @property
    def domain(self) -> str: ...


_OfDomain = TypeVar("_OfDomain", bound=_HasDomain)


class DomainSource(Protocol):
    """Where the catalogue comes from: storage.reference.Reference, or a stub in a test."""

    @property
    def domains(self) -> Mapping[str, Domain]: ...

    def refresh(self) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """Flooded areas around a point: GeoJSON features with `depth_cm`."""

    thing_id: str
    phenomenon_time: datetime
    features: Sequence[Mapping[str, Any]]
    provenance: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Something that the change feed does not tell and that is therefore looked at again and again."""

    every: timedelta
    look: Callable[[db.Connection, datetime], None]
    """Gets a connection in autocommit and the time; called in the feed's thread."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CityView:
    """The city at one moment. Every mapping is complete and stays as it is."""

    version: int = 0
    """Grows with every change of anything below."""
    loaded_at: datetime | None = None
    """When the database was last read in full; None before the first time."""
    domains: Mapping[str, Domain] = field(default_factory=dict)
    """Those that are shown."""
    internal: frozenset[str] = frozenset()
    """Domains about the platform itself: neither they nor their Things are in this view (`City`)."""
    things: Mapping[str, ThingRow] = field(default_factory=dict)
    streams: Mapping[int, DatastreamRow] = field(default_factory=dict)
    newest: Mapping[int, LiveValue] = field(default_factory=dict)
    """The last value of every Datastream that has one. Forecasts are none: they are not how things are."""
    holds: Mapping[tuple[str, str], Hold] = field(default_factory=dict)
    """Until when the newest value by hand counts, by Thing and property."""
    forecasts: Mapping[str, Sequence[ShownForecast]] = field(default_factory=dict)
    """What may be shown of the time to come, by Thing (dashboard/forecasts.py)."""
    extents: tuple[Extent, ...] = ()
    """The last extent of each Thing that has one, however old."""
    citizen_reports: tuple[ShownReport, ...] = ()
    """Floods that citizens reported and the centre confirmed, for their time (dashboard/reporting/on_map.py)."""
    streams_of: Mapping[str, Sequence[DatastreamRow]] = field(default_factory=dict)
    """Datastreams by Thing, without those of forecasts."""
    children_of: Mapping[str, Sequence[ThingRow]] = field(default_factory=dict)
    """The bays of a parking point, by the point's id: of those in service."""
    things_of: Mapping[str, Sequence[ThingRow]] = field(default_factory=dict)
    """Things in service by domain: what maps, counts and ages are of. One that is retired is in `things` alone."""

    def with_things(self, rows: Iterable[ThingRow], streams: Iterable[DatastreamRow]) -> "CityView":
        """The same city with another set of Things and Datastreams; itself when nothing differs."""
        by_id = {row.id: row for row in rows}
        streams_by_id = {row.id: row for row in streams if row.thing_id in by_id}
        if by_id == self.things and streams_by_id == self.streams:
            return self
        in_service = [row for row in by_id.values() if row.retired_from is None]
        changed = replace(
            self,
            version=self.version + 1,
            things=by_id,
            streams=streams_by_id,
            children_of=_grouped(in_service, lambda row: row.parent_id or ""),
            things_of=_grouped(in_service, lambda row: row.domain),
        )
        return replace(changed, streams_of=changed._observed_streams_of())

    def with_domains(self, domains: Mapping[str, Domain]) -> "CityView":
        """The same city with another catalogue, which says what is a forecast."""
        changed = replace(self, domains=domains, version=self.version + 1)
        return replace(changed, streams_of=changed._observed_streams_of())

    def forecast_of(self, stream: DatastreamRow) -> str | None:
        """The property that a Datastream foretells; None: it is observed or derived."""
        domain = self.domains.get(self.things[stream.thing_id].domain)
        observed = domain.properties.get(stream.property) if domain else None
        return observed.forecast_of if observed else None

    def may_be_read(self, stream: DatastreamRow) -> bool:
        """Whether a page may show its history: a forecast's only while all of it may be shown."""
        if self.forecast_of(stream) is None:
            return True
        shown = self.forecasts.get(stream.thing_id, ())
        return any(one.datastream_id == stream.id and one.is_whole for one in shown)

    def shown(self, rows: Iterable[_OfDomain]) -> list[_OfDomain]:
        """Without those of internal domains: for what is read from the database beside this view."""
        return [row for row in rows if row.domain not in self.internal]

    def _observed_streams_of(self) -> dict[str, list[DatastreamRow]]:
        observed = (row for row in self.streams.values() if self.forecast_of(row) is None)
        return _grouped(observed, lambda row: row.thing_id)

    def with_values(self, values: Iterable[LiveValue]) -> tuple["CityView", list[LiveValue]]:
        """The same city with newer values, and those that changed what is shown, one a Datastream.

        Values older than what is shown (late ones), those of unknown Datastreams and forecasts are left out.
        """
        news: dict[int, LiveValue] = {}
        for value in values:
            shown = news.get(value.datastream_id) or self.newest.get(value.datastream_id)
            if value.datastream_id in self.streams and _replaces(value, shown) and not self._foretold(value):
                news[value.datastream_id] = self._held(value)
        if not news:
            return self, []
        return replace(self, version=self.version + 1, newest={**self.newest, **news}), list(news.values())

    def with_holds(self, holds: Iterable[Hold]) -> tuple["CityView", list[LiveValue]]:
        """The same city where other values by hand hold, or for another time, and the values that this changes."""
        by_name = {(hold.thing_id, hold.property): hold for hold in holds}
        if by_name == self.holds:
            return self, []
        changed = replace(self, holds=by_name, version=self.version + 1)
        held = (
            changed._held(value) for value in self.newest.values() if value.provenance == Provenance.MANUAL
        )
        news = {value.datastream_id: value for value in held if value != self.newest[value.datastream_id]}
        return replace(changed, newest={**self.newest, **news}), list(news.values())

    def _held(self, value: LiveValue) -> LiveValue:
        """With the time until which it holds, if it was entered by hand."""
        hold = self.holds.get((value.thing_id, value.property))
        if value.provenance != Provenance.MANUAL or hold is None:
            return value
        if hold.phenomenon_time != value.phenomenon_time:
            return value
        return msgspec.structs.replace(value, expires_at=hold.expires_at)

    def _foretold(self, value: LiveValue) -> bool:
        stream = self.streams[value.datastream_id]
        return value.provenance == Provenance.FORECAST or self.forecast_of(stream) is not None

    def value_of(self, thing_id: str, property_key: str) -> LiveValue | None:
        """The newest value of a Thing's property, or None."""
        for stream in self.streams_of.get(thing_id, ()):
            if stream.property == property_key:
                return self.newest.get(stream.id)
        return None

    def values_of(self, thing_id: str) -> dict[str, LiveValue]:
        """The newest values of a Thing by property."""
        streams = self.streams_of.get(thing_id, ())
        return {s.property: self.newest[s.id] for s in streams if s.id in self.newest}

    def named(self, value: HistoryValue) -> LiveValue:
        """A value of a known Datastream with its names; when it was ingested is not known any more."""
        stream = self.streams[value.datastream_id]
        return LiveValue(
            thing_id=stream.thing_id,
            domain=self.things[stream.thing_id].domain,
            property=stream.property,
            datastream_id=stream.id,
            phenomenon_time=value.phenomenon_time,
            result_time=value.result_time,
            ingested_at=value.result_time,
            result=value.result,
            quality=value.quality,
            quality_reason=value.quality_reason,
            provenance=value.provenance,
            input_provenance=value.input_provenance,
        )


def is_simulated(value: LiveValue | HistoryValue) -> bool:
    """Whether the banner must say so: simulated itself, or derived from something simulated."""
    return Provenance.SIMULATED in (value.provenance, value.input_provenance)


class City:
    """Holds the current view. Only the feed's thread calls anything but `view`.

    The one place where it is chosen what any page shows: domains that are internal stay out, with all that is theirs.
    """

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self._catalogue = domains
        self.view = CityView(domains=_shown(domains), internal=_internal(domains))

    def set_domains(self, domains: Mapping[str, Domain]) -> None:
        if domains is not self._catalogue:
            self._catalogue = domains
            self.view = replace(self.view.with_domains(_shown(domains)), internal=_internal(domains))

    def set_things(self, rows: Iterable[ThingRow], streams: Iterable[DatastreamRow]) -> bool:
        """Returns whether they are others than before."""
        before, self.view = self.view, self.view.with_things(self.view.shown(rows), streams)
        return self.view is not before

    def set_extents(self, extents: tuple[Extent, ...]) -> None:
        if extents != self.view.extents:
            self.view = replace(self.view, extents=extents, version=self.view.version + 1)

    def set_citizen_reports(self, reports: tuple[ShownReport, ...]) -> bool:
        """Returns whether they are others than before."""
        if reports == self.view.citizen_reports:
            return False
        self.view = replace(self.view, citizen_reports=reports, version=self.view.version + 1)
        return True

    def set_holds(self, holds: Iterable[Hold]) -> list[LiveValue]:
        """Returns the values that hold for another time now."""
        self.view, news = self.view.with_holds(holds)
        return news

    def set_forecasts(self, forecasts: Mapping[str, Sequence[ShownForecast]]) -> None:
        if forecasts != self.view.forecasts:
            self.view = replace(self.view, forecasts=forecasts, version=self.view.version + 1)

    def take(self, values: Iterable[LiveValue]) -> list[LiveValue]:
        """Makes newer values current and returns them, at most one a Datastream."""
        self.view, news = self.view.with_values(values)
        return news

    def set_loaded(self, now: datetime) -> None:
        self.view = replace(self.view, loaded_at=now)


class CityFeed:
    """The thread that keeps a City in step with the database, over losses of the connection.

    `schema` is public_view for the public process, public for the control room. `on_values` gets the values
    that changed what is shown, in this thread (`LiveHub.offer` is made for that); `on_things` is called in it when
    Things or Datastreams are others than before. `watches` are looked at beside the feed, each at once after a
    (re)connection. `on_failure` is called when the feed can't go on for a reason
    that waiting does not mend: the process should stop and be started anew.
    """

    def __init__(
        self,
        city: City,
        source: DomainSource,
        url: str,
        *,
        name: str,
        schema: str,
        clock: Clock,
        on_values: Callable[[Sequence[LiveValue]], None] = lambda values: None,
        on_things: Callable[[], None] = lambda: None,
        on_failure: Callable[[], None] = lambda: None,
        watches: Iterable[Watch] = (),
    ) -> None:
        self.city = city
        self.connected = False
        self._source = source
        self._url = url
        self._name = name
        self._schema = schema
        self._clock = clock
        self._on_values = on_values
        self._on_things = on_things
        self._on_failure = on_failure
        self._watches = (
            Watch(every=timedelta(seconds=2), look=self._look_at_catalogue),
            Watch(every=timedelta(seconds=2), look=self._look_at_things),
            Watch(every=timedelta(seconds=1), look=self._look_at_extents),
            Watch(every=timedelta(seconds=1), look=self._look_at_holds),
            *watches,
        )
        self._looked: dict[int, datetime] = {}
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"{name}-feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._follow_until_stopped()
        except Exception:
            log.exception("feed_failed name=%s", self._name)
            self._on_failure()

    def _follow_until_stopped(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                self._follow()
            except db.DatabaseUnreachable as error:
                wait_s = FIRST_WAIT_S if self.connected else min(wait_s * 2, LONGEST_WAIT_S)
                log.warning("feed_lost error=%r retry_in_s=%.1f", str(error).strip(), wait_s)
            self.connected = False
            self._stop.wait(wait_s)

    def _follow(self) -> None:
        """Listens, loads, then takes what commits: in this order nothing is missed."""
        feed = live.follow(self._url, name=f"{self._name}-feed", stop=self._stop, schema=self._schema)
        with db.connect(self._url, name=f"{self._name}-load", schema=self._schema, autocommit=True) as conn:
            for values in feed:
                if not self.connected:
                    self._load(conn)
                self._look(conn, values)
                self._publish(self.city.take(values))

    def _load(self, conn: db.Connection) -> None:
        now = self._clock()
        self._looked.clear()
        self._look(conn, ())
        held = self.city.view.loaded_at is not None
        news = self.city.take(map(self.city.view.named, self._known(observations.newest(conn).values())))
        self.city.set_loaded(now)
        self.connected = True
        log.info("feed_connected name=%s things=%d", self._name, len(self.city.view.things))
        if held:  # after an outage, what changed meanwhile is news
            self._publish(news)

    def _known(self, values: Iterable[HistoryValue]) -> list[HistoryValue]:
        return [value for value in values if value.datastream_id in self.city.view.streams]

    def _look(self, conn: db.Connection, values: Sequence[LiveValue]) -> None:
        now = self._clock()
        if any(value.datastream_id not in self.city.view.streams for value in values):
            self._look_at_things(conn, now)
        if any(value.provenance == Provenance.MANUAL for value in values):  # until when was written before it
            self._look_at_holds(conn, now)
        for number, watch in enumerate(self._watches):
            if number not in self._looked or now - self._looked[number] >= watch.every:
                self._looked[number] = now
                watch.look(conn, now)

    def _look_at_catalogue(self, conn: db.Connection, now: datetime) -> None:
        self._source.refresh()
        self.city.set_domains(self._source.domains)

    def _look_at_things(self, conn: db.Connection, now: datetime) -> None:
        if self.city.set_things(things.all_things(conn), things.all_datastreams(conn)):
            self._on_things()

    def _look_at_extents(self, conn: db.Connection, now: datetime) -> None:
        self.city.set_extents(tuple(Extent(**row) for row in observations.newest_extents(conn)))

    def _look_at_holds(self, conn: db.Connection, now: datetime) -> None:
        self._publish(self.city.set_holds(manual.holds(conn)))

    def _publish(self, values: Sequence[LiveValue]) -> None:
        if values:
            self._on_values(values)


def _shown(domains: Mapping[str, Domain]) -> Mapping[str, Domain]:
    return {key: domain for key, domain in domains.items() if not domain.internal}


def _internal(domains: Mapping[str, Domain]) -> frozenset[str]:
    return frozenset(key for key, domain in domains.items() if domain.internal)


def _replaces(value: LiveValue, shown: LiveValue | None) -> bool:
    """Newer than what is shown, or a correction of just that."""
    if shown is None or value.phenomenon_time > shown.phenomenon_time:
        return True
    return value.phenomenon_time == shown.phenomenon_time and (
        (value.result_time, value.result, value.quality, value.provenance)
        != (shown.result_time, shown.result, shown.quality, shown.provenance)
    )


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], _Key]) -> dict[_Key, list[_Row]]:
    groups: defaultdict[_Key, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)
