"""When what does not answer becomes an incident, and when that is over. Pure: signs of life in, what to tell out.

Everything that is watched is a silence: the canary's since one last came back, a process's since it last answered. A
silence that outlasts its limit opens an incident; what is silent at that moment for long enough to be named is named
with it, so that one cause is one message. What falls silent later is told when it reaches its limit. The end is told
once, when everything that was named has been heard steadily.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

Reason = Literal["firing", "repeat", "resolved"]

GAP: Final = timedelta(seconds=15)
"""So long between two looks means that we stood still ourselves (or the clock was set): whose silence was it?"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """Of one thing that is watched."""

    alarm: timedelta
    """A longer silence opens an incident."""
    named: timedelta
    """A longer silence is named with an incident that others opened; a shorter one may be a pause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    limits: Mapping[str, Limit]
    """By what is watched."""
    steady: timedelta = timedelta(seconds=20)
    """So long it must be heard again before that counts as its recovery."""
    repeat: timedelta = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """Of one thing that was named."""

    since: datetime
    """The last sign of life before."""
    back_since: datetime | None = None
    """The first one after; None while it is silent."""
    over: bool = False
    """It was heard steadily since: another silence is another outage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    began: datetime
    told_at: datetime
    times_told: int
    outages: Mapping[str, Outage]
    """What was named, by what is watched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is remembered between two looks."""

    looked_at: datetime | None = None
    watching_since: datetime | None = None
    """Silence from before is not counted: nobody listened."""
    incident: Incident | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What is to be told."""

    reason: Reason
    incident: Incident
    at: datetime

    @property
    def key(self) -> str:
        """The same for every attempt to tell it."""
        return f"hanoi-watchdog-{int(self.incident.began.timestamp() * 1000)}-{self.incident.times_told}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One look: the standing after it, whether we stood still before it, and what is to be told."""

    standing: Standing
    stood_still_since: datetime | None = None
    news: News | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Silences:
    now: datetime
    watching_since: datetime
    heard: Mapping[str, datetime]

    def since(self, key: str) -> datetime:
        """When the silence began."""
        return self.heard_at(key) or self.watching_since

    def heard_at(self, key: str) -> datetime | None:
        """None: not since we listen."""
        at = self.heard.get(key)
        return at if at is not None and at >= self.watching_since else None

    def longer_than(self, key: str, limit: timedelta) -> bool:
        return self.now - self.since(key) > limit


def look(standing: Standing, heard: Mapping[str, datetime], now: datetime, manner: Manner) -> Look:
    """`heard` is when each was last heard; what is missing was never."""
    before = standing.looked_at
    stood_still = before is not None and not timedelta() <= now - before <= GAP
    if before is None or stood_still or standing.watching_since is None:
        standing = replace(standing, watching_since=now, incident=_unheard(standing.incident))
    silences = _Silences(now=now, watching_since=standing.watching_since or now, heard=heard)
    incident, reason = _judged(standing.incident, silences, manner)
    news = News(reason=reason, incident=incident, at=now) if incident and reason else None
    return Look(
        standing=replace(standing, looked_at=now, incident=None if reason == "resolved" else incident),
        stood_still_since=before if stood_still else None,
        news=news,
    )


def _judged(
    incident: Incident | None, silences: _Silences, manner: Manner
) -> tuple[Incident | None, Reason | None]:
    now = silences.now
    outages = _followed(incident.outages if incident else {}, silences, manner)
    new = {key: limit for key, limit in manner.limits.items() if key not in outages or outages[key].over}
    if any(silences.longer_than(key, limit.alarm) for key, limit in new.items()):
        named = sorted(
            key for key, limit in new.items() if silences.longer_than(key, min(limit.named, limit.alarm))
        )
        found = {key: Outage(since=silences.since(key)) for key in named}
        return _told(incident, {**outages, **found}, now), "firing"
    if incident is None:
        return None, None
    if all(_is_over(outage, now, manner) for outage in outages.values()):
        return _told(incident, outages, now), "resolved"
    if now - incident.told_at >= manner.repeat:
        return _told(incident, outages, now), "repeat"
    return replace(incident, outages=outages), None


def _followed(outages: Mapping[str, Outage], silences: _Silences, manner: Manner) -> dict[str, Outage]:
    """Each with whether it is heard again. What is no longer watched is no longer waited for."""
    return {
        key: _heard_or_not(outage, key, silences, manner)
        for key, outage in outages.items()
        if key in manner.limits
    }


def _heard_or_not(outage: Outage, key: str, silences: _Silences, manner: Manner) -> Outage:
    heard_at = silences.heard_at(key)
    if heard_at is None or heard_at <= outage.since or silences.longer_than(key, manner.limits[key].named):
        return replace(outage, back_since=None)
    back_since = outage.back_since or heard_at
    steady = silences.now - back_since >= manner.steady
    return replace(outage, back_since=back_since, over=outage.over or steady)


def _is_over(outage: Outage, now: datetime, manner: Manner) -> bool:
    return outage.back_since is not None and now - outage.back_since >= manner.steady


def _told(incident: Incident | None, outages: Mapping[str, Outage], now: datetime) -> Incident:
    if incident is None:
        began = min(outage.since for outage in outages.values())
        return Incident(began=began, told_at=now, times_told=1, outages=outages)
    return replace(incident, told_at=now, times_told=incident.times_told + 1, outages=outages)


def _unheard(incident: Incident | None) -> Incident | None:
    """We stood still: what was heard again before that has to be heard anew."""
    if incident is None:
        return None
    outages = {key: replace(outage, back_since=None) for key, outage in incident.outages.items()}
    return replace(incident, outages=outages)
