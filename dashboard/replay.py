"""The last two days of some domains step by step, as one document that a page plays back. Pure.

A step shows what the live map would have shown then: the newest report, as long as it is younger than three reporting
intervals; a flooded area for an hour after it was said.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dashboard.condition import STALE_AFTER_INTERVALS
from dashboard.data import CityView
from dashboard.map_snapshot import EXTENT_STALE_AFTER
from storage.model import Domain, Provenance, Quality
from storage.past import PastExtent, StepValue
from storage.things import DatastreamRow, PlaceLeft, ThingRow

SPAN: Final = timedelta(hours=48)
STEP: Final = timedelta(minutes=5)
STEPS: Final = SPAN // STEP + 1
MOST_EXTENTS: Final = 12_000
"""Areas that are read; 33 points that say one every ten minutes are 9,504."""
MOST_CORNERS: Final = 150_000
"""Of all areas in one document, some 2 MB before it is compressed."""
_DECIMALS: Final = 6
"""Of degrees: 0.1 m."""
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A Thing on the map and the Datastream that gives it its colour."""

    thing: ThingRow
    stream: DatastreamRow
    interval_s: int
    """How often the Thing itself reports."""
    left: Sequence[PlaceLeft] = ()
    """Where it stood before, in order of time."""


def last_step(now: datetime) -> datetime:
    """The newest step that is over."""
    return now - (now - _EPOCH) % STEP


def shown(
    view: CityView, domains: Iterable[Domain], left: Mapping[str, Sequence[PlaceLeft]] | None = None
) -> list[Shown]:
    """The Things of these domains that have a mark of their own and a value to colour it; `left` by Thing."""
    found = []
    for domain in domains:
        for thing in view.things_of.get(domain.key, ()):
            streams = {stream.property: stream for stream in view.streams_of.get(thing.id, ())}
            stream = streams.get(domain.headline)
            if thing.lat is not None and thing.kind in domain.map_kinds and stream is not None:
                interval_s = int(thing.properties.get("interval_s") or stream.interval_s)
                before = (left or {}).get(thing.id, ())
                found.append(Shown(thing=thing, stream=stream, interval_s=interval_s, left=before))
    return found


def longest_hold(things: Iterable[Shown]) -> timedelta:
    """How far before the first step values must be read."""
    return max((_hold(one) for one in things), default=timedelta())


def document(
    things: Sequence[Shown],
    values: Iterable[StepValue],
    extents: Sequence[PastExtent],
    end: datetime,
    now: datetime,
) -> dict[str, Any]:
    """`values` and `extents` as storage.past reads them; `end` is the last step. Times UTC, results in the
    property's unit: one a step, None where nothing was heard; `doubtful` lists the steps whose value is suspect.
    """
    by_stream: defaultdict[int, list[StepValue]] = defaultdict(list)
    for value in values:
        by_stream[value.datastream_id].append(value)
    steps = [end - n * STEP for n in reversed(range(STEPS))]
    rows = [_row(one, by_stream.get(one.stream.id, ()), steps) for one in things]
    areas, complete = _areas(extents, steps)
    return {
        "generated_at": now,
        "from": steps[0],
        "to": end,
        "step_s": int(STEP.total_seconds()),
        "steps": STEPS,
        "simulated": any(row["simulated"] for row in rows) or any(area["simulated"] for area in areas),
        "things": rows,
        "extents": areas,
        "extents_complete": complete and len(extents) < MOST_EXTENTS,
    }


def _row(one: Shown, values: Sequence[StepValue], steps: Sequence[datetime]) -> dict[str, Any]:
    results: list[float | None] = []
    doubtful: list[int] = []
    hold, ends = _hold(one), [value.step_end for value in values]
    for n, at in enumerate(steps):
        newest = bisect_right(ends, at) - 1
        value = values[newest] if newest >= 0 else None
        if value is None or at - value.phenomenon_time > hold or value.quality == Quality.MISSING:
            results.append(None)
            continue
        results.append(value.result)
        if value.quality >= Quality.SUSPECT:
            doubtful.append(n)
    return {
        "id": one.thing.id,
        "domain": one.thing.domain,
        "name_vi": one.thing.name_vi,
        "name_en": one.thing.name_en,
        "lat": one.thing.lat,
        "lon": one.thing.lon,
        "trust": one.thing.coordinate_trust,
        "property": one.stream.property,
        "moves": _moves(one, steps),
        "results": results,
        "doubtful": doubtful,
        "simulated": any(value.provenance == Provenance.SIMULATED for value in values),
    }


def _moves(one: Shown, steps: Sequence[datetime]) -> list[dict[str, Any]]:
    """Where it stood before, each with the step from which on it stood elsewhere: of moves within the span."""
    return [
        {"until": _first_at(steps, left.left_at), "lat": left.lat, "lon": left.lon}
        for left in one.left
        if left.left_at > steps[0] and left.lat is not None
    ]


def _hold(one: Shown) -> timedelta:
    return timedelta(seconds=STALE_AFTER_INTERVALS * one.interval_s)


def _areas(
    newest_first: Sequence[PastExtent], steps: Sequence[datetime]
) -> tuple[list[dict[str, Any]], bool]:
    """Each area with its first step and the step behind its last; and whether all of them found room."""
    found: list[dict[str, Any]] = []
    replaced: dict[str, datetime] = {}
    corners = 0
    for extent in newest_first:
        stale = extent.phenomenon_time + EXTENT_STALE_AFTER + timedelta(microseconds=1)
        until = min(replaced.get(extent.thing_id, _LATEST), stale)
        replaced[extent.thing_id] = extent.phenomenon_time
        first, behind = _first_at(steps, extent.phenomenon_time), _first_at(steps, until)
        polygons = list(_polygons(extent.features)) if behind > first else []
        if not polygons:
            continue
        corners += sum(len(ring) for polygon in polygons for ring in polygon["rings"])
        if corners > MOST_CORNERS:
            return found, False
        found.append(
            {
                "thing": extent.thing_id,
                "time": extent.phenomenon_time,
                "first": first,
                "behind": behind,
                "polygons": polygons,
                "simulated": extent.provenance == Provenance.SIMULATED,
            }
        )
    return found, True


_LATEST: Final = datetime.max.replace(tzinfo=UTC)


def _first_at(steps: Sequence[datetime], time: datetime) -> int:
    """The first step at or behind a time; how many there are, when all are before it."""
    begun = -((steps[0] - time) // STEP)
    return min(max(begun, 0), len(steps))


def _polygons(features: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """A MultiPolygon is several; what is no area is left out."""
    for feature in features:
        geometry = feature.get("geometry") or {"type": None}
        depth_cm = (feature.get("properties") or {}).get("depth_cm", 0)
        coordinates = geometry.get("coordinates") or ()
        several = {"Polygon": (coordinates,), "MultiPolygon": coordinates}
        for rings in several.get(geometry["type"], ()):
            rounded = [[[round(lon, _DECIMALS), round(lat, _DECIMALS)] for lon, lat, *_ in r] for r in rings]
            yield {"depth_cm": depth_cm, "rings": rounded}
