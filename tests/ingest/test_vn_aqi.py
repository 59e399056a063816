"""Decision 1459/QĐ-TCMT: the examples of its text, and values computed from its tables by hand."""

import math
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.indicators import vn_aqi
from storage.model import Domain

# Official example 1: 09:00 → 20:00, newest last.
EXAMPLE_1 = [26.9, 24.7, 20.5, 23.5, 19.5, 16.5, 19.0, 16.5, 20.3, 22.4, 19.6, 20.6]


@pytest.mark.parametrize(
    ("pollutant", "concentration", "index"),
    [
        ("pm2_5", 0, 0),
        ("pm2_5", 12.5, 25),
        ("pm2_5", 25, 50),
        ("pm2_5", 55.7, 110),  # 109.5 exactly, halves go up
        ("pm2_5", 150, 200),
        ("pm2_5", 500, 500),
        ("pm2_5", 900, 500),
        ("pm2_5", -0.8, 0),
        ("pm10", 150, 100),
        ("pm10", 385, 250),
        ("so2", 237.5, 75),
        ("co", 37_500, 125),
        ("o3_8h", 300, 247),
        ("o3_8h", 400, 300),
        ("o3_8h", 89.3, 45),
        ("o3_1h", 114.6, 36),
        ("o3_1h", 136.1, 43),
        ("no2", 130.8, 65),
        ("no2", 118.7, 59),  # the text prints 60, an arithmetic slip: 59.35
    ],
)
def test_sub_index_follows_table_2(pollutant: str, concentration: float, index: int) -> None:
    assert vn_aqi.sub_index(pollutant, concentration) == index


def test_eight_hour_ozone_above_400_has_no_index() -> None:
    assert vn_aqi.sub_index("o3_8h", 400.1) is None


def test_an_unknown_pollutant_and_nan_are_errors() -> None:
    with pytest.raises(KeyError):
        vn_aqi.sub_index("pm1", 3.0)
    with pytest.raises(ValueError, match="pm10"):
        vn_aqi.sub_index("pm10", float("nan"))


def test_nowcast_of_the_official_example() -> None:
    concentration = vn_aqi.nowcast(EXAMPLE_1[::-1])
    assert concentration == pytest.approx(20.266, abs=0.0005)
    assert vn_aqi.sub_index("pm2_5", concentration or 0) == 41


@pytest.mark.parametrize(
    ("hours", "concentration", "index"),
    [
        ([180, 150, 120, 100, 80, 60, 50, 45, 40, 40, 38, 36], 152.9358, 203),
        ([35] * 12, 35.0, 70),
    ],
)
def test_nowcast_is_normalised(hours: list[float], concentration: float, index: int) -> None:
    assert vn_aqi.nowcast(hours) == pytest.approx(concentration, abs=0.00005)
    assert vn_aqi.sub_index("pm2_5", concentration) == index


@pytest.mark.parametrize(
    ("newest", "exists"),
    [([1, 1, 1], True), ([1, 1, None], True), ([None, 1, 1], True), ([1, None, None], False)],
)
def test_nowcast_needs_two_of_the_three_newest_hours(newest: list[float | None], exists: bool) -> None:
    assert (vn_aqi.nowcast([*newest, *[40.0] * 9]) is not None) is exists


def test_a_missing_hour_has_no_weight() -> None:
    hours: list[float | None] = [35.0] * 12
    hours[4] = hours[7] = None
    assert vn_aqi.nowcast(hours) == pytest.approx(35.0)


def test_nowcast_of_clean_air_is_zero_and_of_eleven_hours_an_error() -> None:
    assert vn_aqi.nowcast([0.0] * 12) == 0.0
    with pytest.raises(ValueError, match="12"):
        vn_aqi.nowcast([1.0] * 11)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("hour", [1, 5, 12])
def test_nowcast_of_what_is_no_number_is_an_error_that_names_the_hour(bad: float, hour: int) -> None:
    hours: list[float | None] = [40.0] * 12
    hours[hour - 1] = bad
    with pytest.raises(ValueError, match=f"hour {hour} of 12"):
        vn_aqi.nowcast(hours)


def test_the_hourly_index_is_the_highest_sub_index() -> None:
    def hour(newest: float) -> list[float | None]:
        return [newest, *[None] * 11]

    index = vn_aqi.hourly({"o3": hour(136.1), "no2": hour(118.7), "pm2_5": list(EXAMPLE_1[::-1])})
    assert index is not None
    assert (index.value, index.dominant) == (59, "no2")
    assert index.sub_indices == {"o3": 43, "no2": 59, "pm2_5": 41}


