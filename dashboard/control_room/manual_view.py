"""Entries by hand as the page shows them: rows in, what is shown out. No I/O."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from dashboard.control_room.alert_words import number, plain, stamp, word
from dashboard.control_room.language import Language
from dashboard.control_room.manual_matters import MATTERS, Matter
from dashboard.control_room.manual_send import Outcome
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.manual import EntryRow
from storage.model import Property
from storage.things import ThingRow
from storage.units import symbol


def choices(view: CityView, shown: Language, *, set_up: bool) -> dict[str, Any]:
    """What the form offers. Where nothing can be published, `set_up` is false."""
    return {"set_up": set_up, "matters": [_matter(matter, view, shown) for matter in MATTERS]}


def _matter(matter: Matter, view: CityView, shown: Language) -> dict[str, Any]:
    things = [_thing(thing, view, shown) for thing in matter.things(view)]
    return {
        "key": matter.key,
        "name": say(f"matter_{matter.key}", shown),
        "minutes": matter.minutes,
        "things": things,
        "properties": [_property(key, observed, shown) for key, observed in matter.offered(view).items()],
    }


def _thing(thing: ThingRow, view: CityView, shown: Language) -> dict[str, Any]:
    """A bay stands where its point stands, and is named with it."""
    parent = view.things.get(thing.parent_id) if thing.parent_id else None
    place = thing if thing.lat is not None or parent is None else parent
    own = _name(thing, shown)
    name = own if parent is None or _name(parent, shown) in own else f"{_name(parent, shown)}: {own}"
    return {"id": thing.id, "name": name, "lat": place.lat, "lon": place.lon}


def _property(key: str, observed: Property, shown: Language) -> dict[str, Any]:
    """`range` is what is usual, in words; the states of the water's depth with a depth that stands for each."""
    low, high = observed.plausible.low, observed.plausible.high
    usual = ""
    if low is not None and high is not None and not observed.boolean:
        written = {"low": _written(low, shown), "high": _written(high, shown), "unit": _unit(observed)}
        usual = say("manual_range", shown).format(**written).strip()
    return {
        "key": key,
        "name": observed.name.in_language(shown),
        "unit": _unit(observed),
        "boolean": observed.boolean,
        "range": usual,
        "states": [] if key != "water_depth" else list(_states(observed, shown)),
    }


def _written(value: float, shown: Language) -> str:
    """With every digit, and those of great numbers in threes."""
    return number(value, 0, shown) if value == int(value) else plain(value, shown)


def _unit(observed: Property) -> str:
    """Its symbol; '' where the name is it."""
    found = symbol(observed.unit)
    return "" if found == observed.name.en else found


def _states(observed: Property, shown: Language) -> Iterator[dict[str, Any]]:
    """Each band with the middle of it, to start from; the last with a fifth above its beginning."""
    low = 0.0
    for band in observed.bands:
        depth = low * 1.2 if band.below is None else (low + band.below) / 2 if low else 0.0
        yield {"name": band.label.in_language(shown), "depth": round(depth), "below": band.below}
        low = band.below or low


def entries(rows: Iterable[EntryRow], view: CityView, now: datetime, shown: Language) -> list[dict[str, Any]]:
    """The newest first; `holds` says whether it counts now."""
    return [_entry(row, view, now, shown) for row in rows]


def _entry(row: EntryRow, view: CityView, now: datetime, shown: Language) -> dict[str, Any]:
    thing = view.things.get(row.thing_id)
    said = [_value(key, value, thing, view, shown) for key, value in row.results.items()]
    return {
        "id": row.id,
        "thing": row.thing_id,
        "name": _thing(thing, view, shown)["name"] if thing else row.thing_id,
        "values": said,
        "holds": row.holds(now),
        "state": _state(row, now, shown),
        "lines": [*_lines(row, shown), *_faults(row.faults, thing, view, shown)],
    }


def _state(row: EntryRow, now: datetime, shown: Language) -> str:
    if row.outcome in ("rejected", "unsent"):
        return say(f"manual_{row.outcome}", shown)
    if row.cancelled_at is not None:
        return say("manual_cancelled", shown)
    if row.expires_at <= now:
        return say("manual_expired", shown)
    return say("manual_holds", shown).format(at=stamp(row.expires_at))


def _lines(row: EntryRow, shown: Language) -> Iterator[str]:
    yield say("manual_by", shown).format(who=row.author, at=stamp(row.entered_at), time=stamp(row.time))
    if row.cancelled_at is not None:
        yield say("manual_cancelled_by", shown).format(who=row.cancelled_by, at=stamp(row.cancelled_at))
    if row.note:
        yield row.note
    if row.outcome == "sent":
        yield say("manual_sent", shown)


def result(outcome: Outcome, thing: ThingRow, expires_at: datetime, view: CityView, shown: Language) -> str:
    """What became of an entry, in a sentence, with ingest's reasons."""
    text = say(f"manual_result_{outcome.kind}", shown).format(at=stamp(expires_at))
    return " ".join([text, *_faults(outcome.faults, thing, view, shown)])


def _faults(
    faults: Iterable[Mapping[str, Any]], thing: ThingRow | None, view: CityView, shown: Language
) -> Iterator[str]:
    """'pH: Value out of range (99 is not from 0 to 14 [pH]).'"""
    for fault in faults:
        key = str(fault.get("path", "")).rpartition("results.")[2]
        observed = _observed(key, thing, view)
        about = f"{observed.name.in_language(shown)}: " if observed else ""
        yield f"{about}{word('reason', str(fault.get('reason', '')), shown)} ({fault.get('message', '')})."


def _value(key: str, value: float | bool, thing: ThingRow | None, view: CityView, shown: Language) -> str:
    observed = _observed(key, thing, view)
    if observed is None or thing is None:
        return f"{key}: {plain(float(value), shown)}"
    name = observed.name.in_language(shown)
    if observed.boolean:
        return f"{name}: {say('manual_yes' if value else 'manual_no', shown)}"
    return f"{name}: {plain(float(value), shown)} {_unit(observed)}".strip()


def _observed(key: str, thing: ThingRow | None, view: CityView) -> Property | None:
    domain = view.domains.get(thing.domain) if thing else None
    return domain.properties.get(key) if domain else None


def _name(thing: ThingRow, shown: Language) -> str:
    return thing.name_en if shown == "en" else thing.name_vi
