"""Units: every linear pair against the library `pint`, gases by hand, and what is refused."""

import math
import tomllib
from itertools import permutations

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import conversion
from ingest.conversion import UnknownUnit, canonical, convert
from storage import catalog
from storage.units import SYMBOLS

# UCUM code → the same unit in pint's words.
PINT = {
    "g/m3": "g/m^3",
    "ng/m3": "ng/m^3",
    "ug/m3": "ug/m^3",
    "mg/m3": "mg/m^3",
    "kg/m3": "kg/m^3",
    "ng/L": "ng/L",
    "ug/L": "ug/L",
    "mg/L": "mg/L",
    "g/L": "g/L",
    "1": "dimensionless",
    "%": "percent",
    "[ppth]": "permille",
    "[ppm]": "ppm",
    "K": "kelvin",
    "Cel": "degC",
    "[degF]": "degF",
    "Pa": "Pa",
    "hPa": "hPa",
    "kPa": "kPa",
    "MPa": "MPa",
    "mbar": "mbar",
    "bar": "bar",
    "atm": "atm",
    "mm[Hg]": "mmHg",
    "[in_i'Hg]": "inHg",
    "[psi]": "psi",
    "m/s": "m/s",
    "cm/s": "cm/s",
    "km/h": "km/h",
    "mm/h": "mm/h",
    "[kn_i]": "knot",
    "[mi_i]/h": "mph",
    "deg": "degree",
    "rad": "radian",
    "S/m": "S/m",
    "mS/m": "mS/m",
    "dS/m": "dS/m",
    "S/cm": "S/cm",
    "mS/cm": "mS/cm",
    "uS/cm": "uS/cm",
    "uS/m": "uS/m",
    "V": "V",
    "mV": "mV",
    "uV": "uV",
    "A": "A",
    "mA": "mA",
    "m": "m",
    "mm": "mm",
    "cm": "cm",
    "dm": "dm",
    "km": "km",
    "[in_i]": "inch",
    "[ft_i]": "foot",
    "s": "s",
    "ms": "ms",
    "min": "min",
    "h": "hour",
    "d": "day",
    "Hz": "Hz",
    "kHz": "kHz",
    "MHz": "MHz",
    "kg": "kg",
    "g": "g",
    "t": "tonne",
    "m3": "m^3",
    "L": "L",
    "mL": "mL",
    "m3/s": "m^3/s",
    "L/s": "L/s",
    "L/min": "L/min",
    "m3/h": "m^3/h",
    "W": "W",
    "mW": "mW",
    "kW": "kW",
    "J": "J",
    "Wh": "W*h",
    "kWh": "kW*h",
    "lx": "lx",
    "klx": "klx",
    "W/m2": "W/m^2",
    "{MPN}/dL": "count/dL",
    "{MPN}/mL": "count/mL",
    "{MPN}/L": "count/L",
}
# What pint can't compare: ppb, logarithms (`dB` of what?), scales of their own.
BY_HAND = {
    "[ppb]",
    "dBm",
    "dBW",
    "dB[SPL]",
    "B[SPL]",
    "dB",
    "[pH]",
    "[NTU]",
    "[FNU]",
    "{AQI}",
    "{US_AQI}",
    "{WQI}",
    "[VND]",
}
PAIRS = [
    pair for units in conversion._KINDS.values() for pair in permutations(units, 2) if not BY_HAND & {*pair}
]
NUMBERS = st.floats(-1e9, 1e9)


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry:
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def test_every_unit_is_compared_with_pint_or_by_hand() -> None:
    assert {unit for units in conversion._KINDS.values() for unit in units} == {*PINT, *BY_HAND}


