"""US AQI, the air quality index of the United States EPA: shown beside VN_AQI, never in its place.

Breakpoints of the revision that is effective from 6 May 2024 (EPA-454/B-24-002, 40 CFR part 58, appendix G) and, for
PM2.5 of hours before, those of 2012. Those of the gases are taken from programs that agree with each other, not from
the rule's text. An index above 500 ("beyond the AQI") is given as 500. Concentrations come in as ug/m3 at 25 °C and
1 atm and are turned into the unit of their table.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ingest.indicators.vn_aqi import EIGHT, PM, SUGGESTED, Availability, half_up, mean, nowcast
from storage.model import HANOI, Text

REVISION_2024: Final = datetime(2024, 5, 6, tzinfo=HANOI)
"""Its first hour is the one after this label; the rule names a day, that it begins in Hanoi's zone is our choice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One column of the rule: a concentration is truncated, then looked up."""

    ppb_per_unit: float | None
    """None: the column is in ug/m3; 1 for ppb, 1000 for ppm."""
    decimals: int
    """What is kept when a concentration is truncated."""
    rows: Sequence[tuple[float, float, int, int]]
    """Lowest and highest concentration, lowest and highest index."""
    beyond: int | None
    """The index above the last row; None where another averaging time takes over."""


PM2_5_2024: Final = Table(
    ppb_per_unit=None,
    decimals=1,
    rows=(
        (0, 9.0, 0, 50),
        (9.1, 35.4, 51, 100),
        (35.5, 55.4, 101, 150),
        (55.5, 125.4, 151, 200),
        (125.5, 225.4, 201, 300),
        (225.5, 325.4, 301, 500),
    ),
    beyond=500,
)
PM2_5_2012: Final = Table(
    ppb_per_unit=None,
    decimals=1,
    rows=(
        (0, 12.0, 0, 50),
        (12.1, 35.4, 51, 100),
        (35.5, 55.4, 101, 150),
        (55.5, 150.4, 151, 200),
        (150.5, 250.4, 201, 300),
        (250.5, 350.4, 301, 400),
        (350.5, 500.4, 401, 500),
    ),
    beyond=500,
)
TABLES: Final[Mapping[str, Table]] = {
    "pm10": Table(
        ppb_per_unit=None,
        decimals=0,
        rows=(
            (0, 54, 0, 50),
            (55, 154, 51, 100),
            (155, 254, 101, 150),
            (255, 354, 151, 200),
            (355, 424, 201, 300),
            (425, 604, 301, 500),
        ),
        beyond=500,
    ),
    "o3_8h": Table(
        ppb_per_unit=1000,
        decimals=3,
        rows=(
            (0, 0.054, 0, 50),
            (0.055, 0.070, 51, 100),
            (0.071, 0.085, 101, 150),
            (0.086, 0.105, 151, 200),
            (0.106, 0.200, 201, 300),
        ),
        beyond=None,
    ),
    "o3_1h": Table(
        ppb_per_unit=1000,
        decimals=3,
        rows=(
            (0.125, 0.164, 101, 150),
            (0.165, 0.204, 151, 200),
            (0.205, 0.404, 201, 300),
            (0.405, 0.604, 301, 500),
        ),
        beyond=500,
    ),
    "co_8h": Table(
        ppb_per_unit=1000,
        decimals=1,
        rows=(
            (0, 4.4, 0, 50),
            (4.5, 9.4, 51, 100),
            (9.5, 12.4, 101, 150),
            (12.5, 15.4, 151, 200),
            (15.5, 30.4, 201, 300),
            (30.5, 50.4, 301, 500),
        ),
        beyond=500,
    ),
    # An hour of SO2 says 200 at most; above that the 24 h mean decides [M].
    "so2_1h": Table(
        ppb_per_unit=1,
        decimals=0,
        rows=((0, 35, 0, 50), (36, 75, 51, 100), (76, 185, 101, 150), (186, 304, 151, 200)),
        beyond=200,
    ),
    "so2_24h": Table(
        ppb_per_unit=1, decimals=0, rows=((305, 604, 201, 300), (605, 1004, 301, 500)), beyond=500
    ),
    "no2_1h": Table(
        ppb_per_unit=1,
        decimals=0,
        rows=(
            (0, 53, 0, 50),
            (54, 100, 51, 100),
            (101, 360, 101, 150),
            (361, 649, 151, 200),
            (650, 1249, 201, 300),
            (1250, 2049, 301, 500),
        ),
        beyond=500,
    ),
}

MOLAR_MASS: Final[Mapping[str, float]] = {"o3": 48.00, "no2": 46.01, "so2": 64.07, "co": 28.01}
"""g/mol"""
MOLAR_VOLUME: Final = 24.45
"""Litres of a mole of gas at 25 °C and 1 atm."""

