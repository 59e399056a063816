"""One property of one Thing over any span as a Plotly figure (plain JSON): raw values, or buckets with their extremes.

Behind the line are the bands, across it limits, over it the marks of maintenance. Gaps stay gaps; what is suspect or
failed is a cross that says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.figures.drawing import (
    ACCENT,
    GAP_INTERVALS,
    INK,
    MUTED,
    SURFACE,
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
from dashboard.figures.last_day import Value, doubts
from storage.model import Band, Property, Quality
from storage.units import symbol

LIVE_LINE: Final = 0
LIVE_DOUBTS: Final = 1
"""Which traces of raw values a page appends to."""
_NARROW: Final = 0.07
"""Of the height: a narrower band has its name only beside the figure."""
_TICKS: Final = (
    (timedelta(days=2), "%H:%M\n%d/%m"),
    (timedelta(days=10), "%d/%m\n%H:%M"),
    (timedelta(days=200), "%d/%m"),
)
_WORDS: Final = {
    "vi": {
        "doubtful": "Đáng ngờ hoặc lỗi",
        "value": "Giá trị",
        "mean": "Trung bình",
        "reach": "Thấp nhất đến cao nhất",
        "empty": "Không có dữ liệu trong khoảng này",
        "suspect": "đáng ngờ",
        "fail": "lỗi",
    },
    "en": {
        "doubtful": "Suspect or failed",
        "value": "Value",
        "mean": "Mean",
        "reach": "Lowest to highest",
        "empty": "No data in this span",
        "suspect": "suspect",
        "fail": "failed",
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """A line across the figure."""

    value: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Something that was done; at one moment when `end` is None."""

    start: datetime
    end: datetime | None
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """An hour or a day. `mean` is None where directions cancel out."""

    start: datetime
    mean: float | None
    low: float
    high: float
    suspect: int
    fail: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What is shown beside the values."""

    observed: Property
    start: datetime
    end: datetime
    bands: Sequence[Band]
    limits: Sequence[Limit]
    marks: Sequence[Mark]
    language: str

    @property
    def words(self) -> dict[str, str]:
        return _WORDS[self.language]

    @property
    def unit(self) -> str:
        return symbol(self.observed.unit)

    @property
    def number(self) -> str:
        return f":,.{self.observed.decimals}f"


def of_values(values: Sequence[Value], frame: Frame, *, interval: timedelta) -> Figure:
    """Raw values, oldest first; the second trace, of doubtful ones, is there even when it is empty."""
    good = [value for value in values if value.quality < Quality.SUSPECT]
    doubtful = [value for value in values if value.quality >= Quality.SUSPECT]
    hover = f"%{{x|%H:%M:%S %d/%m/%Y}}<br>%{{y{frame.number}}} {frame.unit}<extra></extra>"
    times, results = with_gaps(((one.time, one.result) for one in good), GAP_INTERVALS * interval)
    traces = [
        line(times, results, name=frame.words["value"], hover=hover, stepped=frame.observed.boolean),
        {**doubts(doubtful, frame.words["doubtful"], hover, frame.language), "showlegend": bool(doubtful)},
    ]
    return _drawn(traces, [value.result for value in values], frame)


def of_buckets(buckets: Sequence[Bucket], frame: Frame, *, width: timedelta) -> Figure:
    """Buckets, oldest first: the mean in the middle of each, and a ribbon from the lowest to the highest value."""
    middles = [(one, one.start + width / 2) for one in buckets]
    when = "%H:%M %d/%m/%Y" if width < timedelta(days=1) else "%d/%m/%Y"
    hover = f"%{{x|{when}}}<br>%{{y{frame.number}}} {frame.unit}<extra></extra>"
    apart = 1.5 * width
    times, lows = with_gaps(((at, one.low) for one, at in middles), apart)
    _, highs = with_gaps(((at, one.high) for one, at in middles), apart)
    mean_times, means = with_gaps(((at, one.mean) for one, at in middles), apart)
    name = frame.words["mean"]
    traces = [
        *ribbon(times, lows, highs, frame.words["reach"]),
        {**line(mean_times, means, name=name, hover=hover, stepped=False), "showlegend": bool(buckets)},
    ]
    doubtful = [(one, at) for one, at in middles if one.suspect + one.fail]
    if doubtful:
        traces.append(_doubtful_buckets(doubtful, frame, hover))
    reach = [value for one in buckets for value in (one.low, one.high)]
    return _drawn(traces, reach, frame)


def ribbon(
    times: Sequence[str],
    lows: Sequence[float | None],
    highs: Sequence[float | None],
    name: str,
    color: str = ACCENT,
) -> list[Figure]:
    """One piece for each run without a gap: Plotly fills across gaps."""
    traces: list[Figure] = []
    run: list[tuple[str, float, float]] = []
    for time, low, high in [*zip(times, lows, highs, strict=True), ("", None, None)]:
        if low is not None and high is not None:
            run.append((time, low, high))
        elif run:
            there, back = run, run[::-1]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": name,
                    "x": [one[0] for one in there] + [one[0] for one in back],
                    "y": [one[2] for one in there] + [one[1] for one in back],
                    "fill": "toself",
                    "fillcolor": f"rgba({', '.join(str(part) for part in bytes.fromhex(color[1:]))}, 0.22)",
                    "line": {"width": 0},
                    "hoverinfo": "skip",
                    "legendgroup": "reach",
                    "showlegend": not traces,
                }
            )
            run = []
    return traces


def _doubtful_buckets(doubtful: Sequence[tuple[Bucket, datetime]], frame: Frame, hover: str) -> Figure:
    values = [
        Value(at, one.mean if one.mean is not None else one.high, Quality.SUSPECT) for one, at in doubtful
    ]
    said = [
        ", ".join(
            f"{count} {frame.words[kind]}"
            for kind, count in (("suspect", one.suspect), ("fail", one.fail))
            if count
        )
        for one, _ in doubtful
    ]
    return {**doubts(values, frame.words["doubtful"], hover, frame.language), "text": said}


def _drawn(traces: list[Figure], values: Sequence[float], frame: Frame) -> Figure:
    low, high = reach(values, frame.observed, frame.bands)
    span = frame.end - frame.start
    ticks = next((ticks for most, ticks in _TICKS if span <= most), "%m/%Y")
    drawn = layout(frame.start, frame.end, low, high, unit=frame.unit, language=frame.language, ticks=ticks)
    drawn["xaxis"]["fixedrange"] = False
    drawn["dragmode"] = "zoom"
    drawn["legend"] = {
        "orientation": "h",
        "x": 0,
        "y": 1.02,
        "yanchor": "bottom",
    }  # of any height beside the plot
    in_sight = [limit for limit in frame.limits if low < limit.value < high]
    shown = list(stripes(frame.bands, low, high))
    drawn["shapes"] = [
        *(stripe(band, top, bottom) for band, bottom, top in shown),
        *(_limit_line(limit) for limit in in_sight),
        *(_mark_shape(mark, frame) for mark in frame.marks),
    ]
    drawn["annotations"] = [
        *(
            word(band.label.in_language(frame.language), top, bottom)
            for band, bottom, top in shown
            if top - bottom >= _NARROW * (high - low)
        ),
        *(_limit_word(limit) for limit in in_sight),
        *(_mark_word(mark, frame) for mark in frame.marks),
    ]
    if not values:
        drawn["annotations"] = [*drawn["annotations"], middle(frame.words["empty"])]
    return {"data": traces, "layout": drawn}


def reach(values: Sequence[float], observed: Property, bands: Sequence[Band]) -> tuple[float, float]:
    """The axis: from zero where that is near, and of a scale to the first limit at least."""
    if observed.boolean:
        return -0.05, 1.15
    limits = [band.below for band in bands if band.below is not None][:1]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if 0 <= low < 0.5 * high or bands:
        low = min(low, 0.0)
    high = max([high, *limits])
    margin = 0.06 * (high - low or abs(high) or 1.0)
    return low if low == 0 else low - margin, high + margin


def _limit_line(limit: Limit) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": limit.value,
        "y1": limit.value,
        "line": {"color": MUTED, "width": 1, "dash": "dash"},
    }


def _limit_word(limit: Limit) -> Figure:
    return {
        "text": limit.label,
        "xref": "paper",
        "x": 0.005,
        "xanchor": "left",
        "yref": "y",
        "y": limit.value,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 11, "color": INK},
        "bgcolor": SURFACE,
        "opacity": 0.85,
    }


def _mark_shape(mark: Mark, frame: Frame) -> Figure:
    start = max(mark.start, frame.start)
    end = min(mark.end or mark.start, frame.end)
    return {
        "type": "rect",
        "layer": "below",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "xref": "x",
        "x0": local(start),
        "x1": local(max(start, end)),
        "fillcolor": ACCENT,
        "opacity": 0.35,
        "line": {"color": ACCENT, "width": 1.5},
    }


def _mark_word(mark: Mark, frame: Frame) -> Figure:
    return {
        "text": f"⚒ {mark.label}",
        "xref": "x",
        "x": local(max(mark.start, frame.start)),
        "xanchor": "left",
        "yref": "paper",
        "y": 0.01,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": INK},
        "bgcolor": SURFACE,
        "opacity": 0.85,
    }
