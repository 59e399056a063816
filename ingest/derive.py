"""Writes indicators as ordinary observations of derived Datastreams.

A durable reader of the change feed: it recomputes exactly the hours that new, late or corrected values touch, in the
transaction that moves its cursor, and writes only what differs from what is stored.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingest.indicators import vn_aqi
from storage import db, hours, live, observations, things
from storage.hours import HourlyMean
from storage.model import Observation, Provenance, Quality, weakest
from storage.things import DatastreamRow

log = logging.getLogger(__name__)

READER: Final = "derive"
HOUR: Final = timedelta(hours=1)
LEAST_COVERAGE: Final = 0.75
"""Share of an hour's values that must be there. The Decision sets no figure; hazenow uses 9 of 12."""
INPUTS: Final = ("pm2_5", "pm10", "no2", "so2", "co", "o3")

Labels = dict[str, set[datetime]]
"""Thing → hours to compute, each by its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Streams:
    """The Datastreams of the Things that have an index."""

    index: Mapping[str, DatastreamRow]
    inputs: Mapping[int, DatastreamRow]

    def of(self, thing_id: str) -> dict[str, DatastreamRow]:
        return {row.property: row for row in self.inputs.values() if row.thing_id == thing_id}


def run(conn: db.Connection, now: datetime) -> int:
    """Computes what is due; returns how many values were written. Raises db.DatabaseUnreachable."""
    streams = _streams(things.all_datastreams(conn))
    written = 0
    while True:
        with live.next_changes(conn, READER) as changes:
            labels = touched(streams, (key for change in changes for key in change.keys), now)
            written += _compute(conn, streams, labels, now)
        if not changes:
            break
    with conn.transaction():
        newest = {thing_id: {hour_end(now) - HOUR} for thing_id in streams.index}
        written += _compute(conn, streams, newest, now)
    if written:
        log.info("derived indicator=vn_aqi values=%d", written)
    return written


def hour_end(time: datetime) -> datetime:
    """The label of the hour that holds `time`: hours are (label − 1 h, label]."""
    floor = time.replace(minute=0, second=0, microsecond=0)
    return floor if floor == time else floor + HOUR


def touched(streams: Streams, keys: Iterable[observations.Key], now: datetime) -> Labels:
    """The closed hours whose index depends on the given values: each reaches 12 hours forward by NowCast."""
    labels: Labels = {}
    for datastream_id, time in keys:
        row = streams.inputs.get(datastream_id)
        if row is None:
            continue
        first = hour_end(time)
        reach = (first + n * HOUR for n in range(vn_aqi.NOWCAST_HOURS))
        labels.setdefault(row.thing_id, set()).update(label for label in reach if label <= now)
    return {thing_id: found for thing_id, found in labels.items() if found}


def _streams(rows: Sequence[DatastreamRow]) -> Streams:
    index = {row.thing_id: row for row in rows if row.property == "vn_aqi"}
    inputs = {row.id: row for row in rows if row.thing_id in index and row.property in INPUTS}
    return Streams(index=index, inputs=inputs)


def _compute(conn: db.Connection, streams: Streams, labels: Labels, now: datetime) -> int:
    if not labels:
        return 0
    first = min(min(found) for found in labels.values()) - vn_aqi.NOWCAST_HOURS * HOUR
    last = max(max(found) for found in labels.values())
    wanted = [row.id for row in streams.inputs.values() if row.thing_id in labels]
    means = {(m.datastream_id, m.label): m for m in hours.means(conn, wanted, first, last)}
    stored = _stored(conn, [streams.index[thing_id].id for thing_id in labels], first, last)
    new = [
        value
        for thing_id, found in labels.items()
        for label in sorted(found)
        if (value := index_at(streams, thing_id, label, means, now)) is not None
        and stored.get((value.datastream_id, label)) != (value.result, value.input_provenance)
    ]
    observations.write(conn, new, expect_new=False)
    return len(new)


def _stored(
    conn: db.Connection, ids: Sequence[int], first: datetime, last: datetime
) -> dict[observations.Key, tuple[float, str | None]]:
    rows = observations.between(conn, ids, first, last + HOUR)
    return {(row.datastream_id, row.phenomenon_time): (row.result, row.input_provenance) for row in rows}


def index_at(
    streams: Streams,
    thing_id: str,
    label: datetime,
    means: Mapping[tuple[int, datetime], HourlyMean],
    now: datetime,
) -> Observation | None:
    """The hour's VN_AQI, computed at `now`; None where the Decision gives none."""
    inputs: dict[str, list[float | None]] = {}
    provenances: set[Provenance] = set()
    for key, row in streams.of(thing_id).items():
        found = [means.get((row.id, label - n * HOUR)) for n in range(vn_aqi.NOWCAST_HOURS)]
        used = [mean if mean and _covered(mean, row) else None for mean in found]
        inputs[key] = [mean.mean if mean else None for mean in used]
        provenances |= {Provenance(p) for mean in used if mean for p in mean.provenances}
    index = vn_aqi.hourly(inputs)
    if index is None:
        return None
    return Observation(
        datastream_id=streams.index[thing_id].id,
        phenomenon_time=label,
        result_time=now,
        result=float(index.value),
        quality=Quality.GOOD,
        provenance=Provenance.DERIVED,
        input_provenance=weakest(provenances),
    )


def _covered(mean: HourlyMean, row: DatastreamRow) -> bool:
    return mean.count >= LEAST_COVERAGE * (HOUR.total_seconds() / row.interval_s)
