"""Small bar charts as SVG, for print as for the screen: every bar has its name and its number beside it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

ROW: Final = 22
NAMES: Final = 190
NUMBERS: Final = 130
WIDTH: Final = 640
HEIGHT: Final = 170
_LETTERS: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    name: str
    value: float | None
    """None: there is no value, and no bar."""
    words: str
    """The value as it is written."""
    color: str


def rows(bars: Sequence[Bar], *, title: str, most: float) -> str:
    """A bar a row. `most` is the value of the whole width, unless one is larger."""
    top = max([most, *(bar.value or 0.0 for bar in bars)]) or 1.0
    drawn = "".join(_row(bar, n, top) for n, bar in enumerate(bars))
    return _svg(drawn, title, WIDTH, ROW * len(bars))


def columns(bars: Sequence[Bar], *, title: str, most: float) -> str:
    """A bar a column, with the name below and the number above."""
    top = max([most, *(bar.value or 0.0 for bar in bars)]) or 1.0
    width = WIDTH / max(1, len(bars))
    drawn = "".join(_column(bar, n * width, width, top) for n, bar in enumerate(bars))
    line = f'<path d="M0 {HEIGHT - 18}.5H{WIDTH}" stroke="currentColor" stroke-width="1" fill="none"/>'
    return _svg(drawn + line, title, WIDTH, HEIGHT)


def _row(bar: Bar, n: int, top: float) -> str:
    y = n * ROW
    length = (WIDTH - NAMES - NUMBERS) * (bar.value or 0.0) / top
    parts = [_text(bar.name, NAMES - 8, y + 15, "end"), _text(bar.words, NAMES + length + 6, y + 15, "start")]
    if bar.value is not None:
        parts.append(_rect(NAMES, y + 4, max(length, 1), ROW - 8, bar.color))
    return "".join(parts)


def _column(bar: Bar, x: float, width: float, top: float) -> str:
    room = HEIGHT - 36
    height = room * (bar.value or 0.0) / top
    parts = [_text(bar.name, x + width / 2, HEIGHT - 4, "middle", 10)]
    if bar.value is not None:
        y = HEIGHT - 18 - height
        parts.append(_rect(x + width * 0.15, y, width * 0.7, max(height, 1), bar.color))
        parts.append(_text(bar.words, x + width / 2, y - 4, "middle", 10))
    return "".join(parts)


def _rect(x: float, y: float, width: float, height: float, color: str) -> str:
    shape = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {shape} fill="{escape(color)}" stroke="currentColor" stroke-width="0.75"/>'


def _text(words: str, x: float, y: float, anchor: str, size: int = 12) -> str:
    cut = words if len(words) <= _LETTERS else f"{words[: _LETTERS - 1]}…"
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {where} fill="currentColor">{escape(cut)}</text>'


def _svg(drawn: str, title: str, width: int, height: int) -> str:
    return "".join(_parts(drawn, title, width, height))


def _parts(drawn: str, title: str, width: int, height: int) -> Iterator[str]:
    """A drawing that is read aloud by its title: the table beside it has the numbers."""
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    yield f' role="img" aria-label="{escape(title)}" font-family="Noto Sans, DejaVu Sans, sans-serif">{drawn}</svg>'
