"""What a bulletin is written from, by Thing and property; and the small sums that its tables need. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dashboard.control_room.alert_words import word
from dashboard.control_room.language import Language
from dashboard.control_room.report_document import Cell, Mark
from dashboard.data import CityView
from storage.bulletins import Above, DayValue, DomainCoverage, RolledDay, Span
from storage.model import Property, Provenance, Text
from storage.things import ThingRow

Kind = Literal["day", "month"]
Key = tuple[str, str]
"""Thing and property."""

ROLLED: Final[Mapping[str, Sequence[str]]] = {
    "water_quality": (
        *("dissolved_oxygen", "water_temperature", "ph", "turbidity", "ammonium", "chlorophyll_a"),
        *("vn_wqi", "wqi_indicative"),
    ),
    "rain": ("rain_1h",),
    "flood": ("water_depth",),
    "parking": ("parking_occupancy",),
}
"""Properties whose rollups of days are needed."""
AT_ENDS: Final[Mapping[str, Sequence[str]]] = {
    "air_quality": ("vn_aqi_daily", "qcvn_05_ratio_daily"),
    "rain": ("rain_24h",),
    "parking": ("parking_turnover", "parking_dwell_mean", "parking_availability"),
}
"""Properties whose value at 24:00 is that of the day."""
GASES: Final = ("air_quality", "qcvn_05_ratio")
ABOVE_LIMIT: Final = 100.01
"""Percent; shares are whole hundredths, and a limit is kept up to and at 100."""
LEVEL: Final = ("flood", "flood_level")


@dataclass(frozen=True, kw_only=True, slots=True)
class BulletinRows:
    kind: Kind
    span: Span
    rolled: Mapping[Key, Sequence[RolledDay]]
    ends: Mapping[Key, Sequence[DayValue]]
    gas_hours: Mapping[Key, Sequence[Above]]
    """Hours in which a gas was above a limit."""
    wet: Mapping[Key, Sequence[Above]]
    """Reports of flood_level 1 or more: 5 cm."""
    deep: Mapping[Key, Sequence[Above]]
    """2 or more: 15 cm."""
    coverage: Sequence[DomainCoverage]

    @property
    def simulated(self) -> bool:
        rolled = (one.provenance for days in self.rolled.values() for one in days)
        ends = (one.provenance for days in self.ends.values() for one in days)
        return Provenance.SIMULATED in {*rolled, *ends}

    def has(self, thing: str, key: str) -> bool:
        return (thing, key) in self.rolled or (thing, key) in self.ends

    def source(self, thing: str, properties: Iterable[str], shown: Language) -> str:
        """The weakest provenance behind a row of a table, in words."""
        seen = set()
        for key in properties:
            seen |= {one.provenance for one in self.rolled.get((thing, key), ())}
            seen |= {one.provenance for one in self.ends.get((thing, key), ())}
        if not seen:
            return "–"
        weakest = max((Provenance(one) for one in seen), key=lambda one: one.weakness)
        return word("provenance", weakest.value, shown)

    def mean(self, thing: str, key: str) -> float | None:
        """Of all values of the days, each day counted by how many it has."""
        days = [day for day in self.rolled.get((thing, key), ()) if day.mean is not None]
        count = sum(day.count for day in days)
        return sum((day.mean or 0.0) * day.count for day in days) / count if count else None

    def lowest(self, thing: str, key: str) -> float | None:
        return min((day.min for day in self.rolled.get((thing, key), ())), default=None)

    def highest(self, thing: str, key: str) -> float | None:
        return max((day.max for day in self.rolled.get((thing, key), ())), default=None)

    def mean_of_days(self, thing: str, key: str) -> float | None:
        found = [one.result for one in self.ends.get((thing, key), ())]
        return sum(found) / len(found) if found else None


def things(view: CityView, domain: str, properties: Iterable[str]) -> list[ThingRow]:
    """Those of a domain that have one of the properties, in the city's order."""
    wanted = set(properties)
    return [
        thing
        for thing in view.things_of.get(domain, ())
        if any(stream.property in wanted for stream in view.streams_of.get(thing.id, ()))
    ]


def name(thing: ThingRow, shown: Language) -> str:
    return Text(vi=thing.name_vi, en=thing.name_en).in_language(shown)


def observed(view: CityView, domain: str, key: str) -> Property | None:
    known = view.domains.get(domain)
    return known.properties.get(key) if known else None


def mark(scale: Property | None, value: float | None, shown: Language) -> Cell:
    """The class of a value."""
    band = scale.band(value) if scale is not None and value is not None else None
    return Mark(text=band.label.in_language(shown), color=band.color) if band else None


def class_name(scale: Property | None, value: float, shown: Language) -> str:
    band = scale.band(value) if scale is not None else None
    return band.label.in_language(shown) if band else "–"


def color(scale: Property | None, value: float | None) -> str:
    band = scale.band(value) if scale is not None and value is not None else None
    return band.color if band else "#888888"


def sorted_rows(rows: Iterable[list[Cell]]) -> Iterator[list[Cell]]:
    """By name, as people look for them."""
    yield from sorted(rows, key=lambda row: str(row[0]))
