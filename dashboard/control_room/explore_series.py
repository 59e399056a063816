"""Several series over one span: the figure, and the words, table and files that say the same. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.control_room import csv_text, thing_csv, thing_series
from dashboard.control_room.alert_words import number, stamp, word
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.domains.observed import is_old, scale, when
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.thing_series import WIDTHS, Series
from dashboard.control_room.thing_view import name
from dashboard.control_room.time_range import Range, bar
from dashboard.data import is_simulated
from dashboard.figures.drawing import GAP_INTERVALS
from dashboard.figures.last_day import Value
from dashboard.figures.reasons import reason_in_words
from dashboard.figures.shared_axis import Drawn, Point, shared_axis
from storage.model import Quality
from storage.observations import LiveValue
from storage.things import ThingRow
from storage.units import symbol

ROWS_SHOWN: Final = 500
"""In the table of the page; a CSV has all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class One:
    """A chosen series; `newest` is its last value, in the span or not."""

    thing: ThingRow
    series: Series
    newest: LiveValue | None

    @property
    def key(self) -> str:
        return f"{self.thing.id}:{self.series.observed.key}"

    def title(self, shown: Language) -> str:
        return f"{name(self.thing, shown)}: {self.series.observed.name.in_language(shown)}"


def answer(chosen: Sequence[One], span: Range, now: datetime, shown: Language) -> dict[str, Any]:
    """As the panels of domain pages are answered, and what was chosen by name."""
    times = [one.newest.phenomenon_time for one in chosen if one.newest]
    every_old = [
        is_old(one.newest.phenomenon_time, one.series.interval_s, now) for one in chosen if one.newest
    ]
    return {
        "generated_at": now,
        "name": say("explore", shown),
        "range": bar(span, now),
        "figure": figure(chosen, span, shown) if chosen else None,
        "over_time": True,
        "empty": not any(_usable(one.series) for one in chosen),
        "words": in_words(chosen, span, now, shown),
        "scale": [],
        "table": table(chosen, shown),
        "newest": max(times, default=None),
        "old": bool(every_old) and all(every_old),
        "chosen": [{"key": one.key, "thing": one.thing.id, "title": one.title(shown)} for one in chosen],
        "simulated": any(is_simulated(one.newest) for one in chosen if one.newest),
    }


def figure(chosen: Sequence[One], span: Range, shown: Language) -> dict[str, Any]:
    drawn = [
        Drawn(
            name=one.title(shown),
            observed=one.series.observed,
            points=list(_points(one.series)),
            doubtful=list(_doubtful(one.series)),
            gap=_gap(one.series),
        )
        for one in chosen
    ]
    return shared_axis(drawn, span.start, span.end, language=shown)


def in_words(chosen: Sequence[One], span: Range, now: datetime, shown: Language) -> str:
    """Lowest, highest, mean and coverage of each series, and what was left out of them."""
    if not chosen:
        return say("explore_none", shown)
    said = {
        "start": stamp(span.start),
        "end": stamp(span.end),
        "step": say(f"step_{chosen[0].series.history.step}", shown),
        "count": len(chosen),
    }
    text = say("explore_words", shown).format(**said)
    for one in chosen:
        text += " " + _line(one, now, shown)
    return text


def table(chosen: Sequence[One], shown: Language) -> dict[str, Any]:
    """The newest first, of all series together; `numbers` are the columns of numbers."""
    raw = not chosen or chosen[0].series.history.step == "raw"
    middle = ["column_value"] if raw else ["column_mean", "column_low", "column_high", "column_count"]
    last = ["series_quality"] if raw else ["column_suspect", "column_fail"]
    heads = ["column_time", "panel_place", "series_property", *middle, *last, "series_provenance"]
    rows = [row for one in chosen for row in _rows(one, shown)]
    rows.sort(key=lambda row: row[0], reverse=True)
    return {
        "heads": [say(head, shown) for head in heads],
        "numbers": list(range(3, 4 if raw else 9)),
        "rows": [cells for _, cells in rows[:ROWS_SHOWN]],
    }


