"""Things as those who keep them see them: rows in, what the pages show out. No I/O."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dashboard.control_room import csv_text, thing_view
from dashboard.control_room.alert_words import number, plain, stamp
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.things_csv import Planned
from dashboard.data import CityView
from storage import wards
from storage.folding import folded
from storage.model import CoordinateTrust, Domain
from storage.sensors import Sensor
from storage.thing_register import Held, Kept, Left, RegisterRow
from storage.things import ThingRow
from storage.units import symbol
from storage.wards import Unit

STATES: Final = ("live", "silent", "never", "fault", "retired")
VERDICTS: Final = ("made", "changed", "same", "refused")


def listing(rows: Iterable[RegisterRow], view: CityView, now: datetime, shown: Language) -> dict[str, Any]:
    """All of them but the platform's own, by name."""
    found = [_row(row, view, now, shown) for row in rows if row.domain in view.domains]
    return {"generated_at": now, "things": sorted(found, key=lambda one: (folded(one["name"]), one["id"]))}


def _row(row: RegisterRow, view: CityView, now: datetime, shown: Language) -> dict[str, Any]:
    is_now, newest = state(row, view, now)
    ward = ward_of(row, view)
    return {
        "id": row.id,
        "name": row.name_en if shown == "en" else row.name_vi,
        "sought": folded(f"{row.id} {row.name_vi} {row.name_en}"),
        "domain": row.domain,
        "domain_name": view.domains[row.domain].name.in_language(shown),
        "kind": thing_view.kind_word(view.domains[row.domain], row.kind, shown),
        "ward": ward.code if ward else "",
        "ward_name": ward.full_name.in_language(shown) if ward else say("things_no_ward", shown),
        "state": is_now,
        "state_word": say(f"things_state_{is_now}", shown),
        "newest": newest,
        "public": row.public,
        "part": row.parent_id is not None,
        "origin": _origin(row, shown),
        "differs": row.differs,
    }


def state(row: RegisterRow, view: CityView, now: datetime) -> tuple[str, datetime | None]:
    """Which of STATES, and the time of its newest value."""
    thing = view.things.get(row.id)
    if thing is None:
        return ("retired" if row.retired_from else "never"), None
    is_now = thing_view.state(thing, view, now)
    if row.retired_from is not None:
        return "retired", is_now.time
    return {"stale": "silent"}.get(is_now.state, is_now.state), is_now.time


def ward_of(row: RegisterRow | ThingRow, view: CityView) -> Unit | None:
    """By the nearest centre; of a bay, its parking point's."""
    place: RegisterRow | ThingRow | None = row
    if row.lat is None and row.parent_id is not None:
        place = view.things.get(row.parent_id)
    if place is None or place.lat is None or place.lon is None:
        return None
    return wards.nearest(place.lat, place.lon)


def exported(
    rows: Iterable[RegisterRow], view: CityView, asked: Mapping[str, str], now: datetime, shown: Language
) -> Iterator[tuple[RegisterRow, Mapping[str, Cell]]]:
    """Those that the list shows for the same filters."""
    words = folded(asked.get("q", "")).split()
    for row in rows:
        if row.domain not in view.domains or asked.get("domain", row.domain) not in ("", row.domain):
            continue
        sought = folded(f"{row.id} {row.name_vi} {row.name_en}")
        is_now, newest = state(row, view, now)
        ward = ward_of(row, view)
        if (
            (row.parent_id is not None and not words and not asked.get("parts"))
            or any(one not in sought for one in words)
            or asked.get("state", "") not in ("", is_now)
            or asked.get("ward", "") not in ("", ward.code if ward else "-")
        ):
            continue
        said: dict[str, Cell] = {
            "ward": ward.full_name.in_language(shown) if ward else "",
            "state": say(f"things_state_{is_now}", shown),
            "newest": csv_text.iso(newest) if newest else "",
            "retired_from": csv_text.iso(row.retired_from) if row.retired_from else "",
        }
        yield row, said


