"""US AQI: the EPA's breakpoints of both revisions, its truncation, and the embassy's own columns."""

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.indicators import us_aqi, vn_aqi
from storage.model import HANOI, Domain

EMBASSY = Path(__file__).resolve().parents[2] / ".." / "shared/data/air/hanoi_pm25_embassy_2017.csv"
NOW = datetime(2026, 11, 22, 12, tzinfo=HANOI)
IN_2017 = datetime(2017, 1, 1, 1, tzinfo=HANOI)


def from_ppb(gas: str, ppb: float) -> float:
    """ug/m3 at 25 °C and 1 atm, a hair above so that what is cut off is not the last digit itself."""
    mass = {"o3": 48.00, "no2": 46.01, "so2": 64.07, "co": 28.01}[gas]
    return ppb * mass / 24.45 + 1e-9


@pytest.mark.parametrize(
    ("concentration", "vietnamese", "american"),
    [
        (9.0, 18, 50),
        (12, 24, 56),
        (25, 50, 81),
        (35.4, 71, 100),
        (50, 100, 137),
        (55.4, 109, 150),
        (80, 150, 168),
        (125.4, 182, 200),
        (150, 200, 225),
        (225.4, 275, 300),
        (250, 300, 350),
        (325.4, 375, 500),
    ],
)
def test_the_same_pm2_5_on_both_scales(concentration: float, vietnamese: int, american: int) -> None:
    assert vn_aqi.sub_index("pm2_5", concentration) == vietnamese
    assert us_aqi.sub_index("pm2_5", concentration, NOW) == american


@pytest.mark.parametrize(
    ("concentration", "index"),
    [
        (12.0, 50),
        (35.4, 100),
        (55.4, 150),
        (150.4, 200),
        (250.4, 300),
        (350.4, 400),
        (500.4, 500),
        (600, 500),
    ],
)
def test_hours_before_the_revision_keep_its_predecessor(concentration: float, index: int) -> None:
    assert us_aqi.sub_index("pm2_5", concentration, IN_2017) == index


def test_the_revision_begins_with_the_first_hour_of_6_may_2024() -> None:
    midnight = datetime(2024, 5, 6, tzinfo=HANOI)
    assert us_aqi.sub_index("pm2_5", 12.0, midnight) == 50  # its hour is the last of 5 May
    assert us_aqi.sub_index("pm2_5", 12.0, midnight + timedelta(hours=1)) == 56
    assert us_aqi.sub_index("pm10", 54, midnight) == us_aqi.sub_index("pm10", 54, NOW) == 50


@pytest.mark.parametrize(
    ("table", "concentration", "index"),
    [
        ("pm2_5", 9.09, 50),  # cut to 9.0, not rounded to 9.1
        ("pm2_5", 9.1, 51),
        ("pm2_5", -0.8, 0),
        ("pm2_5", 326.0, 500),
        ("pm10", 54.9, 50),
        ("pm10", 154, 100),
        ("pm10", 254, 150),
        ("pm10", 354, 200),
        ("pm10", 424, 300),
        ("pm10", 604, 500),
        ("o3_8h", from_ppb("o3", 54), 50),
        ("o3_8h", from_ppb("o3", 54.9), 50),
        ("o3_8h", from_ppb("o3", 70), 100),
        ("o3_8h", from_ppb("o3", 85), 150),
        ("o3_8h", from_ppb("o3", 105), 200),
        ("o3_8h", from_ppb("o3", 200), 300),
        ("o3_8h", from_ppb("o3", 201), None),
        ("o3_1h", from_ppb("o3", 124), None),
        ("o3_1h", from_ppb("o3", 125), 101),
        ("o3_1h", from_ppb("o3", 164), 150),
        ("o3_1h", from_ppb("o3", 604), 500),
        ("co_8h", from_ppb("co", 4_400), 50),
        ("co_8h", from_ppb("co", 4_499), 50),
        ("co_8h", from_ppb("co", 9_400), 100),
        ("co_8h", from_ppb("co", 50_400), 500),
        ("so2_1h", from_ppb("so2", 35), 50),
        ("so2_1h", from_ppb("so2", 75), 100),
        ("so2_1h", from_ppb("so2", 304), 200),
        ("so2_1h", from_ppb("so2", 900), 200),
        ("so2_24h", from_ppb("so2", 304), None),
        ("so2_24h", from_ppb("so2", 604), 300),
        ("so2_24h", from_ppb("so2", 1004), 500),
        ("no2_1h", from_ppb("no2", 53), 50),
        ("no2_1h", from_ppb("no2", 100), 100),
        ("no2_1h", from_ppb("no2", 360), 150),
        ("no2_1h", from_ppb("no2", 2049), 500),
    ],
)
def test_a_row_s_top_gives_its_index(table: str, concentration: float, index: int | None) -> None:
    assert us_aqi.sub_index(table, concentration, NOW) == index


@pytest.mark.parametrize(
    ("gas", "concentration", "ppb"),
    [("o3", 100, 50.94), ("no2", 100, 53.14), ("so2", 100, 38.16), ("co", 1000, 872.9)],
)
def test_gases_are_converted_at_25_degrees_and_one_atmosphere(
    gas: str, concentration: float, ppb: float
) -> None:
    assert us_aqi.ppb(gas, concentration) == pytest.approx(ppb, rel=1e-3)


