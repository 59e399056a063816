"""What operators do to Things: each in one transaction, with what was before and after in the audit (decision 0020).

Running processes are told at commit. What an operator sets is *held*: the inventory's files no longer change it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from storage import db, inventory, maintenance, operators, things
from storage.catalog import ReferenceDataError
from storage.maintenance import Kind
from storage.model import EARLIEST, NAME, Domain, Location, Text, Thing
from storage.operators import AuditEvent

LONGEST_NAME: Final = 200
LONGEST_NOTE: Final = 4000
LONGEST_REASON: Final = 500
LONGEST_WORD: Final = 100
"""Of a model or a serial number."""
HELD: Final = ("kind", "name", "place", "public", "attributes")
"""Fields that are held on their own."""


class ThingRefused(ValueError):
    """What can't be done; `code` and `values` say why."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(f"thing: {code} {values}")
        self.code = code
        self.values = values


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who does it, from where, and when."""

    name: str
    where: str
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """None leaves a field as it is."""

    name: Text | None = None
    place: Location | None = None
    """A better coordinate of where it stands; where it went to is a move."""
    public: bool | None = None
    attributes: Mapping[str, Any] | None = None
    note: str | None = None
    properties: Sequence[str] = ()
    """Datastreams to be there as well: none is taken away, its series stays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSensor:
    """One that takes the place of another; result = gain · sent + offset from `since` on."""

    properties: Sequence[str]
    since: datetime
    model: str
    serial: str
    gain: float = 1.0
    offset: float = 0.0
    calibration_note: str = ""
    reason: str = ""


def create(conn: db.Connection, domains: Mapping[str, Domain], thing: Thing, note: str, by: By) -> None:
    """Raises ThingRefused: there is one of that id, or it can't be so."""
    require(thing, domains)
    _require_text("note", note, LONGEST_NOTE, least=0)
    with conn.transaction():
        if thing.parent_id is not None:
            _require_parent(conn, thing)
        try:
            things.add(conn, domains, thing)
        except ReferenceDataError as error:
            raise ThingRefused("thing_exists", id=thing.id) from error
        conn.execute(_sql("set_note"), {"thing_id": thing.id, "note": note.strip()})
        _hold(conn, thing.id, HELD, by)
        _done(conn, "thing_created", thing.id, {}, by)


def edit(
    conn: db.Connection, domains: Mapping[str, Domain], thing_id: str, asked: Edit, by: By
) -> dict[str, Any]:
    """What it changed, {} for nothing. Raises ThingRefused."""
    with conn.transaction():
        before = _locked(conn, thing_id)
        after = edited(before, asked)
        _require_edit(after, asked, domains)
        held = [field for field in HELD if _of(field, before) != _of(field, after)]
        conn.execute(_sql("write"), {**after, "attributes": Jsonb(after["attributes"]), "thing_id": thing_id})
        for key in asked.properties:
            if key not in before["properties"]:
                things.ensure_datastream(conn, thing_id, domains[before["domain"]].properties[key])
        if before == _state(conn, thing_id):
            return {}
        _hold(conn, thing_id, held, by)
        return _done(conn, "thing_edited", thing_id, before, by)


def move(
    conn: db.Connection, thing_id: str, place: Location, since: datetime, reason: str, by: By
) -> dict[str, Any]:
    """It stands there from `since` on; where it stood before is kept. Raises ThingRefused."""
    reason = _require_text("reason", reason, LONGEST_REASON)
    _require_place(place)
    _require_past(since, by.now)
    with conn.transaction():
        before = _locked(conn, thing_id)
        if _place_of(place) == _of("place", before):
            raise ThingRefused("thing_same_place")
        last = conn.execute(_sql("moved_last"), {"thing_id": thing_id}).fetchone()
        if last is not None and last["left_at"] is not None and since <= last["left_at"]:
            raise ThingRefused("thing_before_last", at=last["left_at"].isoformat())
        asked = {"thing_id": thing_id, "left_at": since, "reason": reason, "by": by.name, "now": by.now}
        conn.execute(_sql("leave_place"), asked)
        conn.execute(_sql("write"), {**_writable(before), **_place_of(place), "thing_id": thing_id})
        _hold(conn, thing_id, ("place",), by)
        _note(conn, thing_id, Kind.OTHER, f"Dời vị trí · Moved: {reason}", since, by)
        return _done(conn, "thing_moved", thing_id, before, by, since=since.isoformat(), reason=reason)