def choices(
    domains: Mapping[str, Domain], kinds: Mapping[str, Iterable[str]], units: Iterable[Unit], shown: Language
) -> dict[str, Any]:
    """What filters and forms offer; what every domain has, as the battery, comes last."""
    common = set.intersection(*(set(domain.properties) for domain in domains.values())) if domains else set()
    return {
        "domains": [
            {
                "key": domain.key,
                "name": domain.name.in_language(shown),
                "kinds": [
                    {"key": kind, "name": thing_view.kind_word(domain, kind, shown)}
                    for kind in _map_kinds_first(domain, kinds.get(domain.key, ()))
                ],
                "properties": [
                    {"key": one.key, "name": one.name.in_language(shown), "unit": symbol(one.unit)}
                    for one in sorted(domain.properties.values(), key=lambda one: one.key in common)
                    if not one.derived
                ],
            }
            for domain in domains.values()
        ],
        "wards": sorted(
            (
                {
                    "code": unit.code,
                    "name": unit.full_name.in_language(shown),
                    "lat": round(unit.lat, 5),
                    "lon": round(unit.lon, 5),
                }
                for unit in units
            ),
            key=lambda one: folded(str(one["name"])),
        ),
        "states": [{"key": key, "name": say(f"things_state_{key}", shown)} for key in STATES],
        "trusts": [{"key": one.value, "name": say(f"trust_{one.value}", shown)} for one in CoordinateTrust],
    }


def kept(
    thing: ThingRow,
    view: CityView,
    found: Kept,
    left: Sequence[Left],
    sensors: Sequence[Sensor],
    held: Sequence[Held],
    shown: Language,
) -> dict[str, Any]:
    """What those who keep it see of a Thing, and what its forms begin with."""
    domain = view.domains.get(thing.domain)
    has = [stream.property for stream in view.streams_of.get(thing.id, ())]
    offered = [one for one in domain.properties.values() if not one.derived] if domain else []
    return {
        "id": thing.id,
        "values": {
            "name_vi": thing.name_vi,
            "name_en": thing.name_en,
            "lat": thing.lat,
            "lon": thing.lon,
            "trust": thing.coordinate_trust,
            "place_source": thing.coordinate_source or "",
            "attributes": "\n".join(
                f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in thing.properties.items()
            ),
            "note": found.note,
            "public": found.public,
        },
        "sensed": [
            {"key": one.key, "name": one.name.in_language(shown)}
            for one in offered
            if one.key in has and one.forecast_of is None
        ],
        "more": [
            {"key": one.key, "name": one.name.in_language(shown)} for one in offered if one.key not in has
        ],
        "note": found.note,
        "retired": _retired(found, shown),
        "origin": _origin_words(found, held, shown),
        "held": [_held(one, thing, view, found, shown) for one in held if one.changed_at is not None],
        "places": list(_places(thing, left, shown)),
        "sensors": [_sensor(one, view, thing, shown) for one in sensors],
    }


def bulk(planned: Sequence[Planned], shown: Language) -> dict[str, Any]:
    """Line by line what becomes of it and why."""
    return {
        "counts": counts(planned),
        "words": say("bulk_words", shown).format(
            **{key: number(value, 0, shown) for key, value in counts(planned).items()}
        ),
        "rows": [
            {
                "line": one.line,
                "id": one.id or "–",
                "verdict": one.verdict,
                "verdict_word": say(f"bulk_{one.verdict}", shown),
                "words": list(_bulk_words(one, shown)),
            }
            for one in planned
        ],
    }


def counts(planned: Iterable[Planned]) -> dict[str, int]:
    found = dict.fromkeys(VERDICTS, 0)
    for one in planned:
        found[one.verdict] += 1
    return found


def _bulk_words(one: Planned, shown: Language) -> Iterator[str]:
    for fault in one.faults:
        where = say("bulk_in_column", shown).format(column=fault.column) if fault.column else ""
        yield f"{where}{say(f'bulk_fault_{fault.code}', shown).format(**fault.values)}"
    for column, before, after in one.changes:
        yield f"{column}: {before or '–'} → {after or '–'}"
    if one.made is not None and not one.faults:
        yield say("bulk_makes", shown).format(name=one.made.name.in_language(shown), domain=one.made.domain)


def _map_kinds_first(domain: Domain, kinds: Iterable[str]) -> list[str]:
    return [*domain.map_kinds, *sorted(set(kinds) - set(domain.map_kinds))]


def _origin(row: RegisterRow, shown: Language) -> str:
    if not row.in_file:
        return say("things_origin_page", shown)
    if row.differs:
        return say("things_origin_differs", shown)
    return say("things_origin_held" if row.held else "things_origin_file", shown)


def _origin_words(found: Kept, held: Sequence[Held], shown: Language) -> str:
    if found.file_loaded_at is None:
        return say("kept_no_file", shown)
    key = "kept_file_held" if held else "kept_file"
    return say(key, shown).format(at=stamp(found.file_loaded_at))


