"""Citizens' reports as operators see them: rows in, what the page shows out. No I/O."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from dashboard.control_room import language as languages
from dashboard.control_room.alert_words import lasting, number, stamp
from dashboard.control_room.language import Language
from dashboard.control_room.near_reports import Near, near
from dashboard.control_room.texts import say
from dashboard.data import CityView
from dashboard.reporting.said import where
from storage.citizen_reports import SERVICE_NAMES, ReportRow, Service, State


def board(
    new: Sequence[ReportRow],
    confirmed: Sequence[ReportRow],
    over: Iterable[ReportRow],
    view: CityView,
    now: datetime,
    shown: Language,
    *,
    may_act: bool,
) -> dict[str, Any]:
    """What waits, what was confirmed and is not over, what is over. Only who may act sees how to reach people."""
    there = [*new, *confirmed]
    return {
        "generated_at": now,
        "new": [
            row(one, view, now, shown, may_act=may_act)
            | {"near": [_suggestion(found, shown) for found in near(one, there)]}
            for one in new
        ],
        "confirmed": [row(one, view, now, shown, may_act=may_act) for one in confirmed],
        "over": [row(one, view, now, shown, may_act=may_act) for one in over],
    }


def row(
    report: ReportRow, view: CityView, now: datetime, shown: Language, *, may_act: bool
) -> dict[str, Any]:
    place = where(report.place, report.place_id, report.lat, report.lon, view)
    return {
        "id": report.id,
        "number": report.number,
        "service": report.service,
        "service_name": SERVICE_NAMES[report.service].in_language(shown),
        "state": report.state,
        "state_words": _state(report, now, shown),
        "place": _place(report, place.get(shown), shown),
        "lat": report.lat,
        "lon": report.lon,
        "description": report.description,
        "language": report.language,
        "requested_at": report.requested_at,
        "sent": say("citizen_sent", shown).format(
            at=stamp(report.requested_at), how=say(f"citizen_channel_{report.channel}", shown)
        ),
        "photo": f"{languages.CITIZEN_REPORTS}/{report.id}/photo" if report.has_photo else None,
        "contact": report.contact if may_act else None,
        "has_contact": report.contact is not None,
        "answer": {"vi": report.answer_vi or "", "en": report.answer_en or ""},
        "lines": list(_lines(report, shown)),
        "is_flood": report.service == Service.FLOOD,
    }


def _place(report: ReportRow, name: str | None, shown: Language) -> str:
    """How sure one can be of it."""
    return say(f"citizen_place_{report.place}", shown).format(name=name or "–")


def _state(report: ReportRow, now: datetime, shown: Language) -> str:
    if report.state == State.CONFIRMED and report.status == "open" and report.shown_until is not None:
        key = "citizen_on_map" if report.shown_until > now else "citizen_off_map"
        return say(key, shown).format(at=stamp(report.shown_until))
    if report.state == State.CONFIRMED and report.status == "closed":
        return say("citizen_state_closed", shown)
    return say(f"citizen_state_{report.state}", shown)


def _lines(report: ReportRow, shown: Language) -> Iterable[str]:
    if report.merged_count:
        yield say("citizen_merged_count", shown).format(count=report.merged_count)
    if report.moderated_at is not None and report.moderated_by is not None:
        line = say("citizen_moderated", shown)
        yield line.format(who=report.moderated_by, at=stamp(report.moderated_at))
    if report.state == State.CONFIRMED:
        yield say("citizen_shown_as" if report.text_shown else "citizen_shown_without", shown).format(
            text=report.text_shown
        )
        if report.has_photo:
            yield say("citizen_photo_shown" if report.photo_shown else "citizen_photo_kept", shown)
    if report.reason:
        yield say("citizen_reason_was", shown).format(reason=report.reason)
    for answer in dict.fromkeys(text for text in (report.answer_vi, report.answer_en) if text):
        yield say("citizen_answered", shown).format(text=answer)
    if report.closed_at is not None and report.state == State.CONFIRMED:
        yield say("citizen_closed_by", shown).format(who=report.closed_by, at=stamp(report.closed_at))


def _suggestion(found: Near, shown: Language) -> dict[str, Any]:
    report = found.report
    place = (
        say("citizen_near_ward", shown)
        if found.distance_m is None
        else say("citizen_near_m", shown).format(distance=number(round(found.distance_m, -1), 0, shown))
    )
    return {
        "id": report.id,
        "number": report.number,
        "words": say("citizen_near_words", shown).format(
            place=place,
            apart=lasting(found.apart.total_seconds(), shown),
            state=say(f"citizen_state_{report.state}", shown),
        ),
        "description": report.description,
    }
