"""What a chart draws as CSV: for programs as hanoi-export writes it, or for a Vietnamese Excel. Pure."""

from collections.abc import Sequence
from typing import Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import word
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.thing_series import Series
from dashboard.figures.reasons import reason_in_words
from storage.model import Quality
from storage.observations import HistoryValue, RollupRow
from storage.units import symbol

RAW: Final = (
    *("thing", "domain", "property", "unit", "time", "result_time", "result"),
    *("quality", "quality_reason", "provenance", "input_provenance"),
)
ROLLUP: Final = (
    *("thing", "domain", "property", "unit", "time", "count", "mean", "min", "max", "first", "last"),
    *("good", "not_evaluated", "suspect", "fail", "missing", "mean_with_suspect", "coverage", "provenance"),
)


def plain(found: Series, thing_id: str, domain: str) -> bytes:
    """UTF-8, commas, ISO 8601 in UTC, the unit beside each value; the columns that hanoi-export has."""
    head = RAW if found.history.step == "raw" else ROLLUP
    return csv_text.plain([head, *rows(found, thing_id, domain)])


def rows(found: Series, thing_id: str, domain: str) -> list[Sequence[Cell]]:
    """Below the head RAW or ROLLUP, as the step is."""
    head = (thing_id, domain, found.observed.key, found.observed.unit)
    if found.history.step == "raw":
        return [(*head, *_raw(one)) for one in found.values]
    return [(*head, *_rolled(one)) for one in found.buckets]


def for_excel(found: Series) -> bytes:
    """A byte order mark, semicolons, decimal commas, Hanoi's time as 22/11/2026 10:05: it opens by a double click."""
    return csv_text.for_excel(excel_rows(found))


def excel_rows(found: Series) -> list[Sequence[Cell]]:
    """The first is the head; time and value come first."""
    unit = symbol(found.observed.unit)
    name = f"{found.observed.name.vi} ({unit})" if unit else found.observed.name.vi
    if found.history.step == "raw":
        heads: Sequence[Cell] = ["Thời điểm", name, "Chất lượng", "Lý do", "Nguồn gốc"]
        return [heads, *(_excel_value(one) for one in found.values)]
    heads = [
        *("Từ lúc", f"{name}: trung bình", "Thấp nhất", "Cao nhất", "Số giá trị", "Độ phủ (%)"),
        *("Đáng ngờ", "Lỗi", "Thiếu", "Nguồn gốc"),
    ]
    return [heads, *(_excel_bucket(one) for one in found.buckets)]


def file_name(thing_id: str, found: Series) -> str:
    """west-lake-trich-sai_ph_20261121-20261122.csv, by days of Hanoi."""
    days = csv_text.days(found.range.start, found.range.end)
    return f"{thing_id}_{found.observed.key}_{days}.csv"


def _raw(one: HistoryValue) -> tuple[Cell, ...]:
    return (
        csv_text.iso(one.phenomenon_time),
        csv_text.iso(one.result_time),
        one.result,
        one.quality,
        one.quality_reason,
        one.provenance,
        one.input_provenance,
    )


def _rolled(one: RollupRow) -> tuple[Cell, ...]:
    return (
        csv_text.iso(one.bucket),
        *(one.count, one.mean, one.min, one.max, one.first, one.last),
        *(one.good, one.not_evaluated, one.suspect, one.fail, one.missing),
        *(one.mean_with_suspect, one.coverage, one.provenance),
    )


def _excel_value(one: HistoryValue) -> Sequence[Cell]:
    told = one.quality >= Quality.SUSPECT or one.quality_reason is not None
    return [
        csv_text.local(one.phenomenon_time),
        one.result,
        word("quality", str(one.quality), "vi"),
        reason_in_words(one.quality_reason, "vi") if told else "",
        word("provenance", one.input_provenance or one.provenance, "vi"),
    ]


def _excel_bucket(one: RollupRow) -> Sequence[Cell]:
    return [
        csv_text.local(one.bucket),
        *(one.mean, one.min, one.max, one.count, round(100 * one.coverage, 2)),
        *(one.suspect, one.fail, one.missing, word("provenance", one.provenance, "vi")),
    ]
