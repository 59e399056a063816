"""Where a limit of QCVN 05 was exceeded: which, when, for how long, by how much. From the derived shares of limits.

A share above 100 % is no finding of a breach: the regulation also names methods of measurement. There is no limit for
an hour of particles (docs/indicators/air.md).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, pairwise
from typing import Any, Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import lasting, number, stamp, word
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.domains.model import Ask, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import streams_of, thing_name
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.time_range import Range
from dashboard.figures import episodes
from dashboard.figures.episodes import Bar
from dashboard.figures.several import COLORS
from storage import grids
from storage.model import Property, Text
from storage.observations import HistoryValue
from storage.things import ThingRow

RATIOS: Final[Mapping[str, timedelta]] = {
    "qcvn_05_ratio": timedelta(hours=1),
    "qcvn_05_ratio_daily": timedelta(days=1),
}
"""How long each value speaks of; its time is the end of that."""
AT_LIMIT: Final = 100.0
ROWS_SHOWN: Final = 500
_VERIFIED: Final = "V"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exceedance:
    """One limit at one station, for as long as each mean in a row exceeded it."""

    thing: ThingRow
    pollutant: str
    averaging: str
    """1h, 8h or 24h."""
    start: datetime
    end: datetime
    percent: float
    """The highest share."""
    mean: float | None
    """µg/m³, where the share was highest."""
    limit: float | None
    edition: str
    verified: bool
    """Whether the edition's limits were read in its text, or are from memory."""
    provenance: str


def draw(ask: Ask) -> Drawn:
    found: list[Exceedance] = []
    cut: list[ThingRow] = []
    for key, width in RATIOS.items():
        streams = streams_of(ask.view, ask.domain.key, key)
        values = grids.above(
            ask.conn,
            [stream for _, stream in streams],
            AT_LIMIT,
            ask.range.start,
            ask.range.end + width,  # what began before the end
        )
        things = {stream.id: thing for thing, stream in streams}
        found += exceedances(values, things, width)
        cut += cut_short(values, things)
    found.sort(key=lambda one: (one.start, one.thing.id), reverse=True)
    computed = any(value.property in RATIOS for value in ask.view.newest.values())
    return drawn(found, ask.domain.properties, ask.range, ask.shown, empty=not computed, cut=cut)


def cut_short(values: Iterable[HistoryValue], things: Mapping[int, ThingRow]) -> list[ThingRow]:
    """Those of which as many values were read as are read at most: what was before is not there."""
    counts = Counter(value.datastream_id for value in values)
    return [things[stream] for stream, count in counts.items() if count >= grids.MOST_ABOVE]


def exceedances(
    values: Iterable[HistoryValue], things: Mapping[int, ThingRow], width: timedelta
) -> list[Exceedance]:
    """Values of one kind in any order. Each names all limits that it exceeds; those of values in a row are one."""
    by_limit: defaultdict[tuple[int, str], list[HistoryValue]] = defaultdict(list)
    for value in sorted(values, key=lambda one: one.phenomenon_time):
        for name in (value.parameters or {}).get("exceeded", ()):
            by_limit[value.datastream_id, name].append(value)
    return [
        _exceedance(things[stream], name, run, width)
        for (stream, name), found in by_limit.items()
        for run in _runs(found, width)
    ]


def _runs(values: Sequence[HistoryValue], width: timedelta) -> list[list[HistoryValue]]:
    runs = [[values[0]]]
    for before, value in pairwise(values):
        if value.phenomenon_time - before.phenomenon_time > width:
            runs.append([])
        runs[-1].append(value)
    return runs


