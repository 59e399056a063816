"""Who is on call now, until when, or that nobody is. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.control_room.alert_board import OnDuty
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.duty import DutyNow
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from storage.model import HANOI


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownDuty:
    kind: Literal["ok", "bad", "off"]
    """Bad: nobody is, or nobody but a fallback."""
    words: str
    fault: str | None
    """What is wrong with the roster or its file, in English."""


def shown_duty(duty: DutyNow | None, now: datetime, language: Language) -> ShownDuty:
    if duty is None:
        return ShownDuty(kind="off", words=f"{say('on_call', language)}: –", fault=None)
    if not duty.rosters:
        key = "on_duty_unusable" if duty.fault else "on_duty_unconfigured"
        return ShownDuty(kind="bad", words=say(key, language), fault=duty.fault)
    faults = [one.fault for one in duty.rosters if one.fault is not None]
    well = not faults and all(one.people for one in duty.rosters)
    return ShownDuty(
        kind="ok" if well else "bad",
        words=f"{say('on_call', language)}: " + " · ".join(_said(duty, now, language)),
        fault="; ".join(faults) or None,
    )


def _said(duty: DutyNow, now: datetime, language: Language) -> Iterator[str]:
    for one in duty.rosters:
        words = _of(one, now, language)
        yield f"{one.roster}: {words}" if len(duty.rosters) > 1 else words


def _of(one: OnDuty, now: datetime, language: Language) -> str:
    people = ", ".join(one.people)
    if not people:
        return say("on_duty_nobody", language)
    if one.fault is not None:
        return say("on_duty_fallback", language).format(people=people)
    if one.until is None:
        return people
    return say("on_duty_until", language).format(people=people, until=_when(one.until, now))


def _when(until: datetime, now: datetime) -> str:
    local = until.astimezone(HANOI)
    return f"{local:%H:%M}" if local.date() == now.astimezone(HANOI).date() else stamp(until)
