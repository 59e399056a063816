"""What operators look up of one Thing and note about it. Blocking: for a thread."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from alerts.model import Rule
from dashboard.control_room import thing_csv, thing_series, thing_view, time_range
from dashboard.control_room.csv_text import Download
from dashboard.control_room.domains.observed import is_old
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.nearby import nearby
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.thing_series import Series
from dashboard.control_room.thing_view import Facts, Feed
from dashboard.data import CityView
from ingest.claiming import Who
from ingest.sources import load_sources
from storage import (
    alert_pages,
    claims,
    clocks,
    db,
    facts,
    maintenance,
    observations,
    rejections,
    sensors,
    things,
)
from storage.catalog import ReferenceDataError
from storage.maintenance import Kind, NoteRefused
from storage.model import Calibration, Property
from storage.things import DatastreamRow, ThingRow

ALERTS_SHOWN: Final = 10
NOTES_SHOWN: Final = 200
PAYLOAD_BYTES: Final = 4000
CALENDAR_DAYS: Final = 365
LARGEST_ID: Final = 2**63 - 1
_KINDS: Final = ("observations", "status", "extent")
"""What a Thing's own topics end with (design contract)."""
_CONNECT_S: Final = 5.0


class NoteBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    text: str
    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None


class ThingDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # What is looked up: nothing is changed.

    def one(self, thing_id: str, shown: Language) -> dict[str, Any]:
        now, view = self._parts.clock(), self._parts.city.view
        thing = self._thing(view, thing_id)
        feeds, fault = self._feeds(thing_id)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            standing = things.standing(conn, thing_id)
            if standing is None:
                raise Refused(404, "no_thing", thing=thing_id)
            found = Facts(
                standing=standing,
                newest=observations.latest(conn, [thing_id]).get(thing_id, []),
                alerts=alert_pages.of_thing(conn, thing_id, ALERTS_SHOWN),
                claims=claims.claims_of(conn, thing_id),
                feeds=feeds,
                feeds_fault=fault,
                calibrations=self._calibrations(conn, thing_id),
                rejection=rejections.newest_on(conn, _topics(thing), PAYLOAD_BYTES),
                clock=clocks.of_thing(conn, thing_id),
                loss=next((one for one in self._parts.room.view.loss if one.thing_id == thing_id), None),
                notes=maintenance.of_thing(conn, thing_id, NOTES_SHOWN),
            )
        around = nearby(thing_id, view, now, shown)
        return {**thing_view.page(thing, view, found, now, shown), "nearby": around}

    def series(self, thing_id: str, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """`asked`: property (the headline when left out), and the span as time_range reads it."""
        now = self._parts.clock()
        view, found = self._parts.city.view, self._series(thing_id, asked, now)
        streams = view.streams_of.get(thing_id, ())
        newest = next(
            (view.newest.get(one.id) for one in streams if one.property == found.observed.key), None
        )
        at = newest.phenomenon_time if newest else None
        return {
            **thing_series.answer(found, now, shown),
            "newest": at,
            "old": at is not None and is_old(at, found.interval_s, now),
        }

    def csv(self, thing_id: str, asked: Mapping[str, str]) -> Download:
        """As `series`; `for` is empty or excel."""
        form = asked.get("for", "")
        if form not in ("", "excel"):
            raise Refused(422, "csv_form", form=form[:20])
        found = self._series(thing_id, asked, self._parts.clock())
        thing = self._thing(self._parts.city.view, thing_id)
        content = thing_csv.for_excel(found) if form else thing_csv.plain(found, thing_id, thing.domain)
        return Download(name=thing_csv.file_name(thing_id, found), content=content)

    def days(self, thing_id: str, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """The completeness of a year that ends yesterday."""
        view = self._parts.city.view
        stream, _ = _chosen(view, self._thing(view, thing_id), asked)
        first, last = _year(self._parts.clock())
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            found = facts.calendar(conn, stream.id, first, last)
        return {"property": stream.property, **thing_view.calendar(found, first, last, shown)}

    # What is done.

    def add_note(self, thing_id: str, asked: NoteBody, who: Who) -> dict[str, Any]:
        starts_at = local_time(asked.starts_at)
        if starts_at is None:
            raise Refused(422, "note_start")
        if "\x00" in asked.text:  # the database takes none
            raise Refused(422, "request")
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                made = maintenance.add(
                    conn,
                    thing_id,
                    kind=asked.kind,
                    text=asked.text,
                    starts_at=starts_at,
                    ends_at=local_time(asked.ends_at),
                    author=who.name,
                    source=who.where,
                    now=self._parts.clock(),
                )
        except NoteRefused as refused:
            raise Refused(422, f"note_{refused.code}") from refused
        if made is None:
            raise Refused(404, "no_thing", thing=thing_id)
        return {"id": made}

    def withdraw_note(self, thing_id: str, note_id: int, who: Who) -> dict[str, Any]:
        if note_id > LARGEST_ID:
            raise Refused(409, "no_note", id=str(note_id))
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            done = maintenance.withdraw(
                conn, thing_id, note_id, actor=who.name, source=who.where, now=self._parts.clock()
            )
        if not done:
            raise Refused(409, "no_note", id=str(note_id))
        return {"id": note_id}

    def _series(self, thing_id: str, asked: Mapping[str, str], now: datetime) -> Series:
        view = self._parts.city.view
        thing = self._thing(view, thing_id)
        stream, observed = _chosen(view, thing, asked)
        span = time_range.asked(asked, now)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            history = observations.series(conn, stream, span.start, span.end)
            notes = maintenance.between(conn, thing_id, span.start, span.end)
            rules = self._rules(conn, thing, observed.key)
        return Series(
            observed=observed,
            interval_s=thing_view.interval_s(stream, thing),
            range=span,
            history=history,
            rules=rules,
            notes=notes,
        )

    def _thing(self, view: CityView, thing_id: str) -> ThingRow:
        if view.loaded_at is None:
            raise Refused(503, "database")
        thing = view.things.get(thing_id)
        if thing is None or thing.domain not in view.domains:
            raise Refused(404, "no_thing", thing=thing_id)
        return thing

    def _rules(self, conn: db.Connection, thing: ThingRow, key: str) -> list[Rule]:
        """Those that look at a property of a Thing; none while their files can't be used."""
        try:
            book = self._parts.rules.book(conn)
        except ReferenceDataError:
            return []
        rules = book.by_series.get((thing.domain, key), ())
        return [rule for rule in rules if rule.things is None or thing.id in rule.things]

    def _calibrations(self, conn: db.Connection, thing_id: str) -> Mapping[str, Sequence[Calibration]]:
        """Those of the files and of replaced Sensors, by property."""
        known = [one for one in self._parts.registry.reference.things if one.id == thing_id]
        found = sensors.in_force(sensors.filed(known), sensors.of_thing(conn, thing_id))
        return {key: each for (_, key), each in found.items()}

    def _feeds(self, thing_id: str) -> tuple[list[Feed], str | None]:
        """The sources that name it, or what is wrong with their file."""
        try:
            sources = load_sources(self._parts.sources_file)
        except ReferenceDataError as error:
            return [], str(error)
        found = [
            Feed(source=source.name, device=device, decoder=source.decoder_name)
            for source in sources.all
            for device, named in source.devices.items()
            if named == thing_id
        ]
        return found, None


def _chosen(view: CityView, thing: ThingRow, asked: Mapping[str, str]) -> tuple[DatastreamRow, Property]:
    offered = thing_view.offered(thing, view)
    key = asked.get("property", "")
    if not key and offered:
        return offered[0]
    found = next((one for one in offered if one[0].property == key), None)
    if found is None:
        raise Refused(404, "no_property", thing=thing.id, property=key[:64])
    return found


def _topics(thing: ThingRow) -> list[str]:
    return [f"hanoi/v1/{thing.domain}/{thing.id}/{kind}" for kind in _KINDS]


def _year(now: datetime) -> tuple[date, date]:
    last = facts.yesterday(now)
    return last - timedelta(days=CALENDAR_DAYS - 1), last
