"""The last 24 hours of one property of one Thing as a Plotly figure (plain JSON), with its bands behind it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from dashboard.figures.drawing import (
    GAP_INTERVALS,
    SUSPECT,
    Figure,
    layout,
    line,
    local,
    middle,
    stripe,
    stripes,
    with_gaps,
    word,
)
from dashboard.figures.reasons import reason_in_words
from storage.model import Band, Property, Quality
from storage.units import symbol


class Value(NamedTuple):
    time: datetime
    """Aware."""
    result: float
    quality: int
    reason: str | None = None


SPAN: Final = timedelta(hours=24)

_WORDS: Final = {
    "vi": {
        "suspect": "Giá trị đáng ngờ hoặc lỗi",
        "value": "Giá trị",
        "empty": "Không có dữ liệu trong 24 giờ qua",
    },
    "en": {"suspect": "Suspect or failed value", "value": "Value", "empty": "No data in the last 24 hours"},
}


def last_day(
    values: Sequence[Value], observed: Property, *, bands: Sequence[Band], now: datetime, language: str
) -> Figure:
    """Values oldest first. Times on the axis are Hanoi's: Plotly knows no time zones, so it gets local ones."""
    words = _WORDS[language]
    good = [value for value in values if value.quality < Quality.SUSPECT]
    doubtful = [value for value in values if value.quality >= Quality.SUSPECT]
    low, high = _reach([value.result for value in values], bands)
    unit = symbol(observed.unit)
    hover = f"%{{x|%H:%M %d/%m}}<br>%{{y:,.{observed.decimals}f}} {unit}<extra></extra>"
    times, results = with_gaps(
        ((value.time, value.result) for value in good),
        timedelta(seconds=GAP_INTERVALS * observed.interval_s),
    )
    traces = [line(times, results, name=words["value"], hover=hover, stepped=observed.boolean)]
    if doubtful:
        traces.append(doubts(doubtful, words["suspect"], hover, language))
    drawn = layout(now - SPAN, now, low, high, unit=unit, language=language, ticks="%H:%M\n%d/%m")
    drawn["shapes"] = [stripe(band, top, bottom) for band, bottom, top in stripes(bands, low, high)]
    drawn["annotations"] = [
        word(band.label.in_language(language), top, bottom) for band, bottom, top in stripes(bands, low, high)
    ]
    if not values:
        drawn["annotations"] = [middle(words["empty"])]
    return {"data": traces, "layout": drawn}


def doubts(values: Sequence[Value], name: str, hover: str, language: str) -> Figure:
    """Suspect and failed values as crosses that say why."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [local(value.time) for value in values],
        "y": [value.result for value in values],
        "text": [reason_in_words(value.reason, language) for value in values],
        "marker": {"color": SUSPECT, "symbol": "x", "size": 8},
        "hovertemplate": hover.replace("<extra>", "<br>%{text}<extra>"),
        "showlegend": True,
    }


def _reach(results: Sequence[float], bands: Sequence[Band]) -> tuple[float, float]:
    """From zero or below to above the highest value, and to the first limit of the scale at least."""
    limits = [band.below for band in bands if band.below is not None]
    low, high = min([0.0, *results]), max([0.0, *results, *limits[:1]])
    return low, high + 0.06 * (high - low or 1.0)
