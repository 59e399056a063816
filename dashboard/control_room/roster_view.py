"""Rosters as the page shows them: who is on call, day by day, the holes, and who is called after whom. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, Final

from alerts.config import PERSON, ROSTER, Alerting, Step
from alerts.roster import Duty
from alerts.route import every_route
from dashboard.control_room.alert_words import lasting, stamp
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from storage.model import HANOI
from storage.roster_edits import Cover, RosterFileEdit

AROUND: Final = timedelta(days=14)
"""So much is shown of what was and of what comes."""
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A roster and what is planned."""

    key: str
    file_name: str
    duties: Sequence[Duty]
    """Of whole weeks around `now`."""
    edit: RosterFileEdit | None
    covers: Sequence[Cover]


def span(now: datetime) -> tuple[datetime, datetime]:
    """Whole weeks, from a Monday's midnight in Hanoi to another."""
    first = _monday((now - AROUND).astimezone(HANOI).date())
    last = _monday((now + AROUND).astimezone(HANOI).date()) + WEEK
    return _midnight(first), _midnight(last)


def board(alerting: Alerting, rosters: Iterable[Known], now: datetime, shown: Language) -> dict[str, Any]:
    known = list(rosters)
    return {
        "generated_at": now,
        "source": alerting.source.name,
        "rosters": [roster(one, alerting, now, shown) for one in known],
        "chains": list(chains(alerting, known, now, shown)),
        "persons": [{"key": key, "name": one.name} for key, one in alerting.persons.items()],
    }


def roster(known: Known, alerting: Alerting, now: datetime, shown: Language) -> dict[str, Any]:
    names = {key: one.name for key, one in alerting.persons.items()}
    gaps = [one for one in known.duties if one.gap and one.end > now]
    edit = known.edit
    uploaded = edit is not None and edit.content is not None
    return {
        "key": known.key,
        "file": say("roster_uploaded", shown).format(who=edit.author, at=stamp(edit.made_at), why=edit.reason)
        if uploaded and edit
        else say("roster_in_file", shown).format(file=known.file_name),
        "uploaded": uploaded,
        "version": edit.version if edit else 0,
        "now": _current(known.duties, names, now, shown),
        "next": _coming(known.duties, names, now, shown),
        "gaps": [_gap(one, names, now, shown) for one in gaps],
        "fault": next((one.fault for one in known.duties if one.fault), None),
        "unknown": sorted({name for one in known.duties for name in one.unknown}),
        "weeks": list(weeks(known.duties, names, now, shown)),
        "covers": [cover(one, names, shown) for one in known.covers if one.ends_at > now],
    }


def cover(one: Cover, names: Mapping[str, str], shown: Language) -> dict[str, Any]:
    key = "cover_besides" if one.absent is None else "cover_said"
    said = say(key, shown).format(
        who=names.get(one.person, one.person),
        absent=names.get(one.absent or "", one.absent or ""),
        span=_between(one.starts_at, one.ends_at),
    )
    by = say("cover_by", shown).format(who=one.author, at=stamp(one.made_at), why=one.reason)
    return {"id": one.id, "said": said, "by": by, "unknown": one.person not in names}


def chains(
    alerting: Alerting, rosters: Sequence[Known], now: datetime, shown: Language
) -> Iterator[dict[str, Any]]:
    """Each escalation in words: after how long who is called, and who that would be now."""
    for name, steps in alerting.chains.items():
        used = [route.key for route in every_route(alerting.root) if route.escalation == name]
        yield {
            "name": name,
            "used": say("chain_used", shown).format(routes="; ".join(used))
            if used
            else say("chain_unused", shown),
            "steps": [_step(one, alerting, rosters, now, shown) for one in steps],
        }


def _step(step: Step, alerting: Alerting, rosters: Sequence[Known], now: datetime, shown: Language) -> str:
    targets = ", ".join(_target(one, alerting, rosters, now, shown) for one in step.receivers)
    time = lasting(step.after.total_seconds(), shown)
    return say("chain_step", shown).format(time=time, targets=targets)


def _target(target: str, alerting: Alerting, rosters: Sequence[Known], now: datetime, shown: Language) -> str:
    names = {key: one.name for key, one in alerting.persons.items()}
    if target.startswith(PERSON):
        key = target.removeprefix(PERSON)
        return names.get(key, key)
    if not target.startswith(ROSTER):
        return say("chain_receiver", shown).format(name=target)
    key = target.removeprefix(ROSTER)
    duty = next((_at(one.duties, now) for one in rosters if one.key == key), None)
    who = _people(duty.persons, names) if duty else "–"
    return say("chain_roster", shown).format(roster=key, who=who)


