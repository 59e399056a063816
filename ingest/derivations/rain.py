"""Rain: sums, class, risk and share of the design rain of each gauge; the mean of a drainage basin."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from ingest.derivation import COVERAGE, City, Derivation, Derived, Reads, Series, Subject, Value, labels
from ingest.indicators import rain_sums
from ingest.indicators.rain_sums import DAY, HALF_DAY, HOUR, LEAST_COVERAGE, TWO_DAYS, Reports, Sum
from storage.model import Provenance, Quality

STEP: Final = timedelta(minutes=10)
INTERVAL: Final = "rain_interval"
BASIN: Final = "basin"
WINDOWS: Final[Mapping[str, timedelta]] = {
    "rain_10min": STEP,
    "rain_1h": HOUR,
    "rain_3h": 3 * HOUR,
    "rain_24h": DAY,
    "rain_48h": TWO_DAYS,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RainOfGauge:
    """Every ten minutes, from the rain of intervals: what the gauge sent, or what its counter made."""

    name: str = "rain"
    outputs: Sequence[str] = (*WINDOWS, "rain_intensity", "rain_risk_level", "rain_design_share")
    reads: Reads = Reads.VALUES
    step: timedelta = STEP

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own((INTERVAL,), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        """The risk level looks so many days back."""
        return rain_sums.DAYS_LOOKED_AT * DAY

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        gauge = _gauge(subject, series)
        for label in labels(start, end, STEP):
            sums = {key: gauge.sum(label, window) for key, window in WINDOWS.items()}
            for key, found in sums.items():
                if found is not None:
                    yield gauge.derived(key, found.mm, label, found, since=label - WINDOWS[key])
            yield from _meanings(gauge, label, sums)


class _Gauge:
    """Its reports that count, and where each came from."""

    def __init__(self, values: Sequence[Value], interval: timedelta) -> None:
        self._reports = Reports(((value.time, value.result) for value in values), interval)
        self._counts = {
            provenance: [0, *accumulate(value.provenance == provenance for value in values)]
            for provenance in {value.provenance for value in values}
        }

    def sum(self, end: datetime, window: timedelta) -> Sum | None:
        return self._reports.sum(end, window)

    def derived(
        self, key: str, result: float, label: datetime, of: Sum, *, since: datetime, **parameters: Any
    ) -> Derived:
        """Something that is said by a sum, from reports later than `since`."""
        covered = of.coverage >= LEAST_COVERAGE
        return Derived(
            property=key,
            time=label,
            result=result,
            provenances=self._provenances(since, label),
            quality=Quality.GOOD if covered else Quality.SUSPECT,
            quality_reason=None if covered else COVERAGE,
            parameters={**parameters, "coverage": of.coverage},
        )

    def _provenances(self, since: datetime, until: datetime) -> frozenset[Provenance]:
        if len(self._counts) == 1:
            return frozenset(self._counts)
        first, behind = self._reports.within(until, until - since)
        return frozenset(p for p, counts in self._counts.items() if counts[behind] > counts[first])


def _gauge(subject: Subject, series: Series) -> _Gauge:
    ((datastream_id, row),) = subject.inputs.items()
    interval_s = subject.thing.properties.get("interval_s") or row.interval_s
    usable = [value for value in series[datastream_id] if value.usable]
    return _Gauge(usable, timedelta(seconds=interval_s))


def _meanings(gauge: _Gauge, label: datetime, sums: Mapping[str, Sum | None]) -> Iterator[Derived]:
    """The class of the last hour, since people ask what it rains now; that of 24 h is the scale of rain_24h."""
    hour, day, two_days = sums["rain_1h"], sums["rain_24h"], sums["rain_48h"]
    if hour is not None:
        level = float(rain_sums.intensity(hour.mm, rain_sums.OF_AN_HOUR).level)
        yield gauge.derived("rain_intensity", level, label, hour, since=label - HOUR, rain_1h=hour.mm)
    if day is not None:
        yield _risk(gauge, label, day)
    if two_days is not None:
        share, since = rain_sums.design_share(two_days.mm), label - TWO_DAYS
        yield gauge.derived("rain_design_share", share, label, two_days, since=since, rain_48h=two_days.mm)


def _risk(gauge: _Gauge, label: datetime, day: Sum) -> Derived:
    """How long it lasted is only looked at when it is so much at all."""
    days = [_day(gauge, label)]
    if rain_sums.risk(days).level:
        days += [_day(gauge, label - n * DAY) for n in range(1, rain_sums.DAYS_LOOKED_AT)]
    found = rain_sums.risk(days)
    return gauge.derived(
        "rain_risk_level",
        float(found.level),
        label,
        day,
        since=label - len(days) * DAY,
        indicative=True,
        days=found.days,
        rain_12h=days[0].mm_12h if days[0] else None,
        rain_24h=day.mm,
    )


def _day(gauge: _Gauge, label: datetime) -> rain_sums.RainDay | None:
    day, half = gauge.sum(label, DAY), gauge.sum(label, HALF_DAY)
    return rain_sums.RainDay(mm_12h=half.mm if half else 0.0, mm_24h=day.mm) if day else None


@dataclass(frozen=True, kw_only=True, slots=True)
class RainOfBasin:
    """Every ten minutes, from the 48 h sums of the gauges that a basin's `attributes` name."""

    name: str = "rain_of_basin"
    outputs: Sequence[str] = ("rain_48h", "rain_design_share")
    reads: Reads = Reads.VALUES
    step: timedelta = STEP

    def subjects(self, city: City) -> Iterator[Subject]:
        for thing in city.things.values():
            domain = city.domains.get(thing.domain)
            if thing.kind != BASIN or domain is None or not set(self.outputs) <= set(domain.properties):
                continue
            had = [
                city.streams.get(gauge, {}).get("rain_48h") for gauge in thing.properties.get("gauges", ())
            ]
            rows = {row.id: row for row in had if row is not None}
            if rows:
                yield Subject(thing=thing, domain=domain, inputs=rows)

    def reach(self, property_key: str) -> timedelta:
        return timedelta()

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        gauges = subject.thing.properties["gauges"]
        at = [{value.time: value for value in series[id] if value.usable} for id in subject.inputs]
        for label in labels(start, end, STEP):
            found = [values[label] for values in at if label in values]
            silent = [None] * (len(gauges) - len(found))
            mean = rain_sums.mean_of_basin([*(value.result for value in found), *silent])
            if mean is not None:
                yield from _of_basin(mean, label, found, len(gauges))


def _of_basin(mean: Sum, label: datetime, found: Sequence[Value], gauges: int) -> Iterator[Derived]:
    covered = mean.coverage >= LEAST_COVERAGE
    parameters = {"coverage": mean.coverage, "gauges": len(found), "gauges_in_all": gauges}
    share = rain_sums.design_share(mean.mm)
    for key, result in (("rain_48h", mean.mm), ("rain_design_share", share)):
        yield Derived(
            property=key,
            time=label,
            result=result,
            provenances=frozenset(value.provenance for value in found),
            quality=Quality.GOOD if covered else Quality.SUSPECT,
            quality_reason=None if covered else COVERAGE,
            parameters=parameters,
        )


DERIVATIONS: Final[Sequence[Derivation]] = (RainOfGauge(), RainOfBasin())