@pytest.mark.parametrize(("unit", "to"), PAIRS, ids=lambda unit: unit)
def test_a_linear_pair_agrees_with_pint(unit: str, to: str, registry: pint.UnitRegistry) -> None:
    for value in (-17.3, 0.0, 1.0, 35.2, 98765.4321):
        expected = registry.Quantity(value, PINT[unit]).to(PINT[to]).magnitude
        assert convert(value, unit, to) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (98.6, "°F", "Cel", 37.0),
        (-40, "degF", "Cel", -40.0),
        (293.15, "K", "Cel", 20.0),
        (35.2, "mg/m3", "ug/m3", 35200.0),
        (101325, "Pa", "hPa", 1013.25),
        (1, "atm", "hPa", 1013.25),
        (0.54, "1", "%", 54.0),
        (0.005, "S/m", "uS/cm", 50.0),  # the WaterQualityObserved example, if it is in S/m
        (0.2, "l/m2", "mm", 0.2),
        (1500, "ppb", "[ppm]", 1.5),
        (0.25, "[ppm]", "ppb", 250.0),
        (0, "dBW", "dBm", 30.0),
        (-70.5, "dBm", "dBW", -100.5),
        (6.2, "Bspl", "dB[SPL]", 62.0),
        (62, "dB(A)", "dB[SPL]", 62.0),
        (7.4, "C62", "[pH]", 7.4),
        (12.5, "ntu", "[NTU]", 12.5),
        (0, "°C", "Cel", 0.0),
    ],
)
def test_what_people_know_by_heart_comes_out_exactly(
    value: float, unit: str, to: str, expected: float
) -> None:
    assert convert(value, unit, to) == expected


@pytest.mark.parametrize(
    ("substance", "value", "unit", "to", "expected"),
    [
        # ppb · M / 24.45, by hand: domain.md 1.9
        ("o3", 100, "ppb", "ug/m3", 196.32),  # 100 · 48.00 / 24.45
        ("no2", 53, "ppb", "ug/m3", 99.735),  # 53 · 46.01 / 24.45
        ("so2", 75, "61", "ug/m3", 196.53),  # 75 · 64.07 / 24.45
        ("co", 9, "ppm", "ug/m3", 10310.4),  # 9000 · 28.01 / 24.45
        ("co", 10310.4, "ug/m3", "ppm", 9.0),
        ("co", 10.3104, "mg/m3", "[ppb]", 9000.0),
    ],
)
def test_gases_at_25_degrees_and_1_atm(
    substance: str, value: float, unit: str, to: str, expected: float
) -> None:
    assert convert(value, unit, to, substance=substance) == pytest.approx(expected, rel=5e-5)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("\u00b5g/m\u00b3", "ug/m3"),  # MICRO SIGN
        ("\u03bcg/m3", "ug/m3"),  # GREEK SMALL LETTER MU
        ("ug m-3", "ug/m3"),
        ("μg m⁻³", "ug/m3"),
        ("µS/cm", "uS/cm"),
        (" mg / L ", "mg/L"),
        ("℃", "Cel"),
        ("%RH", "%"),
        ("/", "1"),
        ("GQ", "ug/m3"),
        ("GP", "mg/m3"),
        ("G42", "uS/cm"),
        ("M1", "mg/L"),
        ("KMH", "km/h"),
    ],
)
def test_notations_of_the_field(unit: str, expected: str) -> None:
    assert canonical(unit) == expected


@pytest.mark.parametrize("unit", SYMBOLS)
def test_units_of_the_catalogue_are_their_own_names(unit: str) -> None:
    assert canonical(unit) == unit
    assert convert(1.5, unit, unit) == 1.5


@pytest.mark.parametrize("symbol", [symbol for symbol in SYMBOLS.values() if symbol not in ("", "VN_AQI")])
def test_what_our_pages_show_is_understood(symbol: str) -> None:
    canonical(symbol)


def test_every_unit_of_the_shipped_catalogue_is_known() -> None:
    for path in catalog.SHIPPED.glob("*.toml"):
        for property_ in tomllib.loads(path.read_text("utf-8")).get("property", {}).values():
            assert canonical(property_["unit"]) == property_["unit"]


def test_no_notation_is_said_twice() -> None:
    assert {alias for alias in conversion._ALIASES if alias in conversion._KIND_OF} == set()
    assert {unit for unit in conversion._ALIASES.values() if unit not in conversion._KIND_OF} == set()


