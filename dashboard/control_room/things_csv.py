"""Things as a CSV, both ways: what a file says of them, line by line, and what would become of each. Pure.

Excel's Vietnamese files (byte order mark, semicolons, decimal commas) are read as well as plain ones.
"""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dashboard.control_room.csv_text import Cell
from storage.model import NAME, CoordinateTrust, Domain, Location, Text, Thing
from storage.thing_actions import LONGEST_NAME, LONGEST_NOTE, Edit
from storage.thing_register import RegisterRow

LARGEST_FILE: Final = 1024 * 1024
MOST_ROWS: Final = 2000
COLUMNS: Final = (
    *("id", "domain", "kind", "name_vi", "name_en", "lat", "lon", "trust", "place_source"),
    *("properties", "public", "parent", "note"),
)
SAID: Final = ("ward", "state", "newest", "retired_from")
"""Columns of an export that an upload passes over."""
_YES: Final = frozenset({"1", "yes", "true", "y", "co", "có", "x"})
_NO: Final = frozenset({"0", "no", "false", "n", "khong", "không"})
_FORMULA: Final = ("=", "+", "-", "@")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong in a cell; `code` and `values` say what would be right."""

    column: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)


class FileRefused(ValueError):
    """Nothing of the file can be read; `code` says why, `line` where."""

    def __init__(self, code: str, line: int = 1, **values: str) -> None:
        super().__init__(f"line {line}: {code} {values}")
        self.code = code
        self.values = {"line": str(line), **values}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row of the file by column; `number` counts lines of the file from 1, the head's."""

    number: int
    cells: Mapping[str, str]
    surplus: int = 0
    """Cells beyond the head's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What becomes of a line: with faults nothing, otherwise the Thing that is made, or what of it is changed."""

    line: int
    id: str
    made: Thing | None = None
    edit: Edit | None = None
    note: str = ""
    changes: Sequence[tuple[str, str, str]] = ()
    """(column, before, after)"""
    faults: Sequence[Fault] = ()

    @property
    def verdict(self) -> str:
        if self.faults:
            return "refused"
        if self.made is not None:
            return "made"
        return "changed" if self.changes else "same"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What lines are held against."""

    domains: Mapping[str, Domain]
    things: Mapping[str, RegisterRow]
    kinds: Mapping[str, frozenset[str]]
    """Domain → the kinds that there are."""
    file: str
    """The name of the file: where a coordinate comes from that says nothing else."""


def kinds_of(domains: Mapping[str, Domain], things: Iterable[RegisterRow]) -> dict[str, frozenset[str]]:
    found = {key: set(domain.map_kinds) for key, domain in domains.items()}
    for thing in things:
        found.setdefault(thing.domain, set()).add(thing.kind)
    return {key: frozenset(kinds) for key, kinds in found.items()}


def read(content: bytes) -> list[Line]:
    """Raises FileRefused."""
    text = _text(content)
    rows = _rows(text)
    try:
        _, head = next(rows)
    except StopIteration:
        raise FileRefused("bulk_empty") from None
    columns = [name.strip().lower() for name in head]
    while columns and not columns[-1]:
        columns.pop()
    for name in columns:
        if name not in COLUMNS and name not in SAID:
            raise FileRefused("bulk_column", column=name[:40], columns=", ".join(COLUMNS))
        if columns.count(name) > 1:
            raise FileRefused("bulk_column_twice", column=name)
    if "id" not in columns:
        raise FileRefused("bulk_no_id")
    found: list[Line] = []
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(found) == MOST_ROWS:
            raise FileRefused("bulk_too_many", number, most=str(MOST_ROWS))
        cells = {name: _cell(cell) for name, cell in zip(columns, row, strict=False)}
        surplus = sum(bool(cell.strip()) for cell in row[len(columns) :])
        found.append(Line(number=number, cells=cells, surplus=surplus))
    if not found:
        raise FileRefused("bulk_empty")
    return found


def plan(
    lines: Sequence[Line], known: Known, reached: Callable[[int, int], None] = lambda done, of: None
) -> list[Planned]:
    """What becomes of each, in the file's order. `reached` is told before each how many are done, of how many."""
    first: dict[str, int] = {}
    in_file = {line.cells.get("id", ""): line for line in lines}
    found: list[Planned] = []
    for line in lines:
        reached(len(found), len(lines))
        thing_id = line.cells.get("id", "")
        faults = []
        if thing_id and thing_id in first:
            faults.append(Fault(column="id", code="twice", values={"line": str(first[thing_id])}))
        first.setdefault(thing_id, line.number)
        if line.surplus:
            faults.append(Fault(column="", code="surplus"))
        there = known.things.get(thing_id)
        if there is None:
            found.append(_made(line, known, in_file, faults))
        else:
            found.append(_changed(line, there, known, faults))
    return found