def _exceedance(thing: ThingRow, name: str, run: Sequence[HistoryValue], width: timedelta) -> Exceedance:
    highest = max(run, key=lambda value: _of(value, "percent", name) or 0.0)
    pollutant, averaging = name.rsplit("_", 1)
    parameters = highest.parameters or {}
    return Exceedance(
        thing=thing,
        pollutant=pollutant,
        averaging=averaging,
        start=run[0].phenomenon_time - width,
        end=run[-1].phenomenon_time,
        percent=_of(highest, "percent", name) or highest.result,
        mean=_of(highest, "means", name),
        limit=_of(highest, "limits", name),
        edition=str(parameters.get("edition", "QCVN 05")),
        verified=parameters.get("edition_trust") == _VERIFIED,
        provenance=highest.input_provenance or highest.provenance,
    )


def _of(value: HistoryValue, what: str, name: str) -> float | None:
    found: Any = (value.parameters or {}).get(what)
    return found.get(name) if isinstance(found, dict) else None


def drawn(
    found: Sequence[Exceedance],
    properties: Mapping[str, Property],
    span: Range,
    shown: Language,
    *,
    empty: bool = False,
    cut: Sequence[ThingRow] = (),
) -> Drawn:
    """`empty`: no share was ever computed, so that none above a limit means nothing. `cut`: not all of it was read."""
    places = list(
        dict.fromkeys(thing_name(one.thing, shown) for one in sorted(found, key=lambda e: e.thing.id))
    )
    limits = sorted({(one.pollutant, one.averaging) for one in found})
    colors = dict(zip(limits, cycle(COLORS), strict=False))
    bars = [
        Bar(
            row=thing_name(one.thing, shown),
            start=one.start,
            end=one.end,
            kind=f"{_pollutant(one, properties)}, {_averaging(one, shown)}",
            color=colors[one.pollutant, one.averaging],
            text=f"{_pollutant(one, properties)} {number(one.percent, 0, shown)} %",
            hover=_hover(one, properties, shown),
        )
        for one in found[:ROWS_SHOWN]
    ]
    return Drawn(
        figure=episodes.timeline(places, bars, span.start, span.end, language=shown) if found else None,
        words=" ".join([in_words(found, properties, span, shown), *_cut_words(cut, shown)]),
        empty=empty and not found,
        table=_table(found[:ROWS_SHOWN], properties, shown),
        sheet=Sheet(plain=lambda: _plain(found), excel=lambda: _excel(found, properties)),
    )


def in_words(
    found: Sequence[Exceedance], properties: Mapping[str, Property], span: Range, shown: Language
) -> str:
    facts = {"start": stamp(span.start), "end": stamp(span.end)}
    if not found:
        return say("air_exceedances_none", shown).format(**facts)
    worst = max(found, key=lambda one: one.percent)
    text = say("air_exceedances_words", shown).format(
        **facts,
        count=number(len(found), 0, shown),
        places=len({one.thing.id for one in found}),
        pollutant=_pollutant(worst, properties),
        averaging=_averaging(worst, shown),
        percent=number(worst.percent, 2, shown),
        place=thing_name(worst.thing, shown),
        at=stamp(worst.start),
    )
    more = len(found) > ROWS_SHOWN
    return text + (" " + say("panel_newest_only", shown).format(count=ROWS_SHOWN) if more else "")


def _cut_words(cut: Iterable[ThingRow], shown: Language) -> list[str]:
    names = sorted({thing_name(thing, shown) for thing in cut})
    if not names:
        return []
    most = number(grids.MOST_ABOVE, 0, shown)
    return [say("air_exceedances_cut", shown).format(count=most, places=", ".join(names))]


def _pollutant(one: Exceedance, properties: Mapping[str, Property]) -> str:
    known = properties.get(one.pollutant)
    return known.name.en.split(" ")[-1] if known else one.pollutant


def _averaging(one: Exceedance, shown: Language) -> str:
    return lasting(int(one.averaging.removesuffix("h")) * 3600, shown)


