"""One property of one Thing over a span: the figure, the words and the table that say the same. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.conditions import Comparison, Outside, Reading, Threshold
from alerts.model import Rule
from dashboard.control_room.alert_words import Scale, number, stamp, stamp_s, word
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.time_range import Range, bar
from dashboard.figures.drawing import Figure
from dashboard.figures.last_day import Value
from dashboard.figures.reasons import reason_in_words
from dashboard.figures.series import Bucket, Frame, Limit, Mark, of_buckets, of_values
from ingest.indicators.wind import mean_direction
from storage.maintenance import Note
from storage.model import HANOI, Band, Property, Quality
from storage.observations import History, HistoryValue, RollupRow
from storage.units import symbol

WIDTHS: Final = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}
_SIGNS: Final = {
    Comparison.ABOVE: ">",
    Comparison.AT_LEAST: "≥",
    Comparison.BELOW: "<",
    Comparison.AT_MOST: "≤",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """What was found, and what it is of."""

    observed: Property
    interval_s: int
    """How often the Thing reports it."""
    range: Range
    history: History
    rules: Sequence[Rule]
    """Those that hold this property of this Thing against something."""
    notes: Sequence[Note]

    @property
    def values(self) -> list[HistoryValue]:
        return [row for row in self.history.rows if isinstance(row, HistoryValue)]

    @property
    def buckets(self) -> list[RollupRow]:
        return [row for row in self.history.rows if isinstance(row, RollupRow)]


def answer(found: Series, now: datetime, shown: Language) -> dict[str, Any]:
    """What the page's script draws and writes."""
    return {
        "generated_at": now,
        "property": found.observed.key,
        "name": found.observed.name.in_language(shown),
        "step": found.history.step,
        "range": bar(found.range, now),
        "figure": figure(found, shown),
        "words": in_words(found, now, shown),
        "empty": spread(found) is None,
        "scale": list(scale_in_words(found, shown)),
        "table": table(found, shown),
    }


def figure(found: Series, shown: Language) -> Figure:
    frame = Frame(
        observed=found.observed,
        start=found.range.start,
        end=found.range.end,
        bands=found.observed.bands,
        limits=[
            Limit(value=limit, label=f"{sign} {_exact(found, limit, shown)}")
            for _, sign, limit in limits(found)
        ],
        marks=[
            Mark(start=note.starts_at, end=note.ends_at, label=word("maintenance", note.kind, shown))
            for note in found.notes
        ],
        language=shown,
    )
    if found.history.step == "raw":
        values = [Value(r.phenomenon_time, r.result, r.quality, r.quality_reason) for r in found.values]
        return of_values(values, frame, interval=timedelta(seconds=found.interval_s))
    buckets = [
        Bucket(start=r.bucket, mean=r.mean, low=r.min, high=r.max, suspect=r.suspect, fail=r.fail)
        for r in found.buckets
    ]
    return of_buckets(buckets, frame, width=WIDTHS[found.history.step])


def limits(found: Series) -> Iterator[tuple[Rule, str, float]]:
    """(rule, sign, limit) of the alert rules that hold single values against limits."""
    for rule in found.rules:
        if not isinstance(rule.condition, Reading):
            continue
        match rule.condition.held_against:
            case Threshold(comparison=comparison, limit=limit):
                yield rule, _SIGNS[comparison], limit
            case Outside(low=low, high=high):
                yield rule, "<", low
                yield rule, ">", high


def in_words(found: Series, now: datetime, shown: Language) -> str:
    """Lowest, highest, mean and coverage, and what was left out of them and why."""
    said = {
        "name": found.observed.name.in_language(shown),
        "start": stamp(found.range.start),
        "end": stamp(found.range.end),
        "step": say(f"step_{found.history.step}", shown),
    }
    found_spread = spread(found)
    if found_spread is None:
        return say("series_words_empty", shown).format(**said) + doubts_in_words(found, shown)
    low, high, mean, count = found_spread
    values = {"lowest": low, "highest": high, "mean": mean}
    return say("series_words", shown).format(
        **said,
        **{name: _said(found, value, shown) for name, value in values.items()},
        coverage=number(100 * coverage(found, count, now), 1, shown),
    ) + doubts_in_words(found, shown)


def coverage(found: Series, count: int, now: datetime) -> float:
    """Share of the reports that were due in the part of the span that is over, 0 to 1."""
    elapsed_s = (min(found.range.end, now) - found.range.start).total_seconds()
    return min(1.0, count / max(1.0, elapsed_s / found.interval_s))


def scale_in_words(found: Series, shown: Language) -> Iterator[dict[str, Any]]:
    """Bands from the first to the last, then limits of alert rules; whether they are in sight or not."""
    low: float | None = None
    for band in found.observed.bands:
        yield {"text": _band_in_words(found, band, low, shown), "color": band.color}
        low = band.below
    for rule, sign, limit in limits(found):
        text = say("limit_line", shown).format(
            title=rule.title.in_language(shown), sign=sign, limit=_exact(found, limit, shown)
        )
        if rule.suggestion:
            text += f" ({say('limit_suggested_short', shown)})"
        yield {"text": text, "color": None}