def replace_sensor(
    conn: db.Connection, domains: Mapping[str, Domain], thing_id: str, new: NewSensor, by: By
) -> None:
    """The Datastreams go on with another Sensor; sequence numbers and clock begin anew. Raises ThingRefused."""
    model = _require_text("model", new.model, LONGEST_WORD)
    serial = _require_text("serial", new.serial, LONGEST_WORD)
    reason = _require_text("reason", new.reason, LONGEST_REASON)
    note = _require_text("calibration_note", new.calibration_note, LONGEST_REASON, least=0)
    _require_past(new.since, by.now)
    if not new.properties:
        raise ThingRefused("thing_field", field="properties")
    if not (0 < abs(new.gain) <= 1e6 and abs(new.offset) <= 1e9):
        raise ThingRefused("thing_field", field="calibration")
    with conn.transaction():
        before = _locked(conn, thing_id)
        observed = domains[before["domain"]].properties if before["domain"] in domains else {}
        was = {}
        for key in dict.fromkeys(new.properties):
            one = observed.get(key)
            if one is None or one.derived or one.forecast_of is not None or key not in before["properties"]:
                raise ThingRefused("thing_field", field="properties")
            if one.boolean and (new.gain, new.offset) != (1.0, 0.0):
                raise ThingRefused("thing_yes_or_no", property=key)
            asked = {"thing_id": thing_id, "property": key}
            last = conn.execute(_sql("sensor_last"), asked).fetchone()
            if last is not None:
                was[key] = {"model": last["model"], "serial": last["serial"]}
                if new.since <= last["since"]:
                    raise ThingRefused("thing_before_last", at=last["since"].isoformat())
            conn.execute(
                _sql("add_sensor"),
                {
                    **asked,
                    "since": new.since,
                    "model": model,
                    "serial": serial,
                    "gain": new.gain,
                    "offset": new.offset,
                    "calibration_note": note,
                    "reason": reason,
                    "by": by.name,
                    "now": by.now,
                },
            )
        for name in ("forget_clock", "forget_sequences"):
            conn.execute(_sql(name), {"thing_id": thing_id})
        names = [observed[key].name for key in dict.fromkeys(new.properties)]
        said = ", ".join(f"{name.vi} / {name.en}" for name in names) + f": {model}, {serial}. {reason}"
        _note(conn, thing_id, Kind.REPLACEMENT, said, new.since, by)
        _audit(
            conn,
            "sensor_replaced",
            thing_id,
            by,
            {
                "before": was,
                "after": {
                    key: {"model": model, "serial": serial, "gain": new.gain, "offset": new.offset}
                    for key in dict.fromkeys(new.properties)
                },
                "since": new.since.isoformat(),
                "reason": reason,
            },
        )
        things.announce(conn)


def retire(conn: db.Connection, thing_id: str, since: datetime, reason: str, by: By) -> dict[str, Any]:
    """Out of service from `since` on, with all that stands in it. Raises ThingRefused."""
    reason = _require_text("reason", reason, LONGEST_REASON)
    _require_past(since, by.now)
    with conn.transaction():
        before = _locked(conn, thing_id)
        if before["retired_from"] is not None:
            raise ThingRefused("thing_is_retired")
        asked = {"thing_id": thing_id, "since": since, "reason": reason, "by": by.name}
        conn.execute(_sql("retire"), asked)
        return _done(conn, "thing_retired", thing_id, before, by, reason=reason)


def bring_back(conn: db.Connection, thing_id: str, reason: str, by: By) -> dict[str, Any]:
    """In service again. Raises ThingRefused."""
    reason = _require_text("reason", reason, LONGEST_REASON)
    with conn.transaction():
        before = _locked(conn, thing_id)
        if before["retired_from"] is None:
            raise ThingRefused("thing_in_service")
        conn.execute(_sql("bring_back"), {"thing_id": thing_id})
        return _done(conn, "thing_brought_back", thing_id, before, by, reason=reason)


