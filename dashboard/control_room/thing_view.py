"""Everything about one Thing as its page shows it. Pure: rows in, plain data out; every word in one language."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from dashboard.condition import Condition, condition, summary_condition
from dashboard.control_room import alert_view, replay_moment, thing_day
from dashboard.control_room.alert_words import lasting, number, plain, scale, stamp, stamp_s, word
from dashboard.control_room.clocks_off import OFF_BY_S, duration
from dashboard.control_room.language import Language
from dashboard.control_room.rejected import printable, shown_rejection
from dashboard.control_room.texts import TEXTS, say
from dashboard.control_room.thing_series import value_in_words
from dashboard.data import CityView, is_simulated
from dashboard.map_snapshot import usable_map_section
from storage.alert_pages import PageAlert
from storage.claims import Claim
from storage.clocks import Clock
from storage.facts import WHOLE, Day
from storage.maintenance import Note
from storage.model import HANOI, Calibration, Domain, Property, Quality, Text
from storage.observations import LiveValue
from storage.rejections import RejectionPreview
from storage.sequences import LossRow
from storage.things import DatastreamRow, Standing, ThingRow
from storage.units import symbol

TOGETHER: Final = timedelta(seconds=1)
"""What one message brought is stored at once."""
LEVELS: Final = (0.5, 0.8, WHOLE)
"""Shares of a day from which on the calendar has another colour; a silent day has one of its own [S]."""
_TRUST: Final = "_trust"


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """A source of another format that names the Thing."""

    source: str
    device: str
    decoder: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the database and the files know of it beside the city's view."""

    standing: Standing
    newest: Sequence[LiveValue]
    alerts: Sequence[PageAlert]
    claims: Sequence[Claim]
    feeds: Sequence[Feed]
    feeds_fault: str | None
    """Why the sources' file can't be read."""
    calibrations: Mapping[str, Sequence[Calibration]]
    rejection: RejectionPreview | None
    clock: Clock | None
    loss: LossRow | None
    notes: Sequence[Note]


def page(thing: ThingRow, view: CityView, facts: Facts, now: datetime, shown: Language) -> dict[str, Any]:
    return {
        "generated_at": now,
        **heading(thing, view, facts.standing, now, shown),
        "series": series(thing, view, shown),
        "alerts": [alert(one, view, shown) for one in facts.alerts],
        "about": list(about(thing, view, facts, shown)),
        "streams": streams(thing, view, facts.calibrations, shown),
        "message": message(facts, view, shown),
        "clock": clock(facts.clock, shown),
        "loss": loss(facts.loss, shown),
        "notes": [note(one, shown) for one in facts.notes],
    }


def name(thing: ThingRow, shown: Language) -> str:
    return Text(vi=thing.name_vi, en=thing.name_en).in_language(shown)


def heading(
    thing: ThingRow, view: CityView, standing: Standing, now: datetime, shown: Language
) -> dict[str, Any]:
    """What it is, where it is, and how it is doing."""
    domain = view.domains.get(thing.domain)
    now_is = state(thing, view, now)
    children = view.children_of.get(thing.id, ())
    values = [v for one in (thing, *children) for v in view.values_of(one.id).values()]
    parent = view.things.get(thing.parent_id or "")
    return {
        "id": thing.id,
        "domain": domain.name.in_language(shown) if domain else thing.domain,
        "domain_key": thing.domain,
        "kind": kind_word(domain, thing.kind, shown),
        "place": thing_day.place(thing, shown) or say("about_no_place", shown),
        "on_map": thing.lat is not None and thing.retired_from is None,
        "public": standing.is_public,
        "state": "retired" if thing.retired_from else now_is.state,
        "state_word": say("things_state_retired" if thing.retired_from else f"state_{now_is.state}", shown),
        "level": _level(now_is, shown),
        "newest": max((value.phenomenon_time for value in values), default=None),
        "simulated": any(map(is_simulated, values)),
        "parent": {"id": parent.id, "name": name(parent, shown)} if parent else None,
        "children": [_child(child, view, now, shown) for child in children],
    }


def kind_word(domain: Domain | None, kind: str, shown: Language) -> str:
    """What the catalogue calls a kind of Thing; one that it has no word for as it stands."""
    known = domain.kinds.get(kind) if domain else None
    return known.in_language(shown) if known else kind.replace("_", " ")


def state(thing: ThingRow, view: CityView, now: datetime) -> Condition:
    domain = view.domains[thing.domain]
    section = usable_map_section(domain)
    if section.summary and view.children_of.get(thing.id):
        return summary_condition(view, domain, section, thing, now)
    return condition(view, domain, thing, now)


