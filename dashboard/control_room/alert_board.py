"""The page of all alerts: queue, history, silences, receivers and what else the duty officer keeps in sight. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dashboard.control_room import alert_view, alert_words
from dashboard.control_room.alert_words import lasting, number, stamp, stamp_s, word
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.alert_pages import CapRow, KnownLabels, PageAlert
from storage.alert_routing import NoisyRule, NotificationRow, ReceiverResult
from storage.leader import LeaderRow
from storage.matchers import match_all
from storage.model import Text
from storage.silences import SilenceRow

LEADER_SILENT_S: Final = 15.0
"""A standby takes over within ten seconds: after this nobody leads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnDuty:
    """Who a roster says is on call now."""

    roster: str
    people: Sequence[str]
    fault: str | None
    """Why its fallback is on call instead."""
    until: datetime | None = None
    """When the first of them is relieved; None of a fallback."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """The share of canaries that came through; None where none was due."""

    day: float | None
    month: float | None


def queue(alerts: Iterable[PageAlert], view: CityView, shown: Language) -> dict[str, list[dict[str, Any]]]:
    """What fires and nobody sees to, what somebody sees to, what is only pending; each in the order given."""
    found: dict[str, list[dict[str, Any]]] = {"firing": [], "acknowledged": [], "pending": []}
    for alert in alerts:
        state = "acknowledged" if alert.acknowledged_at is not None else alert.state
        found[state].append(_row(alert, view, shown))
    return found


def _row(alert: PageAlert, view: CityView, shown: Language) -> dict[str, Any]:
    head = alert_view.heading(alert, {}, alert_view.scale(alert, view, shown), shown)
    return {
        **head,
        "place": head["place"]["name"],
        "thing": alert_view.with_page(alert, view),
        "since": head["since"]["at"],
        "since_words": head["since"]["words"],
        "kind": (kind := alert.labels.get("kind", "")),
        "kind_name": alert_words.kind(kind, view, shown),
        "area": (area := alert.labels.get("area", "")),
        "area_name": alert_words.area(area, shown),
    }


def history(alerts: Sequence[PageAlert], view: CityView, shown: Language, limit: int) -> dict[str, Any]:
    """At most `limit` of them, and where the next page goes on."""
    listed = alerts[:limit]
    more = len(alerts) > limit
    return {
        "alerts": [_past(alert, view, shown) for alert in listed],
        "after": after(listed[-1]) if more else None,
    }


def after(alert: PageAlert) -> str:
    """Where a page of the history ends, for the address of the next."""
    assert alert.firing_since is not None
    return f"{alert.firing_since.isoformat()},{alert.id}"


def _past(alert: PageAlert, view: CityView, shown: Language) -> dict[str, Any]:
    assert alert.firing_since is not None
    written = alert_view.scale(alert, view, shown)
    withdrawn = [say("alert_withdrawn", shown)] if alert.withdrawn else []
    lasted = (alert.resolved_at - alert.firing_since).total_seconds() if alert.resolved_at else None
    return {
        "id": alert.id,
        "title": alert_view.title(alert, shown),
        "severity": alert.severity,
        "severity_word": say(f"severity_{alert.severity}", shown),
        "marks": [*alert_view.marks(alert, shown), *withdrawn],
        "place": alert_view.place(alert, shown),
        "thing": alert_view.with_page(alert, view),
        "began": stamp(alert.firing_since),
        "lasted": say("still", shown) if lasted is None else lasting(lasted, shown),
        "peak_words": "–" if alert.condition == "absent" else written.value(alert.peak),
    }


def silences(
    rows: Iterable[SilenceRow], alerts: Sequence[PageAlert], now: datetime, shown: Language
) -> dict[str, list[dict[str, Any]]]:
    """`alerts` are the open ones: how many each mutes."""
    found: dict[str, list[dict[str, Any]]] = {"active": [], "planned": [], "ended": []}
    for row in rows:
        over = row.ended_at is not None or row.ends_at <= now
        state = "ended" if over else "active" if row.active(now) else "planned"
        muted = sum(match_all(row.parsed, alert.labels) for alert in alerts) if state == "active" else 0
        found[state].append(_silence(row, muted, shown))
    return found


def _silence(row: SilenceRow, muted: int, shown: Language) -> dict[str, Any]:
    words = [
        say("silence_line", shown).format(who=row.author, start=stamp(row.starts_at), end=stamp(row.ends_at))
    ]
    if row.ended_at is not None:
        words.append(say("silence_ended_by", shown).format(who=row.ended_by, at=stamp(row.ended_at)))
    return {
        "id": row.id,
        "kind_word": say(f"kind_{row.kind}", shown),
        "matchers": row.matchers,
        "reason": row.reason,
        "words": " · ".join(words),
        "mutes": say("silence_mutes", shown).format(count=muted) if muted else "",
    }


def receivers(
    configured: Mapping[str, Mapping[str, Any]], results: Iterable[ReceiverResult], shown: Language
) -> list[dict[str, Any]]:
    """Those that are configured, and those that something was sent to and that are not any more."""
    known = {one.receiver: one for one in results}
    return [
        {
            "name": name,
            "type": str(configured.get(name, {}).get("type", "")),
            "testable": name in configured,
            "lines": _result_lines(known.get(name), shown),
        }
        for name in dict.fromkeys([*configured, *known])
    ]


def _result_lines(one: ReceiverResult | None, shown: Language) -> list[dict[str, str]]:
    if one is None:
        return [{"kind": "", "text": say("receiver_never", shown)}]
    lines = []
    if one.last_sent_at is not None:
        lines.append({"kind": "good", "text": say("receiver_sent", shown).format(at=stamp(one.last_sent_at))})
    else:
        lines.append({"kind": "", "text": say("receiver_never", shown)})
    if one.last_error is not None:
        lines.append({"kind": "bad", "text": say("receiver_failed", shown).format(error=one.last_error)})
    if one.waiting:
        lines.append({"kind": "", "text": say("receiver_waiting", shown).format(count=one.waiting)})
    if one.dead:
        lines.append({"kind": "bad", "text": say("receiver_dead", shown).format(count=one.dead)})
    return lines


def dead(rows: Iterable[NotificationRow], shown: Language) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "receiver": one.receiver,
            "reason_word": word("told", one.reason, shown),
            "text": text_of(one, shown),
            "words": say("dead_line", shown).format(
                at=stamp(one.dead_at or one.created_at), attempts=one.attempts, error=one.last_error or "–"
            ),
            "alerts": one.alert_ids,
        }
        for one in rows
    ]


def test_result(one: NotificationRow, shown: Language) -> dict[str, Any]:
    """What became of a test so far."""
    at = stamp_s(one.sent_at or one.dead_at or one.created_at)
    key = "sent_receipt" if one.result == "sent" and one.receipt else one.result
    words = say(f"test_{key}", shown).format(at=at, receipt=one.receipt, error=one.last_error)
    kinds = {"sent": "good", "waiting": ""}
    return {"words": words, "kind": kinds.get(one.result, "bad"), "over": one.result in ("sent", "dead")}


test_result.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


def text_of(one: NotificationRow, shown: Language) -> str:
    text = one.document.get("text")
    return str(text.get(shown, "")) if isinstance(text, Mapping) else ""


def noisiest(rows: Iterable[NoisyRule], shown: Language) -> list[dict[str, Any]]:
    return [
        {
            "rule": one.rule,
            "title": Text(vi=one.title_vi, en=one.title_en).in_language(shown),
            "fired": number(one.firings, 0, shown),
            "notified": number(one.notifications, 0, shown),
        }
        for one in rows
    ]


def on_call(duty: Iterable[OnDuty], fault: str | None) -> dict[str, Any]:
    """`fault`: why the file that names them can't be used."""
    rosters = [{"roster": one.roster, "people": ", ".join(one.people), "fault": one.fault} for one in duty]
    return {"fault": fault, "rosters": rosters}