SO2_HOURS: Final = 24
"""The longest window that an index of an hour looks at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """US AQI of one hour: the value, the pollutant that gives it, and what each sub-index is of."""

    value: int
    dominant: str
    sub_indices: Mapping[str, int]
    """By pollutant."""
    concentrations: Mapping[str, float]
    """Truncated, in the unit of their table: PM in ug/m3, O3 and CO in ppm, SO2 and NO2 in ppb."""
    revision: int
    """Year of the PM2.5 breakpoints."""


def sub_index(table: str, concentration: float, label: datetime) -> int | None:
    """The index of one concentration in ug/m3, in the revision of its hour.

    Tables: pm2_5 pm10 (NowCast or 24 h mean), o3_8h o3_1h co_8h so2_1h so2_24h no2_1h. None where the table does not
    reach: o3_1h and so2_24h begin high, o3_8h ends above 0.200 ppm. Raises KeyError for an unknown table.
    """
    found = table_of(table, label)
    value = truncated(in_unit(table, concentration, found), found.decimals)
    for low, high, lowest, highest in found.rows:
        if value <= high:
            if value < low:
                return None
            return half_up((highest - lowest) / (high - low) * (value - low) + lowest)
    return found.beyond


def table_of(table: str, label: datetime) -> Table:
    """Only PM2.5 changed in 2024. The index of 1999, which held until 2013, is not kept."""
    if table != "pm2_5":
        return TABLES[table]
    return PM2_5_2024 if label > REVISION_2024 else PM2_5_2012


def in_unit(table: str, concentration: float, found: Table) -> float:
    """ug/m3 as the unit of the table; a concentration below zero, which instruments report near it, counts as 0."""
    positive = max(concentration, 0.0)
    if found.ppb_per_unit is None:
        return positive
    return ppb(table.split("_")[0], positive) / found.ppb_per_unit


def ppb(gas: str, concentration: float) -> float:
    """ug/m3 at 25 °C and 1 atm as parts in 10⁹: · 24.45 / molar mass."""
    return concentration * MOLAR_VOLUME / MOLAR_MASS[gas]


def truncated(value: float, decimals: int) -> float:
    """Cut off, not rounded. Six further decimals are looked at, so that binary 35.3999999999 stays 35.4."""
    scale = 10.0**decimals
    return math.floor(round(value * scale, 6)) / scale


def hourly(
    means: Mapping[str, Sequence[float | None]], label: datetime, availability: Availability = SUGGESTED
) -> Index | None:
    """US AQI of the hour `label` from hourly means (pm2_5 pm10 no2 so2 co o3), newest first, in ug/m3.

    PM by NowCast of 12 hours, O3 by 8 h and 1 h, CO by 8 h, SO2 by 1 h and 24 h, NO2 by 1 h. The rule takes whatever
    a station measures; None without a PM value is our suggestion, so that it stands beside VN_AQI or not at all.
    """
    found = {
        table: value
        for table, value in _concentrations(means, availability).items()
        if value is not None and sub_index(table, value, label) is not None
    }
    if not any(key in found for key in PM):
        return None
    sub_indices: dict[str, int] = {}
    for table, value in found.items():
        pollutant, index = _pollutant(table), sub_index(table, value, label) or 0
        sub_indices[pollutant] = max(index, sub_indices.get(pollutant, 0))
    dominant = max(sub_indices, key=lambda pollutant: sub_indices[pollutant])
    tables = {table: table_of(table, label) for table in found}
    return Index(
        value=sub_indices[dominant],
        dominant=dominant,
        sub_indices=sub_indices,
        concentrations={
            table: truncated(in_unit(table, value, tables[table]), tables[table].decimals)
            for table, value in found.items()
        },
        revision=2024 if label > REVISION_2024 else 2012,
    )


def _concentrations(
    means: Mapping[str, Sequence[float | None]], availability: Availability
) -> dict[str, float | None]:
    """By table, in ug/m3."""
    found = {key: nowcast(means[key]) for key in PM if key in means}
    for gas in ("o3", "co"):
        if gas in means:
            found[f"{gas}_8h"] = mean(means[gas][:EIGHT], availability.eight_hours)
    for gas in ("o3", "so2", "no2"):
        if gas in means:
            found[f"{gas}_1h"] = means[gas][0]
    if "so2" in means:
        found["so2_24h"] = mean(means["so2"][:SO2_HOURS], availability.day_hours)
    return found


def _pollutant(table: str) -> str:
    return table if table in PM else table.split("_")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """A class of the US scale. Its words are not those of VN_AQI, though the colours are."""

    level: int
    low: int
    high: int
    name: Text
    color: str


CATEGORIES: Final = (
    Category(level=0, low=0, high=50, name=Text(vi="Tốt (Mỹ)", en="Good (US)"), color="#00E400"),
    Category(level=1, low=51, high=100, name=Text(vi="Vừa phải (Mỹ)", en="Moderate (US)"), color="#FFFF00"),
    Category(
        level=2,
        low=101,
        high=150,
        name=Text(vi="Không tốt cho nhóm nhạy cảm (Mỹ)", en="Unhealthy for Sensitive Groups (US)"),
        color="#FF7E00",
    ),
    Category(
        level=3,
        low=151,
        high=200,
        name=Text(vi="Không tốt cho sức khỏe (Mỹ)", en="Unhealthy (US)"),
        color="#FF0000",
    ),
    Category(
        level=4,
        low=201,
        high=300,
        name=Text(vi="Rất không tốt cho sức khỏe (Mỹ)", en="Very Unhealthy (US)"),
        color="#8F3F97",
    ),
    Category(
        level=5, low=301, high=500, name=Text(vi="Nguy hiểm (Mỹ)", en="Hazardous (US)"), color="#7E0023"
    ),
)
"""Names are the EPA's, the Vietnamese ones our translation."""


def category(value: float) -> Category:
    """The class of an index, by its rounded integer. ValueError outside 0–500."""
    index = half_up(value)
    for found in CATEGORIES:
        if found.low <= index <= found.high:
            return found
    raise ValueError(f"US AQI is 0 to 500, got {value}")
