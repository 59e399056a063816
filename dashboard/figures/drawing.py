"""What figures of a property over time are drawn with: bands, gaps that stay gaps, axes, the dark room's colours."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from storage.model import HANOI, Band

Figure = dict[str, Any]

GAP_INTERVALS: Final = 3
"""Without a report for so many intervals the line breaks: nothing is drawn where nothing was measured."""

FEW: Final = 48

INK: Final = "#EEF2F8"
SURFACE: Final = "#182235"
MUTED: Final = "#A9B6C8"
LINE: Final = "#2E3C55"
ACCENT: Final = "#7AB8FF"
SUSPECT: Final = "#F2C14E"


def local(time: datetime) -> str:
    """Hanoi's clock: Plotly knows no time zones."""
    return time.astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S")


def with_gaps(
    points: Iterable[tuple[datetime, float | None]], gap: timedelta
) -> tuple[list[str], list[float | None]]:
    """Times and results; between two that are further apart than `gap` stands one without a result."""
    times: list[str] = []
    results: list[float | None] = []
    before: datetime | None = None
    for time, result in points:
        if before is not None and time - before > gap:
            times.append(local(before + gap))
            results.append(None)
        times.append(local(time))
        results.append(result)
        before = time
    return times, results


def line(
    times: Sequence[str], results: Sequence[float | None], *, name: str, hover: str, stepped: bool
) -> Figure:
    """A value between two gaps has no line, so that there are markers."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": times,
        "y": results,
        "connectgaps": False,
        "line": {"color": ACCENT, "width": 2, "shape": "hv" if stepped else "linear"},
        "marker": {"size": 5 if sum(one is not None for one in results) <= FEW else 3},
        "hovertemplate": hover,
        "showlegend": False,
    }


def stripes(bands: Sequence[Band], low: float, high: float) -> Iterator[tuple[Band, float, float]]:
    """(band, from, to) for the bands in sight."""
    bottom = low
    for band in bands:
        top = high if band.below is None else min(band.below, high)
        if top > bottom:
            yield band, bottom, top
            bottom = top


def stripe(band: Band, top: float, bottom: float) -> Figure:
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


def word(text: str, top: float, bottom: float) -> Figure:
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


def middle(text: str) -> Figure:
    """Said in the middle of an empty figure."""
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "font": {"size": 16, "color": INK},
    }


def layout(
    start: datetime, end: datetime, low: float, high: float, *, unit: str, language: str, ticks: str
) -> Figure:
    """Axes over a span and a reach; `ticks` is Plotly's format of times."""
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
            "range": [local(start), local(end)],
            "tickformat": ticks,
        },
        "yaxis": {**axis, "range": [low, high], "title": {"text": unit}},
    }
