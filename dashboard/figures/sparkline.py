"""A small line of the last hours as an SVG path: no axes, drawn from zero so that noise looks like noise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WIDTH: Final = 100.0
HEIGHT: Final = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sparkline:
    """Paths in a box of WIDTH by HEIGHT, y downwards."""

    line: str
    area: str
    lowest: float
    highest: float


def sparkline(
    points: Sequence[tuple[datetime, float]],
    *,
    start: datetime,
    end: datetime,
    gap: timedelta,
    reaches: float,
) -> Sparkline | None:
    """The points between two times, oldest first; the line breaks where two are further apart than `gap`.

    The scale goes from zero (or the lowest value below it) to `reaches` or the highest value above it.
    None without points.
    """
    shown = [(time, value) for time, value in points if start <= time <= end]
    if not shown:
        return None
    values = [value for _, value in shown]
    bottom, top = min(0.0, *values), max(reaches, *values)
    scale = HEIGHT / ((top - bottom) or 1.0)

    def place(time: datetime, value: float) -> tuple[float, float]:
        return WIDTH * ((time - start) / (end - start)), HEIGHT - (value - bottom) * scale

    runs = [[place(*point) for point in run] for run in _runs(shown, gap)]
    floor = HEIGHT + bottom * scale
    return Sparkline(
        line=" ".join(_line(run) for run in runs),
        area=" ".join(_area(run, floor) for run in runs if len(run) > 1),
        lowest=min(values),
        highest=max(values),
    )


def _runs(points: Iterable[tuple[datetime, float]], gap: timedelta) -> Iterable[list[tuple[datetime, float]]]:
    run: list[tuple[datetime, float]] = []
    for point in points:
        if run and point[0] - run[-1][0] > gap:
            yield run
            run = []
        run.append(point)
    yield run


def _line(run: Sequence[tuple[float, float]]) -> str:
    """A run of one point is a dot: a line of no length, which round caps make visible."""
    ends = run if len(run) > 1 else [run[0], run[0]]
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in ends)


def _area(run: Sequence[tuple[float, float]], floor: float) -> str:
    return f"{_line(run)} L{run[-1][0]:.1f} {floor:.1f} L{run[0][0]:.1f} {floor:.1f} Z"
