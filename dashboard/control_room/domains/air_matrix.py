"""Stations against pollutants: the sub-index of each pollutant in the newest hour that has an index, with its class.

What the Decision wants published beside the index: every sub-index, and which is the highest (1459/QĐ-TCMT, table 3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import number, stamp, word
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.domains.model import Ask, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import (
    bands_in_words,
    is_old,
    said,
    scale,
    streams_of,
    thing_name,
)
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.figures import matrix
from dashboard.figures.matrix import Square
from storage import grids
from storage.model import HANOI, Domain, Property, Text
from storage.observations import HistoryValue
from storage.things import ThingRow

INDEX: Final = "vn_aqi"
POLLUTANTS: Final = ("pm2_5", "pm10", "no2", "so2", "co", "o3")
LOOK_BACK: Final = timedelta(hours=24)
"""An older index says nothing of now."""
_CONCENTRATIONS: Final = {"o3": "o3_1h"}
"""What `concentrations` call a pollutant where it is not its key (docs/indicators/air.md)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Station:
    thing: ThingRow
    index: HistoryValue | None
    """None: it has had none for a day."""
    old: bool

    @property
    def sub_indices(self) -> Mapping[str, float]:
        return self._of("sub_indices")

    @property
    def concentrations(self) -> Mapping[str, float]:
        """µg/m³."""
        return self._of("concentrations")

    @property
    def dominant(self) -> str | None:
        return (self.index.parameters or {}).get("dominant") if self.index else None

    def concentration(self, pollutant: str) -> float | None:
        return self.concentrations.get(_CONCENTRATIONS.get(pollutant, pollutant))

    def _of(self, key: str) -> Mapping[str, Any]:
        found = (self.index.parameters or {}).get(key) if self.index else None
        return found if isinstance(found, dict) else {}


def draw(ask: Ask) -> Drawn:
    streams = streams_of(ask.view, ask.domain.key, INDEX)
    found = grids.newest_before(ask.conn, [stream for _, stream in streams], ask.now - LOOK_BACK, ask.now)
    index = ask.domain.properties[INDEX]
    stations = []
    for thing, stream in streams:
        value = found.get(stream.id)
        old = is_old(value.phenomenon_time if value else None, index.interval_s, ask.now)
        stations.append(Station(thing=thing, index=value, old=old))
    return drawn(stations, ask.domain, ask.shown)


def drawn(stations: Sequence[Station], domain: Domain, shown: Language) -> Drawn:
    index = domain.properties[INDEX]
    pollutants = [domain.properties[key] for key in POLLUTANTS if key in domain.properties]
    colors = [*(band.color for band in index.bands), matrix.OLD]
    squares = [
        [_index_square(one, index, shown), *(_square(one, each, index, shown) for each in pollutants)]
        for one in stations
    ]
    known = [one for one in stations if one.index]
    return Drawn(
        figure=matrix.of_classes(
            [_row(one, shown) for one in stations],
            ["VN_AQI", *(_short(each) for each in pollutants)],
            squares,
            colors,
        )
        if known
        else None,
        over_time=False,
        words=in_words(stations, index, domain, shown),
        empty=not known,
        scale=[*bands_in_words(index, shown), {"text": say("panel_old", shown), "color": matrix.OLD}],
        table=_table(stations, pollutants, index, shown),
        sheet=Sheet(plain=lambda: _plain(stations), excel=lambda: _excel(stations, domain)),
    )


def in_words(stations: Sequence[Station], index: Property, domain: Domain, shown: Language) -> str:
    fresh = [one for one in stations if one.index and not one.old]
    if not fresh:
        return say("air_matrix_empty", shown)
    worst = max(fresh, key=lambda one: one.index.result if one.index else 0)
    assert worst.index is not None
    dominant = domain.properties.get(worst.dominant or "")
    text = say("air_matrix_words", shown).format(
        count=len(fresh),
        all=len(stations),
        place=thing_name(worst.thing, shown),
        value=said(index, worst.index.result, shown),
        hour=_hour(worst.index.phenomenon_time),
        dominant=_short(dominant) if dominant else "–",
    )
    missing = [thing_name(one.thing, shown) for one in stations if one not in fresh]
    return text + (" " + say("air_matrix_missing", shown).format(names=", ".join(missing)) if missing else "")


def _row(one: Station, shown: Language) -> str:
    name = thing_name(one.thing, shown)
    return f"{name} ({_hour(one.index.phenomenon_time)})" if one.index else f"{name} (–)"


def _hour(at: datetime) -> str:
    return f"{at.astimezone(HANOI):%H:%M}"