def _lasted(one: Exceedance, shown: Language) -> str:
    if one.averaging == "24h":
        return say("duration_days", shown).format(count=(one.end - one.start) // timedelta(days=1))
    return lasting((one.end - one.start).total_seconds(), shown)


def _edition(one: Exceedance, shown: Language) -> str:
    return one.edition if one.verified else f"{one.edition} ({say('air_edition_unverified', shown)})"


def _limit(one: Exceedance, shown: Language) -> str:
    return "–" if one.limit is None else f"{number(one.limit, 0, shown)} µg/m³"


def _mean(one: Exceedance, shown: Language) -> str:
    return "–" if one.mean is None else f"{number(one.mean, 1, shown)} µg/m³"


def _hover(one: Exceedance, properties: Mapping[str, Property], shown: Language) -> str:
    return "<br>".join(
        [
            f"{_pollutant(one, properties)}, {_averaging(one, shown)}: {number(one.percent, 2, shown)} %",
            f"{_mean(one, shown)} / {_limit(one, shown)}",
            f"{stamp(one.start)} – {stamp(one.end)}",
            _edition(one, shown),
        ]
    )


def _table(found: Sequence[Exceedance], properties: Mapping[str, Property], shown: Language) -> Table:
    heads = (
        *("column_from", "panel_place", "air_limit_of", "air_share", "air_mean", "limit", "air_lasted"),
        *("air_edition", "series_provenance"),
    )
    rows = [
        [
            stamp(one.start),
            thing_name(one.thing, shown),
            f"{_pollutant(one, properties)}, {_averaging(one, shown)}",
            f"{number(one.percent, 2, shown)} %",
            _mean(one, shown),
            _limit(one, shown),
            _lasted(one, shown),
            _edition(one, shown),
            word("provenance", one.provenance, shown),
        ]
        for one in found
    ]
    return Table(heads=[say(head, shown) for head in heads], rows=rows, numbers=[3, 4, 5])


def _plain(found: Sequence[Exceedance]) -> list[Sequence[Cell]]:
    head = ("thing", "pollutant", "averaging", "start", "end", "percent", "mean_ug_m3", "limit_ug_m3")
    rows: list[Sequence[Cell]] = [(*head, "edition", "edition_verified", "provenance")]
    for one in found:
        times = (csv_text.iso(one.start), csv_text.iso(one.end))
        numbers = (one.percent, one.mean, one.limit)
        key = (one.thing.id, one.pollutant, one.averaging)
        rows.append((*key, *times, *numbers, one.edition, int(one.verified), one.provenance))
    return rows


def _excel(found: Sequence[Exceedance], properties: Mapping[str, Property]) -> list[Sequence[Cell]]:
    heads = ["Từ lúc", "Đến lúc", "Trạm", "Thông số", "Trung bình", "Tỷ lệ so với giới hạn (%)"]
    rows: list[Sequence[Cell]] = [[*heads, "Nồng độ (µg/m³)", "Giới hạn (µg/m³)", "Quy chuẩn", "Nguồn gốc"]]
    for one in found:
        times = [csv_text.local(one.start), csv_text.local(one.end)]
        named = [one.thing.name_vi, _pollutant(one, properties), _averaging(one, "vi")]
        numbers = [one.percent, one.mean, one.limit]
        rows.append([*times, *named, *numbers, _edition(one, "vi"), word("provenance", one.provenance, "vi")])
    return rows


PANEL: Final = Panel(
    key="exceedances",
    title=Text(vi="Vượt giới hạn QCVN 05", en="Above limits of QCVN 05"),
    hint=Text(
        vi="Trung bình 1 giờ, 8 giờ (khí) và 24 giờ (bụi, SO₂, NO₂) so với QCVN 05; bụi không có giới hạn 1 giờ. Đây "
        "không phải "
        "kết luận vi phạm: quy chuẩn còn quy định phương pháp đo, và cảm biến nhỏ không thuộc số đó.",
        en="Means of 1 h and 8 h (gases) and 24 h (particles, SO₂, NO₂) against QCVN 05; particles have no 1 h "
        "limit. This is no "
        "finding of a breach: the regulation also names methods of measurement, and small sensors are none of them.",
    ),
    domain="air_quality",
    watches=frozenset(RATIOS),
    draw=draw,
)