def table(rows: Iterable[tuple[RegisterRow, Mapping[str, Cell]]]) -> Iterator[Sequence[Cell]]:
    """The export, head first: what can be uploaded again, and behind it what is only said."""
    yield (*COLUMNS, *SAID)
    for thing, said in rows:
        yield (
            *(thing.id, thing.domain, thing.kind, thing.name_vi, thing.name_en, thing.lat, thing.lon),
            *(thing.coordinate_trust, thing.coordinate_source, " ".join(thing.properties)),
            *("1" if thing.public else "0", thing.parent_id, thing.note),
            *(said.get(name) for name in SAID),
        )


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's "Unicode Text"
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise FileRefused("bulk_encoding") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused("bulk_encoding", content[: error.start].count(b"\n") + 1) from error
    if "\x00" in text:
        raise FileRefused("bulk_encoding", text[: text.index("\x00")].count("\n") + 1)
    return text


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line that it begins in, cells)"""
    if text.lower().startswith("sep="):  # Excel's own word on the separator
        said, _, text = text.partition("\n")
        delimiter, before = said[4:5], 1
    else:
        head, before = text.split("\n", 1)[0], 0
        delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or ",", strict=True)
    begins = 1
    try:
        for row in reader:
            yield begins + before, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused("bulk_quotes", begins + before) from error


def _cell(cell: str) -> str:
    """An apostrophe before what a spreadsheet would compute is not part of the text (csv_text.py)."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _made(line: Line, known: Known, in_file: Mapping[str, Line], faults: list[Fault]) -> Planned:
    cells, thing_id = line.cells, line.cells.get("id", "")
    if not NAME.fullmatch(thing_id):
        faults.append(Fault(column="id", code="id"))
    domain = known.domains.get(cells.get("domain", ""))
    if domain is None:
        faults.append(Fault(column="domain", code="domain", values={"domains": ", ".join(known.domains)}))
    names = {key: cells.get(key, "") for key in ("name_vi", "name_en")}
    faults += [Fault(column=key, code="name") for key, name in names.items() if not _can_be_shown(name)]
    place = _place(cells, None, known.file, faults)
    kind = cells.get("kind", "") or (domain.map_kinds[0] if domain and domain.map_kinds else "")
    kinds = known.kinds.get(domain.key, frozenset()) if domain else frozenset()
    if domain is not None and kind not in kinds:
        faults.append(Fault(column="kind", code="kind", values={"kinds": ", ".join(sorted(kinds))}))
    properties = _properties(cells, domain, faults)
    public = _public(cells, faults)
    parent = cells.get("parent", "") or None
    if parent is not None and domain is not None:
        there, row = known.things.get(parent), in_file.get(parent)
        of = there.domain if there else row.cells.get("domain") if row else None
        if of != domain.key or parent == thing_id:
            faults.append(Fault(column="parent", code="parent"))
    note = _note(cells, faults)
    if faults or domain is None:
        return Planned(line=line.number, id=thing_id, faults=faults)
    thing = Thing(
        id=thing_id,
        domain=domain.key,
        kind=kind,
        name=Text(vi=names["name_vi"], en=names["name_en"]),
        properties=tuple(properties),
        parent_id=parent,
        location=place,
        attributes={},
        public=True if public is None else public,
    )
    return Planned(line=line.number, id=thing_id, made=thing, note=note or "")


