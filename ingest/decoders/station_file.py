"""The file of Vietnam's automatic stations (Circular 10/2021/TT-BTNMT), as they deliver it by FTP.

Its name is `PROVINCE_SITE_STATION_YYYYMMDDhhmmss.txt`; each line has tab-separated columns

    indicator  value  unit  yyyyMMddHHmmss  status

with the status 00 measuring, 01 calibrating, 02 fault of the instrument. The five columns are as read in a program that
imports such files [V]. Of the variants with three and four columns it is known that they occur, not which column is
missing [S]: after the value a unit, a time and a status may each be there or not, and are told apart by what they look
like. A line without a time has that of the file's name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

import msgspec

from ingest.decoders import Context, Meaning
from ingest.model import Decoded, Fault, Reading, Reason
from storage.model import HANOI


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """This format has none."""


# How stations write the indicators is in no text that we have: all of these are common spellings [M]. Lower and upper
# case are the same here. Units stand in the file.
_SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "pm2_5": ("PM-2-5", "PM2-5", "PM2.5", "PM2,5", "PM2_5", "PM-2.5", "PM25"),
    "pm10": ("PM-10", "PM10", "PM_10"),
    "no2": ("NO2", "NO-2"),
    "so2": ("SO2", "SO-2"),
    "co": ("CO",),
    "o3": ("O3", "O-3"),
    "temperature": ("Temp", "Temperature", "AirTemp"),
    "humidity": ("Humidity", "Hum", "RH"),
    "pressure": ("Pressure", "Press", "Baro", "Barometer"),
    "wind_speed": ("WindSpd", "WindSpeed", "Wind_Speed", "WS"),
    "wind_direction": ("WindDir", "WindDirection", "Wind_Direction", "WD"),
    "water_temperature": ("WaterTemp", "Water_Temp", "TempWater"),
    "ph": ("pH",),
    "dissolved_oxygen": ("DO",),
    "turbidity": ("Turbidity", "TUR", "Turb"),
    "conductivity": ("EC", "Conductivity", "Cond"),
    "ammonium": ("NH4+", "NH4", "NH4-N", "Amoni", "Ammonium"),
    "orp": ("ORP",),
    "water_level": ("WaterLevel", "Water_Level"),
}
_SEVERAL_UNITS: Final = frozenset(
    {"no2", "so2", "co", "o3", "pressure", "dissolved_oxygen", "conductivity", "water_level"}
)
"""Of which stations use more than one: a line without a unit can't be understood."""
PROPERTIES: Final[Mapping[str, Meaning]] = {
    variant: Meaning(ours, "" if ours in _SEVERAL_UNITS else None)
    for ours, spellings in _SPELLINGS.items()
    for spelling in spellings
    for variant in (spelling, spelling.upper(), spelling.lower())
}