def _short(observed: Property) -> str:
    """PM2.5, NO₂: what the name ends with."""
    return observed.name.en.split(" ")[-1]


def _index_square(one: Station, index: Property, shown: Language) -> Square | None:
    return None if one.index is None else _classed(one, one.index.result, "", index, shown)


def _square(one: Station, pollutant: Property, index: Property, shown: Language) -> Square | None:
    sub_index = one.sub_indices.get(pollutant.key)
    if sub_index is None:
        return None
    measured = one.concentration(pollutant.key)
    below = "" if measured is None else f"<br>{scale(pollutant, shown).value(measured)}"
    mark = "▲ " if one.dominant == pollutant.key else ""
    return _classed(one, sub_index, below, index, shown, mark)


def _classed(
    one: Station, value: float, below: str, index: Property, shown: Language, mark: str = ""
) -> Square:
    short = f"{mark}{number(value, 0, shown)}"
    if one.old and one.index:
        return Square(
            at=float(len(index.bands)),
            text=f"{short}<br>{say('panel_old', shown)}: {stamp(one.index.phenomenon_time)}",
            short=short,
        )
    band = index.band(round(value))
    label = band.label.in_language(shown) if band else ""
    at = float(index.bands.index(band)) if band else float(len(index.bands))
    return Square(at=at, text=f"{short} {label}{below}", short=short)


def _table(
    stations: Sequence[Station], pollutants: Sequence[Property], index: Property, shown: Language
) -> Table:
    rows = []
    for one in stations:
        hour = stamp(one.index.phenomenon_time) if one.index else "–"
        if one.old and one.index:
            hour += f" · {say('panel_old', shown)}"
        cells = [said(index, one.index.result, shown) if one.index else "–"]
        for each in pollutants:
            sub_index = one.sub_indices.get(each.key)
            measured = one.concentration(each.key)
            mark = "▲ " if one.dominant == each.key else ""
            both = f"{mark}{said(index, sub_index, shown)}" if sub_index is not None else "–"
            cells.append(both if measured is None else f"{both}; {scale(each, shown).value(measured)}")
        rows.append([thing_name(one.thing, shown), hour, *cells])
    heads = [
        say("panel_place", shown),
        say("air_hour", shown),
        "VN_AQI",
        *(_short(one) for one in pollutants),
    ]
    return Table(heads=heads, rows=rows, numbers=list(range(2, len(heads))))


def _plain(stations: Sequence[Station]) -> list[Sequence[Cell]]:
    head = ("thing", "time", "property", "sub_index", "concentration_ug_m3", "dominant", "provenance")
    rows: list[Sequence[Cell]] = [head]
    for one in stations:
        if one.index is None:
            continue
        at, source = csv_text.iso(one.index.phenomenon_time), one.index.input_provenance
        rows.append((one.thing.id, at, INDEX, one.index.result, None, one.dominant, source))
        rows += [
            (one.thing.id, at, key, value, one.concentration(key), int(key == one.dominant), source)
            for key, value in one.sub_indices.items()
        ]
    return rows


def _excel(stations: Sequence[Station], domain: Domain) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [
        ["Trạm", "Giờ", "Thông số", "Chỉ số", "Mức", "Nồng độ (µg/m³)", "Nguồn gốc"]
    ]
    index = domain.properties[INDEX]
    for one in stations:
        if one.index is None:
            continue
        at = csv_text.local(one.index.phenomenon_time)
        source = word("provenance", one.index.input_provenance or one.index.provenance, "vi")
        for key, value in {INDEX: one.index.result, **one.sub_indices}.items():
            band, known = index.band(round(value)), domain.properties.get(key)
            named = known.name.vi if known else key
            label = band.label.vi if band else ""
            rows.append([one.thing.name_vi, at, named, value, label, one.concentration(key), source])
    return rows


PANEL: Final = Panel(
    key="matrix",
    title=Text(vi="Trạm × chất ô nhiễm", en="Stations × pollutants"),
    hint=Text(
        vi="Chỉ số thành phần VN_AQI của giờ mới nhất (ghi sau tên trạm), mức và nồng độ; ▲ là chất quyết định chỉ số. "
        "Bụi theo NowCast, khí theo trung bình giờ (Quyết định 1459/QĐ-TCMT).",
        en="Sub-indices of VN_AQI in the newest hour (beside the station's name), their class and concentration; ▲ "
        "decides the "
        "index. Particles by NowCast, gases by the hour's mean (Decision 1459/QĐ-TCMT).",
    ),
    domain="air_quality",
    watches=frozenset({INDEX}),
    draw=draw,
)
