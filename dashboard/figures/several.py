"""Several Things on one axis over a span as a Plotly figure (plain JSON). Told apart by colour, dash and symbol."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.figures.drawing import Figure, layout, middle, stripe, stripes, with_gaps, word
from dashboard.figures.series import reach
from storage.model import Property
from storage.units import symbol

COLORS: Final = (
    *("#7AB8FF", "#F2C14E", "#5BD6A2", "#FF9E7A", "#C9A0FF", "#F48FB1"),
    *("#B5D86B", "#4DD0E1", "#E6E6E6", "#D7A86E", "#8FA8FF", "#FF7A90"),
)
DASHES: Final = ("solid", "dash", "dot", "dashdot")
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross")
MOST: Final = len(COLORS)
"""More lines nobody tells apart."""
_FEW: Final = 60
_NARROW: Final = 0.07
_EMPTY: Final = {"vi": "Không có dữ liệu trong khoảng này", "en": "No data in this span"}
_TICKS: Final = (
    (timedelta(days=2), "%H:%M\n%d/%m"),
    (timedelta(days=10), "%d/%m\n%H:%M"),
    (timedelta(days=200), "%d/%m"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Of one Thing; points oldest first."""

    name: str
    points: Sequence[tuple[datetime, float | None]]
    gap: timedelta
    """Between points farther apart the line breaks."""


def lines(
    drawn: Sequence[Line], observed: Property, start: datetime, end: datetime, *, language: str
) -> Figure:
    """Each Thing keeps its place in the list, and with it colour, dash and symbol."""
    values = [value for one in drawn for _, value in one.points if value is not None]
    low, high = reach(values, observed, observed.bands)
    unit = symbol(observed.unit)
    ticks = next((ticks for most, ticks in _TICKS if end - start <= most), "%m/%Y")
    made = layout(start, end, low, high, unit=unit, language=language, ticks=ticks)
    made["xaxis"]["fixedrange"] = False
    made["dragmode"] = "zoom"
    made["legend"] = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    shown = list(stripes(observed.bands, low, high))
    made["shapes"] = [stripe(band, top, bottom) for band, bottom, top in shown]
    made["annotations"] = [
        word(band.label.in_language(language), top, bottom)
        for band, bottom, top in shown
        if top - bottom >= _NARROW * (high - low)
    ]
    if not values:
        made["annotations"] = [*made["annotations"], middle(_EMPTY[language])]
    return {"data": [_trace(one, n, observed, unit) for n, one in enumerate(drawn)], "layout": made}


def _trace(one: Line, n: int, observed: Property, unit: str) -> Figure:
    times, results = with_gaps(one.points, one.gap)
    color, shape = COLORS[n % MOST], "hv" if observed.boolean else "linear"
    few = sum(result is not None for result in results) <= _FEW
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": one.name,
        "x": times,
        "y": results,
        "connectgaps": False,
        "line": {"color": color, "width": 2, "dash": DASHES[n % len(DASHES)], "shape": shape},
        "marker": {"size": 6 if few else 3, "symbol": SYMBOLS[n % len(SYMBOLS)]},
        "hovertemplate": f"{one.name}<br>%{{x|%H:%M %d/%m/%Y}}<br>%{{y:,.{observed.decimals}f}} {unit}<extra></extra>",
        "showlegend": True,
    }
