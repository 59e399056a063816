"""Many Things by one CSV: looked at first, then applied whole or not at all. Blocking: for a thread."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dashboard.control_room import csv_text, things_csv, things_view
from dashboard.control_room.alert_words import number
from dashboard.control_room.csv_text import Cell, Download
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from dashboard.control_room.things_csv import FileRefused, Known, Planned, digest_of, kinds_of, plan, read
from dashboard.control_room.waiting import Waiting
from ingest.claiming import Who
from storage import db, operators, thing_actions, thing_register
from storage.operators import AuditEvent
from storage.thing_actions import By, ThingRefused
from storage.thing_register import RegisterRow

_CONNECT_S: Final = 5.0
_LONGEST_NAME: Final = 120
_EXAMPLE: Final[tuple[Cell, ...]] = (
    *("rain-vi-du", "rain", "gauge", "Trạm mưa ví dụ", "Example gauge", 21.0285, 105.8542, "M"),
    *("bản đồ", "rain_counter battery", "1", None, "xóa dòng này / delete this line"),
)


class Bulk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def template(self, form: str) -> Download:
        rows = [things_csv.COLUMNS, _EXAMPLE]
        return _download("things-template", rows, form)

    def export(self, asked: Mapping[str, str], shown: Language) -> Download:
        """The Things that the list shows for the same filters: q, domain, ward, state."""
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rows = thing_register.all_rows(conn)
        chosen = things_view.exported(rows, self._parts.city.view, asked, now, shown)
        name = f"things-{csv_text.days(now, now)[:8]}"
        return _download(name, list(things_csv.table(chosen)), asked.get("for", ""))

    def check(self, content: bytes, name: str, shown: Language, waiting: Waiting) -> dict[str, Any]:
        """What would become of each line. Nothing is changed. Raises Stopped."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn, waiting.asking(conn):
            rows = thing_register.all_rows(conn)
        planned = self._plan(rows, content, name, _Rows(waiting, "bulk_looking", shown))
        return {**things_view.bulk(planned, shown), "digest": _digest(content, planned)}

    def apply(
        self, content: bytes, name: str, digest: str, who: Who, shown: Language, waiting: Waiting
    ) -> dict[str, Any]:
        """All of it in one transaction, if it is still what was shown and nothing of it is refused. Raises Stopped."""
        by = By(name=who.name, where=who.where, now=self._parts.clock())
        with (
            self._parts.pool.connection(timeout=_CONNECT_S) as conn,
            conn.transaction(),
            waiting.asking(conn),
        ):
            rows = thing_register.all_rows(conn)
            planned = self._plan(rows, content, name, _Rows(waiting, "bulk_looking", shown))
            if digest != _digest(content, planned):
                raise Refused(409, "bulk_changed")
            if any(one.faults for one in planned):
                raise Refused(422, "bulk_refused")
            self._write(conn, planned, by, _Rows(waiting, "bulk_applying", shown))
            counts = things_view.counts(planned)
            detail = {"made": counts["made"], "changed": counts["changed"], "sha256": _sha256(content)}
            event = AuditEvent(
                at=by.now,
                actor=by.name,
                action="things_loaded",
                subject=_file_name(name),
                source=by.where,
                detail=detail,
            )
            operators.record(conn, event)
        return things_view.bulk(planned, shown)

    def _write(self, conn: db.Connection, planned: Sequence[Planned], by: By, reached: "_Rows") -> None:
        """Parents first: a part needs what it is part of."""
        domains = self._parts.city.view.domains
        order = sorted(planned, key=lambda one: one.made is not None and one.made.parent_id is not None)
        for done, one in enumerate(order):
            reached(done, len(order))
            try:
                if one.made is not None:
                    thing_actions.create(conn, domains, one.made, one.note, by)
                elif one.edit is not None and one.changes:
                    thing_actions.edit(conn, domains, one.id, one.edit, by)
            except ThingRefused as refused:
                raise Refused(422, "bulk_line", line=str(one.line), thing=one.id) from refused
        reached(len(order), len(order))

    def _plan(
        self, rows: Sequence[RegisterRow], content: bytes, name: str, reached: "_Rows"
    ) -> Sequence[Planned]:
        domains = self._parts.city.view.domains
        known = Known(
            domains=domains,
            things={row.id: row for row in rows},
            kinds=kinds_of(domains, rows),
            file=_file_name(name),
        )
        try:
            return plan(read(content), known, reached)
        except FileRefused as refused:
            raise Refused(422, refused.code, **refused.values) from refused


@dataclass(frozen=True, slots=True)
class _Rows:
    """Tells who waits how many lines are done."""

    waiting: Waiting
    stage: str
    shown: Language

    def __call__(self, done: int, of: int) -> None:
        """Raises Stopped."""
        said = {"done": number(done, 0, self.shown), "of": number(of, 0, self.shown)}
        count = say("bulk_reached", self.shown).format(**said)
        self.waiting.reached(stage=say(self.stage, self.shown), count=count, done=done, of=of)


def _file_name(name: str) -> str:
    shown = "".join(sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable())
    return shown[:_LONGEST_NAME].strip() or "CSV"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest(content: bytes, planned: Sequence[Planned]) -> str:
    return hashlib.sha256(content + msgspec.json.encode(digest_of(planned))).hexdigest()


def _download(name: str, rows: csv_text.Rows, form: str) -> Download:
    if form not in ("", "excel"):
        raise Refused(422, "csv_form", form=form[:20])
    content = csv_text.for_excel(rows) if form else csv_text.plain(rows)
    return Download(name=f"{name}{'-excel' if form else ''}.csv", content=content)
