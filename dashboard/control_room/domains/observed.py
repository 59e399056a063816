"""What panels of the catalogue share: which Things and properties they offer, and how they write values. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal

import msgspec

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import Scale, stamp, word
from dashboard.control_room.domains.model import Ask, Choice
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.thing_view import name
from dashboard.data import CityView
from dashboard.figures.drawing import GAP_INTERVALS
from storage.grids import Cell
from storage.model import HANOI, Domain, Property, Text
from storage.things import DatastreamRow, ThingRow
from storage.units import symbol

Statistic = Literal["mean", "min", "max"]
Colors = Literal["bands", "values"]
DAY_S: Final = 86_400
HOUR_S: Final = 3_600


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """A panel about properties of a domain's Things."""

    key: str
    domain: str
    title: Text
    hint: Text | None = None
    properties: Sequence[str]
    statistic: Statistic = "mean"
    colors: Colors = "bands"


Streams = Sequence[tuple[ThingRow, DatastreamRow]]


def streams_of(view: CityView, domain: str, key: str) -> Streams:
    """The Things of a domain that have a property, with its Datastream, in a lasting order."""
    found = []
    for thing in view.things_of.get(domain, ()):
        stream = next((one for one in view.streams_of.get(thing.id, ()) if one.property == key), None)
        if stream is not None:
            found.append((thing, stream))
    return found


def property_choice(domain: Domain, keys: Iterable[str], shown: Language) -> list[Choice]:
    """Which property; nothing to choose where there is one."""
    offered = [(key, domain.properties[key].name.in_language(shown)) for key in keys]
    if len(offered) < 2:
        return []
    return [Choice(key="property", name=say("property", shown), offered=offered, default=[offered[0][0]])]


def property_of(ask: Ask, panel: Observed) -> Property:
    return ask.domain.properties[ask.one("property") or panel.properties[0]]


def thing_name(thing: ThingRow, shown: Language) -> str:
    return name(thing, shown)


def scale(observed: Property, shown: Language) -> Scale:
    return Scale(unit=symbol(observed.unit), decimals=observed.decimals, language=shown)


def said(observed: Property, value: float | None, shown: Language) -> str:
    """Number, unit, and the word of its band: '104 VN_AQI (Kém)'."""
    if value is None:
        return "–"
    value = rounded(observed, value)
    band = observed.band(value)
    if band is None:
        return scale(observed, shown).value(value)
    label = band.label.in_language(shown)
    return label if observed.boolean else f"{scale(observed, shown).value(value)} ({label})"


def rounded(observed: Property, value: float) -> float:
    """As it is written, halves up: a class is that of the number that people see."""
    step = Decimal(1).scaleb(-observed.decimals)
    return float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP)) + 0.0  # never -0


def is_old(at: datetime | None, interval_s: int, now: datetime) -> bool:
    return at is None or now - at > GAP_INTERVALS * timedelta(seconds=interval_s)


def bands_in_words(observed: Property, shown: Language) -> Iterator[Mapping[str, Any]]:
    """As thing_series has them: from the first to the last."""
    written = scale(observed, shown)
    low: float | None = None
    for band in observed.bands:
        text = band.label.in_language(shown)
        if not observed.boolean:
            limits = {
                "low": "" if low is None else written.exact(low),
                "limit": "" if band.below is None else written.exact(band.below),
            }
            kind = _KINDS[low is None, band.below is None]
            text = say(kind, shown).format(name=text, **limits)
        yield {"text": text, "color": band.color}
        low = band.below


_KINDS = {
    (True, True): "band_all",
    (True, False): "band_below",
    (False, False): "band_between",
    (False, True): "band_from",
}


def labelled_after(observed: Property) -> timedelta:
    """How long after its beginning the time of a value lies: what is derived of an hour or a day carries its end.

    An index at 10:00 is that of 9 to 10; that of a day carries 24:00, the next day's first moment.
    """
    whole = observed.derived and observed.interval_s in (HOUR_S, DAY_S)
    return timedelta(seconds=observed.interval_s) if whole else timedelta()


def as_begun(cells: Iterable[Cell], observed: Property) -> list[Cell]:
    """Each where its hour or day begins."""
    after = labelled_after(observed)
    return [msgspec.structs.replace(cell, at=cell.at - after) if after else cell for cell in cells]


def when(at: datetime, width: timedelta, shown: Language) -> str:
    """A bucket by its start: a day by its date."""
    return f"{at.astimezone(HANOI):%d/%m/%Y}" if width >= timedelta(days=1) else stamp(at)


def cell_rows(
    names: Mapping[int, ThingRow], cells: Iterable[Cell], observed: Property, domain: str
) -> list[Sequence[csv_text.Cell]]:
    """For programs; a bucket by its start."""
    head = ("thing", "domain", "property", "unit", "time", "count", "mean", "min", "max")
    rows: list[Sequence[csv_text.Cell]] = [(*head, "suspect", "fail", "provenance")]
    for one in cells:
        thing = names[one.datastream_id].id
        key = (thing, domain, observed.key, observed.unit, csv_text.iso(one.at))
        rows.append((*key, one.count, one.mean, one.min, one.max, one.suspect, one.fail, one.provenance))
    return rows


def excel_rows(
    names: Mapping[int, ThingRow], cells: Iterable[Cell], observed: Property
) -> list[Sequence[csv_text.Cell]]:
    unit = symbol(observed.unit)
    named = f"{observed.name.vi} ({unit})" if unit else observed.name.vi
    heads = ["Thời điểm", "Điểm đo", f"{named}: trung bình", "Thấp nhất", "Cao nhất", "Số giá trị"]
    rows: list[Sequence[csv_text.Cell]] = [[*heads, "Đáng ngờ", "Lỗi", "Nguồn gốc"]]
    for one in cells:
        values = (one.mean, one.min, one.max, one.count, one.suspect, one.fail)
        thing = names[one.datastream_id].name_vi
        rows.append([csv_text.local(one.at), thing, *values, word("provenance", one.provenance, "vi")])
    return rows