def plain(chosen: Sequence[One]) -> bytes:
    """Below each other, in the columns that hanoi-export has."""
    head = thing_csv.RAW if not chosen or chosen[0].series.history.step == "raw" else thing_csv.ROLLUP
    rows = [row for one in chosen for row in thing_csv.rows(one.series, one.thing.id, one.thing.domain)]
    return csv_text.plain([head, *rows])


def for_excel(chosen: Sequence[One]) -> bytes:
    """In Vietnamese, below each other: place and property before what the Thing's own file has."""
    rows: list[Sequence[Cell]] = []
    for one in chosen:
        head, *values = thing_csv.excel_rows(one.series)
        if not rows:
            value = "Giá trị" if one.series.history.step == "raw" else "Trung bình"
            rows.append([head[0], "Điểm đo", "Đại lượng", "Đơn vị", value, *head[2:]])
        unit = symbol(one.series.observed.unit)
        about = (one.thing.name_vi, one.series.observed.name.vi, unit)
        rows += [[first, *about, *rest] for first, *rest in values]
    return csv_text.for_excel(rows)


def _usable(found: Series) -> bool:
    if found.history.step == "raw":
        return any(one.quality < Quality.SUSPECT for one in found.values)
    return any(one.count for one in found.buckets)


def _gap(found: Series) -> timedelta:
    if found.history.step == "raw":
        return GAP_INTERVALS * timedelta(seconds=found.interval_s)
    return 1.5 * WIDTHS[found.history.step]


def _points(found: Series) -> Iterator[Point]:
    if found.history.step == "raw":
        for value in found.values:
            if value.quality < Quality.SUSPECT:
                yield Point(at=value.phenomenon_time, mean=value.result)
        return
    width = WIDTHS[found.history.step]
    for one in found.buckets:
        if one.count:
            yield Point(at=one.bucket + width / 2, mean=one.mean, low=one.min, high=one.max)


def _doubtful(found: Series) -> Iterator[Value]:
    """Crosses: values, or buckets with at least one such value."""
    if found.history.step == "raw":
        for value in found.values:
            if value.quality >= Quality.SUSPECT:
                yield Value(value.phenomenon_time, value.result, value.quality, value.quality_reason)
        return
    width = WIDTHS[found.history.step]
    for one in found.buckets:
        if one.suspect + one.fail:
            yield Value(
                one.bucket + width / 2, one.mean if one.mean is not None else one.max, Quality.SUSPECT, None
            )


def _line(one: One, now: datetime, shown: Language) -> str:
    found = one.series
    spread = thing_series.spread(found)
    if spread is None:
        text = say("explore_line_empty", shown).format(title=one.title(shown))
    else:
        low, high, mean, count = spread
        written = scale(found.observed, shown)
        text = say("explore_line", shown).format(
            title=one.title(shown),
            lowest=thing_series.value_in_words(found.observed, low, written),
            highest=thing_series.value_in_words(found.observed, high, written),
            mean="–" if mean is None else written.value(mean),
            coverage=number(100 * thing_series.coverage(found, count, now), 1, shown),
        )
    return text + thing_series.doubts_in_words(found, shown)


def _rows(one: One, shown: Language) -> Iterator[tuple[datetime, list[str]]]:
    found = one.series
    written = scale(found.observed, shown)
    about = [name(one.thing, shown), found.observed.name.in_language(shown)]
    if found.history.step == "raw":
        for value in found.values[-ROWS_SHOWN:]:
            quality = word("quality", str(value.quality), shown)
            if value.quality_reason:
                quality += f" ({reason_in_words(value.quality_reason, shown)})"
            said = thing_series.value_in_words(found.observed, value.result, written)
            source = word("provenance", value.input_provenance or value.provenance, shown)
            yield value.phenomenon_time, [stamp(value.phenomenon_time), *about, said, quality, source]
        return
    for bucket in found.buckets[-ROWS_SHOWN:]:
        values = [
            "–" if value is None or not bucket.count else written.value(value)
            for value in (bucket.mean, bucket.min, bucket.max)
        ]
        counts = [number(count, 0, shown) for count in (bucket.count, bucket.suspect, bucket.fail)]
        at = when(bucket.bucket, WIDTHS[found.history.step], shown)
        yield bucket.bucket, [at, *about, *values, *counts, word("provenance", bucket.provenance, shown)]
