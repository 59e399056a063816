"""What people say of a time, drawn over a figure whose horizontal axis is time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from dashboard.figures.drawing import INK, SURFACE, Figure, local

COLOR: Final = "#E7B6FF"
_LONGEST: Final = 28


class Noted(NamedTuple):
    start: datetime
    end: datetime | None
    text: str


def with_notes(figure: Figure, notes: Iterable[Noted], start: datetime, end: datetime) -> Figure:
    """The figure with what is said of times from `start` to `end`; its own shapes stay below."""
    seen = sorted(
        (note for note in notes if note.start < end and (note.end or note.start) >= start),
        key=lambda note: note.start,
    )
    layout = figure["layout"]
    shapes = [_shape(note, start, end) for note in seen]
    words = [_word(note, n, start) for n, note in enumerate(seen)]
    changed = {
        **layout,
        "shapes": [*layout.get("shapes", ()), *shapes],
        "annotations": [*layout.get("annotations", ()), *words],
    }
    return {**figure, "layout": changed}


def _shape(note: Noted, start: datetime, end: datetime) -> Figure:
    left, right = max(note.start, start), min(note.end or note.start, end)
    return {
        "type": "rect",
        "xref": "x",
        "x0": local(left),
        "x1": local(max(left, right)),
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "fillcolor": COLOR,
        "opacity": 0.3,
        "line": {"color": COLOR, "width": 2},
    }


def _word(note: Noted, n: int, start: datetime) -> Figure:
    """Each a little higher than the one before, so that neighbours can be read."""
    text = note.text if len(note.text) <= _LONGEST else f"{note.text[: _LONGEST - 1]}…"
    return {
        "text": f"✎ {_harmless(text)}",
        "hovertext": _harmless(note.text),
        "xref": "x",
        "x": local(max(note.start, start)),
        "xanchor": "left",
        "yref": "paper",
        "y": 0.02 + 0.09 * (n % 4),
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": INK},
        "bgcolor": SURFACE,
        "bordercolor": COLOR,
    }


def _harmless(text: str) -> str:
    """Plotly reads a few tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
