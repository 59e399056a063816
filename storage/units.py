"""Units are UCUM codes in the catalogue and in the database; people see the symbols of this table."""

from typing import Final

SYMBOLS: Final[dict[str, str]] = {
    "ug/m3": "µg/m³",
    "ug/L": "µg/L",
    "mg/L": "mg/L",
    "Cel": "°C",
    "%": "%",
    "hPa": "hPa",
    "m/s": "m/s",
    "deg": "°",
    "[pH]": "pH",
    "[NTU]": "NTU",
    "[FNU]": "FNU",
    "uS/cm": "µS/cm",
    "mV": "mV",
    "V": "V",
    "dBm": "dBm",
    "dB[SPL]": "dB",
    "mm": "mm",
    "cm": "cm",
    "m": "m",
    "1": "",
    "{AQI}": "VN_AQI",
    "{US_AQI}": "US AQI",
    "{WQI}": "WQI",
    "{MPN}/dL": "MPN/100 mL",
    "min": "min",
    "[VND]": "đ",
}


def symbol(unit: str) -> str:
    """What people read for a UCUM code; an unknown code is shown as it is."""
    return SYMBOLS.get(unit, unit)
