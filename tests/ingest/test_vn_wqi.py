"""VN_WQI against the check values and worked examples of the domain facts (3.2, 3.4, 3.5), and its properties."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.indicators import vn_wqi
from ingest.indicators.vn_wqi import TABLES, evaluate, wqi
from storage.catalog import load_catalog

EXAMPLE: Mapping[str, float] = {
    "ph": 8.7,
    "dissolved_oxygen": 3.6,
    "water_temperature": 28,
    "bod5": 12,
    "cod": 28,
    "ammonium": 0.45,
    "nitrate": 1.2,
    "nitrite": 0.03,
    "phosphate": 0.15,
    "coliform": 6000,
}
"""Worked example 1 of 3.5: 55."""
SONDE: Mapping[str, float] = {"ph": 7.4, "dissolved_oxygen": 5.0, "water_temperature": 30, "ammonium": 0.3}
"""Worked example 2 of 3.5: not computable."""
CLEAN: Mapping[str, float] = {
    "ph": 7,
    "dissolved_oxygen": 9.0,
    "water_temperature": 20,
    "bod5": 1,
    "cod": 1,
    "coliform": 0,
}


def test_worked_example_1() -> None:
    found = evaluate(EXAMPLE)
    assert found.value == 55
    expected = {
        "ph": 80,
        "dissolved_oxygen": 47.1759,
        "bod5": 58.3333,
        "cod": 53.3333,
        "ammonium": 62.5,
        "nitrate": 100,
        "nitrite": 100,
        "phosphate": 87.5,
    }
    for key, q in expected.items():
        assert found.sub_indices[key] == pytest.approx(q, abs=5e-5), key
    assert found.oxygen_percent == pytest.approx(46.6111, abs=5e-5)
    assert found.groups["IV"] == pytest.approx(72.6918, abs=5e-5)
    assert found.groups["V"] == 65
    assert found.missing_groups == ["II", "III"]
    assert found.group_iv_lacks == 0
    assert vn_wqi.classify(55).label.vi == "Trung bình"


def test_worked_example_2_a_sonde_alone_has_no_index_and_an_indicative_one_that_names_what_is_missing() -> (
    None
):
    found = evaluate(SONDE)
    assert wqi(SONDE) is None
    assert found.value is None
    assert found.oxygen_percent == pytest.approx(67.2278, abs=5e-5)
    assert found.sub_indices["ammonium"] == 75
    assert found.missing_groups == ["II", "III", "V"]
    assert found.group_iv_lacks == 1
    assert (
        found.indicative == 71
    )  # by hand: DO% 67.2278 → 67.2278; (67.2278 + 75)/2 = 71.11; pH and the others 100


@pytest.mark.parametrize(
    ("percent", "q"),
    [
        (19.99, 10),
        (20, 25),
        (50, 50),
        (75, 75),
        (88, 100),
        (100, 100),
        (112, 100),
        (125, 75),
        (150, 50),
        (200, 25),
        (200.01, 10),
        (0, 10),
        (81.5, 87.5),
    ],
)
def test_sub_index_of_oxygen(percent: float, q: float) -> None:
    assert TABLES["dissolved_oxygen"].at(percent) == pytest.approx(q)


@pytest.mark.parametrize(
    ("ph", "q"),
    [
        (5.49, 10),
        (5.5, 50),
        (5.75, 75),
        (6, 100),
        (7, 100),
        (8.5, 100),
        (8.75, 75),
        (9, 50),
        (9.01, 10),
        (0, 10),
    ],
)
def test_sub_index_of_ph(ph: float, q: float) -> None:
    assert TABLES["ph"].at(ph) == pytest.approx(q)


COLUMNS = {
    # the tables of 3.2: value at q = 100, 75, 50, 25, then where 10 begins
    "bod5": (4, 6, 15, 25, 50),
    "toc": (4, 6, 15, 25, 50),
    "cod": (10, 15, 30, 50, 150),
    "phosphate": (0.1, 0.2, 0.3, 0.5, 4),
    "chromium_vi": (0.01, 0.02, 0.04, 0.05, 0.1),
    "copper": (0.1, 0.2, 0.5, 1, 2),
    "zinc": (0.5, 1, 1.5, 2, 3),
    "nitrate": (2, 5, 10, 15, 15.001),
    "coliform": (2500, 5000, 7500, 10000, 10001),
    "e_coli": (20, 50, 100, 200, 201),
    "arsenic": (0.01, 0.02, 0.05, 0.1, 0.1001),
    "ammonium": (0.2999, 0.3, 0.6, 0.9, 5),
    "cadmium": (0.00499, 0.005, 0.008, 0.01, 0.1),
    "lead": (0.01999, 0.02, 0.04, 0.05, 0.5),
    "mercury": (0.00099, 0.001, 0.0015, 0.002, 0.01),
}


@pytest.mark.parametrize("key", COLUMNS)
def test_sub_indices_at_the_knots_of_the_tables(key: str) -> None:
    for value, q in zip(COLUMNS[key], (100, 75, 50, 25, 10), strict=True):
        assert TABLES[key].at(value) == pytest.approx(q), value
    assert TABLES[key].at(0) == 100
    assert TABLES[key].at(COLUMNS[key][-1] * 1000) == 10


def test_nitrite_and_pesticides_are_good_or_bad() -> None:
    for key, limit in {"nitrite": 0.05, "aldrin": 0.1, "bhc": 0.02, "ddt": 1.0, "heptachlor": 0.2}.items():
        assert (TABLES[key].at(limit), TABLES[key].at(limit * 1.001)) == (100, 10)


def test_every_parameter_has_a_table_and_a_group() -> None:
    grouped = [key for parameters in vn_wqi.GROUPS.values() for key in parameters]
    assert sorted(grouped) == sorted(TABLES)


def test_three_groups_with_group_iv_and_three_of_its_parameters_are_the_minimum() -> None:
    assert wqi(CLEAN) == 100
    assert wqi({**CLEAN, "coliform": None}) is None  # two groups
    assert wqi({**CLEAN, "cod": None}) is None  # two parameters of group IV
    assert wqi({**CLEAN, "coliform": None, "zinc": 0.1}) == 100  # III instead of V
    assert wqi({"ph": 7, "zinc": 0.1, "copper": 0.1, "coliform": 10}) is None  # no group IV at all
    assert wqi({}) is None
    assert evaluate({}).indicative is None


def test_oxygen_without_the_temperature_is_no_parameter() -> None:
    without = {key: value for key, value in CLEAN.items() if key != "water_temperature"}
    assert wqi(without) is None
    assert wqi({**without, "nitrate": 1}) == 100
    assert "dissolved_oxygen" not in evaluate(without).sub_indices


def test_metals_enter_by_their_geometric_mean() -> None:
    found = evaluate({**CLEAN, "arsenic": 0.1, "copper": 0.1})
    assert found.groups["III"] == pytest.approx(50)  # √(25 · 100)
    assert found.value == 50


def test_without_microbes_the_index_is_that_of_group_iv() -> None:
    found = evaluate({"ph": 7, "zinc": 0, "bod5": 15, "cod": 30, "nitrate": 10})
    assert found.value == 50


def test_halves_are_rounded_up() -> None:
    sample = {"ph": 7, "zinc": 0, "bod5": 15, "cod": 30, "nitrate": 9, "toc": 14.55}
    assert [round(q, 6) for q in evaluate(sample).sub_indices.values() if q < 100] == [50, 50, 51.25, 55]
    assert vn_wqi.half_up(62.5) == 63
    assert vn_wqi.half_up(54.4999999) == 54


@pytest.mark.parametrize("key", [*TABLES, "water_temperature"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -0.001, 10**400, "7", True, object()])
def test_what_is_no_measurement_is_an_error_that_names_the_parameter(key: str, bad: float) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        wqi({**CLEAN, key: bad})


def test_ph_above_14_is_no_measurement_and_14_is() -> None:
    assert wqi({**CLEAN, "ph": 14}) == 10
    with pytest.raises(ValueError, match=r"ph: 14\.1"):
        wqi({**CLEAN, "ph": 14.1})


def test_zero_is_a_value() -> None:
    zero = dict.fromkeys([key for key in TABLES if key != "ph"], 0.0)
    found = evaluate({**zero, "ph": 7, "water_temperature": 0})
    assert found.sub_indices["dissolved_oxygen"] == 10
    assert all(found.sub_indices[key] == 100 for key in zero if key != "dissolved_oxygen")


def test_the_turbidity_of_a_sonde_is_no_part_of_it() -> None:
    assert wqi({**CLEAN, "turbidity": 900.0, "conductivity": -1.0}) == 100


@pytest.mark.parametrize(
    ("index", "vi"),
    [
        (100, "Rất tốt"),
        (91, "Rất tốt"),
        (90, "Tốt"),
        (76, "Tốt"),
        (75, "Trung bình"),
        (51, "Trung bình"),
        (50, "Xấu"),
        (26, "Xấu"),
        (25, "Kém"),
        (10, "Kém"),
        (9, "Ô nhiễm rất nặng"),
        (0, "Ô nhiễm rất nặng"),
    ],
)
def test_the_scale(index: int, vi: str) -> None:
    assert vn_wqi.classify(index).label.vi == vi


def test_there_is_no_class_outside_of_the_scale() -> None:
    for index in (-1, 101):
        with pytest.raises(ValueError, match="0 to 100"):
            vn_wqi.classify(index)


def test_the_catalogue_shows_the_same_classes_and_says_what_is_only_indicative() -> None:
    properties = load_catalog()["water_quality"].properties
    for index in range(101):
        water_class = vn_wqi.classify(index)
        official, indicative = (properties[key].band(index) for key in ("vn_wqi", "wqi_indicative"))
        assert official is not None
        assert indicative is not None
        assert (official.label, official.color) == (water_class.label, water_class.color)
        assert indicative.label.en == f"{water_class.label.en} (indicative)"
        assert indicative.color == water_class.color


PARAMETERS = sorted({*TABLES, "water_temperature"})
RANGES = {"ph": st.floats(0, 14), "water_temperature": st.floats(0, 60), "coliform": st.floats(0, 1e6)}
SAMPLES = st.fixed_dictionaries({}, optional={k: RANGES.get(k, st.floats(0, 200)) for k in PARAMETERS})
COMPLETE = st.fixed_dictionaries(
    {key: RANGES.get(key, st.floats(0, 60)) for key in ("ph", "bod5", "cod", "nitrate", "coliform")},
    optional={key: st.floats(0, 5) for key in vn_wqi.GROUPS["III"]},
)
WORSE_WHEN_MORE = sorted({*TABLES} - {"ph", "dissolved_oxygen"})


@given(SAMPLES)
def test_an_index_is_from_0_to_100_and_never_without_its_groups(sample: dict[str, float]) -> None:
    found = evaluate(sample)
    assert found.value is None or 0 <= found.value <= 100
    assert found.value is None or found.value == found.indicative
    assert found.value is None or ("IV" in found.groups and len(found.groups) >= 3)
    assert all(10 <= q <= 100 for q in found.sub_indices.values())
    assert wqi({**dict.fromkeys(PARAMETERS), **sample}) == found.value


@given(COMPLETE, st.sampled_from(WORSE_WHEN_MORE), st.floats(0, 300), st.floats(0, 300))
def test_more_of_a_pollutant_is_never_better(
    sample: dict[str, float], key: str, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    less, more = wqi({**sample, key: low}), wqi({**sample, key: high})
    assert less is not None
    assert more is not None
    assert more <= less


@given(COMPLETE, st.floats(0, 35), st.floats(0, 112), st.floats(0, 112))
def test_more_oxygen_is_never_worse_up_to_112_percent(
    sample: dict[str, float], temperature: float, one: float, other: float
) -> None:
    held = 14.652 - 0.41022 * temperature + 0.0079910 * temperature**2 - 0.000077774 * temperature**3
    low, high = (held * percent / 100.0001 for percent in sorted((one, other)))
    less = wqi({**sample, "water_temperature": temperature, "dissolved_oxygen": low})
    more = wqi({**sample, "water_temperature": temperature, "dissolved_oxygen": high})
    assert less is not None
    assert more is not None
    assert more >= less


@given(COMPLETE, st.floats(0, 6), st.floats(0, 6), st.floats(8.5, 14), st.floats(8.5, 14))
def test_the_nearer_to_neutral_the_better(
    sample: dict[str, float], acid: float, less_acid: float, alkaline: float, more_alkaline: float
) -> None:
    acid, less_acid = sorted((acid, less_acid))
    alkaline, more_alkaline = sorted((alkaline, more_alkaline))
    assert (wqi({**sample, "ph": acid}) or 0) <= (wqi({**sample, "ph": less_acid}) or 0)
    assert (wqi({**sample, "ph": alkaline}) or 0) >= (wqi({**sample, "ph": more_alkaline}) or 0)
