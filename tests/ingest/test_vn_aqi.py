"""Decision 1459/QĐ-TCMT: the examples of its text, and values computed from its tables by hand."""

import pytest

from ingest.indicators import vn_aqi

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