def cap(rows: Iterable[CapRow], shown: Language) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "alert": one.alert_id,
            "status_word": word("cap_status", one.status, shown),
            "type_word": word("cap", one.msg_type, shown),
            "headline": Text(vi=one.headline_vi, en=one.headline_en).in_language(shown),
            "words": say("cap_line", shown).format(sent=stamp(one.sent_at), expires=stamp(one.expires_at)),
        }
        for one in rows
    ]


def engine(leader: LeaderRow | None, shown: Language) -> dict[str, str | None]:
    """Who leads; `fault` when nobody does."""
    if leader is None:
        said = say("engine_never", shown)
        return {"words": said, "fault": said}
    words = [
        say("engine_leads", shown).format(holder=leader.holder, term=leader.term),
        say("engine_beat", shown).format(ago=lasting(leader.silent_s, shown)),
    ]
    silent = leader.silent_s > LEADER_SILENT_S
    return {"words": " · ".join(words), "fault": engine_silent(leader.silent_s, shown) if silent else None}


def engine_silent(silent_s: float, shown: Language) -> str:
    """In whole minutes from one on: what is read aloud need not be said again every second."""
    ago = silent_s if silent_s < 60 else silent_s // 60 * 60
    return say("engine_silent", shown).format(ago=lasting(ago, shown))


def availability(found: Availability | None, shown: Language) -> str:
    if found is None:
        return say("availability_unknown", shown)
    return " · ".join(
        say(f"availability_{span}", shown).format(share=_percent(share, shown))
        for span, share in (("day", found.day), ("month", found.month))
    )


def _percent(share: float | None, shown: Language) -> str:
    """Rounded down: 99.999 % is not everything."""
    return "–" if share is None else f"{number(int(share * 100_000) / 1000, 3, shown)} %"


def choices(view: CityView, known: Iterable[KnownLabels], shown: Language) -> dict[str, list[dict[str, str]]]:
    """What forms offer, by value and name."""
    rows = list(known)
    rules = {row.rule: Text(vi=row.title_vi, en=row.title_en).in_language(shown) for row in rows}
    things = {one.id: Text(vi=one.name_vi, en=one.name_en).in_language(shown) for one in view.things.values()}
    return {
        "things": _offered(things),
        "rules": _offered(rules),
        "areas": _offered({row.area: alert_words.area(row.area, shown) for row in rows if row.area}),
        "kinds": _offered({row.kind: alert_words.kind(row.kind, view, shown) for row in rows if row.kind}),
    }


def _offered(names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "name": name} for value, name in sorted(names.items())]