def follow_file(conn: db.Connection, thing_id: str, field: str, by: By) -> dict[str, Any]:
    """What the files say of a field is in force again, now and from now on. Raises ThingRefused."""
    with conn.transaction():
        before = _locked(conn, thing_id)
        asked = {"thing_id": thing_id, "field": field}
        row = conn.execute(_sql("file_says"), {"thing_id": thing_id}).fetchone()
        if row is None or conn.execute(_sql("let_go"), asked).rowcount == 0:
            raise ThingRefused("thing_not_held")
        conn.execute(
            _sql("write"), {**_writable(before), **_columns(field, row["says"]), "thing_id": thing_id}
        )
        if field == "kind":
            kind = row["says"]["kind"]
            conn.execute(_sql("write_kind"), {**kind, "thing_id": thing_id})
        return _done(conn, "thing_follows_file", thing_id, before, by, field=field)


def edited(before: Mapping[str, Any], asked: Edit) -> dict[str, Any]:
    """The Thing as it would be, without its new Datastreams. Pure."""
    after = dict(before)
    if asked.name is not None:
        after |= {"name_vi": asked.name.vi.strip(), "name_en": asked.name.en.strip()}
    if asked.place is not None:
        after |= _place_of(asked.place)
    if asked.public is not None:
        after["public"] = asked.public
    if asked.attributes is not None:
        after["attributes"] = dict(asked.attributes)
    if asked.note is not None:
        after["note"] = asked.note.strip()
    return after


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of both sides what the other one has not. Pure."""
    changed = [key for key in after if before.get(key) != after[key]]
    return {key: before[key] for key in changed if key in before}, {key: after[key] for key in changed}


def require(thing: Thing, domains: Mapping[str, Domain]) -> None:
    """Raises ThingRefused naming the field that can't be so. Pure."""
    domain = domains.get(thing.domain)
    if domain is None or domain.internal:
        raise ThingRefused("thing_field", field="domain")
    if not NAME.fullmatch(thing.id):
        raise ThingRefused("thing_field", field="id")
    if not NAME.fullmatch(thing.kind):
        raise ThingRefused("thing_field", field="kind")
    _require_text("name_vi", thing.name.vi, LONGEST_NAME)
    _require_text("name_en", thing.name.en, LONGEST_NAME)
    require_properties(thing.properties, domain)
    if thing.location is not None:
        _require_place(thing.location)
    fault = inventory.attributes_fault(thing.attributes)
    if fault is not None:
        raise ThingRefused("thing_attributes", fault=fault)


def require_properties(keys: Iterable[str], domain: Domain) -> None:
    """Raises ThingRefused for what the catalogue lacks, or what is computed here."""
    for key in keys:
        observed = domain.properties.get(key)
        if observed is None or observed.derived:
            raise ThingRefused("thing_property", property=key[:64], domain=domain.key)


def _require_edit(after: Mapping[str, Any], asked: Edit, domains: Mapping[str, Domain]) -> None:
    domain = domains.get(after["domain"])
    if domain is None:
        raise ThingRefused("thing_field", field="domain")
    for field, longest, least in (("name_vi", LONGEST_NAME, 1), ("name_en", LONGEST_NAME, 1)):
        _require_text(field, after[field], longest, least=least)
    _require_text("note", after["note"], LONGEST_NOTE, least=0)
    require_properties(asked.properties, domain)
    if asked.place is not None:
        _require_place(asked.place)
    fault = inventory.attributes_fault(after["attributes"])
    if fault is not None:
        raise ThingRefused("thing_attributes", fault=fault)


def _require_text(field: str, text: str, longest: int, *, least: int = 1) -> str:
    found = text.strip()
    if not least <= len(found) <= longest or any(
        (not sign.isprintable() and sign not in "\n\t")
        or "\u202a" <= sign <= "\u202e"
        or "\u2066" <= sign <= "\u2069"
        for sign in found
    ):
        raise ThingRefused("thing_field", field=field)
    return found


