"""The water index of each sonde as far as there is one, and what a lab found in grab samples of the last year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import stamp, word
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.domains.model import Ask, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import said, streams_of, thing_name
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from storage import grids
from storage.model import Property, Text
from storage.observations import HistoryValue
from storage.things import DatastreamRow, ThingRow

OFFICIAL: Final = "vn_wqi"
INDICATIVE: Final = "wqi_indicative"
SAMPLED: Final = (
    *("bod5", "cod", "toc", "nitrate", "nitrite", "phosphate", "coliform", "e_coli"),
    *("arsenic", "cadmium", "lead", "chromium_vi", "copper", "zinc", "mercury"),
)
YEAR: Final = timedelta(days=365)
INDEX_WITHIN: Final = timedelta(days=2)
"""An older index says nothing of now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An index, or what a lab found."""

    thing: ThingRow
    observed: Property
    value: HistoryValue

    @property
    def missing(self) -> Sequence[str]:
        """Groups that an index lacks."""
        parameters: Mapping[str, Any] = self.value.parameters or {}
        return tuple(parameters.get("missing_groups", ()))


def draw(ask: Ask) -> Drawn:
    end = min(ask.range.end, ask.now)
    indices = [one for key in (OFFICIAL, INDICATIVE) for one in _newest(ask, key, INDEX_WITHIN)]
    samples = [one for key in SAMPLED for one in _newest(ask, key, YEAR)]
    samples.sort(key=lambda one: one.value.phenomenon_time, reverse=True)
    return drawn(best(indices), [one for one in samples if one.value.phenomenon_time <= end], ask.shown)


def _newest(ask: Ask, key: str, within: timedelta) -> list[Found]:
    observed = ask.domain.properties.get(key)
    if observed is None:
        return []
    streams: Sequence[tuple[ThingRow, DatastreamRow]] = streams_of(ask.view, ask.domain.key, key)
    end = min(ask.range.end, ask.now)
    values = grids.newest_before(ask.conn, [stream for _, stream in streams], end - within, end)
    return [
        Found(thing=thing, observed=observed, value=values[stream.id])
        for thing, stream in streams
        if stream.id in values
    ]


def best(indices: Sequence[Found]) -> list[Found]:
    """One of each Thing: the official index, unless the indicative one is newer."""
    chosen: dict[str, Found] = {}
    for one in indices:
        known = chosen.get(one.thing.id)
        if known is None or one.value.phenomenon_time > known.value.phenomenon_time:
            chosen[one.thing.id] = one
    return list(chosen.values())


def drawn(indices: Sequence[Found], samples: Sequence[Found], shown: Language) -> Drawn:
    found = [*indices, *samples]
    return Drawn(
        over_time=False,
        words=in_words(indices, samples, shown),
        empty=not found,
        table=_table(found, shown),
        sheet=Sheet(plain=lambda: _plain(found), excel=lambda: _excel(found)),
    )


def in_words(indices: Sequence[Found], samples: Sequence[Found], shown: Language) -> str:
    parts = []
    official = [one for one in indices if one.observed.key == OFFICIAL]
    if official:
        named = [
            f"{thing_name(one.thing, shown)} {said(one.observed, one.value.result, shown)}"
            for one in official
        ]
        parts.append(say("water_index_official", shown).format(values="; ".join(named)))
    missing = sorted({group for one in indices if one.observed.key == INDICATIVE for group in one.missing})
    if len(official) < len(indices):
        parts.append(say("water_index_indicative", shown).format(groups=", ".join(missing) or "–"))
    if samples:
        newest = stamp(samples[0].value.phenomenon_time)
        parts.append(say("water_samples_words", shown).format(count=len(samples), newest=newest))
    else:
        parts.append(say("water_samples_none", shown))
    return " ".join(parts)


def _table(found: Sequence[Found], shown: Language) -> Table:
    heads = ("panel_place", "property", "column_value", "column_time", "water_missing", "series_provenance")
    rows = [
        [
            thing_name(one.thing, shown),
            one.observed.name.in_language(shown),
            said(one.observed, one.value.result, shown),
            stamp(one.value.phenomenon_time),
            ", ".join(one.missing),
            word("provenance", one.value.input_provenance or one.value.provenance, shown),
        ]
        for one in found
    ]
    return Table(heads=[say(head, shown) for head in heads], rows=rows, numbers=[2])


def _plain(found: Sequence[Found]) -> list[Sequence[Cell]]:
    head = ("thing", "property", "unit", "time", "result", "missing_groups", "provenance")
    rows = [
        (
            *(one.thing.id, one.observed.key, one.observed.unit, csv_text.iso(one.value.phenomenon_time)),
            *(one.value.result, " ".join(one.missing), one.value.input_provenance or one.value.provenance),
        )
        for one in found
    ]
    return [head, *rows]


def _excel(found: Sequence[Found]) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [
        ["Trạm", "Đại lượng", "Giá trị", "Lấy mẫu hoặc tính lúc", "Thiếu nhóm", "Nguồn gốc"]
    ]
    for one in found:
        at = csv_text.local(one.value.phenomenon_time)
        source = word("provenance", one.value.input_provenance or one.value.provenance, "vi")
        rows.append(
            [one.thing.name_vi, one.observed.name.vi, one.value.result, at, ", ".join(one.missing), source]
        )
    return rows


PANEL: Final = Panel(
    key="samples",
    title=Text(vi="VN_WQI và mẫu phòng thí nghiệm", en="VN_WQI and lab samples"),
    hint=Text(
        vi="Một đầu đo không thể cho VN_WQI chính thức: không đo vi sinh, thiếu thông số nhóm IV. Có mẫu phòng thí "
        "nghiệm mới có "
        "VN_WQI; không thì chỉ có chỉ số tham khảo, nhóm thiếu được coi là sạch. Mẫu: lần gần nhất trong một năm.",
        en="A sonde alone gives no official VN_WQI: it measures no microbes and too little of group IV. With lab "
        "samples there is "
        "one; without them only an indicative index, in which a missing group counts as clean. Samples: the newest "
        "of a year.",
    ),
    domain="water_quality",
    watches=frozenset({OFFICIAL, INDICATIVE, *SAMPLED}),
    draw=draw,
)
