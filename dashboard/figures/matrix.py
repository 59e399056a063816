"""Things against properties or hours as a Plotly heat map (plain JSON): each square has a colour, a number and a word.

Without colours: the text of a square is in its hover box always, and on the square where there is room for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.figures.drawing import INK, LINE, MUTED, SURFACE, Figure, local

MANY: Final = 120
"""With more columns the gaps between them would be what is seen."""
ROOMY: Final = 31
"""So many columns at most leave room for a text on each square."""
ROW_PX: Final = 38
DARK: Final = "#0B1220"
EVEN: Final = 0.179
"""Above this luminance dark letters have the higher contrast."""
CIVIDIS: Final = "Cividis"
OLD: Final = "#4A5568"
"""Of a square whose value is old or faulty: the text says so."""
_TICKS: Final = (
    (timedelta(days=2), "%H:%M\n%d/%m"),
    (timedelta(days=10), "%d/%m"),
    (timedelta(days=200), "%d/%m"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Square:
    """`at` is the number of its class among the colours, or without classes its value."""

    at: float
    text: str
    """The number, and the word where there is one; lines are parted by <br>."""
    short: str
    """The number alone."""


Squares = Sequence[Sequence[Square | None]]
"""By row, then by column; None: there is nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Without classes: from `low` to `high`, in a unit."""

    low: float
    high: float
    unit: str


def of_classes(
    rows: Sequence[str], columns: Sequence[str], squares: Squares, colors: Sequence[str]
) -> Figure:
    """Columns by name, as pollutants."""
    drawn = _figure(rows, columns, squares, _classes(colors), roomy=True)
    drawn["layout"]["dragmode"] = False  # else a finger could not scroll it
    drawn["layout"]["xaxis"] |= {"type": "category", "side": "top", "tickangle": 0, "automargin": True}
    return drawn


def over_time(
    rows: Sequence[str],
    starts: Sequence[datetime],
    width: timedelta,
    squares: Squares,
    colored: Sequence[str] | Scale,
    *,
    language: str,
) -> Figure:
    """Columns are spans of time of one width, without a gap between them; the axis can be dragged to zoom."""
    middles = [local(start + width / 2) for start in starts]
    colors = _values(colored) if isinstance(colored, Scale) else _classes(colored)
    drawn = _figure(rows, middles, squares, colors, roomy=len(starts) <= ROOMY)
    span = len(starts) * width
    ticks = next((ticks for most, ticks in _TICKS if span <= most), "%m/%Y")
    first = starts[0] if starts else None
    drawn["layout"]["xaxis"] |= {"type": "date", "tickformat": ticks, "fixedrange": False}
    if first is not None:
        drawn["layout"]["xaxis"]["range"] = [local(first), local(first + span)]
    when = "%H:%M %d/%m/%Y" if width < timedelta(days=1) else "%d/%m/%Y"
    begins = {"vi": "từ", "en": "from"}[language] if width < timedelta(days=1) else ""
    drawn["data"][0]["customdata"] = [[_clock(start, when) for start in starts] for _ in rows]
    drawn["data"][0]["hovertemplate"] = f"%{{y}}<br>{begins} %{{customdata}}<br>%{{text}}<extra></extra>"
    return drawn


def _figure(
    rows: Sequence[str], columns: Sequence[str], squares: Squares, colors: dict[str, Any], *, roomy: bool
) -> Figure:
    trace = {
        "type": "heatmap",
        "x": list(columns),
        "y": list(rows),
        "z": [[square.at if square else None for square in row] for row in squares],
        "text": [[square.text if square else "" for square in row] for row in squares],
        "hovertemplate": "%{y}<br>%{x}<br>%{text}<extra></extra>",
        "hoverongaps": False,
        "xgap": 1 if len(columns) <= MANY else 0,
        "ygap": 1,
        **colors,
    }
    traces = [trace]
    if roomy:
        traces.append(_texts(rows, columns, squares, colors))
    return {"data": traces, "layout": _layout(len(rows))}


def _texts(
    rows: Sequence[str], columns: Sequence[str], squares: Squares, colors: dict[str, Any]
) -> dict[str, Any]:
    """Dark on light squares and light on dark ones, which a heat map itself can not. `meta`: the short ones."""
    placed = [
        (row, column, square)
        for row, of_row in zip(rows, squares, strict=True)
        for column, square in zip(columns, of_row, strict=True)
        if square
    ]
    inks = [_ink(square.at, colors) for _, _, square in placed]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [column for _, column, _ in placed],
        "y": [row for row, _, _ in placed],
        "text": [square.text for _, _, square in placed],
        "meta": {"short": [square.short for _, _, square in placed], "columns": len(columns)},
        "textfont": {"color": inks, "size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _ink(at: float, colors: dict[str, Any]) -> str:
    low, high, steps = colors["zmin"], colors["zmax"], colors["colorscale"]
    if steps == CIVIDIS:
        return DARK if at - low > 0.45 * (high - low) else INK
    return DARK if luminance(steps[2 * round(at)][1]) > EVEN else INK


def luminance(color: str) -> float:
    """Relative luminance of #RRGGBB, 0 to 1 (WCAG 2.2)."""
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _classes(colors: Sequence[str]) -> dict[str, Any]:
    """A square of class n has the n-th colour."""
    count = max(1, len(colors))
    steps = [[edge / count, color] for n, color in enumerate(colors) for edge in (n, n + 1)]
    return {"colorscale": steps, "zmin": -0.5, "zmax": count - 0.5, "showscale": False}


def _values(scale: Scale) -> dict[str, Any]:
    """Cividis: it reads the same in every colour-vision deficiency, and rises in lightness."""
    bar = {"title": {"text": scale.unit}, "thickness": 12, "outlinewidth": 0, "tickfont": {"color": MUTED}}
    return {"colorscale": CIVIDIS, "zmin": scale.low, "zmax": scale.high, "colorbar": bar}


def _clock(time: datetime, written: str) -> str:
    return datetime.fromisoformat(local(time)).strftime(written)


def _layout(rows: int) -> Figure:
    axis = {"gridcolor": LINE, "linecolor": LINE, "zeroline": False, "showgrid": False}
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": MUTED, "size": 13, "family": "system-ui, Roboto, Noto Sans, sans-serif"},
        "hoverlabel": {"bgcolor": SURFACE, "font": {"color": INK}},
        "margin": {"l": 40, "r": 12, "t": 28, "b": 56},
        "height": 100 + ROW_PX * max(2, rows),
        "dragmode": "zoom",
        "shapes": [],
        "annotations": [],
        "xaxis": {**axis, "fixedrange": True},
        "yaxis": {
            **axis,
            "type": "category",
            "autorange": "reversed",
            "fixedrange": True,
            "automargin": True,
        },
    }
