"""Units as NGSI-LD wants them: UN/CEFACT Recommendation 20 codes, and words where that list has none."""

from typing import Final

from storage.units import symbol

COMMON_CODES: Final[dict[str, str]] = {
    "1": "C62",
    "%": "P1",
    "ug/m3": "GQ",
    "ug/L": "H29",
    "mg/L": "M1",
    "Cel": "CEL",
    "hPa": "A97",
    "m/s": "MTS",
    "deg": "DD",
    "[pH]": "Q30",
    "uS/cm": "G42",
    "V": "VLT",
    "mV": "2Z",
    "mm": "MMT",
    "cm": "CMT",
    "m": "MTR",
    "min": "MIN",
}
"""By UCUM code. ingest/conversion.py reads them the other way round."""


def unit_of(ucum: str) -> dict[str, str]:
    """`unitCode`, or {}: then `unit_text` has the words."""
    code = COMMON_CODES.get(ucum)
    return {} if code is None else {"unitCode": code}


def unit_text(ucum: str) -> str | None:
    """What people read, for a unit that has no common code."""
    return None if ucum in COMMON_CODES else symbol(ucum)