def offered(thing: ThingRow, view: CityView) -> list[tuple[DatastreamRow, Property]]:
    """Its Datastreams in the catalogue's order, without those of forecasts.

    The headline is the first; what every domain has, as the battery, comes last.
    """
    domain = view.domains[thing.domain]
    has = {stream.property: stream for stream in view.streams_of.get(thing.id, ())}
    common = set.intersection(*(set(one.properties) for one in view.domains.values()))
    keys = [key for key in domain.properties if key in has]
    keys.sort(key=lambda key: (key != domain.headline, key in common))
    return [(has[key], domain.properties[key]) for key in keys]


def series(thing: ThingRow, view: CityView, shown: Language) -> list[dict[str, Any]]:
    """Each property with its newest value."""
    return [
        {
            "property": observed.key,
            "name": observed.name.in_language(shown),
            **_newest(view.newest.get(stream.id), observed, stream, view, thing, shown),
        }
        for stream, observed in offered(thing, view)
    ]


def quality_words(quality: int, shown: Language) -> str:
    return word("quality", str(quality), shown)


def alert(one: PageAlert, view: CityView, shown: Language) -> dict[str, Any]:
    """A line of the list of its alerts."""
    head = alert_view.heading(one, {}, alert_view.scale(one, view, shown), shown)
    return {
        key: head[key]
        for key in (
            "id",
            "title",
            "severity",
            "severity_word",
            "state",
            "state_word",
            "marks",
            "value_words",
            "since",
        )
    }


def about(thing: ThingRow, view: CityView, facts: Facts, shown: Language) -> Iterator[tuple[str, str]]:
    """Names and what stands beside them."""
    yield say("about_id", shown), thing.id
    yield say("about_place", shown), _place(thing, shown)
    if thing.coordinate_source:
        yield say("about_place_source", shown), thing.coordinate_source
    public = "about_public_yes" if facts.standing.is_public else "about_public_no"
    yield say("about_public", shown), say(public, shown)
    if replay_moment.current() is None:  # it is known only as it is now
        yield say("about_online", shown), _online(facts.standing, shown)
    yield say("about_topic", shown), f"hanoi/v1/{thing.domain}/{thing.id}/observations"
    for feed in facts.feeds:
        text = say("about_source_line", shown).format(
            source=feed.source, device=printable(feed.device.encode()), decoder=feed.decoder
        )
        yield say("about_source", shown), text
    if facts.feeds_fault:
        yield say("about_source", shown), say("about_sources_fault", shown).format(fault=facts.feeds_fault)
    for claim in facts.claims:
        text = say("about_claim_line", shown).format(
            device=printable(claim.device.encode()),
            source=claim.source,
            who=claim.claimed_by,
            at=stamp(claim.claimed_at),
        )
        yield say("about_claim", shown), text
    yield from attributes(thing.properties, view, shown)


def attributes(found: Mapping[str, Any], view: CityView, shown: Language) -> Iterator[tuple[str, str]]:
    """What the inventory says; a key that is not known here is shown as it was written, without underscores."""
    trusts = {_of_trust(key, found): key for key in found if key.endswith(_TRUST)}
    for key, value in found.items():
        if key in trusts.values() and key not in trusts:
            continue
        text = _attribute(key, value, view, shown)
        if key in trusts:
            text += f" ({word('attribute_trust', str(found[trusts[key]]), shown)})"
        yield word("attribute", key, shown), text


def streams(
    thing: ThingRow, view: CityView, calibrations: Mapping[str, Sequence[Calibration]], shown: Language
) -> list[dict[str, Any]]:
    """Each property: how often, how made, what is plausible, and its calibrations."""
    return [
        {
            "name": observed.name.in_language(shown),
            "unit": symbol(stream.unit),
            "interval": lasting(interval_s(stream, thing), shown),
            "made": say("about_made_derived" if stream.derived else "about_made_measured", shown),
            "range": _plausible(observed, shown),
            "calibrations": [_calibration(one, shown) for one in calibrations.get(stream.property, ())],
        }
        for stream, observed in offered(thing, view)
    ]


def message(facts: Facts, view: CityView, shown: Language) -> dict[str, Any]:
    """What came last, accepted or refused; and of either kind the newest."""
    accepted = last_accepted(facts.newest, view)
    at = accepted[0].ingested_at if accepted else None
    rejection = facts.rejection
    if at is None and rejection is None:
        words = "message_none"
    elif at is None or (rejection is not None and rejection.received_at > at):
        words = "message_last_rejected"
    else:
        words = "message_last_accepted"
    return {
        "words": say(words, shown),
        "accepted_at": at,
        "accepted": [_accepted(one, view, shown) for one in accepted],
        "rejected": _rejected(rejection, shown) if rejection else None,
    }


def last_accepted(newest: Iterable[LiveValue], view: CityView) -> list[LiveValue]:
    """The values that were stored last, of those that a device sends."""
    sent = [one for one in newest if (stream := view.streams.get(one.datastream_id)) and not stream.derived]
    last = max((one.ingested_at for one in sent), default=None)
    return [one for one in sent if last is not None and last - one.ingested_at < TOGETHER]


