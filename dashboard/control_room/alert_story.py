"""What became of an alert, as a report: its states, who was told or not and why, what people did. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from dashboard.control_room.alert_words import Scale, lasting, near, stamp_s, word
from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from storage.alert_pages import AlertTitle, EscalationRow, PageAlert
from storage.alert_routing import GroupRow, TimelineEntry
from storage.silences import SilenceRow

Tone = Literal["state-change", "good", "bad", "muted-one", "person", "plain"]

LATE_FROM: Final = timedelta(minutes=2)
"""A transition is called late when it was seen so long after it took place."""
_TONES: Final[Mapping[str, tuple[Tone, str]]] = {
    "grouped": ("muted-one", "⋯"),
    "suppressed": ("muted-one", "–"),
    "told": ("plain", "→"),
    "sent": ("good", "✓"),
    "waiting": ("bad", "!"),
    "roster_failed": ("bad", "!"),
    "dead": ("bad", "✕"),
    "acknowledged": ("person", "✓"),
    "unacknowledged": ("person", "↺"),
    "noted": ("person", "✎"),
    "silenced": ("person", "–"),
    "escalated": ("plain", "⇑"),
    "escalation_asked": ("person", "⇑"),
    "escalation_skipped": ("muted-one", "–"),
    "approved": ("person", "✓"),
    "refused": ("person", "✕"),
    "published": ("good", "◉"),
    "flapping": ("plain", "≈"),
}
_BY_RECEIVER: Final = frozenset({"grouped", "told", "suppressed"})
_SIGNS: Final = {"pending": "…", "firing": "●", "resolved": "○", "inactive": "○"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Everything that is known of what became of one alert."""

    alert: PageAlert
    entries: Sequence[TimelineEntry] = ()
    groups: Sequence[GroupRow] = ()
    """Those that it is in: their receivers may also be "roster:duty"."""
    addressed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By receiver: as what routes may name it at present, such as "roster:duty"."""
    named: Callable[[str, datetime], str] = lambda target, at: target
    """Who was behind "roster:duty" or "person:lan" at a time."""
    seen: Mapping[str, Any] = field(default_factory=dict)
    """Of an open alert the first, the worst and the newest value, as in its evidence."""
    escalations: Sequence[EscalationRow] = ()
    silences: Mapping[int, SilenceRow] = field(default_factory=dict)
    """Those that entries speak of."""
    titles: Mapping[int, AlertTitle] = field(default_factory=dict)
    """Of the other alerts that entries speak of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of the timeline."""

    at: datetime
    at_words: str
    tone: Tone
    sign: str
    words: str
    small: str = ""
    text: str = ""
    """The message that was sent."""
    link: Mapping[str, str] | None = None
    """href and text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Why a receiver was told, or was not."""

    receiver: str
    answer: str


def timeline(sources: Sources, written: Scale, shown: Language) -> list[Line]:
    """Oldest first, by when it was seen or done. A message that is on its way for the first time has no second line."""
    shown_ones = [one for one in sources.entries if one.kind != "waiting" or one.detail.get("error")]
    return [
        _transition(same[0], written, shown)
        if same[0].source == "transition"
        else _event(same, sources, shown)
        for same in _together(shown_ones)
    ]


def _together(entries: Iterable[TimelineEntry]) -> list[list[TimelineEntry]]:
    """What differs by nothing but the receiver is one line."""
    found: list[list[TimelineEntry]] = []
    for entry in entries:
        if found and entry.kind in _BY_RECEIVER and _alike(found[-1][0]) == _alike(entry):
            found[-1].append(entry)
        else:
            found.append([entry])
    return found


def _alike(one: TimelineEntry) -> tuple[Any, ...]:
    detail = one.detail
    return one.kind, one.at, one.reason, detail.get("cause"), detail.get("group"), detail.get("text")


def spoken_of(entries: Iterable[TimelineEntry]) -> tuple[list[int], list[int]]:
    """The numbers of the silences and of the alerts that entries name as causes."""
    silences, alerts = set(), set()
    for entry in entries:
        cause = str(entry.detail.get("cause", ""))
        if cause.isdecimal():
            match entry.reason:
                case "silenced":
                    silences.add(int(cause))
                case "inhibited":
                    alerts.add(int(cause))
    return sorted(silences), sorted(alerts)


def _transition(one: TimelineEntry, written: Scale, shown: Language) -> Line:
    key = f"story_{one.kind}"
    words = say(f"{key}_{one.reason}" if f"{key}_{one.reason}" in TEXTS else key, shown)
    if one.reason in ("corrected", "rule_changed", "rule_removed", "thing_retired"):
        words = say(f"story_{one.reason}", shown)
    return Line(
        at=one.at,
        at_words=stamp_s(one.at),
        tone="state-change",
        sign=_SIGNS.get(one.kind, "●"),
        words=words,
        small=" · ".join(_transition_details(one, written, shown)),
    )


def _transition_details(one: TimelineEntry, written: Scale, shown: Language) -> Iterator[str]:
    last = one.detail.get("last")
    if one.detail.get("by"):
        yield say("story_rule_by", shown).format(who=one.detail["by"], why=one.detail.get("why", ""))
    if last and one.reason not in ("silent", "corrected", "rule_changed", "rule_removed", "thing_retired"):
        measured_at = datetime.fromisoformat(last["time"])
        yield say("story_value", shown).format(
            value=written.value(last["value"]), at=near(measured_at, one.at)
        )
    if one.happened_at is not None and one.at - one.happened_at >= LATE_FROM:
        late = (one.at - one.happened_at).total_seconds()
        yield say("story_happened", shown).format(at=near(one.happened_at, one.at), by=lasting(late, shown))
    if one.outcome and one.outcome != "routed":
        yield word("outcome", one.outcome, shown)


def _event(same: Sequence[TimelineEntry], sources: Sources, shown: Language) -> Line:
    one = same[0]
    tone, sign = _TONES.get(one.kind, ("plain", "•"))
    receivers = ", ".join(dict.fromkeys(_named(each.receiver, each.at, sources, shown) for each in same))
    text = one.detail.get("text")
    return Line(
        at=one.at,
        at_words=say("next_up", shown) if one.kind == "waiting" else stamp_s(one.at),
        tone=tone,
        sign=sign,
        words=_event_words(one, receivers, sources, shown),
        small=_remark(one),
        text=str(text.get(shown, "")) if isinstance(text, Mapping) else "",
        link=_link(one, shown),
    )


def _remark(one: TimelineEntry) -> str:
    """What somebody wrote."""
    return str((one.detail.get("reason") if one.kind == "refused" else one.detail.get("note")) or "")


def _event_words(one: TimelineEntry, receivers: str, sources: Sources, shown: Language) -> str:
    key = f"event_{one.kind}"
    if one.kind == "sent" and one.detail.get("receipt"):
        key = "event_sent_receipt"
    if key not in TEXTS:
        return f"{one.kind.replace('_', ' ')} {one.receiver or one.actor or ''}".strip()
    return say(key, shown).format_map(_Values(_values(one, receivers, sources, shown)))


def _values(one: TimelineEntry, receivers: str, sources: Sources, shown: Language) -> dict[str, str]:
    detail = one.detail
    called = [_named(str(name), one.at, sources, shown) for name in detail.get("receivers", ())]
    return {
        **{name: str(value) for name, value in detail.items() if isinstance(value, str | int | float)},
        "who": one.actor or "–",
        "receiver": receivers,
        "receivers": ", ".join(called) or "–",
        "at": stamp_s(one.at),
        "why": word("told", one.reason or "firing", shown),
        "because": _because(one, sources, shown),
        "group": _group(detail.get("group"), shown),
        "fault": one.reason or "–",
        "type": word("cap", str(detail.get("msg_type", "")), shown),
        "status": word("cap_status", str(detail.get("status", "")), shown),
    }


def _named(receiver: str | None, at: datetime, sources: Sources, shown: Language) -> str:
    """'on call: Lan' for a roster, the name for a person."""
    if receiver is None:
        return "–"
    name = sources.named(receiver, at)
    return say("on_call_named", shown).format(name=name) if receiver.startswith("roster:") else name


class _Values(dict[str, str]):
    """What an event does not say is a dash: an older or a newer program may have written it."""

    def __missing__(self, key: str) -> str:
        return "–"


def _group(labels: Any, shown: Language) -> str:
    if not isinstance(labels, Mapping) or not labels:
        return say("group_of_all", shown)
    return ", ".join(f"{name} = {value}" for name, value in labels.items())


def _because(one: TimelineEntry, sources: Sources, shown: Language) -> str:
    reason, cause = one.reason or "", str(one.detail.get("cause", ""))
    silence = sources.silences.get(int(cause)) if reason == "silenced" and cause.isdecimal() else None
    if silence is not None:
        key = "because_silenced" if silence.kind == "silence" else "because_maintenance"
        until = near(silence.ended_at or silence.ends_at, one.at)
        return say(key, shown).format(id=cause, who=silence.author, why=silence.reason, until=until)
    if reason == "inhibited":
        title = sources.titles.get(int(cause)) if cause.isdecimal() else None
        return say("because_inhibited", shown).format(id=cause, title=_titled(title, shown)).strip(" :")
    key = f"because_{reason}"
    return say(key, shown).format(cause=cause or "–") if key in TEXTS else reason.replace("_", " ")


def _titled(title: AlertTitle | None, shown: Language) -> str:
    if title is None:
        return ""
    if shown == "vi":
        return f"{title.title_vi} – {title.thing_name_vi}"
    return f"{title.title_en} – {title.thing_name_en}"


def _link(one: TimelineEntry, shown: Language) -> Mapping[str, str] | None:
    cause = str(one.detail.get("cause", ""))
    if one.reason != "inhibited" or not cause.isdecimal():
        return None
    return {"href": f"/ops/alerts/{cause}", "text": say("show_alert", shown).format(id=cause)}


# Why did I (not) get this?


def answers(sources: Sources, receivers: Iterable[str], now: datetime, shown: Language) -> list[Answer]:
    """For every receiver that is known or was sent something of the alert."""
    named = [
        *receivers,
        *(one.receiver for one in sources.entries if one.source == "notification" and one.receiver),
    ]
    return [Answer(receiver=name, answer=_why(name, sources, now, shown)) for name in dict.fromkeys(named)]


def _why(receiver: str, sources: Sources, now: datetime, shown: Language) -> str:
    """By the newest that is known: a message, a reason against one, a group that waits, or none of these."""
    names = {receiver, *sources.addressed.get(receiver, ())}
    own = [one for one in sources.entries if one.receiver in names]
    messages = [one for one in own if one.source == "notification" and one.receiver == receiver]
    told = [one for one in messages if one.kind == "told"]
    against = [one for one in own if one.kind == "suppressed"]
    newest = told[-1] if told else None
    if against and (newest is None or against[-1].at > newest.at):
        before = [one.at for one in messages if one.kind == "sent"]
        return _no_because(against[-1], max(before, default=None), sources, shown)
    if newest is None:
        return _no_message(receiver, names, sources, shown)
    number = newest.detail["notification"]
    became = next(one for one in messages if one.kind != "told" and one.detail["notification"] == number)
    return _became_of(newest, became, now, shown)


def _no_because(one: TimelineEntry, before: datetime | None, sources: Sources, shown: Language) -> str:
    said = say("why_no", shown).format(because=_because(one, sources, shown), at=stamp_s(one.at))
    return f"{said} {say('why_before', shown).format(at=stamp_s(before))}" if before else said


def _became_of(told: TimelineEntry, became: TimelineEntry, now: datetime, shown: Language) -> str:
    receipt, error = became.detail.get("receipt"), became.detail.get("error")
    values = _Values(
        reason=word("told", told.reason or "firing", shown),
        at=stamp_s(became.at),
        receipt=str(receipt),
        error=str(error or "–"),
        attempts=str(became.detail.get("attempts", "–")),
        again=lasting((became.at - now).total_seconds(), shown),
        since=stamp_s(told.at),
    )
    match became.kind:
        case "sent":
            key = "why_sent_receipt" if receipt else "why_sent"
        case "dead":
            key = "why_dead"
        case _:
            key = "why_failed" if error else "why_sending"
    return say(key, shown).format_map(values)


def _no_message(receiver: str, names: Collection[str], sources: Sources, shown: Language) -> str:
    waits = [one.next_flush_at for one in sources.groups if one.receiver in names and one.next_flush_at]
    transitions = [one for one in sources.entries if one.source == "transition"]
    outcomes = [one.outcome for one in transitions]
    if waits:
        return say("why_waits", shown).format(at=stamp_s(min(waits)))
    if sources.alert.state == "pending":
        return say("why_pending", shown)
    if not outcomes or outcomes[-1] is None:
        return say("why_not_routed_yet", shown)
    if "routed" not in outcomes:
        return say("why_withheld", shown).format(because=word("outcome", outcomes[-1], shown))
    due = [one.due_at for one in sources.escalations if one.done_at is None]
    if due:
        return say("why_no_route_yet", shown).format(receiver=receiver, at=stamp_s(min(due)))
    return say("why_no_route", shown).format(receiver=receiver)
