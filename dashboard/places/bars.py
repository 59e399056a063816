"""A row of bars as SVG, one a bucket; a bucket without a value has none. Pure."""

from collections.abc import Sequence
from typing import Final

WIDTH: Final = 480
HEIGHT: Final = 96
_GAP: Final = 2


def bars(values: Sequence[float | None], label: str) -> str:
    """From zero up or down; `label` is HTML, and what is read aloud."""
    known = [value for value in values if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    scale = HEIGHT / ((high - low) or 1)
    step = WIDTH / max(1, len(values))
    drawn = [
        _bar(number * step, step, value, high, scale)
        for number, value in enumerate(values)
        if value is not None
    ]
    return (
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<path class="axis" d="M0 {high * scale:.1f}H{WIDTH}"/>{"".join(drawn)}</svg>'
    )


def _bar(x: float, step: float, value: float, high: float, scale: float) -> str:
    tall = max(1.0, abs(value) * scale)
    y = min(HEIGHT - tall, (high - max(value, 0.0)) * scale)
    return f'<rect x="{x + _GAP / 2:.1f}" y="{y:.1f}" width="{step - _GAP:.1f}" height="{tall:.1f}"/>'
