"""How a tile's number changed since an hour or a day ago, or that nobody can tell. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from dashboard.control_room.alert_words import number
from dashboard.control_room.language import Language
from dashboard.control_room.room import DAY, Trend
from dashboard.control_room.texts import say
from storage.model import Property

Direction = Literal["up", "down", "same", "unknown"]

_SIGNS: Final = {"up": "▲ +", "down": "▼ \u2212", "same": "= "}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    direction: Direction
    words: str
    """'▲ +4, higher than 1 h ago', in the tile's unit; of what nobody can tell why not."""
    at: datetime | None
    """The moment that was compared with the one before; None of what nobody can tell."""


def change(trend: Trend | None, observed: Property, language: Language) -> Change | None:
    """None while the trend was not looked at yet."""
    if trend is None or trend.at is None:
        return None
    when = "day" if trend.span == DAY else "hour"
    if trend.now is None or trend.before is None:
        why = "change_no_now" if trend.now is None else f"change_no_{when}"
        return Change(direction="unknown", words=say(why, language), at=None)
    share = trend.way == "share"
    decimals = 0 if share else observed.decimals
    by = round(trend.now, decimals) - round(trend.before, decimals)
    direction: Direction = "same" if round(by, decimals) == 0 else "up" if by > 0 else "down"
    unit = f" {say('points', language)}" if share else ""
    said = f"{_SIGNS[direction]}{number(abs(by), decimals, language)}{unit}"
    kind = "share" if share else "value"
    than = say(f"change_{kind}_{direction}", language).format(when=say(f"ago_{when}", language))
    return Change(direction=direction, words=f"{said}, {than}", at=trend.at)