@pytest.mark.parametrize(
    ("value", "decimals", "cut"),
    [(35.49, 1, 35.4), (35.4, 1, 35.4), (54.99, 0, 54.0), (0.0709, 3, 0.070), (0.3, 1, 0.3)],
)
def test_concentrations_are_cut_off_and_not_rounded(value: float, decimals: int, cut: float) -> None:
    assert us_aqi.truncated(value, decimals) == cut
    assert us_aqi.truncated(cut - 1e-13, decimals) == cut  # what binary arithmetic missed by a hair


def test_an_hour_has_the_highest_of_all_averaging_times() -> None:
    o3, so2 = from_ppb("o3", 60), from_ppb("so2", 20)
    index = us_aqi.hourly(
        {
            "pm2_5": [20.04] * 12,
            "o3": [from_ppb("o3", 170), *[o3] * 7],
            "so2": [from_ppb("so2", 310), *[so2] * 23],
            "no2": [from_ppb("no2", 100)],
            "co": [from_ppb("co", 4_400)] * 8,
        },
        NOW,
    )
    assert index is not None
    # O3: 8 h (170 + 7·60)/8 = 73.75 → 0.073 ppm → 108; 1 h 0.170 ppm → 151 + 5·49/39 = 157.3.
    # SO2: an hour says 200 at most.
    assert index.sub_indices == {"pm2_5": 71, "o3": 157, "so2": 200, "no2": 100, "co": 50}
    assert (index.value, index.dominant, index.revision) == (200, "so2", 2024)
    assert index.concentrations["pm2_5"] == 20.0
    assert (index.concentrations["o3_8h"], index.concentrations["o3_1h"]) == (0.073, 0.17)
    assert "so2_24h" not in index.concentrations  # its mean is far below where that table begins


def test_without_particles_there_is_none_beside_vn_aqi() -> None:
    assert us_aqi.hourly({"no2": [100.0]}, NOW) is None
    assert us_aqi.hourly({"pm10": [None] * 12, "no2": [100.0]}, NOW) is None


def test_no_class_has_a_word_of_the_vietnamese_scale(domains: Mapping[str, Domain]) -> None:
    american = {text for found in us_aqi.CATEGORIES for text in (found.name.vi, found.name.en)}
    vietnamese = {text for found in vn_aqi.CATEGORIES for text in (found.name.vi, found.name.en)}
    assert not american & vietnamese
    assert all("US" in found.name.en and "Mỹ" in found.name.vi for found in us_aqi.CATEGORIES)
    bands = domains["air_quality"].properties["us_aqi"].bands
    shown = [(band.level, band.label, band.color) for band in bands]
    assert shown == [(found.level, found.name, found.color) for found in us_aqi.CATEGORIES]
    assert [band.below for band in bands[:-1]] == [found.high + 1 for found in us_aqi.CATEGORIES[:-1]]


@pytest.mark.parametrize(
    ("value", "name"),
    [(100.4, "Moderate (US)"), (100.5, "Unhealthy for Sensitive Groups (US)"), (301, "Hazardous (US)")],
)
def test_a_class_is_that_of_the_rounded_index(value: float, name: str) -> None:
    assert us_aqi.category(value).name.en == name
    with pytest.raises(ValueError, match="0 to 500"):
        us_aqi.category(501)


def test_the_embassy_s_nowcast_gives_the_embassy_s_index_on_every_row() -> None:
    """2,778 rows have both; six valid ones, behind gaps, have neither."""
    if not EMBASSY.is_file():
        pytest.skip(f"{EMBASSY} is not there")
    with EMBASSY.open() as file:
        rows = [(float(row["NowCast Conc."]), int(row["AQI"])) for row in csv.DictReader(file)]
    known = [(concentration, index) for concentration, index in rows if index != -999]
    assert len(known) == 2778
    wrong = [row for row in known if us_aqi.sub_index("pm2_5", row[0], IN_2017) != row[1]]
    assert not wrong


concentrations = st.floats(min_value=-15, max_value=200_000)
tables = st.sampled_from(["pm2_5", *us_aqi.TABLES])


@given(tables, concentrations, concentrations, st.sampled_from([NOW, IN_2017]))
def test_more_of_a_pollutant_never_lowers_its_index(
    table: str, one: float, other: float, label: datetime
) -> None:
    lower = us_aqi.sub_index(table, min(one, other), label)
    higher = us_aqi.sub_index(table, max(one, other), label)
    if lower is not None and higher is not None:
        assert 0 <= lower <= higher <= 500


@given(st.floats(min_value=0, max_value=700))
def test_the_same_pm2_5_never_looks_better_on_the_us_scale(concentration: float) -> None:
    american, vietnamese = (
        us_aqi.sub_index("pm2_5", concentration, NOW),
        vn_aqi.sub_index("pm2_5", concentration),
    )
    assert american is not None
    assert vietnamese is not None
    assert american >= vietnamese
