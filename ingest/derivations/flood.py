"""Flood: the level of each point, at each change and each full tenth minute."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ingest.derivation import City, Derivation, Derived, Reads, Series, Subject, Value, labels
from ingest.indicators import flood
from ingest.origins import Origins
from storage.model import Provenance

STEP: Final = timedelta(minutes=10)
SILENT: Final = timedelta(minutes=15)
"""[S] A point that was not heard for so long has no level: the last one would look like news."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FloodLevel:
    """Levels with hysteresis from the depths of the last six hours."""

    name: str = "flood_level"
    outputs: Sequence[str] = ("flood_level",)
    reads: Reads = Reads.VALUES
    step: timedelta = STEP
    between_steps: bool = True

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(("water_depth",), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        """Its hold, and as long as a reading can be the one before that a change is told from."""
        return flood.HOLDS + SILENT

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        (stream,) = subject.inputs.values()
        depths = [value for value in series.get(stream.id, ()) if value.usable]
        readings = [(depth.time, depth.result) for depth in depths]
        origins = Origins(depths, flood.HOLDS)
        for moment, level in due(readings, start, end):
            yield _derived(moment, level, _last_minutes(depths, moment), origins.until(moment))


def due(readings: Sequence[flood.Reading], start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """Moments from `start` to `end` that a level is written at: changes, and tenth minutes of a point that is heard."""
    times = {time for time, _ in readings}
    full = set(labels(start, end, STEP))
    heard, before = datetime.min.replace(tzinfo=UTC), -1
    for moment, level in flood.levels(readings, sorted(times | full)):
        is_change = moment in times and (level != before or moment - heard >= SILENT)
        if moment in times:
            heard, before = moment, level
        is_news = is_change or (moment in full and moment - heard < SILENT)
        if is_news and start <= moment <= end:
            yield moment, level


def _last_minutes(depths: Sequence[Value], moment: datetime) -> Sequence[Value]:
    """The depths of ten minutes, the newest at least."""
    last = bisect_right(depths, moment, key=_time)
    first = bisect_left(depths, moment - flood.CLEAR_AFTER, key=_time)
    return depths[min(first, last - 1) : last]


def _time(depth: Value) -> datetime:
    return depth.time


def _derived(
    moment: datetime, level: int, recent: Sequence[Value], provenances: frozenset[Provenance]
) -> Derived:
    """Passability is that of the deepest water of ten minutes: waves must not open a street."""
    deepest = max(depth.result for depth in recent)
    passable = {who: how.value for who, how in flood.passability(deepest).items()}
    return Derived(
        property="flood_level",
        time=moment,
        result=float(level),
        provenances=provenances,
        parameters={"depth_cm": recent[-1].result, "deepest_10min_cm": deepest, "passable": passable},
    )


DERIVATIONS: Final[Sequence[Derivation]] = (FloodLevel(),)