def _held(one: Held, thing: ThingRow, view: CityView, found: Kept, shown: Language) -> dict[str, Any]:
    """Which of the two is in force, and whether the file changed since."""
    domain = view.domains.get(thing.domain)
    in_force = _said(one.field, _now(one.field, thing, found), domain, view, shown)
    filed = _said(one.field, one.file_says, domain, view, shown)
    changed = one.file_says != one.file_said
    otherwise = "held_file_changed" if changed else "held_differs"
    key = "held_same" if in_force == filed else otherwise
    assert one.changed_at is not None
    return {
        "field": one.field,
        "name": say(f"held_{one.field}", shown),
        "by": say("held_by", shown).format(who=one.held_by, at=stamp(one.held_at)),
        "in_force": in_force,
        "file": filed,
        "words": say(key, shown).format(at=stamp(one.changed_at)),
        "differs": in_force != filed,
    }


def _now(field: str, thing: ThingRow, found: Kept) -> Any:
    match field:
        case "kind":
            return {"kind": thing.kind, "parent": thing.parent_id}
        case "name":
            return {"vi": thing.name_vi, "en": thing.name_en}
        case "place":
            return (
                None
                if thing.lat is None
                else {
                    "lat": thing.lat,
                    "lon": thing.lon,
                    "trust": thing.coordinate_trust,
                    "source": thing.coordinate_source,
                }
            )
        case "attributes":
            return thing.properties
        case _:
            return found.public


def _said(field: str, said: Any, domain: Domain | None, view: CityView, shown: Language) -> str:
    """What a file or a page says of a field, in one line."""
    match field:
        case "kind":
            kind = thing_view.kind_word(domain, said["kind"], shown)
            return f"{kind} · {said['parent']}" if said["parent"] else kind
        case "name":
            return f"{said['vi']} / {said['en']}"
        case "place":
            if said is None:
                return say("about_no_place", shown)
            return f"{_degrees(said['lat'], said['lon'], shown)} · {said['trust']} · {said['source']}"
        case "public":
            return say("answer_yes" if said else "answer_no", shown)
    return ", ".join(f"{name}: {text}" for name, text in thing_view.attributes(said, view, shown)) or "–"


def _degrees(lat: float, lon: float, shown: Language) -> str:
    return f"{number(lat, 5, shown)}; {number(lon, 5, shown)}"


def _places(thing: ThingRow, left: Sequence[Left], shown: Language) -> Iterator[dict[str, Any]]:
    """Where it stands and where it stood, the newest first."""
    since = left[0].left_at if left else None
    yield {
        "when": say("places_since", shown).format(at=stamp(since)) if since else say("places_always", shown),
        "place": say("about_no_place", shown)
        if thing.lat is None or thing.lon is None
        else _degrees(thing.lat, thing.lon, shown),
        "source": thing.coordinate_source or "",
        "why": say("places_why", shown).format(reason=left[0].reason, who=left[0].moved_by) if left else "",
        "now": True,
    }
    for n, one in enumerate(left):
        before = left[n + 1] if n + 1 < len(left) else None
        start = (
            say("places_span", shown).format(start=stamp(before.left_at), end=stamp(one.left_at))
            if before
            else (say("places_until", shown).format(at=stamp(one.left_at)))
        )
        yield {
            "when": start,
            "place": say("about_no_place", shown)
            if one.lat is None or one.lon is None
            else _degrees(one.lat, one.lon, shown),
            "source": one.coordinate_source or "",
            "why": say("places_why", shown).format(reason=before.reason, who=before.moved_by)
            if before
            else "",
            "now": False,
        }


def _sensor(one: Sensor, view: CityView, thing: ThingRow, shown: Language) -> dict[str, Any]:
    domain = view.domains.get(thing.domain)
    observed = domain.properties.get(one.property) if domain else None
    calibrated = (one.gain, one.offset) != (1.0, 0.0)
    return {
        "property": observed.name.in_language(shown) if observed else one.property,
        "sensor": f"{one.model} · {one.serial}",
        "since": stamp(one.since),
        "calibration": say("sensor_calibration", shown).format(
            gain=plain(one.gain, shown),
            sign="−" if one.offset < 0 else "+",
            offset=plain(abs(one.offset), shown),
        )
        if calibrated
        else say("about_no_calibration", shown),
        "note": one.calibration_note,
        "why": say("places_why", shown).format(reason=one.reason, who=one.replaced_by),
    }


def _retired(found: Kept, shown: Language) -> str | None:
    if found.retired_from is None:
        return None
    return say("retired_words", shown).format(
        at=stamp(found.retired_from), who=found.retired_by, reason=found.retired_reason
    )
