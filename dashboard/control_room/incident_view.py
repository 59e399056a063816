"""Incidents as their pages show them. Pure: rows in, plain data out; every word in one language."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from dashboard.control_room import alert_story, alert_view, replay_moment
from dashboard.control_room.alert_story import Line, Sources, Tone
from dashboard.control_room.alert_words import lasting, number, stamp, stamp_s
from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView
from storage.alert_pages import PageAlert
from storage.alert_routing import TimelineEntry
from storage.incident_actions import FIELDS
from storage.incidents import AttachmentRow, EventRow, IncidentOf, IncidentRow, StepRow
from storage.model import Text

ALERT_LINES: Final = 400
"""Of all alerts of an incident; what was before is on their own pages."""
_TONES: Final[Mapping[str, tuple[Tone, str]]] = {
    "opened": ("state-change", "●"),
    "joined": ("person", "+"),
    "changed": ("person", "✎"),
    "noted": ("person", "✎"),
    "step_added": ("person", "+"),
    "ticked": ("good", "✓"),
    "unticked": ("bad", "↺"),
    "attached": ("person", "+"),
    "closed": ("state-change", "○"),
    "reopened": ("state-change", "●"),
}
_WORSE: Final = ("critical", "warning", "info")


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentSources:
    """Everything that is known of one incident."""

    incident: IncidentRow
    alerts: Sequence[PageAlert]
    entries: Sequence[tuple[int, TimelineEntry]]
    """Of the alerts' own timelines, by their numbers."""
    steps: Sequence[StepRow]
    events: Sequence[EventRow]
    attachments: Sequence[AttachmentRow]
    commanders: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentLine:
    """A line of the timeline: `kind` is people, alert or message; `about` is the alert that it is of."""

    line: Line
    kind: Literal["people", "alert", "message"]
    about: str = ""
    href: str = ""


def listed(incident: IncidentRow, now: datetime, shown: Language) -> dict[str, Any]:
    """What a list says of an incident."""
    said = [say("incident_opened_line", shown).format(who=incident.opened_by, at=stamp(incident.opened_at))]
    if incident.closed_at is not None:
        said.append(
            say("incident_closed_line", shown).format(who=incident.closed_by, at=stamp(incident.closed_at))
        )
    ended = incident.closed_at or now
    lasted = lasting((ended - incident.opened_at).total_seconds(), shown)
    facts = []
    if incident.alerts:
        facts.append(say("incident_firing", shown).format(firing=incident.firing, alerts=incident.alerts))
    if incident.steps:
        facts.append(say("incident_steps_done", shown).format(done=incident.done, steps=incident.steps))
    for key, who in (("led", incident.commander), ("worked", incident.assignee)):
        if who:
            facts.append(say(f"incident_{key}_by", shown).format(who=who))
    return {
        "id": incident.id,
        "title": incident.title,
        "severity": incident.severity,
        "severity_word": say(f"severity_{incident.severity}", shown),
        "state_word": say(f"incident_state_{'open' if incident.closed_at is None else 'closed'}", shown),
        "marks": _marks(incident, shown),
        "place": incident.place,
        "words": " · ".join(said),
        "lasted": say("incident_lasted", shown).format(time=lasted) if incident.closed_at else "",
        "facts": facts,
        "resolution": incident.resolution or "",
        "opened_at": incident.opened_at,
        "then": replay_moment.begun(incident.opened_at),
    }


def page(found: IncidentSources, view: CityView, now: datetime, shown: Language) -> dict[str, Any]:
    """Everything on an incident's page."""
    incident = found.incident
    lines = timeline(found, view, shown)
    return {
        **listed(incident, now, shown),
        "generated_at": now,
        "open": incident.closed_at is None,
        "commander": incident.commander or "",
        "assignee": incident.assignee or "",
        "commanders": list(dict.fromkeys([*filter(None, [incident.commander]), *found.commanders])),
        "alerts": [_alert(alert, view, shown) for alert in found.alerts],
        "steps": [_step(step, found.alerts, shown) for step in found.steps],
        "attachments": [_attachment(one, incident.id, shown) for one in found.attachments],
        "timeline": lines,
        "timeline_cut": say("incident_timeline_cut", shown).format(count=ALERT_LINES)
        if len(found.entries) >= ALERT_LINES
        else "",
    }


def timeline(found: IncidentSources, view: CityView, shown: Language) -> list[IncidentLine]:
    """The newest first: what people did to the incident, and what its alerts' own timelines say."""
    lines = [_did(event, shown) for event in found.events]
    by_alert: defaultdict[int, list[TimelineEntry]] = defaultdict(list)
    for alert_id, entry in found.entries:
        by_alert[alert_id].append(entry)
    for alert in found.alerts:
        lines.extend(_of_alert(alert, by_alert[alert.id], view, shown))
    return sorted(lines, key=lambda one: one.line.at)[::-1]  # of one moment too the last is first


def worst(alerts: Iterable[PageAlert]) -> str:
    """The severity that an incident of these begins with."""
    found = {alert.severity for alert in alerts}
    return next((severity for severity in _WORSE if severity in found), "warning")


def title_of(alerts: Sequence[PageAlert], shown: Language) -> str:
    """Of the first and worst; of several it says how many more."""
    first = min(alerts, key=lambda alert: (_WORSE.index(alert.severity), alert.id))
    more = f" (+{len(alerts) - 1})" if len(alerts) > 1 else ""
    return f"{alert_view.title(first, shown)} – {alert_view.place(first, shown)}{more}"


