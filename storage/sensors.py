"""Sensors that took the place of others below a Datastream, each with a calibration of its own (decision 0020)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from storage import db
from storage.model import Calibration, Thing

_NEVER: Final = datetime.max.replace(tzinfo=UTC)

Key = tuple[str, str]
"""(Thing, property)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensor:
    """Measures from `since` on until another takes its place; its values are gain · sent + offset."""

    id: int
    thing_id: str
    property: str
    since: datetime
    model: str
    serial: str
    gain: float
    offset: float
    calibration_note: str
    reason: str
    replaced_by: str
    """Who recorded it: a name and no reference."""
    recorded_at: datetime

    def calibration(self) -> Calibration:
        """From `since` on, until another begins; it may leave values as they are sent."""
        return Calibration(
            gain=self.gain, offset=self.offset, valid_from=self.since, note=self.calibration_note
        )


def all_sensors(conn: db.Connection) -> list[Sensor]:
    """In order of time."""
    return [Sensor(**row) for row in conn.execute(db.statements("sensors")["all_sensors"])]


def of_thing(conn: db.Connection, thing_id: str) -> list[Sensor]:
    """The newest first."""
    rows = conn.execute(db.statements("sensors")["of_thing"], {"thing_id": thing_id})
    return [Sensor(**row) for row in rows]


def recorded_since(conn: db.Connection, since: datetime) -> list[Sensor]:
    """Those that somebody recorded from then on, in order of time."""
    rows = conn.execute(db.statements("sensors")["recorded_since"], {"since": since})
    return [Sensor(**row) for row in rows]


def filed(things: Iterable[Thing]) -> dict[Key, Sequence[Calibration]]:
    """The calibrations of the inventory's files."""
    return {(thing.id, key): each for thing in things for key, each in thing.calibrations.items()}


def in_force(
    files: Mapping[Key, Sequence[Calibration]], sensors: Iterable[Sensor]
) -> dict[Key, Sequence[Calibration]]:
    """The calibrations of files and Sensors together, each in order of time and none overlapping another. Pure."""
    by_key: dict[Key, list[Sensor]] = {}
    for sensor in sensors:
        by_key.setdefault((sensor.thing_id, sensor.property), []).append(sensor)
    found = dict(files)
    for key, replaced in by_key.items():
        found[key] = merged(files.get(key, ()), replaced)
    return {key: each for key, each in found.items() if each}


def merged(files: Sequence[Calibration], sensors: Sequence[Sensor]) -> tuple[Calibration, ...]:
    """At each moment what began last holds, a file's before a Sensor's that began with it; a calibration that began
    before a Sensor was about the one before, and ends with it. Pure."""
    starts = sorted(sensor.since for sensor in sensors)
    spans = [
        (one.valid_from, _end(one, starts), one, True) for one in files if one.valid_from < _end(one, starts)
    ]
    for sensor in sensors:
        behind = next((start for start in starts if start > sensor.since), _NEVER)
        spans.append((sensor.since, behind, sensor.calibration(), False))
    edges = sorted({edge for start, end, *_ in spans for edge in (start, end)})
    found: list[Calibration] = []
    for begin, end in pairwise(edges):
        holding = [span for span in spans if span[0] <= begin < span[1]]
        if not holding:
            continue
        chosen = max(holding, key=lambda span: (span[0], span[3]))[2]
        if (chosen.gain, chosen.offset) != (1.0, 0.0):
            found.append(replace(chosen, valid_from=begin, valid_to=None if end == _NEVER else end))
    return tuple(_joined(found))


def _end(one: Calibration, starts: Sequence[datetime]) -> datetime:
    return min(one.valid_to or _NEVER, next((start for start in starts if start > one.valid_from), _NEVER))


def _joined(found: Iterable[Calibration]) -> list[Calibration]:
    """Pieces of one calibration that touch are one."""
    joined: list[Calibration] = []
    for one in found:
        last = joined[-1] if joined else None
        if last and last.valid_to == one.valid_from and _same(last, one):
            joined[-1] = replace(last, valid_to=one.valid_to)
        else:
            joined.append(one)
    return joined


def _same(a: Calibration, b: Calibration) -> bool:
    return (a.gain, a.offset, a.note) == (b.gain, b.offset, b.note)
