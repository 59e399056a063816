"""The last 24 hours of one property of one Thing as a Plotly figure (plain JSON), with its bands behind it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from dashboard.figures.reasons import reason_in_words
from storage.model import HANOI, Band, Property, Quality
from storage.units import symbol

Figure = dict[str, Any]


class Value(NamedTuple):
    time: datetime
    """Aware."""
    result: float
    quality: int
    reason: str | None = None


SPAN: Final = timedelta(hours=24)
GAP_INTERVALS: Final = 3
"""Without a report for so many intervals the line breaks: nothing is drawn where nothing was measured."""

FEW: Final = 48

INK: Final = "#EEF2F8"
SURFACE: Final = "#182235"
MUTED: Final = "#A9B6C8"
LINE: Final = "#2E3C55"
ACCENT: Final = "#7AB8FF"
SUSPECT: Final = "#F2C14E"

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
    traces = [_line(good, observed, words["value"], hover)]
    if doubtful:
        traces.append(_marks(doubtful, words["suspect"], hover, language))
    layout = _layout(now, low, high, unit, language)
    layout["shapes"] = [_stripe(band, top, bottom) for band, bottom, top in _stripes(bands, low, high)]
    layout["annotations"] = [
        _word(band.label.in_language(language), top, bottom)
        for band, bottom, top in _stripes(bands, low, high)
    ]
    if not values:
        layout["annotations"] = [_middle(words["empty"])]
    return {"data": traces, "layout": layout}


def _line(values: Sequence[Value], observed: Property, name: str, hover: str) -> Figure:
    times, results = _with_gaps(values, timedelta(seconds=GAP_INTERVALS * observed.interval_s))
    return {
        "type": "scatter",
        "mode": "lines+markers",  # a value between two gaps has no line
        "name": name,
        "x": times,
        "y": results,
        "connectgaps": False,
        "line": {"color": ACCENT, "width": 2, "shape": "hv" if observed.boolean else "linear"},
        "marker": {"size": 5 if len(values) <= FEW else 3},
        "hovertemplate": hover,
        "showlegend": False,
    }


def _marks(values: Sequence[Value], name: str, hover: str, language: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [_local(value.time) for value in values],
        "y": [value.result for value in values],
        "text": [reason_in_words(value.reason, language) for value in values],
        "marker": {"color": SUSPECT, "symbol": "x", "size": 8},
        "hovertemplate": hover.replace("<extra>", "<br>%{text}<extra>"),
        "showlegend": True,
    }


def _with_gaps(values: Sequence[Value], gap: timedelta) -> tuple[list[str], list[float | None]]:
    times: list[str] = []
    results: list[float | None] = []
    before: datetime | None = None
    for time, result, *_ in values:
        if before is not None and time - before > gap:
            times.append(_local(before + gap))
            results.append(None)
        times.append(_local(time))
        results.append(result)
        before = time
    return times, results


def _local(time: datetime) -> str:
    return time.astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S")


def _reach(results: Sequence[float], bands: Sequence[Band]) -> tuple[float, float]:
    """From zero or below to above the highest value, and to the first limit of the scale at least."""
    limits = [band.below for band in bands if band.below is not None]
    low, high = min([0.0, *results]), max([0.0, *results, *limits[:1]])
    return low, high + 0.06 * (high - low or 1.0)


def _stripes(bands: Sequence[Band], low: float, high: float) -> Iterator[tuple[Band, float, float]]:
    """(band, from, to) for the bands in sight."""
    bottom = low
    for band in bands:
        top = high if band.below is None else min(band.below, high)
        if top > bottom:
            yield band, bottom, top
            bottom = top


def _stripe(band: Band, top: float, bottom: float) -> Figure:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": bottom,
        "y1": top,
        "fillcolor": band.color,
        "opacity": 0.16,
        "line": {"width": 0},
    }


def _word(text: str, top: float, bottom: float) -> Figure:
    """The band's name at the right edge: its colour alone says nothing."""
    return {
        "text": text,
        "xref": "paper",
        "x": 0.995,
        "xanchor": "right",
        "yref": "y",
        "y": (top + bottom) / 2,
        "showarrow": False,
        "font": {"size": 12, "color": INK},
        "bgcolor": SURFACE,
        "opacity": 0.85,
    }


def _middle(text: str) -> Figure:
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "font": {"size": 16, "color": INK},
    }


def _layout(now: datetime, low: float, high: float, unit: str, language: str) -> Figure:
    axis = {"gridcolor": LINE, "linecolor": LINE, "zeroline": False, "fixedrange": True}
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": MUTED, "size": 13, "family": "system-ui, Roboto, Noto Sans, sans-serif"},
        "margin": {"l": 56, "r": 12, "t": 24, "b": 40},
        "separators": ",." if language == "vi" else ".,",
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": 1.16},
        "xaxis": {
            **axis,
            "type": "date",
            "range": [_local(now - SPAN), _local(now)],
            "tickformat": "%H:%M\n%d/%m",
        },
        "yaxis": {**axis, "range": [low, high], "title": {"text": unit}},
    }