def weeks(
    duties: Sequence[Duty], names: Mapping[str, str], now: datetime, shown: Language
) -> Iterator[dict[str, Any]]:
    """Weeks of seven days, each with the stretches that lie in it."""
    today = now.astimezone(HANOI).date()
    days = {day: list(parts) for day, parts in groupby(_by_day(duties), key=lambda one: one[0])}
    for monday in sorted({_monday(day) for day in days}):
        week = [monday + timedelta(days=n) for n in range(7)]
        yield {
            "title": say("roster_week", shown).format(begin=f"{week[0]:%d/%m}", end=f"{week[-1]:%d/%m/%Y}"),
            "past": week[-1] < today,
            "current": week[0] <= today <= week[-1],
            "days": [
                {
                    "name": say(f"day_{_DAYS[day.weekday()]}", shown),
                    "date": f"{day:%d/%m}",
                    "today": day == today,
                    "parts": [
                        _part(begin, end, duty, names, shown) for _, begin, end, duty in days.get(day, [])
                    ],
                }
                for day in week
            ],
        }


_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def changes(
    before: Sequence[Duty], after: Sequence[Duty], names: Mapping[str, str], now: datetime, shown: Language
) -> list[dict[str, Any]]:
    """Where another would be on call, from now on."""
    edges = sorted({moment for one in (*before, *after) for moment in (one.start, one.end)} | {now})
    found: list[dict[str, Any]] = []
    last: tuple[str, str] | None = None
    for begin, end in pairwise(edges):
        was, will = _at(before, begin), _at(after, begin)
        if begin < now or was is None or will is None:
            continue
        said = (_said(was, names, shown), _said(will, names, shown))
        if said[0] == said[1]:
            last = None
        elif said == last:
            found[-1] |= {"end": end}
        else:
            found.append({"start": begin, "end": end, "was": said[0], "will": said[1], "gap": will.gap})
            last = said
    return [
        {
            "span": _between(one["start"], one["end"]),
            "was": one["was"],
            "will": one["will"],
            "gap": one["gap"],
        }
        for one in found
    ]


def _said(duty: Duty, names: Mapping[str, str], shown: Language) -> str:
    if duty.gap:
        return say("roster_nobody", shown)
    return _people(duty.persons, names)


def _current(duties: Sequence[Duty], names: Mapping[str, str], now: datetime, shown: Language) -> str:
    duty = _at(duties, now)
    if duty is None:
        return say("roster_nobody", shown)
    return say("roster_until", shown).format(who=_said(duty, names, shown), at=_when(duty.end, now))


def _coming(duties: Sequence[Duty], names: Mapping[str, str], now: datetime, shown: Language) -> str:
    duty = next((one for one in duties if one.start > now), None)
    if duty is None:
        return "–"
    return say("roster_from", shown).format(who=_said(duty, names, shown), at=_when(duty.start, now))


def _gap(duty: Duty, names: Mapping[str, str], now: datetime, shown: Language) -> str:
    key = "roster_gap_now" if duty.start <= now else "roster_gap"
    return say(key, shown).format(
        span=_between(max(duty.start, now), duty.end), fallback=_people(duty.persons, names)
    )


def _part(
    begin: datetime, end: datetime, duty: Duty, names: Mapping[str, str], shown: Language
) -> dict[str, Any]:
    whole = end - begin >= timedelta(days=1)
    upto = (
        "24:00" if end.astimezone(HANOI).time() == datetime.min.time() else f"{end.astimezone(HANOI):%H:%M}"
    )
    return {
        "time": say("roster_all_day", shown) if whole else f"{begin.astimezone(HANOI):%H:%M}–{upto}",
        "who": _said(duty, names, shown),
        "gap": duty.gap,
        "covered": bool(duty.covers) and not duty.gap,
        "by": "; ".join(f"{one.author}: {one.reason}" for one in duty.covers),
    }


def _by_day(duties: Iterable[Duty]) -> Iterator[tuple[date, datetime, datetime, Duty]]:
    """(day in Hanoi, begin, end, duty) of each part of each."""
    for duty in duties:
        begin = duty.start
        while begin < duty.end:
            day = begin.astimezone(HANOI).date()
            end = min(duty.end, _midnight(day + timedelta(days=1)))
            yield day, begin, end, duty
            begin = end


def _at(duties: Sequence[Duty], at: datetime) -> Duty | None:
    return next((one for one in duties if one.start <= at < one.end), None)


def _people(keys: Iterable[str], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(key, key) for key in keys) or "–"


def _between(begin: datetime, end: datetime) -> str:
    same = begin.astimezone(HANOI).date() == end.astimezone(HANOI).date()
    return f"{stamp(begin)}–{end.astimezone(HANOI):%H:%M}" if same else f"{stamp(begin)} – {stamp(end)}"


def _when(at: datetime, now: datetime) -> str:
    local = at.astimezone(HANOI)
    return f"{local:%H:%M}" if local.date() == now.astimezone(HANOI).date() else stamp(at)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), HANOI)
