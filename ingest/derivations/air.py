"""Air quality: VN_AQI of hours and days, NowCast, US AQI beside it, shares of the legal limits, mean wind direction.

Every mean needs `AVAILABILITY` (our suggestion). What outputs say in their parameters: docs/indicators/air.md.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ingest.derivation import City, Derivation, Derived, Reads, Series, Subject, Value, ceil, labels
from ingest.indicators import qcvn_05, us_aqi, vn_aqi, wind
from storage.model import Provenance
from storage.things import DatastreamRow

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
AVAILABILITY: Final = vn_aqi.SUGGESTED
DECIMALS: Final = 3
"""Of what is kept to show where a value comes from."""
NOWCAST_DECIMALS: Final = 6
"""Enough that a NowCast that is just below a limit of the US AQI stays there; more is binary noise."""

VN_HOURS: Final[Mapping[str, int]] = {"pm2_5": 12, "pm10": 12, "no2": 1, "so2": 1, "co": 1, "o3": 1}
"""How many hours of each pollutant an index looks at."""
VN_DAY_HOURS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("pm2_5", "pm10", "no2", "so2", "co"), vn_aqi.DAY_HOURS),
    "o3": vn_aqi.DAY_WINDOW,
}
US_HOURS: Final[Mapping[str, int]] = {"pm2_5": 12, "pm10": 12, "no2": 1, "so2": 24, "co": 8, "o3": 8}

Windows = Mapping[str, Sequence[Value | None]]
"""Pollutant → hourly means up to a label, newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HourlyVnAqi:
    """Decision 1459/QĐ-TCMT, from the hourly means of the pollutants that a station has."""

    name: str = "vn_aqi"
    outputs: Sequence[str] = ("vn_aqi",)
    reads: Reads = Reads.HOURS
    step: timedelta = HOUR

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(VN_HOURS, self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return VN_HOURS[property_key] * HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        means = hourly_means(subject, series)
        for label in labels(start, end, self.step):
            windows = windows_at(means, label, VN_HOURS)
            index = vn_aqi.hourly(results(windows))
            if index is not None:
                yield _derived("vn_aqi", label, index.value, windows, _of_index(index, windows))


@dataclass(frozen=True, kw_only=True, slots=True)
class DailyVnAqi:
    """The same Decision's index of a day, at its 24:00."""

    name: str = "vn_aqi_daily"
    outputs: Sequence[str] = ("vn_aqi_daily",)
    reads: Reads = Reads.HOURS
    step: timedelta = DAY

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(VN_DAY_HOURS, self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return VN_DAY_HOURS[property_key] * HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        means = hourly_means(subject, series)
        for label in labels(start, end, self.step):
            windows = windows_at(means, label, VN_DAY_HOURS)
            index = vn_aqi.daily(results(windows), AVAILABILITY)
            if index is not None:
                yield _derived("vn_aqi_daily", label, index.value, windows, _of_index(index, windows))


@dataclass(frozen=True, kw_only=True, slots=True)
class Nowcast:
    """The concentration that the hourly index of a particle is of; EPA's NowCast is the same one before it is cut."""

    pollutant: str
    reads: Reads = Reads.HOURS
    step: timedelta = HOUR

    @property
    def name(self) -> str:
        return f"{self.pollutant}_nowcast"

    @property
    def outputs(self) -> Sequence[str]:
        return (self.name,)

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own((self.pollutant,), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return vn_aqi.NOWCAST_HOURS * HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        means = hourly_means(subject, series)
        for label in labels(start, end, self.step):
            windows = windows_at(means, label, {self.pollutant: vn_aqi.NOWCAST_HOURS})
            hours = results(windows).get(self.pollutant, ())
            concentration = vn_aqi.nowcast(hours)
            if concentration is not None:
                made_of = {"hours": _rounded_all(hours)}
                yield _derived(self.name, label, round(concentration, NOWCAST_DECIMALS), windows, made_of)


@dataclass(frozen=True, kw_only=True, slots=True)
class HourlyUsAqi:
    """The index of the US EPA in the revision of the hour."""

    name: str = "us_aqi"
    outputs: Sequence[str] = ("us_aqi",)
    reads: Reads = Reads.HOURS
    step: timedelta = HOUR

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(US_HOURS, self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return US_HOURS[property_key] * HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        means = hourly_means(subject, series)
        for label in labels(start, end, self.step):
            windows = windows_at(means, label, US_HOURS)
            index = us_aqi.hourly(results(windows), label, AVAILABILITY)
            if index is not None:
                made_of = {**_of_index(index, windows), "revision": index.revision}
                yield _derived("us_aqi", label, index.value, windows, made_of)


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitShare:
    """The largest ratio of a mean to its limit of QCVN 05, in percent; above 100 a limit is exceeded."""

    name: str
    step: timedelta
    averagings: Sequence[tuple[str, qcvn_05.Averaging]]
    reads: Reads = Reads.HOURS

    @property
    def outputs(self) -> Sequence[str]:
        return (self.name,)

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(dict.fromkeys(pollutant for pollutant, _ in self.averagings), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return self._hours()[property_key] * HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        means = hourly_means(subject, series)
        for label in labels(start, end, self.step):
            windows = windows_at(means, label, self._hours())
            found = dict(self._comparisons(results(windows), label))
            if found:
                largest = max(found.values(), key=lambda one: one.ratio)
                yield _derived(self.name, label, _percent(largest.ratio), windows, _of_limits(found, largest))

    def _hours(self) -> Mapping[str, int]:
        longest: dict[str, int] = {}
        for pollutant, averaging in self.averagings:
            longest[pollutant] = max(_LIMIT_HOURS[averaging][0], longest.get(pollutant, 0))
        return longest

    def _comparisons(
        self, hours: Mapping[str, Sequence[float | None]], label: datetime
    ) -> Iterator[tuple[str, qcvn_05.Comparison]]:
        for pollutant, averaging in self.averagings:
            length, least = _LIMIT_HOURS[averaging]
            mean = vn_aqi.mean(hours.get(pollutant, ())[:length], least)
            compared = (
                None if mean is None else qcvn_05.compare(pollutant, averaging, round(mean, DECIMALS), label)
            )
            if compared is not None:
                yield f"{pollutant}_{averaging}", compared


_LIMIT_HOURS: Final[Mapping[qcvn_05.Averaging, tuple[int, int]]] = {
    "1h": (1, 1),
    "8h": (vn_aqi.EIGHT, AVAILABILITY.eight_hours),
    "24h": (vn_aqi.DAY_HOURS, AVAILABILITY.day_hours),
}
"""Hours of a mean and the least that must be there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WindDirectionMean:
    """Where the wind of an hour came from: mean of unit vectors without the calms."""

    name: str = "wind_direction_mean"
    outputs: Sequence[str] = ("wind_direction_mean",)
    reads: Reads = Reads.VALUES
    step: timedelta = HOUR

    def subjects(self, city: City) -> Iterable[Subject]:
        vanes = city.own(("wind_direction", "wind_speed"), self.outputs)
        return [subject for subject in vanes if subject.stream("wind_direction")]

    def reach(self, property_key: str) -> timedelta:
        return HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        vane = subject.stream("wind_direction")
        if vane is None:
            return
        directions = usable_by_hour(series[vane.id])
        speeds = {value.time: value for value in _of(subject, series, "wind_speed") if value.usable}
        least = AVAILABILITY.hour_share * expected_values(subject, vane)
        for label in labels(start, end, self.step):
            turned = directions.get(label, [])
            if len(turned) < least:
                continue
            beside = [speeds.get(value.time) for value in turned]
            winds = [(d.result, s.result if s else None) for d, s in zip(turned, beside, strict=True)]
            blowing = wind.blowing(winds)
            mean = wind.mean_direction(blowing)
            if mean is None:
                continue
            yield Derived(
                property="wind_direction_mean",
                time=label,
                result=round(mean.degrees, 1) % 360.0,
                provenances=frozenset(v.provenance for v in (*turned, *beside) if v),
                parameters={
                    "resultant": round(mean.resultant, DECIMALS),
                    "values": len(turned),
                    "calm": len(turned) - len(blowing),
                },
            )


def hourly_means(subject: Subject, series: Series) -> dict[str, dict[datetime, Value]]:
    """By property, the hours that hold enough of their values, by label."""
    return {
        row.property: covered(series.get(id, ()), expected_values(subject, row))
        for id, row in subject.inputs.items()
    }


def covered(hours: Sequence[Value], expected: float) -> dict[datetime, Value]:
    return {hour.time: hour for hour in hours if hour.count >= AVAILABILITY.hour_share * expected}


def expected_values(subject: Subject, row: DatastreamRow) -> float:
    """How many values an hour has; a Thing may say that it reports at another interval than the catalogue's."""
    interval_s = subject.thing.properties.get("interval_s", row.interval_s)
    return max(1.0, HOUR.total_seconds() / float(interval_s))


def windows_at(
    means: Mapping[str, Mapping[datetime, Value]], label: datetime, hours: Mapping[str, int]
) -> Windows:
    """Of each property so many hours up to a label, newest first."""
    return {
        key: [mean.get(label - n * HOUR) for n in range(hours[key])]
        for key, mean in means.items()
        if key in hours
    }


def results(windows: Windows) -> dict[str, list[float | None]]:
    return {key: [hour.result if hour else None for hour in hours] for key, hours in windows.items()}


def usable_by_hour(values: Sequence[Value]) -> dict[datetime, list[Value]]:
    """Good and not evaluated values by the label of their hour."""
    found: dict[datetime, list[Value]] = {}
    for value in values:
        if value.usable:
            found.setdefault(ceil(value.time, HOUR), []).append(value)
    return found


def _of(subject: Subject, series: Series, property_key: str) -> Sequence[Value]:
    row = subject.stream(property_key)
    return series.get(row.id, ()) if row else ()


def _derived(
    property_key: str, label: datetime, result: float, windows: Windows, parameters: Mapping[str, Any]
) -> Derived:
    return Derived(
        property=property_key,
        time=label,
        result=float(result),
        provenances=_provenances(windows),
        parameters=parameters,
    )


def _provenances(windows: Windows) -> frozenset[Provenance]:
    return frozenset(hour.provenance for hours in windows.values() for hour in hours if hour)


def _of_index(index: vn_aqi.Index | us_aqi.Index, windows: Windows) -> dict[str, Any]:
    """What an index was computed from, as it is stored beside it."""
    return {
        "dominant": index.dominant,
        "sub_indices": dict(index.sub_indices),
        "concentrations": {key: round(value, DECIMALS) for key, value in index.concentrations.items()},
        "hours": {key: sum(hour is not None for hour in hours) for key, hours in windows.items()},
    }


def _of_limits(found: Mapping[str, qcvn_05.Comparison], largest: qcvn_05.Comparison) -> dict[str, Any]:
    """Every mean beside its limit; all limits of a moment are of one edition."""
    return {
        "largest": next(key for key, one in found.items() if one is largest),
        "exceeded": [key for key, one in found.items() if one.exceeded],
        "means": {key: one.mean for key, one in found.items()},
        "limits": {key: one.limit.ug_m3 for key, one in found.items()},
        "percent": {key: _percent(one.ratio) for key, one in found.items()},
        "edition": largest.limit.edition,
        "edition_trust": largest.limit.trust,
    }


def _percent(ratio: float) -> float:
    """Hundredths, rounded up: what exceeds a limit by a hair stays above 100."""
    return math.ceil(round(ratio * 10_000, 6)) / 100


def _rounded_all(hours: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else round(value, DECIMALS) for value in hours]


DERIVATIONS: Final[Sequence[Derivation]] = (
    HourlyVnAqi(),
    DailyVnAqi(),
    Nowcast(pollutant="pm2_5"),
    Nowcast(pollutant="pm10"),
    HourlyUsAqi(),
    LimitShare(
        name="qcvn_05_ratio",
        step=HOUR,
        averagings=(
            ("so2", "1h"),
            ("no2", "1h"),
            ("co", "1h"),
            ("co", "8h"),
            ("o3", "1h"),
            ("o3", "8h"),
        ),
    ),
    LimitShare(
        name="qcvn_05_ratio_daily",
        step=DAY,
        averagings=(("pm2_5", "24h"), ("pm10", "24h"), ("so2", "24h"), ("no2", "24h")),
    ),
    WindDirectionMean(),
)
