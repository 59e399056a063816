"""Water quality: oxygen saturation, the risk of a fish kill, and VN_WQI of each hour."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final

from ingest.derivation import City, Derivation, Derived, Reads, Series, Subject, Value, ceil, labels
from ingest.indicators import oxygen, vn_wqi
from ingest.origins import Origins
from storage.model import Provenance

HOUR: Final = timedelta(hours=1)
TEN_MINUTES: Final = timedelta(minutes=10)
TEMPERATURE_HOLDS: Final = timedelta(minutes=15)
"""[S] The water temperature that belongs to an oxygen reading is at most so old."""
SAMPLE_HOLDS: Final = timedelta(days=30)
"""[S] A grab sample of the lab says nothing of the water after so long."""

SONDE: Final[Sequence[str]] = ("ph", "dissolved_oxygen", "water_temperature", "ammonium")
"""What a sonde measures of the index: the hour's mean enters."""
LAB: Final[Sequence[str]] = (
    "bod5",
    "cod",
    "toc",
    "nitrate",
    "nitrite",
    "phosphate",
    "coliform",
    "e_coli",
    "arsenic",
    "cadmium",
    "lead",
    "chromium_vi",
    "copper",
    "zinc",
    "mercury",
)
"""What a lab measures in a grab sample: the newest value enters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OxygenSaturation:
    """% of saturation at each reading of oxygen, by the temperature of the same time or the newest before it."""

    name: str = "oxygen_saturation"
    outputs: Sequence[str] = ("oxygen_saturation",)
    reads: Reads = Reads.VALUES
    step: timedelta | None = None

    def subjects(self, city: City) -> Iterable[Subject]:
        return _with_oxygen(city.own(("dissolved_oxygen", "water_temperature"), self.outputs))

    def reach(self, property_key: str) -> timedelta:
        return TEMPERATURE_HOLDS if property_key == "water_temperature" else timedelta()

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        values = _usable(subject, series)
        temperatures = values.get("water_temperature", [])
        for reading in values["dissolved_oxygen"]:
            temperature = _newest(temperatures, reading.time, TEMPERATURE_HOLDS)
            if temperature is not None and start <= reading.time <= end:
                yield from _saturation(reading, temperature)


@dataclass(frozen=True, kw_only=True, slots=True)
class FishKillRisk:
    """Each ten minutes, from the oxygen of the last half hour and of the same hour of the days before."""

    name: str = "fish_kill_risk"
    outputs: Sequence[str] = ("fish_kill_risk",)
    reads: Reads = Reads.VALUES
    step: timedelta = TEN_MINUTES

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(("dissolved_oxygen",), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return timedelta(days=oxygen.DAYS_BEFORE) + oxygen.SAME_HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        values = _usable(subject, series)["dissolved_oxygen"]
        readings = [(value.time, value.result) for value in values]
        seen = Origins(values, self.reach("dissolved_oxygen"))
        for label in labels(start, end, TEN_MINUTES):
            risk = oxygen.fish_kill_risk(readings, label)
            if risk is not None:
                yield _risk(risk, label, seen.until(label))


@dataclass(frozen=True, kw_only=True, slots=True)
class HourlyVnWqi:
    """Decision 1460/QĐ-TCMT, from the sonde's hour and the newest grab samples; indicative where that is not enough.

    An hour in which nothing was measured has none: a month-old sample alone is no news.
    """

    name: str = "vn_wqi"
    outputs: Sequence[str] = ("vn_wqi", "wqi_indicative")
    reads: Reads = Reads.VALUES
    step: timedelta = HOUR

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own((*SONDE, *LAB), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return HOUR if property_key in SONDE else SAMPLE_HOLDS

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        values = _usable(subject, series)
        hours = {key: _hours(values[key]) for key in SONDE if key in values}
        sampled = {ceil(value.time, HOUR) for key in LAB for value in values.get(key, ())}
        for label in labels(start, end, HOUR):
            of_sonde = {key: hour[label] for key, hour in hours.items() if label in hour}
            derived = _index({**of_sonde, **_samples(values, label)}, label)
            is_news = of_sonde or label in sampled
            if derived is not None and is_news:
                yield derived


def _saturation(reading: Value, temperature: Value) -> Iterator[Derived]:
    oxygen_mg_l = _measured("dissolved_oxygen", reading.result)
    celsius = _measured("water_temperature", temperature.result)
    if oxygen_mg_l is None or celsius is None:
        return
    yield Derived(
        property="oxygen_saturation",
        time=reading.time,
        result=round(oxygen.saturation_percent(oxygen_mg_l, celsius), 4),
        provenances=frozenset({reading.provenance, temperature.provenance}),
        parameters={
            "dissolved_oxygen": oxygen_mg_l,
            "water_temperature": celsius,
            "temperature_age_s": round((reading.time - temperature.time).total_seconds()),
        },
    )


def _risk(risk: oxygen.FishKillRisk, label: datetime, provenances: frozenset[Provenance]) -> Derived:
    return Derived(
        property="fish_kill_risk",
        time=label,
        result=float(risk.level),
        provenances=provenances,
        parameters={
            "dissolved_oxygen": round(risk.dissolved_oxygen, 3),
            "usual": None if risk.usual is None else round(risk.usual, 3),
            "days": risk.days,
            "usual_dip": risk.usual_dip,
        },
    )


def _index(used: Mapping[str, Value], label: datetime) -> Derived | None:
    sample = {key: _measured(key, value.result) for key, value in used.items()}
    found = vn_wqi.evaluate(sample)
    if found.indicative is None:
        return None
    in_index = {
        *found.sub_indices,
        *(("water_temperature",) if "dissolved_oxygen" in found.sub_indices else ()),
    }
    return Derived(
        property="wqi_indicative" if found.value is None else "vn_wqi",
        time=label,
        result=float(found.indicative),
        provenances=frozenset(used[key].provenance for key in in_index),
        parameters={
            "missing_groups": list(found.missing_groups),
            "group_iv_lacks": found.group_iv_lacks,
            "groups": {group: round(value, 2) for group, value in found.groups.items()},
            "sub_indices": {key: round(value, 2) for key, value in found.sub_indices.items()},
            "used": {
                key: round(value, 6) for key, value in sample.items() if value is not None and key in in_index
            },
            "age_h": {key: _hours_between(used[key].time, label) for key in LAB if key in in_index},
        },
    )


def _samples(values: Mapping[str, Sequence[Value]], label: datetime) -> dict[str, Value]:
    """The newest grab sample of each parameter that is not too old."""
    newest = {key: _newest(values[key], label, SAMPLE_HOLDS) for key in LAB if key in values}
    return {key: value for key, value in newest.items() if value is not None}


def _hours(values: Sequence[Value]) -> dict[datetime, Value]:
    """Means of hours by their ends."""
    by_label: defaultdict[datetime, list[Value]] = defaultdict(list)
    for value in values:
        by_label[ceil(value.time, HOUR)].append(value)
    return {label: _mean(label, hour) for label, hour in by_label.items()}


def _mean(label: datetime, hour: Sequence[Value]) -> Value:
    weakest = max((value.provenance for value in hour), key=lambda p: p.weakness)
    return Value(time=label, result=fmean(v.result for v in hour), provenance=weakest, count=len(hour))


def _measured(key: str, value: float) -> float | None:
    """The value as the index takes it: zero drift of an instrument is zero; what no water can have is missing."""
    if key == "ph":
        return value if 0 <= value <= 14 else None
    if key == "water_temperature" and value > oxygen.WARMEST:
        return None
    return max(value, 0.0)


def _newest(values: Sequence[Value], at: datetime, holds: timedelta) -> Value | None:
    """The newest value up to a moment, no older than it holds."""
    n = bisect_right(values, at, key=_time)
    return values[n - 1] if n and at - values[n - 1].time <= holds else None


def _usable(subject: Subject, series: Series) -> dict[str, list[Value]]:
    """Property → its values that are good or were not evaluated."""
    return {
        row.property: [value for value in series.get(id, ()) if value.usable]
        for id, row in subject.inputs.items()
    }


def _with_oxygen(subjects: Iterable[Subject]) -> Iterator[Subject]:
    return (subject for subject in subjects if subject.stream("dissolved_oxygen"))


def _time(value: Value) -> datetime:
    return value.time


def _hours_between(start: datetime, end: datetime) -> float:
    return round((end - start) / HOUR, 1)


DERIVATIONS: Final[Sequence[Derivation]] = (OxygenSaturation(), FishKillRisk(), HourlyVnWqi())
