"""One alert as its page shows it. Pure: rows in, plain data out; every word in one language."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.control_room import alert_story, alert_words, replay_moment
from dashboard.control_room.alert_story import Sources
from dashboard.control_room.alert_words import Scale, lasting, stamp, stamp_s, word
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.alert_pages import Handling, PageAlert
from storage.matchers import Matcher, Operator
from storage.model import Quality, Text

REAL: Final = frozenset({"measured", "manual"})
"""What is not marked."""
_READINGS: Final = ("first", "peak", "last")


def page(
    sources: Sources,
    view: CityView,
    receivers: Sequence[str],
    preview: Mapping[str, Any] | None,
    now: datetime,
    shown: Language,
) -> dict[str, Any]:
    """Everything on it. `preview`: what the public would read, where somebody may approve."""
    alert = sources.alert
    written = scale(alert, view, shown)
    evidence = newest_evidence(sources)
    return {
        "generated_at": now,
        "then": replay_moment.begun(alert.firing_since or alert.pending_since),
        **heading(alert, evidence, written, shown),
        "thing": with_page(alert, view),
        "runbook": alert.runbook_en if shown == "en" else alert.runbook_vi,
        "labels": sorted((name, value) for name, value in alert.labels.items() if value),
        "evidence": {
            "numbers": list(_numbers(alert, evidence, written)),
            "readings": list(_readings(evidence, written, view)),
        },
        "public": public(alert, preview, shown),
        "timeline": alert_story.timeline(sources, written, shown),
        "why": alert_story.answers(sources, receivers, now, shown),
        "silence_matchers": silence_matchers(alert.rule, alert.thing_id),
        "in_two_hours": stamp(now + timedelta(hours=2)),
    }


def heading(alert: PageAlert, evidence: Mapping[str, Any], written: Scale, shown: Language) -> dict[str, Any]:
    """What a page or a list says of an alert at first sight."""
    return {
        "id": alert.id,
        "title": title(alert, shown),
        "place": {
            "thing": alert.thing_id,
            "name": place(alert, shown),
            "words": ", ".join(filter(None, (alert.labels.get("ward"), alert.labels.get("basin")))),
            "on_map": alert.lat is not None,
        },
        "severity": alert.severity,
        "severity_word": say(f"severity_{alert.severity}", shown),
        "state": alert.state,
        "state_word": say("alert_withdrawn" if alert.withdrawn else f"alert_{alert.state}", shown),
        "marks": marks(alert, shown),
        "flapping": alert.flapping,
        "value_words": value_words(alert, evidence, written),
        "since": {"words": since_words(alert, shown), "at": since(alert)},
        "acknowledged": acknowledged(alert, shown),
    }


def scale(alert: PageAlert, view: CityView, shown: Language) -> Scale:
    return alert_words.scale(view, alert.domain, alert.property, alert.unit, shown)


def title(alert: PageAlert, shown: Language) -> str:
    return Text(vi=alert.title_vi, en=alert.title_en).in_language(shown)


def place(alert: PageAlert, shown: Language) -> str:
    return Text(vi=alert.thing_name_vi, en=alert.thing_name_en).in_language(shown)


def marks(alert: PageAlert, shown: Language) -> list[str]:
    """Where it comes from unless it was measured, and whether it flaps."""
    found = [] if alert.provenance in REAL else [word("provenance", alert.provenance, shown)]
    return [*found, *([say("flapping", shown)] if alert.flapping else [])]


def with_page(alert: PageAlert, view: CityView) -> str | None:
    """Its Thing where that has a page; those of the platform itself have none."""
    return alert.thing_id if alert.thing_id in view.things else None


def since(alert: PageAlert) -> datetime:
    """When its present state began."""
    return alert.resolved_at or alert.firing_since or alert.pending_since


def since_words(alert: PageAlert, shown: Language) -> str:
    ended = alert.state == "resolved"
    return f"{say('ended_when' if ended else 'since_when', shown)} {stamp(since(alert))}"


def acknowledged(alert: PageAlert | Handling, shown: Language) -> str | None:
    if alert.acknowledged_at is None:
        return None
    said = say("acknowledged_by", shown).format(who=alert.acknowledged_by, at=stamp(alert.acknowledged_at))
    return f"{said}: {alert.acknowledgement}" if alert.acknowledgement else said


def silence_matchers(rule: str, thing: str) -> tuple[str, ...]:
    """What mutes this alert and no other."""
    labels = (("rule", rule), ("thing", thing))
    return tuple(str(Matcher(label=name, operator=Operator.IS, value=value)) for name, value in labels)


def value_words(alert: PageAlert, evidence: Mapping[str, Any], written: Scale) -> str:
    """'Value 35 cm · limit 30 cm (suggested …)'; of a silence when something was heard last."""
    shown = written.language
    if alert.condition == "absent":
        return say("last_heard", shown).format(at=stamp(alert.value_time))
    over = alert.state == "resolved"
    value = written.value(alert.peak if over else alert.value)
    said = [f"{say('peak' if over else 'value', shown)} {value}"]
    if alert.limit is not None:
        said.append(f"{say('limit', shown)} {written.exact(alert.limit)}")
    elif evidence:
        said.append(alert_words.condition(alert.condition, evidence, written))
    return " · ".join(part for part in said if part)


def newest_evidence(sources: Sources) -> Mapping[str, Any]:
    """That of the newest transition that has any, with the values since; one that no value brought about has none."""
    found = (one.detail for one in reversed(sources.entries) if one.source == "transition" and one.detail)
    return {**next(found, {}), **sources.seen}


def public(alert: PageAlert, preview: Mapping[str, Any] | None, shown: Language) -> dict[str, Any]:
    """Whether the public is or may be told, and by whom."""
    fires = alert.state == "firing" and not alert.withdrawn
    may_approve = fires and alert.public == "approve" and alert.approved_at is None
    may_refuse = fires and alert.public != "never" and alert.refused_at is None
    return {
        "words": _public_words(alert, shown),
        "open": may_approve or may_refuse,
        "may_approve": may_approve,
        "may_refuse": may_refuse,
        "preview": _preview(preview, shown) if may_approve and preview else None,
    }


def _public_words(alert: PageAlert, shown: Language) -> str:
    if alert.public == "never":
        return say("public_never", shown)
    if alert.refused_at is not None:
        return say("public_refused", shown).format(at=stamp(alert.refused_at))
    if alert.approved_at is not None:
        return say("public_approved", shown).format(who=alert.approved_by, at=stamp(alert.approved_at))
    if alert.public == "auto":
        return say("public_auto", shown)
    return say("public_waits" if alert.state != "resolved" else "public_is_over", shown)


def _preview(found: Mapping[str, Any], shown: Language) -> dict[str, Any]:
    status = "cap_actual" if found["status"] == "Actual" else "cap_exercise"
    return {"status": say(status, shown), "texts": found["texts"]}


def _numbers(alert: PageAlert, facts: Mapping[str, Any], written: Scale) -> Iterator[tuple[str, str]]:
    """Names and what stands beside them; what the rule does not have is left out."""
    shown = written.language
    yield say("condition_of", shown), alert_words.condition(alert.condition, facts, written)
    if alert.limit is not None:
        suggested = f" ({say('limit_suggested', shown)})" if alert.suggestion else ""
        yield say("limit_of", shown), f"{written.exact(alert.limit)}{suggested}"
    elif alert.suggestion:
        yield say("limit_of", shown), say("limit_suggested", shown)
    if facts.get("clear") is not None:
        yield say("clear_level", shown), written.exact(facts["clear"])
    if facts.get("for_s"):
        yield say("holds_for", shown), lasting(facts["for_s"], shown)
    if facts.get("keep_firing_for_s"):
        yield say("keeps_firing", shown), lasting(facts["keep_firing_for_s"], shown)
    if basis := alert.basis_en if shown == "en" else alert.basis_vi:
        yield say("basis", shown), basis
    yield say("provenance", shown), word("provenance", alert.provenance, shown)
    yield say("rule", shown), alert.rule


def _readings(facts: Mapping[str, Any], written: Scale, view: CityView) -> Iterator[dict[str, Any]]:
    """The first, the worst and the newest value, and what the condition looked at beside them."""
    for which in _READINGS:
        if which in facts:
            yield _reading(which, facts[which], written, view)
    for sample in facts.get("beside", ()):
        yield _reading("beside", sample, written, view)


def _reading(which: str, sample: Mapping[str, Any], written: Scale, view: CityView) -> dict[str, Any]:
    shown = written.language
    own = written
    if "property" in sample:
        domain = view.domains.get(sample["domain"])
        observed = domain.properties.get(sample["property"]) if domain else None
        own = alert_words.scale(
            view, sample["domain"], sample["property"], observed.unit if observed else "", shown
        )
    return {
        "which": say(f"reading_{which}", shown),
        "of": _of(sample, view, shown),
        "value": own.value(sample["value"]),
        "time": stamp_s(datetime.fromisoformat(sample["time"])),
        "arrived": stamp_s(datetime.fromisoformat(sample["arrived"])),
        "quality": word("quality", str(sample["quality"]), shown),
        "doubtful": sample["quality"] >= Quality.SUSPECT,
        "provenance": word("provenance", sample["provenance"], shown),
    }


def _of(sample: Mapping[str, Any], view: CityView, shown: Language) -> str:
    """Property and Thing of a value that is not the alert's own."""
    if "property" not in sample:
        return ""
    domain = view.domains.get(sample["domain"])
    observed = domain.properties.get(sample["property"]) if domain else None
    stream = view.streams.get(sample.get("datastream_id", 0))
    thing = view.things.get(stream.thing_id) if stream else None
    named = observed.name.in_language(shown) if observed else sample["property"]
    where = Text(vi=thing.name_vi, en=thing.name_en).in_language(shown) if thing else ""
    return f"{named}, {where}" if where else named