def clock(found: Clock | None, shown: Language) -> dict[str, Any]:
    if found is None:
        return {"words": say("clock_unknown", shown), "at": None, "bad": False}
    by = duration(abs(found.skew_s), shown)
    if abs(found.skew_s) < OFF_BY_S:
        return {"words": say("clock_fits", shown), "at": found.measured_at, "bad": False}
    key = "ahead" if found.skew_s < 0 else "behind" if found.is_sure else "clock_unsure"
    return {"words": say(key, shown).format(by=by), "at": found.measured_at, "bad": found.is_sure}


def loss(found: LossRow | None, shown: Language) -> dict[str, Any]:
    if found is None:
        return {"words": say("loss_not_numbered", shown), "bad": False}
    words = say("loss_of", shown).format(
        missing=number(found.missing, 0, shown),
        expected=number(found.expected, 0, shown),
        share=number(100 * found.missing / found.expected, 2, shown),
        since=stamp(found.since),
    )
    return {"words": words, "bad": found.missing > 0}


def note(one: Note, shown: Language) -> dict[str, Any]:
    """A maintenance note; one that was withdrawn says by whom."""
    withdrawn = None
    if one.withdrawn_at is not None:
        withdrawn = say("notes_withdrawn", shown).format(who=one.withdrawn_by, at=stamp(one.withdrawn_at))
    return {
        "id": one.id,
        "kind_word": word("maintenance", one.kind, shown),
        "text": one.text,
        "when": stamp(one.starts_at)
        if one.ends_at is None
        else say("notes_span", shown).format(start=stamp(one.starts_at), end=stamp(one.ends_at)),
        "by": say("notes_by", shown).format(who=one.author, at=stamp(one.written_at)),
        "withdrawn": withdrawn,
    }


def calendar(days: Sequence[Day], first: date, last: date, shown: Language) -> dict[str, Any]:
    """Weeks of seven cells from Monday to Sunday that hold the days from `first` to `last`; None outside of them."""
    known = {one.day: one for one in days}
    cells: list[dict[str, Any] | None] = [None] * first.weekday()
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        cells.append(_cell(day, known.get(day), shown))
    cells += [None] * (-len(cells) % 7)
    return {
        "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)],
        "words": _calendar_words(days, shown) if days else None,
        "heads": [
            say(key, shown)
            for key in ("column_day", "share", "received", "column_suspect", "column_fail", "column_missing")
        ],
        "rows": [_day_row(one, shown) for one in reversed(days)],
    }


def day_level(share: float) -> int:
    """0 silent, then 1 to 4."""
    return 0 if share == 0 else 1 + sum(share >= limit for limit in LEVELS)


def _cell(day: date, one: Day | None, shown: Language) -> dict[str, Any]:
    written = f"{day:%d/%m/%Y}"
    if one is None:
        return {"day": day, "level": None, "label": say("calendar_before", shown).format(day=written)}
    said = say("calendar_day", shown).format(
        day=written,
        share=_percent(one.share, shown),
        received=number(one.received, 0, shown),
        expected=number(one.expected, 0, shown),
    )
    if one.suspect or one.fail:
        said += say("calendar_day_doubts", shown).format(
            suspect=number(one.suspect, 0, shown), fail=number(one.fail, 0, shown)
        )
    return {"day": day, "level": day_level(one.share), "label": said}


def _calendar_words(days: Sequence[Day], shown: Language) -> str:
    return say("calendar_words", shown).format(
        days=len(days),
        mean=_percent(sum(one.share for one in days) / len(days), shown),
        whole=sum(one.share >= WHOLE for one in days),
        silent=sum(one.share == 0 for one in days),
    )


def _day_row(one: Day, shown: Language) -> list[str]:
    counts = f"{number(one.received, 0, shown)} / {number(one.expected, 0, shown)}"
    doubts = (number(count, 0, shown) for count in (one.suspect, one.fail, one.missing))
    return [f"{one.day:%d/%m/%Y}", f"{_percent(one.share, shown)} %", counts, *doubts]


def _percent(share: float, shown: Language) -> str:
    """Rounded down: 99.96 % is not everything."""
    return number(int(1000 * share + 1e-6) / 10, 1, shown)


def _child(child: ThingRow, view: CityView, now: datetime, shown: Language) -> dict[str, Any]:
    now_is = state(child, view, now)
    return {
        "id": child.id,
        "name": name(child, shown),
        "state": now_is.state,
        "state_word": _level(now_is, shown) or say(f"state_{now_is.state}", shown),
    }


def _level(now_is: Condition, shown: Language) -> str | None:
    return None if now_is.level is None else now_is.label.in_language(shown)