def table(found: Series, shown: Language) -> dict[str, Any]:
    """Heads and rows of text, the newest first; `numbers` are the columns of numbers."""
    if found.history.step == "raw":
        heads = ["column_time", "column_value", "series_quality", "column_reason", "series_provenance"]
        rows = [_value_row(found, one, shown) for one in reversed(found.values)]
        return {"heads": [say(head, shown) for head in heads], "numbers": [1], "rows": rows}
    heads = [
        "column_day" if found.history.step == "1d" else "column_from",
        *("column_mean", "column_low", "column_high", "column_count", "column_coverage"),
        *("column_suspect", "column_fail", "series_provenance"),
    ]
    rows = [_bucket_row(found, one, shown) for one in reversed(found.buckets)]
    return {"heads": [say(head, shown) for head in heads], "numbers": list(range(1, 8)), "rows": rows}


def value_in_words(observed: Property, value: float, scale: Scale) -> str:
    """A yes or no by the name of its band, anything else by number and unit."""
    band = observed.band(value) if observed.boolean else None
    return band.label.in_language(scale.language) if band else scale.value(value)


def _value_row(found: Series, one: HistoryValue, shown: Language) -> list[str]:
    doubtful = one.quality >= Quality.SUSPECT
    return [
        stamp_s(one.phenomenon_time),
        _said(found, one.result, shown),
        word("quality", str(one.quality), shown),
        reason_in_words(one.quality_reason, shown) if doubtful or one.quality_reason else "",
        word("provenance", one.input_provenance or one.provenance, shown),
    ]


def _bucket_row(found: Series, one: RollupRow, shown: Language) -> list[str]:
    begins = one.bucket.astimezone(HANOI)
    return [
        f"{begins:%d/%m/%Y}" if found.history.step == "1d" else f"{begins:%d/%m/%Y %H:%M}",
        *(_said(found, value, shown) for value in (one.mean, one.min, one.max)),
        number(one.count, 0, shown),
        f"{number(100 * one.coverage, 1, shown)} %",
        number(one.suspect, 0, shown),
        number(one.fail, 0, shown),
        word("provenance", one.provenance, shown),
    ]


def spread(found: Series) -> tuple[float, float, float | None, int] | None:
    """Lowest, highest, mean and number of the usable values; None: there is none."""
    if found.history.step == "raw":
        results = [one.result for one in found.values if one.quality < Quality.SUSPECT]
        if not results:
            return None
        mean = _turned(results) if found.observed.circular else sum(results) / len(results)
        return min(results), max(results), mean, len(results)
    rows = found.buckets
    count = sum(one.count for one in rows)
    if not count:
        return None
    means = [(one.mean, one.count) for one in rows if one.mean is not None]
    if found.observed.circular:
        mean = _turned([mean for mean, _ in means])
    else:
        mean = sum(mean * times for mean, times in means) / count
    return min(one.min for one in rows), max(one.max for one in rows), mean, count


def _turned(directions: Sequence[float]) -> float | None:
    found = mean_direction(directions)
    return found.degrees if found else None


def doubts_in_words(found: Series, shown: Language) -> str:
    if found.history.step != "raw":
        suspect, fail = (sum(getattr(one, name) for one in found.buckets) for name in ("suspect", "fail"))
        if not suspect + fail:
            return ""
        said = {"suspect": number(suspect, 0, shown), "fail": number(fail, 0, shown)}
        return " " + say("series_words_doubt_counts", shown).format(**said)
    counts = Counter(one.quality_reason for one in found.values if one.quality >= Quality.SUSPECT)
    if not counts:
        return ""
    reasons = "; ".join(f"{reason_in_words(reason, shown)}: {n}" for reason, n in counts.most_common())
    return " " + say("series_words_doubts", shown).format(count=counts.total(), reasons=reasons)


def _band_in_words(found: Series, band: Band, low: float | None, shown: Language) -> str:
    name = band.label.in_language(shown)
    kind = {
        (True, True): "band_all",
        (True, False): "band_below",
        (False, False): "band_between",
        (False, True): "band_from",
    }[low is None, band.below is None]
    written_low = "" if low is None else _exact(found, low, shown)
    limit = "" if band.below is None else _exact(found, band.below, shown)
    if found.observed.boolean:
        return name
    return say(kind, shown).format(name=name, low=written_low, limit=limit)


def _scale(found: Series, shown: Language) -> Scale:
    return Scale(unit=symbol(found.observed.unit), decimals=found.observed.decimals, language=shown)


def _said(found: Series, value: float | None, shown: Language) -> str:
    if value is None:
        return "–"
    return value_in_words(found.observed, value, _scale(found, shown))


def _exact(found: Series, value: float, shown: Language) -> str:
    return _scale(found, shown).exact(value)
