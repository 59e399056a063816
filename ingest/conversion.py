"""Units of the field, in the notations that devices use, to the UCUM units of the catalogue. Pure.

Two tables: `_KINDS` holds every unit that we can compute with, by its UCUM code (or the catalogue's own where UCUM has
none), and `_ALIASES` the other notations. Letters that only look different (µ and μ, ³ and 3) are made equal first.
A notation that could mean two things is refused, never guessed: the source's file can say what is meant.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final


class UnknownUnit(ValueError):
    """A notation that nobody knows, or a unit that is of another kind than the one asked for."""


# Kind → UCUM code → factor to the kind's first unit. UCUM and NIST SP 811 give the factors that are not powers of ten.
_KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "concentration": {
        "g/m3": "1",
        "ng/m3": "1e-9",
        "ug/m3": "1e-6",
        "mg/m3": "1e-3",
        "kg/m3": "1e3",
        "ng/L": "1e-6",
        "ug/L": "1e-3",
        "mg/L": "1",
        "g/L": "1e3",
    },
    "ratio": {"1": "1", "%": "1e-2", "[ppth]": "1e-3", "[ppm]": "1e-6", "[ppb]": "1e-9"},
    "temperature": {"K": "1", "Cel": "1", "[degF]": "5/9"},
    "pressure": {
        "Pa": "1",
        "hPa": "100",
        "kPa": "1000",
        "MPa": "1e6",
        "mbar": "100",
        "bar": "1e5",
        "atm": "101325",
        "mm[Hg]": "133.322387415",
        "[in_i'Hg]": "3386.388640341",
        "[psi]": "44482216152605/6451600000",
    },
    "speed": {
        "m/s": "1",
        "cm/s": "1e-2",
        "km/h": "1000/3600",
        "mm/h": "1e-3/3600",
        "[kn_i]": "1852/3600",
        "[mi_i]/h": "1609.344/3600",
    },
    "angle": {"deg": "1", "rad": str(180 / Fraction(math.pi))},
    "conductivity": {
        "S/m": "1",
        "mS/m": "1e-3",
        "dS/m": "1e-1",
        "S/cm": "100",
        "mS/cm": "1e-1",
        "uS/cm": "1e-4",
        "uS/m": "1e-6",
    },
    "voltage": {"V": "1", "mV": "1e-3", "uV": "1e-6"},
    "current": {"A": "1", "mA": "1e-3"},
    "length": {
        "m": "1",
        "mm": "1e-3",
        "cm": "1e-2",
        "dm": "1e-1",
        "km": "1e3",
        "[in_i]": "0.0254",
        "[ft_i]": "0.3048",
    },
    "radio level": {"dBm": "1", "dBW": "1"},
    "sound level": {"dB[SPL]": "1", "B[SPL]": "10", "dB": "1"},
    "time": {"s": "1", "ms": "1e-3", "min": "60", "h": "3600", "d": "86400"},
    "frequency": {"Hz": "1", "kHz": "1e3", "MHz": "1e6"},
    "mass": {"kg": "1", "g": "1e-3", "t": "1e3"},
    "volume": {"m3": "1", "L": "1e-3", "mL": "1e-6"},
    "flow": {"m3/s": "1", "L/s": "1e-3", "L/min": "1e-3/60", "m3/h": "1/3600"},
    "power": {"W": "1", "mW": "1e-3", "kW": "1e3"},
    "energy": {"J": "1", "Wh": "3600", "kWh": "3600000"},
    "irradiance": {"W/m2": "1"},
    "illuminance": {"lx": "1", "klx": "1e3"},
    "pH": {"[pH]": "1"},
    "turbidity (white light)": {"[NTU]": "1"},
    "turbidity (infrared)": {"[FNU]": "1"},
    "microbes (most probable number)": {"{MPN}/dL": "1", "{MPN}/mL": "100", "{MPN}/L": "1e-1"},
    "index": {"{AQI}": "1"},
    "US air quality index": {"{US_AQI}": "1"},
    "water quality index": {"{WQI}": "1"},
    "money": {"[VND]": "1"},
}

_OFFSETS: Final[Mapping[str, str]] = {"Cel": "273.15", "[degF]": "45967/180", "dBW": "30"}
"""What is added after the factor."""

# Written as in the field. Where UCUM or a standard's code list is the origin it is named.
_ALIASES: Final[Mapping[str, str]] = {
    # UCUM: cases and variants
    "mg/l": "mg/L",
    "ug/l": "ug/L",
    "ng/l": "ng/L",
    "g/l": "g/L",
    "l": "L",
    "ml": "mL",
    "l/s": "L/s",
    "l/min": "L/min",
    "g.m-3": "g/m3",
    "mg.m-3": "mg/m3",
    "ug.m-3": "ug/m3",
    "[ppt_th]": "[ppth]",
    "W.h": "Wh",
    "kW.h": "kWh",
    "{count}": "1",
    "{NTU}": "[NTU]",
    "{FNU}": "[FNU]",
    "{MPN}/100.mL": "{MPN}/dL",
    "{MPN}/(100.mL)": "{MPN}/dL",
    # as people and vendors write
    "ug/m^3": "ug/m3",
    "mg/m^3": "mg/m3",
    "ug/Nm3": "ug/m3",  # at 25 °C and 760 mmHg (QCVN 05), as everything here
    "mg/Nm3": "mg/m3",
    "ppm": "[ppm]",
    "PPM": "[ppm]",
    "ppmv": "[ppm]",
    "ppb": "[ppb]",
    "PPB": "[ppb]",
    "ppbv": "[ppb]",
    "°C": "Cel",
    "ºC": "Cel",  # U+00BA, a common slip
    "℃": "Cel",
    "oC": "Cel",
    "degC": "Cel",
    "deg C": "Cel",
    "Celsius": "Cel",
    "celsius": "Cel",
    "°F": "[degF]",
    "ºF": "[degF]",
    "℉": "[degF]",
    "degF": "[degF]",
    "Fahrenheit": "[degF]",
    "fahrenheit": "[degF]",
    "Kelvin": "K",
    "kelvin": "K",
    "percent": "%",
    "pct": "%",
    "hpa": "hPa",
    "kpa": "kPa",
    "KPa": "kPa",
    "mb": "mbar",
    "mmHg": "mm[Hg]",
    "inHg": "[in_i'Hg]",
    "psi": "[psi]",
    "m.s-1": "m/s",
    "mps": "m/s",
    "kmh": "km/h",
    "kph": "km/h",
    "kn": "[kn_i]",
    "kt": "[kn_i]",
    "knots": "[kn_i]",
    "mph": "[mi_i]/h",
    "°": "deg",
    "degree": "deg",
    "degrees": "deg",
    "ph": "[pH]",
    "pH": "[pH]",
    "ntu": "[NTU]",
    "NTU": "[NTU]",
    "fnu": "[FNU]",
    "FNU": "[FNU]",
    "MPN/100mL": "{MPN}/dL",
    "MPN/100ml": "{MPN}/dL",
    "MPN/mL": "{MPN}/mL",
    "MPN/L": "{MPN}/L",
    "WQI": "{WQI}",
    "VND": "[VND]",
    "đ": "[VND]",
    "US AQI": "{US_AQI}",
    "dBA": "dB[SPL]",
    "dB(A)": "dB[SPL]",
    "volt": "V",
    "mv": "mV",
    "in": "[in_i]",
    "inch": "[in_i]",
    "ft": "[ft_i]",
    "l/m2": "mm",  # of rain
    "L/m2": "mm",
    "lux": "lx",
    "sec": "s",
    "bool": "1",
    "boolean": "1",
    # SenML (RFC 8428, 12.1; RFC 8798) where it is not UCUM
    "/": "1",
    "/100": "%",
    "/1000": "[ppth]",
    "%RH": "%",
    "%EL": "%",
    "Bspl": "B[SPL]",
    "count": "1",
    # UN/CEFACT Recommendation 20, as NGSI's unitCode has it
    "C62": "1",
    "P1": "%",
    "59": "[ppm]",
    "61": "[ppb]",
    "GQ": "ug/m3",
    "GP": "mg/m3",
    "A93": "g/m3",
    "H29": "ug/L",
    "M1": "mg/L",
    "GL": "g/L",
    "CEL": "Cel",
    "FAH": "[degF]",
    "KEL": "K",
    "PAL": "Pa",
    "A97": "hPa",
    "KPA": "kPa",
    "MBR": "mbar",
    "BAR": "bar",
    "ATM": "atm",
    "HN": "mm[Hg]",
    "MTS": "m/s",
    "KMH": "km/h",
    "KNT": "[kn_i]",
    "DD": "deg",
    "C81": "rad",
    "D10": "S/m",
    "H61": "mS/cm",
    "G42": "uS/cm",
    "VLT": "V",
    "2Z": "mV",
    "AMP": "A",
    "MTR": "m",
    "CMT": "cm",
    "MMT": "mm",
    "KMT": "km",
    "INH": "[in_i]",
    "FOT": "[ft_i]",
    "2N": "dB",
    "SEC": "s",
    "MIN": "min",
    "HUR": "h",
    "DAY": "d",
    "HTZ": "Hz",
    "LUX": "lx",
    "D54": "W/m2",
    "Q30": "[pH]",
}

_PURE_NUMBERS: Final = frozenset({"[pH]", "{AQI}", "{US_AQI}", "{WQI}"})
"""What many send as "one"."""

_AMBIGUOUS: Final[Mapping[str, str]] = {
    "C": "'C' is the coulomb in UCUM and SenML: write Cel or °C for degrees Celsius",
    "F": "'F' is the farad in UCUM and SenML: write [degF] or °F for degrees Fahrenheit",
    "": "no unit is given, and this can't be told without one",
}

_ALIKE: Final = str.maketrans(
    {"µ": "u", "μ": "u", "³": "3", "²": "2", "⁻": "-", "¹": "1", "·": ".", "⋅": "."}
)

_LONGEST: Final = 32
"""Characters of a notation; what a payload says is not kept in `_steps` at any length."""

_KIND_OF: Final = {unit: kind for kind, units in _KINDS.items() for unit in units}

MOLAR_MASS: Final[Mapping[str, float]] = {"o3": 48.00, "no2": 46.01, "so2": 64.07, "co": 28.01}
"""g/mol of the gases among our properties."""

MOLAR_VOLUME: Final = 24.45
"""Litres of a mole of gas at 25 °C and 1 atm, the conditions of QCVN 05 and VN_AQI."""


def canonical(unit: str) -> str:
    """The UCUM code of a unit in any notation that we know. Raises UnknownUnit."""
    if len(unit) > _LONGEST:
        raise UnknownUnit(f"'{unit:.32}…' is no unit that is known here")
    written = " ".join(unit.split()).translate(_ALIKE)
    for notation in (written, written.replace(" ", "."), written.replace(" ", "")):
        found = _ALIASES.get(notation, notation)
        if found in _KIND_OF:
            return found
    raise UnknownUnit(_AMBIGUOUS.get(written, f"'{unit}' is no unit that is known here"))


def convert(value: float, unit: str, to: str, *, substance: str = "") -> float:
    """A value in another unit; `substance` (a property) gives the molar mass for ppb. Raises UnknownUnit.

    The answer is infinite where it has no place in a double.
    """
    if unit == to:
        return value
    factor, offset, divisor = _steps(unit, to, substance)
    return (value * factor + offset) / divisor


@lru_cache(maxsize=1024)
def _steps(unit: str, to: str, substance: str) -> tuple[float, float, float]:
    """Integers where possible: 35.2 · 1000 and 35200 / 1000 are exact where 35.2 · 0.001 is not."""
    try:
        return _linear(canonical(unit), canonical(to), substance)
    except UnknownUnit as error:
        raise UnknownUnit(f"'{unit:.32}' can't be converted to {to}: {error}") from error


def _linear(unit: str, to: str, substance: str) -> tuple[float, float, float]:
    kind, wanted = _KIND_OF[unit], _KIND_OF[to]
    factor = Fraction(_factor(unit)) / _factor(to)
    offset = Fraction(0)
    if kind == wanted:
        offset = (Fraction(_OFFSETS.get(unit, "0")) - Fraction(_OFFSETS.get(to, "0"))) / _factor(to)
    elif {kind, wanted} == {"ratio", "concentration"}:
        per_ratio = _grams_per_m3(substance)
        factor = factor * per_ratio if kind == "ratio" else factor / per_ratio
    elif unit != "1" or to not in _PURE_NUMBERS:
        raise UnknownUnit(f"{kind} is not {wanted}")
    divisor = math.lcm(factor.denominator, offset.denominator)
    return float(factor * divisor), float(offset * divisor), float(divisor)


def _factor(unit: str) -> Fraction:
    over, _, under = _KINDS[_KIND_OF[unit]][unit].partition("/")
    return Fraction(over) / Fraction(under or 1)


def _grams_per_m3(substance: str) -> Fraction:
    """What a cubic metre of pure gas weighs."""
    if substance not in MOLAR_MASS:
        known = ", ".join(sorted(MOLAR_MASS))
        raise UnknownUnit(f"that needs a molar mass, and '{substance:.32}' has none here (only {known})")
    return Fraction(str(MOLAR_MASS[substance])) * 1000 / Fraction(str(MOLAR_VOLUME))
