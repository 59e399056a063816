"""What lasted from a time to a time, in rows, as a Plotly figure (plain JSON): bars along the axis of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.figures.drawing import INK, LINE, MUTED, SURFACE, Figure, local
from dashboard.figures.matrix import DARK

BAR_PX: Final = 20
GAP_PX: Final = 14
_TICKS: Final = (
    (timedelta(days=2), "%H:%M\n%d/%m"),
    (timedelta(days=200), "%d/%m"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    row: str
    start: datetime
    end: datetime
    kind: str
    """In the legend; bars of one kind have one colour."""
    color: str
    text: str
    hover: str


def timeline(
    rows: Sequence[str], bars: Sequence[Bar], start: datetime, end: datetime, *, language: str
) -> Figure:
    """Bars of a row that are of different kinds stand beside each other."""
    kinds = list(dict.fromkeys(bar.kind for bar in bars))
    ticks = next((ticks for most, ticks in _TICKS if end - start <= most), "%m/%Y")
    axis = {"gridcolor": LINE, "linecolor": LINE, "zeroline": False}
    layout = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": MUTED, "size": 13, "family": "system-ui, Roboto, Noto Sans, sans-serif"},
        "hoverlabel": {"bgcolor": SURFACE, "font": {"color": INK}},
        "margin": {"l": 40, "r": 12, "t": 40, "b": 40},
        "height": 120 + max(2, len(rows)) * (GAP_PX + BAR_PX * max(1, len(kinds))),
        "separators": ",." if language == "vi" else ".,",
        "barmode": "group",
        "dragmode": "zoom",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "shapes": [],
        "annotations": [],
        "xaxis": {
            **axis,
            "type": "date",
            "range": [local(start), local(end)],
            "tickformat": ticks,
            "fixedrange": False,
        },
        "yaxis": {
            **axis,
            "type": "category",
            "categoryorder": "array",
            "categoryarray": list(rows),
            "autorange": "reversed",
            "fixedrange": True,
            "automargin": True,
        },
    }
    return {
        "data": [_trace(kind, [bar for bar in bars if bar.kind == kind]) for kind in kinds],
        "layout": layout,
    }


def _trace(kind: str, bars: Sequence[Bar]) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "name": kind,
        "y": [bar.row for bar in bars],
        "base": [local(bar.start) for bar in bars],
        "x": [(bar.end - bar.start) / timedelta(milliseconds=1) for bar in bars],
        "text": [bar.text for bar in bars],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "insidetextfont": {"color": DARK},
        "hovertext": [bar.hover for bar in bars],
        "hovertemplate": "%{y}<br>%{hovertext}<extra></extra>",
        "marker": {"color": bars[0].color, "line": {"color": SURFACE, "width": 1}},
        "showlegend": True,
    }