def place_of(alerts: Iterable[PageAlert], shown: Language) -> str:
    """The names of their Things with wards, each once."""
    named = [
        ", ".join(dict.fromkeys(filter(None, (alert_view.place(alert, shown), alert.labels.get("ward")))))
        for alert in alerts
    ]
    return "; ".join(dict.fromkeys(named))


def of_alert(found: Iterable[IncidentOf], shown: Language) -> list[dict[str, Any]]:
    """Which incidents an alert is in."""
    return [
        {
            "id": one.id,
            "open": one.closed_at is None,
            "words": say("incident_is_in" if one.closed_at is None else "incident_was_in", shown).format(
                id=one.id, title=one.title
            ),
        }
        for one in found
    ]


def by_alert(found: Iterable[IncidentOf], shown: Language) -> dict[int, dict[str, Any]]:
    """Of the alerts that are in an open incident: which."""
    return {one.alert_id: of_alert([one], shown)[0] for one in found if one.closed_at is None}


def _marks(incident: IncidentRow, shown: Language) -> list[str]:
    if not incident.not_measured:
        return []
    return [say("incident_not_measured", shown).format(count=incident.not_measured, all=incident.alerts)]


def _alert(alert: PageAlert, view: CityView, shown: Language) -> dict[str, Any]:
    head = alert_view.heading(alert, {}, alert_view.scale(alert, view, shown), shown)
    return {**head, "thing": alert_view.with_page(alert, view)}


def _step(step: StepRow, alerts: Iterable[PageAlert], shown: Language) -> dict[str, Any]:
    source = next((alert for alert in alerts if alert.id == step.alert_id), None)
    if source is not None:
        origin = say("incident_step_of", shown).format(title=alert_view.title(source, shown))
    else:
        origin = say("incident_step_by", shown).format(who=step.added_by, at=stamp(step.added_at))
    done = ""
    if step.done_at is not None:
        done = say("incident_step_done", shown).format(who=step.done_by, at=stamp(step.done_at))
    text = Text(vi=step.text_vi, en=step.text_en).in_language(shown)
    return {"id": step.id, "text": text, "origin": origin, "done": done}


def _attachment(one: AttachmentRow, incident_id: int, shown: Language) -> dict[str, Any]:
    said = say("incident_file_by", shown)
    return {
        "id": one.id,
        "name": one.name,
        "href": f"/ops/incidents/{incident_id}/attachments/{one.id}",
        "image": one.media_type.startswith("image/"),
        "words": said.format(size=size_words(one.size, shown), who=one.added_by, at=stamp(one.added_at)),
    }


def size_words(size: int, shown: Language) -> str:
    return (
        f"{number(size / 1e6, 1, shown)} MB" if size >= 1e6 else f"{number(max(1, size / 1e3), 0, shown)} kB"
    )


def _did(event: EventRow, shown: Language) -> IncidentLine:
    tone, sign = _TONES.get(event.kind, ("person", "•"))
    detail = event.detail
    words = say(f"incident_did_{event.kind}", shown).format(
        who=event.actor,
        name=detail.get("name", ""),
        alerts=", ".join(f"#{one}" for one in detail.get("alerts", ())),
        changes="; ".join(_changes(detail.get("changed", {}), shown)),
    )
    line = Line(
        at=event.at,
        at_words=stamp_s(event.at),
        tone=tone,
        sign=sign,
        words=words,
        small=" · ".join(_small(event, shown)),
    )
    return IncidentLine(line=line, kind="people")


def _small(event: EventRow, shown: Language) -> Iterator[str]:
    """What was written, ticked or left undone."""
    text = event.detail.get("text", "")
    said = text.get(shown, "") if isinstance(text, Mapping) else text
    for one in (event.detail.get("title"), event.detail.get("note"), event.detail.get("resolution"), said):
        if one:
            yield str(one)
    if left := event.detail.get("steps_left"):
        yield say("incident_steps_left", shown).format(count=left)


def _changes(changed: Mapping[str, Sequence[Any]], shown: Language) -> Iterator[str]:
    named = {"title": "incident_what"}
    for name in FIELDS:
        if name not in changed:
            continue
        before, after = changed[name]
        yield say("incident_change", shown).format(
            field=say(named.get(name, f"incident_{name}"), shown),
            before=_value(name, before, shown),
            after=_value(name, after, shown),
        )


def _value(name: str, value: Any, shown: Language) -> str:
    if not value:
        return "–"
    key = f"severity_{value}"
    return say(key, shown) if name == "severity" and key in TEXTS else str(value)


def _of_alert(
    alert: PageAlert, entries: Sequence[TimelineEntry], view: CityView, shown: Language
) -> Iterator[IncidentLine]:
    about = f"{alert_view.title(alert, shown)} – {alert_view.place(alert, shown)}"
    for is_message in (False, True):
        own = [entry for entry in entries if (entry.source == "notification") is is_message]
        sources = Sources(alert=alert, entries=own)
        for line in alert_story.timeline(sources, alert_view.scale(alert, view, shown), shown):
            yield IncidentLine(
                line=line,
                kind="message" if is_message else "alert",
                about=about,
                href=f"/ops/alerts/{alert.id}",
            )
