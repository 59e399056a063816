"""The loss meter: of the messages that Things number, how many never arrived, and whose they are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dashboard.control_room.language import Language
from dashboard.data import CityView
from storage.model import Text
from storage.sequences import LossRow

NAMED: Final = 2
BAD_SHARE: Final = 0.01
"""From so much loss on it is said as something to look after; below it is a radio network's every day."""

LossState = Literal["none", "some", "much"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LossOf:
    """One Thing that lost some."""

    place: str
    missing: int
    expected: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownLoss:
    """Over all Things that number their messages."""

    state: LossState
    share: float
    """0 to 1."""
    missing: int
    expected: int
    things: int
    worst: tuple[LossOf, ...]
    """Those that lost most, at most NAMED."""


def shown_loss(rows: Sequence[LossRow], view: CityView, language: Language) -> ShownLoss | None:
    """`rows` begin with the Thing that lost most."""
    if not rows:
        return None
    missing, expected = sum(row.missing for row in rows), sum(row.expected for row in rows)
    share = missing / expected
    return ShownLoss(
        state="none" if not missing else "some" if share < BAD_SHARE else "much",
        share=share,
        missing=missing,
        expected=expected,
        things=len(rows),
        worst=tuple(_loss_of(row, view, language) for row in rows[:NAMED] if row.missing),
    )


def _loss_of(row: LossRow, view: CityView, language: Language) -> LossOf:
    thing = view.things.get(row.thing_id)
    place = Text(vi=thing.name_vi, en=thing.name_en).in_language(language) if thing else row.thing_id
    return LossOf(place=place, missing=row.missing, expected=row.expected)