_NAME: Final = re.compile(r"(?P<station>.+)_(?P<time>[0-9]{14})")
_TIME: Final = re.compile(r"[0-9]{14}")
_STATUS: Final = re.compile(r"[0-9]{1,2}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_EITHER: Final = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
"""A comma before the decimals, or after the thousands."""
_DECIMAL_COMMA: Final = re.compile(
    r"[^\t]*+\t\s*[+-]?(?:0?,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{4,},[0-9]+)\s*(?:\t|\Z)"
)
"""A line whose comma can only stand before decimals."""
_WHOLE: Final = re.compile(r"(?:\t[^\t]*){2}\t\s*[0-9]{14}\s*\t\s*[0-9]{2}\s*\Z")
"""All five columns to the status's last digit: such a line can't have been cut off, though it has no end."""
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_NO_VALUE: Final = frozenset({"", "-", "--", "NA", "N/A", "NULL"})
_NO_UNIT: Final = frozenset({"", "-", "--"})
_UNITS: Final = {"oC": "Cel", "0C": "Cel", "C": "Cel"}
"""Degrees Celsius as people type them without a degree sign."""
_FLAGS: Final = {0: None, 1: "calibrating"}
"""Any other status is a fault: what nobody can read must not enter an index."""


@dataclass(kw_only=True)
class _Moment:
    """The results of one time while the file is read."""

    line: int
    results: dict[str, float | bool] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Line:
    """What the columns of a line say; None where one is missing."""

    indicator: str
    value: float | None
    unit: str | None
    time: str | None
    status: int | None


def decode(payload: bytes, context: Context) -> Decoded:
    """A reading for each time in the file; a fault for each line that can't be read, named by its number."""
    text = _text(payload)
    if isinstance(text, Fault):
        return Decoded(faults=[text])
    station, time_of_name = _of_name(context.topic)
    zone = context.zone or HANOI  # the Circular is Vietnam's
    moments: dict[datetime, _Moment] = {}
    faults: list[Fault] = []
    lines = _LINE_END.split(text)
    has_decimal_comma = any(_DECIMAL_COMMA.match(line) for line in lines)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        path = f"line {number}"
        if number == len(lines) and not _WHOLE.search(line):
            message = "the last line has no end: cut off?"
            faults.append(Fault(reason=Reason.MISSING_FIELD, path=path, message=message))
            continue
        read = _line(path, line, has_decimal_comma=has_decimal_comma)
        time = read if isinstance(read, Fault) else _time(path, read.time or time_of_name, zone)
        if isinstance(time, Fault):
            faults.append(time)
        elif not isinstance(read, Fault) and read.value is not None:
            moment = moments.setdefault(time, _Moment(line=number))
            faults += _add(moment, path, read, read.value)
    if not moments and not faults:
        message = "no line has a value"
        faults.append(Fault(reason=Reason.EMPTY, path="$", message=message))
    readings = [_reading(time, moment, station, context) for time, moment in moments.items()]
    return Decoded(readings=readings, faults=faults)


def _text(payload: bytes) -> str | Fault:
    """UTF-8 and UTF-16 by their mark, UTF-8, or the Vietnamese code page of Windows (a µ in it is no UTF-8)."""
    marked = payload.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1258"):
        try:
            text = payload.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
            return text
    message = "is no text in UTF-8, UTF-16 or Windows-1258"
    return Fault(reason=Reason.INVALID_UTF8, path="$", message=message)


def _of_name(topic: str) -> tuple[str, str | None]:
    """Station and time of a file's name. A name of another kind is the station's, up to its ending."""
    name = topic.removeprefix("file:").rpartition("/")[2]
    stem, dot, _ = name.rpartition(".")
    stem = stem if dot and stem else name
    match = _NAME.fullmatch(stem)
    return (match["station"], match["time"]) if match else (stem, None)


def _line(path: str, line: str, *, has_decimal_comma: bool) -> _Line | Fault:
    columns = [column.strip() for column in line.split("\t")]
    while columns and not columns[-1] and len(columns) > 2:
        columns.pop()
    if not 2 <= len(columns) <= 5 or not columns[0]:
        message = f"{len(columns)} tab-separated columns, expected indicator, value, unit, time, status"
        return Fault(reason=Reason.WRONG_TYPE, path=path, message=message)
    indicator, written, *rest = columns
    value = None if written.upper() in _NO_VALUE else _number(written)
    if isinstance(value, str):
        return Fault(reason=Reason.WRONG_TYPE, path=path, message=f"expected a number, got {value!r:.60}")
    if _EITHER.fullmatch(written) and not has_decimal_comma:
        message = f"'{written}' may be {written.replace(',', '.')} or {written.replace(',', '')}"
        return Fault(reason=Reason.WRONG_TYPE, path=path, message=message)
    unit = rest.pop(0) if rest and not re.fullmatch("[0-9]+", rest[0]) else None
    time = rest.pop(0) or None if rest and (not rest[0] or _TIME.fullmatch(rest[0])) else None
    status = rest.pop(0) if rest and _STATUS.fullmatch(rest[0]) else None
    if rest:
        message = f"expected a time as yyyyMMddHHmmss and a status of two digits, got {rest[0]!r:.60}"
        return Fault(reason=Reason.WRONG_TYPE, path=path, message=message)
    return _Line(
        indicator=indicator,
        value=value,
        unit=None if unit is None or unit in _NO_UNIT else _UNITS.get(unit, unit),
        time=time,
        status=None if status is None else int(status),
    )


def _number(written: str) -> float | str:
    """A number with a decimal point or comma; what is none, as it was written."""
    if not _NUMBER.fullmatch(written):
        return written
    value = float(written.replace(",", "."))
    return value if abs(value) < float("inf") else written


def _time(path: str, digits: str | None, zone: tzinfo) -> datetime | Fault:
    if digits is None:
        message = "has no time, and the file's name has none"
        return Fault(reason=Reason.MISSING_FIELD, path=path, message=message)
    parts = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, 14, 2))]
    try:
        year, month, day, hour, minute, second = parts
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"'{digits}' is no time as yyyyMMddHHmmss"
        return Fault(reason=Reason.WRONG_TYPE, path=path, message=message)


def _add(moment: _Moment, path: str, line: _Line, value: float) -> Iterator[Fault]:
    """Puts a line among the results of its time; the second of two that differ is a fault."""
    key = line.indicator
    flag = _FLAGS.get(line.status or 0, "fault")
    if key in moment.results:
        for what, one, other in (
            ("value", moment.results[key], value),
            ("unit", moment.units.get(key), line.unit),
            ("status", moment.flags.get(key), flag),
        ):
            if one != other:
                message = f"'{key:.64}' has another {what} for this time in {moment.paths[key]}"
                yield Fault(reason=Reason.DUPLICATE_KEY, path=path, message=message)
                return
        return
    moment.results[key] = value
    moment.paths[key] = path
    if line.unit is not None:
        moment.units[key] = line.unit
    if flag is not None:
        moment.flags[key] = flag


def _reading(time: datetime, moment: _Moment, station: str, context: Context) -> Reading:
    return Reading(
        path=f"line {moment.line}",
        time=time,
        result_time=time,
        results=moment.results,
        flags=moment.flags,
        provenance=context.provenance,
        device=station,
        units=moment.units,
        paths=moment.paths,
    )
