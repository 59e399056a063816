"""Rain above, hanging from the top as hydrologists draw it, and the water on the street below, over the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.figures.drawing import (
    ACCENT,
    FEW,
    GAP_INTERVALS,
    SUSPECT,
    Figure,
    layout,
    local,
    middle,
    stripe,
    stripes,
    with_gaps,
    word,
)
from storage.model import Band

RAIN: Final = "#4FB3FF"
LEAST_RAIN: Final = 5.0
"""mm/h that the axis of rain shows at least: a drizzle is not drawn like a cloudburst."""
LEAST_DEPTH: Final = 20.0
"""cm, the same of the water."""
HEIGHT_PX: Final = 440
_HEADROOM: Final = 1.1
_RAIN_DOMAIN: Final = (0.62, 1.0)
_DEPTH_DOMAIN: Final = (0.0, 0.56)
_TICKS: Final = ((timedelta(days=2), "%H:%M\n%d/%m"), (timedelta(days=10), "%d/%m\n%H:%M"))
_NARROW: Final = 0.09
"""Of the height of the lower part: a narrower band has its name only beside the figure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """Rain of (start, end]."""

    start: datetime
    end: datetime
    mm_h: float
    """Its mean intensity."""
    doubtful: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Depth:
    """Water at a moment, or the highest of a bucket in its middle."""

    time: datetime
    cm: float
    doubtful: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Names in the page's language."""

    rain: str
    rain_axis: str
    depth: str
    depth_axis: str
    doubtful: str
    empty_rain: str
    empty_depth: str
    language: str


def hyetograph(
    rain: Sequence[Bar],
    depths: Sequence[Depth],
    bands: Sequence[Band],
    span: tuple[datetime, datetime],
    words: Words,
    *,
    gap: timedelta,
) -> Figure:
    """Both oldest first. `gap`: depths further apart than GAP_INTERVALS of it are not joined."""
    start, end = span
    most = max([LEAST_RAIN, *(bar.mm_h * _HEADROOM for bar in rain)])
    deepest = max([LEAST_DEPTH, *(one.cm * _HEADROOM for one in depths)])
    lowest = min([0.0, *(one.cm for one in depths)])
    found = layout(
        start,
        end,
        lowest,
        deepest,
        unit=words.depth_axis,
        language=words.language,
        ticks=next((ticks for longest, ticks in _TICKS if end - start <= longest), "%d/%m"),
    )
    found["yaxis"]["domain"] = list(_DEPTH_DOMAIN)
    found["yaxis2"] = {
        **found["yaxis"],
        "domain": list(_RAIN_DOMAIN),
        "range": [most, 0],
        "title": {"text": words.rain_axis},
    }
    found["xaxis"]["anchor"] = "y"
    found["bargap"] = 0
    found["height"] = HEIGHT_PX
    found["shapes"], found["annotations"] = _scale(bands, lowest, deepest, words.language)
    found["annotations"] += _empty(rain, depths, words)
    data = [*_rain(rain, words), *_water(depths, words, gap)]
    drawn = {trace.get("yaxis", "y") for trace in data}
    data += [_unseen(axis, start) for axis in ("y", "y2") if axis not in drawn]
    return {"data": data, "layout": found}


def _rain(bars: Sequence[Bar], words: Words) -> list[Figure]:
    good, doubtful = [b for b in bars if not b.doubtful], [b for b in bars if b.doubtful]
    kinds = ((good, words.rain, RAIN), (doubtful, f"{words.rain}: {words.doubtful}", SUSPECT))
    return [_bars(found, name, color) for found, name, color in kinds if found]


def _bars(bars: Sequence[Bar], name: str, color: str) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": [local(bar.start + (bar.end - bar.start) / 2) for bar in bars],
        "y": [bar.mm_h for bar in bars],
        "width": [1000 * (bar.end - bar.start).total_seconds() for bar in bars],
        "yaxis": "y2",
        "marker": {"color": color, "line": {"width": 0}},
        "hovertemplate": "%{x|%H:%M %d/%m/%Y}<br>%{y:,.1f} mm/h<extra></extra>",
        "showlegend": True,
    }


def _water(depths: Sequence[Depth], words: Words, gap: timedelta) -> list[Figure]:
    good, doubtful = [d for d in depths if not d.doubtful], [d for d in depths if d.doubtful]
    times, results = with_gaps(((one.time, one.cm) for one in good), GAP_INTERVALS * gap)
    hover = "%{x|%H:%M %d/%m/%Y}<br>%{y:,.0f} cm<extra></extra>"
    water: Figure = {
        "type": "scatter",
        "mode": "lines+markers" if len(good) <= FEW else "lines",
        "name": words.depth,
        "x": times,
        "y": results,
        "connectgaps": False,
        "fill": "tozeroy" if None not in results else "none",
        "fillcolor": "rgba(122,184,255,0.22)",
        "line": {"color": ACCENT, "width": 2},
        "marker": {"size": 5},
        "hovertemplate": hover,
        "showlegend": True,
    }
    crosses: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": f"{words.depth}: {words.doubtful}",
        "x": [local(one.time) for one in doubtful],
        "y": [one.cm for one in doubtful],
        "marker": {"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": SUSPECT}},
        "hovertemplate": hover,
        "showlegend": True,
    }
    return [trace for trace in (water, crosses) if trace["x"]]


def _unseen(axis: str, at: datetime) -> Figure:
    """Plotly writes NaN into the paths of an axis that no trace with a point belongs to."""
    point = {"x": [local(at)], "y": [None]}
    return {"type": "scatter", **point, "yaxis": axis, "showlegend": False, "hoverinfo": "skip"}


def _scale(
    bands: Sequence[Band], low: float, high: float, language: str
) -> tuple[list[Figure], list[Figure]]:
    """The levels of the water, as stripes behind the lower part, named where there is room."""
    shown = list(stripes(bands, low, high))
    names = [
        word(band.label.in_language(language), top, bottom)
        for band, bottom, top in shown
        if top - bottom >= _NARROW * (high - low)
    ]
    return [stripe(band, top, bottom) for band, bottom, top in shown], names


def _empty(rain: Sequence[Bar], depths: Sequence[Depth], words: Words) -> list[Figure]:
    missing = [(words.empty_rain, _RAIN_DOMAIN)] * (not rain) + [(words.empty_depth, _DEPTH_DOMAIN)] * (
        not depths
    )
    return [{**middle(text), "y": sum(domain) / 2} for text, domain in missing]
