"""Several series of any units on one time axis as a Plotly figure (plain JSON): one vertical axis a unit.

Two units share a plot, on its left and its right; more have a plot each, one below the other. Gaps stay gaps; what is
suspect or failed is a cross that says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.figures.drawing import Figure, layout, local, middle, with_gaps
from dashboard.figures.last_day import Value, doubts
from dashboard.figures.series import reach, ribbon
from dashboard.figures.several import COLORS, DASHES, SYMBOLS
from storage.model import Property, Quality
from storage.units import symbol

MOST: Final = 8
TOGETHER: Final = 2
"""So many units share a plot."""
_PLOT_PX: Final = 210
_MARGIN_PX: Final = 90
_LINE_PX: Final = 24
_BETWEEN: Final = 0.05
_FEW: Final = 60
_TICKS: Final = (
    (timedelta(days=2), "%H:%M\n%d/%m"),
    (timedelta(days=10), "%d/%m\n%H:%M"),
    (timedelta(days=200), "%d/%m"),
)
_EMPTY: Final = {"vi": "Không có dữ liệu trong khoảng này", "en": "No data in this span"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A value, or a bucket in its middle. `mean` is None where there is none that can be used."""

    at: datetime
    mean: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """One series, oldest first; between points farther apart than `gap` the line breaks."""

    name: str
    observed: Property
    points: Sequence[Point]
    doubtful: Sequence[Value]
    gap: timedelta


def units(drawn: Sequence[Drawn]) -> list[tuple[str, bool]]:
    """The vertical axes from the top, in the order of the series; yes or no is a unit of its own."""
    return list(dict.fromkeys(_unit(one.observed) for one in drawn))


def shared_axis(drawn: Sequence[Drawn], start: datetime, end: datetime, *, language: str) -> Figure:
    """Each series keeps colour, dash and symbol by its place in the list."""
    axes = units(drawn)
    ticks = next((ticks for most, ticks in _TICKS if end - start <= most), "%m/%Y")
    made = layout(start, end, 0, 1, unit="", language=language, ticks=ticks)
    made["xaxis"]["fixedrange"] = False
    made["dragmode"] = "zoom"
    made["legend"] = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    plain = made.pop("yaxis")
    plots = 1 if len(axes) <= TOGETHER else len(axes)
    for n, axis in enumerate(axes):
        made[f"yaxis{_number(n)}"] = {**plain, **_axis(drawn, axis), **_place(n, plots, len(axes))}
    if not axes:
        made["yaxis"] = plain
    made["xaxis"]["anchor"] = f"y{_number(plots - 1)}"
    made["height"] = _MARGIN_PX + _LINE_PX * len(drawn) + max(_PLOT_PX * plots, 320)
    if not any(one.points or one.doubtful for one in drawn):
        made["annotations"] = [middle(_EMPTY[language])]
    traces = [trace for n, one in enumerate(drawn) for trace in _traces(one, n, axes, start, language)]
    return {"data": traces, "layout": made}


def _unit(observed: Property) -> tuple[str, bool]:
    return symbol(observed.unit), observed.boolean


def _number(n: int) -> str:
    """As Plotly counts axes: y, y2, y3."""
    return "" if n == 0 else str(n + 1)


def _axis(drawn: Sequence[Drawn], axis: tuple[str, bool]) -> dict[str, Any]:
    mine = [one for one in drawn if _unit(one.observed) == axis]
    values = [
        value
        for one in mine
        for value in (
            *(v for point in one.points for v in (point.mean, point.low, point.high) if v is not None),
            *(value.result for value in one.doubtful),
        )
    ]
    low, high = reach(values, mine[0].observed, ())
    return {"range": [low, high], "title": {"text": axis[0]}, "automargin": True}


def _place(n: int, plots: int, axes: int) -> dict[str, Any]:
    if plots == 1:
        return {} if n == 0 else {"overlaying": "y", "side": "right", "showgrid": False, "tickmode": "auto"}
    height = (1 - _BETWEEN * (axes - 1)) / axes
    top = 1 - n * (height + _BETWEEN)
    return {"domain": [max(0.0, top - height), top], "anchor": "x"}


def _traces(one: Drawn, n: int, axes: list[tuple[str, bool]], start: datetime, language: str) -> list[Figure]:
    color, unit = COLORS[n], symbol(one.observed.unit)
    yaxis = f"y{_number(axes.index(_unit(one.observed)))}"
    hover = f"{one.name}<br>%{{x|%H:%M %d/%m/%Y}}<br>%{{y:,.{one.observed.decimals}f}} {unit}<extra></extra>"
    times, means = with_gaps(((point.at, point.mean) for point in one.points), one.gap)
    _, lows = with_gaps(((point.at, point.low) for point in one.points), one.gap)
    _, highs = with_gaps(((point.at, point.high) for point in one.points), one.gap)
    reached = [{**trace, "showlegend": False} for trace in ribbon(times, lows, highs, one.name, color)]
    few = sum(mean is not None for mean in means) <= _FEW
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": one.name,
        "x": times
        or [local(start)],  # Plotly leaves out a series without points, and the axes that only it has
        "y": means or [None],
        "connectgaps": False,
        "line": {
            "color": color,
            "width": 2,
            "dash": DASHES[n % len(DASHES)],
            "shape": "hv" if one.observed.boolean else "linear",
        },
        "marker": {"size": 6 if few else 3, "symbol": SYMBOLS[n % len(SYMBOLS)]},
        "hovertemplate": hover,
        "showlegend": True,
    }
    traces = [*reached, line]
    if any(value.quality >= Quality.SUSPECT for value in one.doubtful):
        traces.append({**doubts(one.doubtful, one.name, hover, language), "showlegend": False})
    return [{**trace, "xaxis": "x", "yaxis": yaxis, "legendgroup": str(n)} for trace in traces]
