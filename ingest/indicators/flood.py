"""Flood level 0 to 4 of a street with hysteresis, and who can still pass.

The levels and the hysteresis are our own suggestion [S], not official. Each limit of passability carries its source;
what is known is of people and cars, for motorbikes there is no published figure among our sources.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from storage.model import Text

Reading = tuple[datetime, float]
"""Time and water depth in cm."""

LOWER_BOUNDS_CM: Final = (5.0, 15.0, 30.0, 50.0)
"""[S] Depth from which on level 1, 2, 3 and 4 is reached; the catalogue's bands of water_depth are the same."""
CLEAR_BELOW_CM: Final = 2.0
"""[S] A level is left only when the water is lower than its lower bound by more than this …"""
CLEAR_AFTER: Final = timedelta(minutes=10)
"""[S] … for so long, from the first reading to a later one, and none between that is higher."""
HOLDS: Final = timedelta(hours=6)
"""[S] A level that was not reached again for so long is left, so that it depends on a bounded past."""


class Passable(StrEnum):
    PASSABLE = "passable"
    CAUTION = "caution"
    NO = "no"

    @property
    def text(self) -> Text:
        return _TEXTS[self]


_TEXTS: Final[Mapping[Passable, Text]] = {
    Passable.PASSABLE: Text(vi="Đi được", en="Passable"),
    Passable.CAUTION: Text(vi="Đi thận trọng", en="With caution"),
    Passable.NO: Text(vi="Không đi qua", en="Do not pass"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """From this depth on something is not simply passable any more."""

    depth_cm: float
    passable: Passable
    trust: str
    """V verified in the named source, S our own suggestion."""
    basis: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """Who passes, and the limits, deepest last."""

    name: Text
    limits: Sequence[Limit]

    def at(self, depth_cm: float) -> Passable:
        reached = [limit.passable for limit in self.limits if depth_cm >= limit.depth_cm]
        return reached[-1] if reached else Passable.PASSABLE


TRAFFIC: Final[Mapping[str, Traffic]] = {
    "pedestrian": Traffic(
        name=Text(vi="Người đi bộ", en="Pedestrians"),
        limits=(
            Limit(
                depth_cm=15,
                passable=Passable.CAUTION,
                trust="V",
                basis=Text(
                    vi="Nước chảy sâu 15 cm có thể làm ngã người lớn (FEMA/NOAA, theo vnexpress)",
                    en="15 cm of moving water can knock an adult down (FEMA/NOAA via vnexpress)",
                ),
            ),
            Limit(
                depth_cm=50,
                passable=Passable.NO,
                trust="S",
                basis=Text(
                    vi="Đề xuất của chúng tôi: mức 4; quy tắc ở Colorado (CWCB) chỉ cấm người từ 3 ft (90 cm)",
                    en="Our suggestion: level 4; a rule of thumb (Colorado CWCB) stops people only at 3 ft (90 cm)",
                ),
            ),
        ),
    ),
    "motorbike": Traffic(
        name=Text(vi="Xe máy", en="Motorbikes"),
        limits=(
            Limit(
                depth_cm=15,
                passable=Passable.CAUTION,
                trust="S",
                basis=Text(
                    vi="Đề xuất của chúng tôi: mức 2; chưa có số liệu công bố cho xe máy",
                    en="Our suggestion: level 2; no published figure for motorbikes is known to us",
                ),
            ),
            Limit(
                depth_cm=25,
                passable=Passable.NO,
                trust="S",
                basis=Text(
                    vi="Đề xuất của chúng tôi: không sâu hơn mức an toàn của ô tô con",
                    en="Our suggestion: no deeper than is safe for an ordinary car",
                ),
            ),
        ),
    ),
    "car": Traffic(
        name=Text(vi="Ô tô", en="Cars"),
        limits=(
            Limit(
                depth_cm=15,
                passable=Passable.CAUTION,
                trust="V",
                basis=Text(
                    vi="15 cm tới gầm của phần lớn ô tô, có thể mất lái hoặc chết máy (FEMA/NOAA, theo vnexpress)",
                    en="15 cm reaches the underside of most cars: loss of control, stalling (FEMA/NOAA via vnexpress)",
                ),
            ),
            Limit(
                depth_cm=25,
                passable=Passable.NO,
                trust="V",
                basis=Text(
                    vi="25 cm là mức an toàn tối đa của ô tô thường (tripdi.vn); 30 cm cuốn trôi nhiều xe (FEMA/AAA)",
                    en="25 cm is the safe maximum of an ordinary car (tripdi.vn); 30 cm sweeps many away (FEMA/AAA)",
                ),
            ),
        ),
    ),
}
"""Domain facts 5.3. A limit counts from its depth on, also where the source calls that depth the last safe one."""


def passability(depth_cm: float) -> dict[str, Passable]:
    """Who can pass water of this depth: pedestrian, motorbike, car."""
    return {key: traffic.at(depth_cm) for key, traffic in TRAFFIC.items()}


def level(readings: Iterable[Reading], at: datetime) -> int:
    """The level at a moment from the readings (oldest first) of the six hours up to it. Depends on nothing else."""
    held = Held()
    for time, depth_cm in readings:
        if time <= at:
            held.read(time, depth_cm)
    return held.level(at)


def levels(readings: Iterable[Reading], moments: Iterable[datetime]) -> Iterator[tuple[datetime, int]]:
    """`level` at each of the moments, both oldest first, in one pass."""
    held = Held()
    coming = iter(readings)
    following = next(coming, None)
    for moment in moments:
        while following is not None and following[0] <= moment:
            held.read(*following)
            following = next(coming, None)
        yield moment, held.level(moment)


class Held:
    """What is remembered of each level: when it was last reached, and since when the water is well below it."""

    def __init__(self) -> None:
        self._reached: list[datetime | None] = [None] * len(LOWER_BOUNDS_CM)
        self._low_since: list[datetime | None] = [None] * len(LOWER_BOUNDS_CM)

    def read(self, time: datetime, depth_cm: float) -> None:
        """The next reading: a level is reached at once and left after ten minutes well below it."""
        for n, bound in enumerate(LOWER_BOUNDS_CM):
            if depth_cm >= bound:
                self._reached[n] = time
            if depth_cm >= bound - CLEAR_BELOW_CM:
                self._low_since[n] = None
                continue
            since = self._low_since[n] = self._low_since[n] or time
            if time - since >= CLEAR_AFTER:
                self._reached[n] = None

    def level(self, at: datetime) -> int:
        """Who reaches a level reaches the lower ones too, so their number is the level."""
        return sum(reached is not None and at - reached < HOLDS for reached in self._reached)