def _require_place(place: Location) -> None:
    if not (-90 <= place.lat <= 90 and -180 <= place.lon <= 180):
        raise ThingRefused("thing_field", field="place")
    _require_text("place_source", place.source, LONGEST_NAME)


def _require_past(since: datetime, now: datetime) -> None:
    if not EARLIEST <= since <= now:
        raise ThingRefused("thing_since")


def _require_parent(conn: db.Connection, thing: Thing) -> None:
    row = conn.execute(_sql("parent"), {"thing_id": thing.parent_id}).fetchone()
    if row is None or row["domain"] != thing.domain or thing.parent_id == thing.id:
        raise ThingRefused("thing_field", field="parent")


def _locked(conn: db.Connection, thing_id: str) -> dict[str, Any]:
    """Nobody else changes it until the transaction ends."""
    if conn.execute(_sql("lock"), {"thing_id": thing_id}).fetchone() is None:
        raise ThingRefused("no_thing", thing=thing_id)
    return _state(conn, thing_id)


def _state(conn: db.Connection, thing_id: str) -> dict[str, Any]:
    row = conn.execute(_sql("state"), {"thing_id": thing_id}).fetchone()
    assert row is not None
    found = dict(row)
    if found["retired_from"] is not None:
        found["retired_from"] = found["retired_from"].isoformat()
    return found


def _of(field: str, state: Mapping[str, Any]) -> dict[str, Any]:
    columns = {
        "kind": ("kind", "parent_id"),
        "name": ("name_vi", "name_en"),
        "place": ("lat", "lon", "coordinate_trust", "coordinate_source"),
        "public": ("public",),
        "attributes": ("attributes",),
    }
    return {column: state[column] for column in columns[field]}


def _place_of(place: Location) -> dict[str, Any]:
    return {
        "lat": place.lat,
        "lon": place.lon,
        "coordinate_trust": place.trust.value,
        "coordinate_source": place.source.strip(),
    }


def _columns(field: str, says: Mapping[str, Any]) -> dict[str, Any]:
    """What the files say of a field, as columns."""
    said = says[field]
    match field:
        case "name":
            return {"name_vi": said["vi"], "name_en": said["en"]}
        case "place":
            said = said or {}
            names = {"lat": "lat", "lon": "lon", "coordinate_trust": "trust", "coordinate_source": "source"}
            return {column: said.get(name) for column, name in names.items()}
        case "public":
            return {"public": said}
        case "attributes":
            return {"attributes": Jsonb(said)}
        case _:
            return {}


def _writable(state: Mapping[str, Any]) -> dict[str, Any]:
    return {**state, "attributes": Jsonb(state["attributes"])}


def _hold(conn: db.Connection, thing_id: str, fields: Sequence[str], by: By) -> None:
    asked = {"thing_id": thing_id, "fields": list(fields), "by": by.name, "now": by.now}
    conn.execute(_sql("hold"), asked)


def _note(conn: db.Connection, thing_id: str, kind: Kind, text: str, at: datetime, by: By) -> None:
    """A maintenance note, so that the chart shows it."""
    maintenance.add(
        conn,
        thing_id,
        kind=kind,
        text=text[: maintenance.LONGEST_TEXT],
        starts_at=at,
        ends_at=None,
        author=by.name,
        source=by.where,
        now=by.now,
    )


def _done(
    conn: db.Connection, action: str, thing_id: str, before: Mapping[str, Any], by: By, **more: Any
) -> dict[str, Any]:
    """Audits what differs from before, tells running processes, and returns what is new."""
    was, now_is = differences(before, _state(conn, thing_id))
    _audit(conn, action, thing_id, by, {"before": was, "after": now_is, **more})
    things.announce(conn)
    return now_is


def _audit(conn: db.Connection, action: str, thing_id: str, by: By, detail: dict[str, Any]) -> None:
    event = AuditEvent(
        at=by.now, actor=by.name, action=action, subject=thing_id, source=by.where, detail=detail
    )
    operators.record(conn, event)


def _sql(name: str) -> LiteralString:
    return db.statements("thing_actions")[name]
