"""VN_WQI, the Vietnamese water quality index: Decision 1460/QĐ-TCMT of 12 November 2019.

How far it can be trusted: the groups and the minimum are from a published description of the Decision; the tables of
sub-indices and the formula from four independent programs that agree; the Decision's own PDF was not read. Where they
are silent this module rounds halves up and takes the unweighted mean of the groups IV and V.

Concentrations are in mg/L (nitrogen and phosphorus as N and P), microbes in MPN per 100 mL, pesticides in ug/L.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from statistics import fmean, geometric_mean
from typing import Final, Literal

from ingest.indicators.oxygen import WARMEST, saturation_percent
from storage.model import Text

Sample = Mapping[str, float | None]
"""Parameter → value; None and absent are both missing, zero is a value."""
Group = Literal["I", "II", "III", "IV", "V"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Knots (value, sub-index) with straight lines between them."""

    knots: Sequence[tuple[float, float]]
    below: float = 100
    """Before the first knot. Where the first knot is less than that, the index jumps there: N-NH4 at 0.3."""
    above: float = 10

    def at(self, value: float) -> float:
        if value < self.knots[0][0]:
            return self.below
        for (low, better), (high, worse) in pairwise(self.knots):
            if value <= high:
                return (better - worse) / (high - low) * (high - value) + worse
        return self.knots[0][1] if value <= self.knots[0][0] else self.above


_ORGANIC: Final = Table(knots=((4, 100), (6, 75), (15, 50), (25, 25), (50, 10)))

TABLES: Final[Mapping[str, Table]] = {
    "ph": Table(knots=((5.5, 50), (6, 100), (8.5, 100), (9, 50)), below=10),
    "aldrin": Table(knots=((0.1, 100),)),
    "bhc": Table(knots=((0.02, 100),)),
    "dieldrin": Table(knots=((0.1, 100),)),
    "ddt": Table(knots=((1.0, 100),)),
    "heptachlor": Table(knots=((0.2, 100),)),
    "arsenic": Table(knots=((0.01, 100), (0.02, 75), (0.05, 50), (0.1, 25))),
    "cadmium": Table(knots=((0.005, 75), (0.008, 50), (0.01, 25), (0.1, 10))),
    "lead": Table(knots=((0.02, 75), (0.04, 50), (0.05, 25), (0.5, 10))),
    "chromium_vi": Table(knots=((0.01, 100), (0.02, 75), (0.04, 50), (0.05, 25), (0.1, 10))),
    "copper": Table(knots=((0.1, 100), (0.2, 75), (0.5, 50), (1, 25), (2, 10))),
    "zinc": Table(knots=((0.5, 100), (1, 75), (1.5, 50), (2, 25), (3, 10))),
    "mercury": Table(knots=((0.001, 75), (0.0015, 50), (0.002, 25), (0.01, 10))),
    "dissolved_oxygen": Table(
        knots=((20, 25), (50, 50), (75, 75), (88, 100), (112, 100), (125, 75), (150, 50), (200, 25)), below=10
    ),
    "bod5": _ORGANIC,
    "cod": Table(knots=((10, 100), (15, 75), (30, 50), (50, 25), (150, 10))),
    "toc": _ORGANIC,
    "ammonium": Table(knots=((0.3, 75), (0.6, 50), (0.9, 25), (5, 10))),
    "nitrate": Table(knots=((2, 100), (5, 75), (10, 50), (15, 25))),
    "nitrite": Table(knots=((0.05, 100),)),
    "phosphate": Table(knots=((0.1, 100), (0.2, 75), (0.3, 50), (0.5, 25), (4, 10))),
    "coliform": Table(knots=((2_500, 100), (5_000, 75), (7_500, 50), (10_000, 25))),
    "e_coli": Table(knots=((20, 100), (50, 75), (100, 50), (200, 25))),
}
"""Sub-index by value; that of dissolved oxygen is by % of saturation."""

GROUPS: Final[Mapping[Group, Sequence[str]]] = {
    "I": ("ph",),
    "II": ("aldrin", "bhc", "dieldrin", "ddt", "heptachlor"),
    "III": ("arsenic", "cadmium", "lead", "chromium_vi", "copper", "zinc", "mercury"),
    "IV": ("dissolved_oxygen", "bod5", "cod", "toc", "ammonium", "nitrate", "nitrite", "phosphate"),
    "V": ("coliform", "e_coli"),
}
_FACTORS: Final[Sequence[Group]] = ("I", "II", "III")
LEAST_GROUPS: Final = 3
LEAST_OF_GROUP_IV: Final = 3