def _newest(
    value: LiveValue | None,
    observed: Property,
    stream: DatastreamRow,
    view: CityView,
    thing: ThingRow,
    shown: Language,
) -> dict[str, Any]:
    if value is None:
        return {"value": None, "time": None, "quality": None, "doubtful": False, "provenance": None}
    written = scale(view, thing.domain, observed.key, stream.unit, shown)
    return {
        "value": value_in_words(observed, value.result, written),
        "time": value.phenomenon_time,
        "quality": quality_words(value.quality, shown),
        "doubtful": value.quality >= Quality.SUSPECT,
        "provenance": word("provenance", value.input_provenance or value.provenance, shown),
    }


def _place(thing: ThingRow, shown: Language) -> str:
    if thing.lat is None or thing.lon is None:
        return say("about_no_place", shown)
    degrees = f"{number(thing.lat, 5, shown)}; {number(thing.lon, 5, shown)}"
    return f"{degrees} · {thing_day.place(thing, shown)}"


def _online(standing: Standing, shown: Language) -> str:
    if standing.online is None or standing.status_at is None:
        return say("about_online_unknown", shown)
    key = "about_online_yes" if standing.online else "about_online_no"
    return say(key, shown).format(at=stamp(standing.status_at))


def _of_trust(key: str, found: Mapping[str, Any]) -> str:
    """What `max_stay_trust` speaks of: `max_stay_min`; itself where there is no such thing."""
    about = key.removesuffix(_TRUST)
    return next((one for one in found if one.startswith(about) and not one.endswith(_TRUST)), key)


def _attribute(key: str, value: Any, view: CityView, shown: Language) -> str:
    if isinstance(value, bool):
        return say("answer_yes" if value else "answer_no", shown)
    if isinstance(value, int | float):
        return plain(value, shown)
    if key == "tariff" and isinstance(value, Mapping):
        return say("attribute_tariff_line", shown).format(
            vnd=number(value.get("first_vnd", 0), 0, shown), minutes=value.get("first_min", 0)
        )
    if isinstance(value, list):
        return ", ".join(_attribute("", one, view, shown) for one in value)
    if isinstance(value, str):
        thing = view.things.get(value)
        known = TEXTS.get(f"attribute_value_{value}")
        return name(thing, shown) if thing else known.in_language(shown) if known else value
    return json.dumps(value, ensure_ascii=False)


def interval_s(stream: DatastreamRow, thing: ThingRow) -> int:
    """A Thing may report more rarely than the catalogue says."""
    own = thing.properties.get("interval_s")
    return max(stream.interval_s, own) if isinstance(own, int) else stream.interval_s


def _plausible(observed: Property, shown: Language) -> str:
    low, high = observed.plausible.low, observed.plausible.high
    if observed.boolean or (low is None and high is None):
        return "–"
    unit = symbol(observed.unit)
    if low is None:
        return f"≤ {plain(high or 0.0, shown)} {unit}".strip()
    if high is None:
        return f"≥ {plain(low, shown)} {unit}".strip()
    return f"{plain(low, shown)} – {plain(high, shown)} {unit}".strip()


def _calibration(one: Calibration, shown: Language) -> str:
    said = say("about_calibration_line", shown).format(
        gain=plain(one.gain, shown),
        sign="−" if one.offset < 0 else "+",
        offset=plain(abs(one.offset), shown),
        start=stamp(one.valid_from),
    )
    if one.valid_to is not None:
        said += say("about_calibration_to", shown).format(end=stamp(one.valid_to))
    return f"{said}: {one.note}" if one.note else said


def _accepted(one: LiveValue, view: CityView, shown: Language) -> list[str]:
    domain = view.domains.get(one.domain)
    observed = domain.properties.get(one.property) if domain else None
    stream = view.streams[one.datastream_id]
    written = scale(view, one.domain, one.property, stream.unit, shown)
    return [
        observed.name.in_language(shown) if observed else one.property,
        value_in_words(observed, one.result, written) if observed else written.value(one.result),
        stamp_s(one.phenomenon_time),
        stamp_s(one.result_time),
        stamp_s(one.ingested_at),
    ]


def _rejected(row: RejectionPreview, shown: Language) -> dict[str, Any]:
    found = shown_rejection(row, shown)
    whole = found.size <= len(row.payload)
    size = say("message_all" if whole else "message_bytes", shown).format(
        size=number(found.size, 0, shown), shown=number(len(row.payload), 0, shown)
    )
    return {
        "at": found.time,
        "at_words": f"{found.time.astimezone(HANOI):%d/%m/%Y %H:%M:%S}",
        "topic": printable(found.topic.encode()),
        "reason": found.reason,
        "path": found.path,
        "message": found.message,
        "more": found.more,
        "payload": found.payload,
        "size": size,
    }