def _changed(line: Line, there: RegisterRow, known: Known, faults: list[Fault]) -> Planned:
    """An empty cell leaves what is."""
    cells = line.cells
    for column, is_now in (("domain", there.domain), ("kind", there.kind), ("parent", there.parent_id or "")):
        if cells.get(column, "") not in ("", is_now):
            faults.append(Fault(column=column, code="fixed", values={"is": is_now or "–"}))
    names = {
        key: cells.get(key, "") or is_now
        for key, is_now in (("name_vi", there.name_vi), ("name_en", there.name_en))
    }
    faults += [Fault(column=key, code="name") for key, name in names.items() if not _can_be_shown(name)]
    place = _place(cells, there, known.file, faults)
    properties = [
        key
        for key in _properties(cells, known.domains.get(there.domain), faults)
        if key not in there.properties
    ]
    public = _public(cells, faults)
    note = _note(cells, faults)
    changes = [
        (column, before, after)
        for column, before, after in (
            *((key, getattr(there, key), name) for key, name in names.items()),
            ("lat", _said(there.lat), _said(place.lat if place else there.lat)),
            ("lon", _said(there.lon), _said(place.lon if place else there.lon)),
            (
                "trust",
                there.coordinate_trust or "",
                place.trust.value if place else there.coordinate_trust or "",
            ),
            (
                "place_source",
                there.coordinate_source or "",
                place.source if place else there.coordinate_source or "",
            ),
            ("public", _flag(there.public), _flag(there.public if public is None else public)),
            ("note", there.note, there.note if note is None else note),
        )
        if before != after
    ]
    if properties:
        changes.append(("properties", " ".join(there.properties), " ".join([*there.properties, *properties])))
    if faults:
        return Planned(line=line.number, id=there.id, faults=faults)
    changed = {column for column, *_ in changes}
    edit = Edit(
        name=Text(vi=names["name_vi"], en=names["name_en"]) if changed & {"name_vi", "name_en"} else None,
        place=place if changed & {"lat", "lon", "trust", "place_source"} else None,
        public=public if "public" in changed else None,
        note=note if "note" in changed else None,
        properties=properties,
    )
    return Planned(line=line.number, id=there.id, edit=edit, changes=changes)


def _place(
    cells: Mapping[str, str], there: RegisterRow | None, file: str, faults: list[Fault]
) -> Location | None:
    """None: nothing is said of it, or it can't be read."""
    texts = {key: cells.get(key, "") for key in ("lat", "lon", "trust", "place_source")}
    if not any(texts.values()):
        return None
    before = len(faults)
    found = {}
    for key, most, right in (("lat", 90, "21.0285"), ("lon", 180, "105.8542")):
        value = _number(texts[key]) if texts[key] else getattr(there, key, None)
        if value is None or not abs(value) <= most:
            faults.append(Fault(column=key, code="degrees", values={"most": str(most), "right": right}))
        else:
            found[key] = value
    trust = (
        texts["trust"].upper()
        or getattr(there, "coordinate_trust", None)
        or CoordinateTrust.FROM_MEMORY.value
    )
    if trust not in set(CoordinateTrust):
        faults.append(Fault(column="trust", code="trust"))
    source = texts["place_source"] or getattr(there, "coordinate_source", None) or file
    if not _can_be_shown(source):
        faults.append(Fault(column="place_source", code="name"))
    if len(faults) > before:
        return None
    return Location(lat=found["lat"], lon=found["lon"], trust=CoordinateTrust(trust), source=source)


def _properties(cells: Mapping[str, str], domain: Domain | None, faults: list[Fault]) -> list[str]:
    keys = list(dict.fromkeys(cells.get("properties", "").replace("|", " ").split()))
    if domain is None:
        return keys
    offered = [key for key, one in domain.properties.items() if not one.derived]
    unknown = [key for key in keys if key not in offered]
    if unknown:
        values = {"unknown": ", ".join(unknown)[:80], "properties": " ".join(offered)}
        faults.append(Fault(column="properties", code="properties", values=values))
    return keys


def _public(cells: Mapping[str, str], faults: list[Fault]) -> bool | None:
    text = cells.get("public", "").lower()
    if text in _YES or text in _NO:
        return text in _YES
    if text:
        faults.append(Fault(column="public", code="public"))
    return None


def _note(cells: Mapping[str, str], faults: list[Fault]) -> str | None:
    note = cells.get("note", "")
    if len(note) > LONGEST_NOTE:
        faults.append(Fault(column="note", code="too_long", values={"most": str(LONGEST_NOTE)}))
    return note or None


def _can_be_shown(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def _number(text: str) -> float | None:
    """A decimal comma or point; no grouping."""
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _said(value: float | None) -> str:
    return "" if value is None else repr(value)


def _flag(value: bool) -> str:
    return "1" if value else "0"


def digest_of(planned: Sequence[Planned]) -> list[Any]:
    """What two runs over one file must agree on for the second to do what the first has shown."""
    return [
        [
            one.line,
            one.id,
            one.verdict,
            list(map(list, one.changes)),
            [[f.column, f.code] for f in one.faults],
        ]
        for one in planned
    ]
