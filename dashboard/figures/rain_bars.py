"""Rain of each gauge as bars that lie, one column of them for each length of time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.figures.drawing import INK, LINE, MUTED, SURFACE, Figure, middle

ROW_PX: Final = 26
GREY: Final = "#8A8F98"
_LEAST: Final = {"1h": 10.0, "3h": 20.0, "6h": 30.0, "24h": 50.0}
"""mm that an axis shows at least: a drizzle is not drawn like a cloudburst."""
_ROOM: Final = 1.45
"""For the words behind the longest bar."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RainBar:
    """`text` stands behind it; `hover` says the rest."""

    mm: float
    text: str
    hover: str
    color: str | None
    """Of its class; None: this length of time has none."""
    lower_bound: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    key: str
    title: str
    bars: Sequence[RainBar | None]
    """By gauge; None: nothing is known."""


def rain_bars(gauges: Sequence[str], columns: Sequence[Column], empty: str) -> Figure:
    """`gauges` from top to bottom. A lower bound is hatched."""
    count = max(1, len(columns))
    traces, layout = [], _layout(len(gauges))
    for n, column in enumerate(columns):
        axis = "" if n == 0 else str(n + 1)
        known = [bar for bar in column.bars if bar]
        most = max([_LEAST.get(column.key, 10.0), *(bar.mm for bar in known)])
        layout[f"xaxis{axis}"] = {
            **_AXIS,
            "domain": [(n + (0.05 if n else 0)) / count, (n + 0.97) / count],
            "range": [0, _ROOM * most],
            "title": {"text": f"{column.title}, mm"},
            "side": "top",
            "nticks": 4,
            "anchor": "y",
        }
        traces.append(_trace(gauges, column, f"x{axis}"))
    if not any(bar for column in columns for bar in column.bars):
        layout["annotations"] = [middle(empty)]
    return {"data": traces, "layout": layout}


def _trace(gauges: Sequence[str], column: Column, axis: str) -> Figure:
    bars = column.bars
    return {
        "type": "bar",
        "orientation": "h",
        "name": column.title,
        "y": list(gauges),
        "x": [bar.mm if bar else None for bar in bars],
        "xaxis": axis,
        "yaxis": "y",
        "text": [bar.text if bar else "" for bar in bars],
        "textposition": "outside",
        "textfont": {"color": INK, "size": 12},
        "cliponaxis": False,
        "customdata": [bar.hover if bar else "" for bar in bars],
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {
            "color": [(bar.color if bar else None) or GREY for bar in bars],
            "pattern": {"shape": ["/" if bar and bar.lower_bound else "" for bar in bars], "fgcolor": INK},
            "line": {"color": INK, "width": 0.5},
        },
        "showlegend": False,
    }


_AXIS: Final[Figure] = {"gridcolor": LINE, "linecolor": LINE, "zeroline": False, "fixedrange": True}


def _layout(gauges: int) -> Figure:
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": MUTED, "size": 13, "family": "system-ui, Roboto, Noto Sans, sans-serif"},
        "hoverlabel": {"bgcolor": SURFACE, "font": {"color": INK}},
        "margin": {"l": 8, "r": 12, "t": 56, "b": 8},
        "height": 90 + ROW_PX * max(4, gauges),
        "bargap": 0.25,
        "shapes": [],
        "annotations": [],
        "yaxis": {
            **_AXIS,
            "type": "category",
            "autorange": "reversed",
            "automargin": True,
            "tickfont": {"color": INK},
        },
    }
