"""Things whose clock is off: how many, and the worst by name. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.clocks import ClockRow
from storage.model import Text

OFF_BY_S: Final = 60.0
"""A clock or a network that is off by less is a radio network's every day [S]."""
HEARD_WITHIN: Final = timedelta(days=1)
NAMED: Final = 2

_UNITS: Final = (
    ("days", 86_400, 2 * 86_400),
    ("hours", 3_600, 2 * 3_600),
    ("minutes", 60, 120),
    ("seconds", 1, 0),
)
"""Name of its text, its seconds, and from how many seconds on it is used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownClocks:
    """Clocks that are off."""

    count: int
    words: str
    """The worst by name, by how much, ahead or behind."""


def shown_clocks(rows: Sequence[ClockRow], view: CityView, language: Language) -> ShownClocks | None:
    """`rows` begin with the clock that is off most; None where none is."""
    if not rows:
        return None
    named = [_one(row, view, language) for row in rows[:NAMED]]
    more = len(rows) - len(named)
    others = [say("clocks_more", language).format(count=more)] if more else []
    return ShownClocks(count=len(rows), words=f"{say('clocks', language)}: {' · '.join([*named, *others])}")


def _one(row: ClockRow, view: CityView, language: Language) -> str:
    thing = view.things.get(row.thing_id)
    place = Text(vi=thing.name_vi, en=thing.name_en).in_language(language) if thing else row.thing_id
    way = "clock_ahead" if row.skew_s < 0 else "clock_behind"
    return say(way, language).format(place=place, by=duration(abs(row.skew_s), language))


def duration(seconds: float, language: Language) -> str:
    """In the largest unit of which there are at least two."""
    unit, size, _ = next(one for one in _UNITS if seconds >= one[2])
    return say(f"duration_{unit}", language).format(count=int(seconds / size))
