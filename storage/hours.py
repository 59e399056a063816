"""What derivations read: stored values, and hourly means by the convention of the indicators.

An hour is labelled by its end and holds (label − 1 h, label].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg.rows import tuple_row

from storage import db
from storage.model import Provenance

HOUR: Final = timedelta(hours=1)
_PROVENANCES: Final = {provenance.value: provenance for provenance in Provenance}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A Datastream from one time to another, both inclusive."""

    datastream_id: int
    start: datetime
    end: datetime


class Input(msgspec.Struct, frozen=True, gc=False):
    """A stored value whatever its quality."""

    datastream_id: int
    time: datetime
    result: float
    quality: int
    provenance: Provenance
    """Of a derived value the weakest of its inputs."""


class HourlyMean(msgspec.Struct, frozen=True, gc=False):
    """Mean of the values of an hour that are good or were not evaluated, in the Datastream's unit.

    Of directions it is that of the vectors. The same values give the same bits, in whatever order they came.
    """

    datastream_id: int
    label: datetime
    mean: float
    count: int
    provenance: Provenance
    """The weakest of the values."""


def values(conn: db.Connection, asked: Sequence[Stretch]) -> list[Input]:
    """Each Datastream's oldest first, as long as no two stretches of it overlap."""
    with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
        rows = cursor.execute(db.statements("hours")["values"], _parameters(asked)) if asked else ()
        found = [Input(id, time, result, quality, _PROVENANCES[p]) for id, time, result, quality, p in rows]
    return sorted(found, key=lambda one: one.time)


def means(conn: db.Connection, asked: Sequence[Stretch]) -> list[HourlyMean]:
    """The hours labelled within the stretches that have at least one such value, oldest first.

    The ends of a stretch are labels: a part of an hour has no mean.
    """
    with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
        rows = cursor.execute(db.statements("hours")["means"], _parameters(asked)) if asked else ()
        found = [HourlyMean(id, label, mean, count, _PROVENANCES[p]) for id, label, mean, count, p in rows]
    return sorted(found, key=lambda one: one.label)


def _parameters(asked: Sequence[Stretch]) -> Mapping[str, Any]:
    return {
        "datastream_ids": [stretch.datastream_id for stretch in asked],
        "starts": [stretch.start for stretch in asked],
        "ends": [stretch.end for stretch in asked],
        "first": min(stretch.start for stretch in asked),
        "last": max(stretch.end for stretch in asked),
    }