_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {"ph": (0, 14), "water_temperature": (0, WARMEST)}
"""What a sample can hold at all; everything else is 0 or more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaterClass:
    """One class of the scale. Its words are those of VN_WQI: here "Xấu" is better than "Kém", in VN_AQI worse."""

    least: int
    label: Text
    color: str
    use: Text


SCALE: Final[Sequence[WaterClass]] = (
    WaterClass(
        least=91,
        label=Text(vi="Rất tốt", en="Excellent"),
        color="#3333FF",
        use=Text(vi="Sử dụng tốt cho cấp nước sinh hoạt", en="Good for domestic supply"),
    ),
    WaterClass(
        least=76,
        label=Text(vi="Tốt", en="Good"),
        color="#00E400",
        use=Text(
            vi="Cấp nước sinh hoạt sau khi xử lý phù hợp", en="Domestic supply after suitable treatment"
        ),
    ),
    WaterClass(
        least=51,
        label=Text(vi="Trung bình", en="Moderate"),
        color="#FFFF00",
        use=Text(vi="Tưới tiêu và các mục đích tương đương", en="Irrigation and the like"),
    ),
    WaterClass(
        least=26,
        label=Text(vi="Xấu", en="Bad"),
        color="#FF7E00",
        use=Text(vi="Giao thông thủy và các mục đích tương đương", en="Navigation and the like"),
    ),
    WaterClass(
        least=10,
        label=Text(vi="Kém", en="Poor"),
        color="#FF0000",
        use=Text(vi="Ô nhiễm nặng, cần xử lý", en="Heavily polluted, needs treatment"),
    ),
    WaterClass(
        least=0,
        label=Text(vi="Ô nhiễm rất nặng", en="Extremely polluted"),
        color="#7E0023",
        use=Text(vi="Nước nhiễm độc, cần khắc phục, xử lý", en="Toxic, needs remediation"),
    ),
)
"""Best first; classes are of the rounded index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What a sample gives, and what it lacks."""

    value: int | None
    """VN_WQI; None where the Decision's minimum is not met."""
    indicative: int | None
    """The same formula over the groups that there are. Not official unless it is also `value`: a missing group counts
    as clean, so it flatters. None without any parameter of group IV."""
    sub_indices: Mapping[str, float]
    """Parameter → its sub-index, not rounded."""
    groups: Mapping[Group, float]
    missing_groups: Sequence[Group]
    group_iv_lacks: int
    """How many parameters group IV is short of the three that it needs."""
    oxygen_percent: float | None
    """Dissolved oxygen in % of saturation."""


def wqi(sample: Sample) -> int | None:
    """VN_WQI of a sample, or None where its groups are not complete.

    At least three of the five groups, among them group IV with at least three parameters. Parameters: ph
    dissolved_oxygen water_temperature bod5 cod toc ammonium nitrate nitrite phosphate coliform e_coli arsenic cadmium
    lead chromium_vi copper zinc mercury, and the pesticides aldrin bhc dieldrin ddt heptachlor; others (a sonde's
    turbidity) are no part of the index and not looked at. Dissolved oxygen counts only with the water temperature.
    Raises ValueError naming the parameter for what is no measurement: NaN, infinite, negative, text, pH above 14.
    """
    return evaluate(sample).value


def evaluate(sample: Sample) -> Evaluation:
    """VN_WQI with everything that it is made of; see `wqi`.

    1. sub-index of each parameter  2. groups II and III geometric, IV and V arithmetic mean
    3. I/100 · II/100 · III/100 · √(IV·V); a missing I, II or III counts as 100, without V it is · IV
    """
    values = {key: _checked(key, sample.get(key)) for key in (*TABLES, "water_temperature")}
    temperature, oxygen = values.pop("water_temperature"), values["dissolved_oxygen"]
    percent = None if oxygen is None or temperature is None else saturation_percent(oxygen, temperature)
    values["dissolved_oxygen"] = percent
    sub_indices = {key: TABLES[key].at(value) for key, value in values.items() if value is not None}
    groups = _groups(sub_indices)
    lacks = max(LEAST_OF_GROUP_IV - sum(key in sub_indices for key in GROUPS["IV"]), 0)
    index = _aggregate(groups)
    indicative = None if index is None else half_up(index)
    return Evaluation(
        value=indicative if len(groups) >= LEAST_GROUPS and not lacks else None,
        indicative=indicative,
        sub_indices=sub_indices,
        groups=groups,
        missing_groups=[group for group in GROUPS if group not in groups],
        group_iv_lacks=lacks,
        oxygen_percent=percent,
    )


def classify(index: int) -> WaterClass:
    """The class of a rounded index. Raises ValueError outside of 0 to 100."""
    if not 0 <= index <= 100:
        raise ValueError(f"VN_WQI is from 0 to 100, not {index}")
    return next(water_class for water_class in SCALE if index >= water_class.least)


def half_up(value: float) -> int:
    """To the nearest integer, halves up; ten decimals are looked at, so that a half that binary arithmetic missed by
    a hair still counts as one."""
    return math.floor(round(value, 10) + 0.5)


def _checked(key: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{key}: {value!r:.40} is not a number")
    low, high = _BOUNDS.get(key, (0, math.inf))
    try:
        number = float(value)
    except OverflowError:  # an integer beyond what a float holds
        raise ValueError(f"{key}: a number beyond the range of a float is no measurement") from None
    if not (low <= number <= high and math.isfinite(number)):
        limit = "0 or more" if high == math.inf else f"from {low:g} to {high:g}"
        raise ValueError(f"{key}: {number} is not {limit}")
    return number


def _groups(sub_indices: Mapping[str, float]) -> dict[Group, float]:
    found: dict[Group, float] = {}
    for group, parameters in GROUPS.items():
        values = [sub_indices[key] for key in parameters if key in sub_indices]
        if values:
            found[group] = geometric_mean(values) if group in ("II", "III") else fmean(values)
    return found


def _aggregate(groups: Mapping[Group, float]) -> float | None:
    if "IV" not in groups:
        return None
    factor = math.prod(groups.get(group, 100.0) / 100 for group in _FACTORS)
    return factor * (math.sqrt(groups["IV"] * groups["V"]) if "V" in groups else groups["IV"])