def test_without_particles_no_index_is_published() -> None:
    assert vn_aqi.hourly({"o3": [136.1, *[None] * 11]}) is None


@pytest.mark.parametrize(
    ("value", "rounded"), [(62.5, 63), (61.5, 62), (62.49, 62), (109.4999999999999, 110)]
)
def test_halves_go_up(value: float, rounded: int) -> None:
    assert vn_aqi.half_up(value) == rounded


EXAMPLE_4 = [
    *(15.7, 14.2, 17.7, 18.9, 19.3, 15.7),  # 18:00 … 23:00 of the day before
    *(19.7, 22.6, 27.1, 29.0, 31.9, 25.3, 34.7, 35.2, 41.6, 45.7, 49.2, 55.8),  # 00:00 … 11:00
    *(69.6, 78.3, 91.5, 97.7, 81.2, 71.8, 43.5, 34.3, 21.5, 20.5, 19.4, 20.4, 21.3),  # 12:00 … 24:00
]
"""Official example 4, oldest first: O3 of 31 hours."""

Hours = list[float | None]


def day(value: float | None) -> Hours:
    return [value] * 24


def with_peak(low: float, peak: float, length: int = 24) -> Hours:
    return [*[low] * (length // 2), peak, *[low] * (length - length // 2 - 1)]


def test_official_example_2_is_the_hourly_index_with_what_it_is_of() -> None:
    index = vn_aqi.hourly({"o3": [136.1], "no2": [118.7], "pm2_5": list(EXAMPLE_1[::-1])})
    assert index is not None
    assert index.concentrations == {"pm2_5": pytest.approx(20.266, abs=0.0005), "no2": 118.7, "o3_1h": 136.1}


def test_official_example_3_is_the_daily_index() -> None:
    """O3 8 h 89.3 → 45, O3 1 h 114.6 → 36, NO2 130.8 → 65, PM2.5 24 h 55.7 → 110."""
    o3: Hours = [*[10.0] * 23, *[(8 * 89.3 - 114.6) / 7] * 7, 114.6]
    assert vn_aqi.highest(vn_aqi.eight_hour_means(o3)) == pytest.approx(89.3)
    index = vn_aqi.daily({"o3": o3[::-1], "no2": with_peak(40.0, 130.8), "pm2_5": day(55.7)})
    assert index is not None
    assert (index.value, index.dominant) == (110, "pm2_5")
    assert index.sub_indices == {"pm2_5": 110, "no2": 65, "o3": 45}
    assert index.concentrations["o3_1h"] == 114.6
    assert vn_aqi.category(index.value).name.vi == "Kém"


def test_official_example_4_has_its_eight_hour_means() -> None:
    means = vn_aqi.eight_hour_means(EXAMPLE_4[::-1])
    assert len(means) == 24
    assert means[-1] == pytest.approx(18.0, abs=0.05)  # at 01:00
    assert vn_aqi.highest(means) == means[24 - 17] == pytest.approx(74.4, abs=0.05)  # at 17:00


def test_eight_hour_ozone_above_400_leaves_the_day_to_the_highest_hour() -> None:
    index = vn_aqi.daily({"pm2_5": day(20.0), "o3": [450.0] * 31})
    assert index is not None
    assert index.sub_indices["o3"] == 213  # 450 of 1 h: 200 + 100 · 50 / 400 = 212.5
    assert index.concentrations["o3_8h"] == 450.0


def test_the_daily_index_takes_means_of_particles_and_not_their_nowcast() -> None:
    pm: Hours = [*[100.0] * 12, *[0.0] * 12]
    index = vn_aqi.daily({"pm10": pm})
    assert index is not None
    assert index.value == 50


def test_a_day_has_no_index_without_particles() -> None:
    assert vn_aqi.daily({"no2": day(200.0)}) is None
    assert vn_aqi.daily({"no2": day(200.0), "pm10": day(None)}) is None


@pytest.mark.parametrize(("hours", "exists"), [(18, True), (17, False)])
def test_a_24_hour_mean_needs_18_hours(hours: int, exists: bool) -> None:
    pm: Hours = [*[30.0] * hours, *[None] * (24 - hours)]
    assert (vn_aqi.daily({"pm2_5": pm}) is not None) is exists
    lenient = vn_aqi.Availability(day_hours=1)
    assert vn_aqi.daily({"pm2_5": pm}, lenient) is not None


@pytest.mark.parametrize(("hours", "exists"), [(6, True), (5, False)])
def test_an_8_hour_mean_needs_6_hours(hours: int, exists: bool) -> None:
    (mean,) = vn_aqi.eight_hour_means([*[60.0] * hours, *[None] * (8 - hours)])
    assert (mean is not None) is exists


def test_the_literal_nowcast_under_reads_where_hours_are_missing() -> None:
    full: Hours = [180, 150, 120, 100, 80, 60, 50, 45, 40, 40, 38, 36]
    assert vn_aqi.nowcast(full, mode="literal") == pytest.approx(152.8984, abs=0.00005)
    assert vn_aqi.nowcast([35.0] * 12, mode="literal") == pytest.approx(35.0)
    gap: Hours = [180, None, 60, *[None] * 9]
    assert vn_aqi.nowcast(gap, mode="literal") == pytest.approx(180 / 2 + 60 / 8)
    assert vn_aqi.nowcast(gap) == pytest.approx((180 + 60 / 4) / (1 + 1 / 4))


@pytest.mark.parametrize(
    ("value", "name", "english", "color"),
    [
        (0, "Tốt", "Good", "#00E400"),
        (50, "Tốt", "Good", "#00E400"),
        (50.5, "Trung bình", "Moderate", "#FFFF00"),
        (100.4, "Trung bình", "Moderate", "#FFFF00"),
        (100.5, "Kém", "Poor", "#FF7E00"),
        (150, "Kém", "Poor", "#FF7E00"),
        (151, "Xấu", "Bad", "#FF0000"),
        (201, "Rất xấu", "Very bad", "#8F3F97"),
        (300, "Rất xấu", "Very bad", "#8F3F97"),
        (301, "Nguy hại", "Hazardous", "#7E0023"),
        (500, "Nguy hại", "Hazardous", "#7E0023"),
    ],
)
def test_a_class_is_that_of_the_rounded_index(value: float, name: str, english: str, color: str) -> None:
    found = vn_aqi.category(value)
    assert (found.name.vi, found.name.en, found.color) == (name, english, color)


@pytest.mark.parametrize("value", [-1, 501])
def test_beyond_the_scale_there_is_no_class(value: float) -> None:
    with pytest.raises(ValueError, match="0 to 500"):
        vn_aqi.category(value)


def test_both_groups_are_advised_in_both_languages() -> None:
    for found in vn_aqi.CATEGORIES:
        texts = (found.advice.general, found.advice.sensitive, found.effect, found.name, found.color_word)
        assert all(text.vi and text.en and text.vi != text.en for text in texts)
    assert vn_aqi.advice(30).general == vn_aqi.advice(30).sensitive
    assert vn_aqi.advice(180).general != vn_aqi.advice(180).sensitive
    assert "mask" in vn_aqi.advice(180).sensitive.en
    assert "khẩu trang" in vn_aqi.advice(250).general.vi
    assert "doors and windows shut" in vn_aqi.advice(400).general.en


def test_the_catalogue_colours_as_the_decision_does(domains: Mapping[str, Domain]) -> None:
    for key in ("vn_aqi", "vn_aqi_daily"):
        bands = domains["air_quality"].properties[key].bands
        shown = [(band.level, band.label, band.color) for band in bands]
        assert shown == [(found.level, found.name, found.color) for found in vn_aqi.CATEGORIES]
        assert [band.below for band in bands[:-1]] == [found.high + 1 for found in vn_aqi.CATEGORIES[:-1]]


concentrations = st.floats(min_value=-15, max_value=4_000)
missing_hours = st.lists(st.none() | concentrations, min_size=12, max_size=12)


@given(st.sampled_from(sorted(vn_aqi.BREAKPOINTS)), concentrations, concentrations)
def test_more_of_a_pollutant_never_lowers_its_index(pollutant: str, one: float, other: float) -> None:
    lower = vn_aqi.sub_index(pollutant, min(one, other))
    higher = vn_aqi.sub_index(pollutant, max(one, other))
    if lower is None:
        assert higher is None
    elif higher is not None:
        assert 0 <= lower <= higher <= 500


@given(missing_hours)
def test_nowcast_lies_between_its_lowest_and_highest_hour(hours: Hours) -> None:
    found = vn_aqi.nowcast(hours)
    present = [value for value in hours if value is not None]
    if found is not None:
        assert min(present) - 1e-6 <= found <= max(0.0, *present) + 1e-6


@given(st.lists(st.none() | concentrations, min_size=24, max_size=24), st.randoms(use_true_random=False))
def test_a_day_is_the_same_in_whatever_order_its_hours_come(hours: Hours, random: Random) -> None:
    shuffled = random.sample(hours, len(hours))
    means, others = {"pm2_5": hours, "no2": hours}, {"pm2_5": shuffled, "no2": shuffled}
    assert vn_aqi.daily(means) == vn_aqi.daily(others)