@pytest.mark.parametrize(
    ("unit", "to", "substance", "why"),
    [
        ("ppb", "ug/m3", "pm2_5", "'ppb' can't be converted to ug/m3: .* 'pm2_5' has none"),
        ("ppm", "mg/L", "dissolved_oxygen", "'dissolved_oxygen' has none"),
        ("C", "Cel", "temperature", "coulomb"),
        ("F", "Cel", "temperature", "farad"),
        ("", "uS/cm", "conductivity", "no unit is given"),
        ("  ", "uS/cm", "conductivity", "no unit is given"),
        ("furlong", "m", "water_level", "'furlong' is no unit that is known here"),
        ("NTU", "[FNU]", "turbidity", "white light.* is not .*infrared"),
        ("m", "Cel", "temperature", "length is not temperature"),
        ("%", "[pH]", "ph", "ratio is not pH"),
        ("m" * 100_000, "m", "water_level", "is no unit"),
        ("m", "t/ha", "yield", "'t/ha' is no unit"),
    ],
)
def test_what_is_refused_names_unit_and_target(unit: str, to: str, substance: str, why: str) -> None:
    with pytest.raises(UnknownUnit, match=why) as refused:
        convert(1.0, unit, to, substance=substance)
    assert len(str(refused.value)) < 200


def test_a_unit_of_a_city_s_own_catalogue_needs_no_table() -> None:
    assert convert(3.5, "t/ha", "t/ha") == 3.5


@given(pair=st.sampled_from(PAIRS), value=NUMBERS)
def test_there_and_back_is_where_we_were(pair: tuple[str, str], value: float) -> None:
    there = convert(value, *pair)
    back = convert(there, pair[1], pair[0])
    smallest = max(abs(convert(1e-9, pair[1], pair[0]) - convert(0, pair[1], pair[0])), 1e-9)
    assert back == pytest.approx(value, rel=1e-9, abs=smallest)


@given(gas=st.sampled_from(sorted(conversion.MOLAR_MASS)), value=NUMBERS)
def test_gases_there_and_back(gas: str, value: float) -> None:
    there = convert(value, "[ppb]", "ug/m3", substance=gas)
    assert convert(there, "ug/m3", "[ppb]", substance=gas) == pytest.approx(value, rel=1e-12, abs=1e-12)


@given(unit=st.text(max_size=40), to=st.sampled_from(sorted(SYMBOLS)), value=st.floats(allow_nan=False))
def test_any_text_is_a_unit_or_unknown(unit: str, to: str, value: float) -> None:
    try:
        converted = convert(value, unit, to, substance="o3")
    except UnknownUnit:
        return
    assert not math.isnan(converted)


# UN/CEFACT Recommendation 20: common code → the unit's name there, in pint's spelling.
RECOMMENDATION_20 = {
    "C62": "dimensionless",
    "P1": "percent",
    "59": "ppm",
    "GQ": "microgram / meter ** 3",
    "GP": "milligram / meter ** 3",
    "A93": "gram / meter ** 3",
    "H29": "microgram / liter",
    "M1": "milligram / liter",
    "GL": "gram / liter",
    "CEL": "degree_Celsius",
    "FAH": "degree_Fahrenheit",
    "KEL": "kelvin",
    "PAL": "pascal",
    "A97": "hectopascal",
    "KPA": "kilopascal",
    "MBR": "millibar",
    "BAR": "bar",
    "ATM": "standard_atmosphere",
    "HN": "millimeter_Hg",
    "MTS": "meter / second",
    "KMH": "kilometer / hour",
    "KNT": "knot",
    "DD": "degree",
    "C81": "radian",
    "D10": "siemens / meter",
    "H61": "millisiemens / centimeter",
    "G42": "microsiemens / centimeter",
    "VLT": "volt",
    "2Z": "millivolt",
    "AMP": "ampere",
    "MTR": "meter",
    "CMT": "centimeter",
    "MMT": "millimeter",
    "KMT": "kilometer",
    "INH": "inch",
    "FOT": "foot",
    "SEC": "second",
    "MIN": "minute",
    "HUR": "hour",
    "DAY": "day",
}


@pytest.mark.parametrize(("code", "name"), RECOMMENDATION_20.items())
def test_a_common_code_is_the_unit_that_recommendation_20_names(
    code: str, name: str, registry: pint.UnitRegistry
) -> None:
    assert registry.Unit(PINT[canonical(code)]) == registry.Unit(name)
