"""What reports are made of: asked from the database and written as documents. Blocking: for a thread."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import bulletin, report_document, shift_report
from dashboard.control_room.alert_board import OnDuty
from dashboard.control_room.bulletin_rows import (
    ABOVE_LIMIT,
    AT_ENDS,
    GASES,
    LEVEL,
    ROLLED,
    BulletinRows,
    Kind,
)
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.report_document import Document
from dashboard.control_room.shift_report import ShiftSources, Signature
from dashboard.control_room.shifts import LONGEST_ASKED, Shift, shift_at
from dashboard.data import CityView
from dashboard.live import What
from ingest.claiming import Who
from storage import bulletins, shifts
from storage.bulletins import Above, DayValue, RolledDay, Span
from storage.catalog import ReferenceDataError
from storage.model import HANOI
from storage.shifts import HandoverRow

HANDOVERS_SHOWN: Final = 30
LONGEST_NOTE: Final = 4000
LARGEST_ID: Final = 2**63 - 1
_CONNECT_S: Final = 5.0
_Row = TypeVar("_Row", RolledDay, DayValue, Above)


class HandoverBody(BaseModel):
    """`start` and `end` as they stand on the page; the report ends now when the shift is not over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: LocalTime
    end: LocalTime
    note: Annotated[str, Field(max_length=LONGEST_NOTE, pattern=r"^[^\x00]*$")]


class ReportDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # Shifts

    def shift(self, asked: Mapping[str, str]) -> tuple[Shift, str]:
        """`asked`: from and to, or nothing for the present one. Also by which rule it is one."""
        now = self._parts.clock()
        start, end = (moment(asked.get(name, "")) for name in ("from", "to"))
        if start is None and end is None:
            found = self.shift_at(now)
            return found, _rule(found)
        if start is None or end is None:
            raise Refused(422, "shift_span")
        if not start < end <= start + LONGEST_ASKED or start >= now:
            raise Refused(422, "shift_span")
        known = self.shift_at(start)
        if (known.start, known.end) == (start, end):
            return known, _rule(known)
        return Shift(start=start, end=end, by_roster=False), "chosen"

    def shift_at(self, at: datetime) -> Shift:
        return shift_at(at, self._parts.shift_starts, self._parts.duty.held)

    def has_begun(self, at: datetime) -> bool:
        return at < self._parts.clock()

    def shift_document(self, shift: Shift, rule: str, shown: Language) -> Document:
        [made] = self._shift_documents(shift, rule, None, [shown])
        return made

    def hand_over(self, asked: HandoverBody, who: Who) -> dict[str, int]:
        start, end = asked.start, asked.end
        shift, rule = self.shift({"from": start, "to": end})
        now = self._parts.clock()
        signature = Signature(who=who.name, at=now, note=asked.note.strip())
        vi, en = self._shift_documents(shift, rule, signature, ["vi", "en"])
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            made = shifts.hand_over(
                conn,
                start=shift.start,
                end=min(shift.end, now),
                note=signature.note,
                document_vi=report_document.encoded(vi),
                document_en=report_document.encoded(en),
                author=who.name,
                source=who.where,
                now=now,
            )
        self._parts.hub.announce(What.ROOM)
        return {"id": made}

    def handovers(self) -> list[HandoverRow]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            return shifts.handovers(conn, HANDOVERS_SHOWN)

    def handed_over(self, handover_id: int, shown: Language) -> Document:
        """As it was read then."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            found = shifts.handover(conn, min(handover_id, LARGEST_ID))
        if found is None:
            raise Refused(404, "no_handover")
        return report_document.decoded(found.document_en if shown == "en" else found.document_vi)

    def _shift_documents(
        self, shift: Shift, rule: str, signature: Signature | None, languages: Sequence[Language]
    ) -> list[Document]:
        """In several languages from one look."""
        now, view = self._parts.clock(), self._parts.city.view
        end = min(shift.end, now)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            facts = shifts.facts(conn, shift.start, end)
        sources = ShiftSources(
            shift=shift,
            end=end,
            rule=rule,
            facts=facts,
            duty=self._on_duty(end - timedelta(seconds=1)),
            available=self._parts.watchdog.look(now),
            signature=signature,
            now=now,
        )
        return [shift_report.document(sources, view, shown) for shown in languages]

    def _on_duty(self, at: datetime) -> Sequence[OnDuty]:
        try:
            return self._parts.duty.on_call(at)
        except ReferenceDataError:
            return ()

    # Bulletins

    def day(self, asked: str) -> Span:
        """The day that is named, else the last that is over."""
        today = self._parts.clock().astimezone(HANOI).date()
        day = _day(asked) if asked.strip() else today - timedelta(days=1)
        if day is None or not date(2000, 1, 1) <= day <= today:
            raise Refused(422, "report_date")
        return Span(first=day, last=day)

    def month(self, asked: str) -> Span:
        """The month that is named, else that of yesterday; of one that goes on the days that are over, one at least."""
        today = self._parts.clock().astimezone(HANOI).date()
        yesterday = today - timedelta(days=1)
        first = _month(asked) if asked.strip() else yesterday.replace(day=1)
        if first is None or not date(2000, 1, 1) <= first <= today:
            raise Refused(422, "report_date")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return Span(first=first, last=max(first, min(last, yesterday)))

    def bulletin(self, kind: Kind, span: Span, shown: Language) -> Document:
        now, view = self._parts.clock(), self._parts.city.view
        return bulletin.document(self._rows(kind, span, view), view, now, shown)

    def _rows(self, kind: Kind, span: Span, view: CityView) -> BulletinRows:
        level, gases = _streams(view, {LEVEL[0]: [LEVEL[1]]}), _streams(view, {GASES[0]: [GASES[1]]})
        rolled, ends = _streams(view, ROLLED), _streams(view, AT_ENDS)
        measured = [stream.id for stream in view.streams.values() if not stream.derived]
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            return BulletinRows(
                kind=kind,
                span=span,
                rolled=_by_key(bulletins.rolled(conn, list(rolled), span), rolled),
                ends=_by_key(bulletins.at_ends(conn, list(ends), span), ends),
                gas_hours=_by_key(bulletins.above(conn, list(gases), span, ABOVE_LIMIT), gases),
                wet=_by_key(bulletins.above(conn, list(level), span, 1), level),
                deep=_by_key(bulletins.above(conn, list(level), span, 2), level),
                coverage=bulletins.coverage(conn, measured, span),
            )


def moment(text: str) -> datetime | None:
    """'22/11/2026 14:00' as people write it, or '2026-11-22T14:00' as addresses have it; Hanoi's. Raises Refused."""
    written = text.strip()
    if not written:
        return None
    try:
        local = datetime.strptime(written, "%d/%m/%Y %H:%M") if "/" in written else None  # noqa: DTZ007 Hanoi's, below
    except ValueError:
        raise Refused(422, "shift_span") from None
    if local is not None:
        return local.replace(tzinfo=HANOI)
    try:
        found = local_time(written)
    except Refused:
        raise Refused(422, "shift_span") from None
    return found.astimezone(HANOI) if found else None


def _rule(shift: Shift) -> str:
    return "roster" if shift.by_roster else "hours"


def _day(text: str) -> date | None:
    for pattern in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=HANOI).date()
        except ValueError:
            continue
    return None


def _month(text: str) -> date | None:
    for pattern in ("%m/%Y", "%Y-%m"):
        try:
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=HANOI).date()
        except ValueError:
            continue
    return None


def _streams(view: CityView, wanted: Mapping[str, Sequence[str]]) -> dict[int, tuple[str, str]]:
    """Thing and property by Datastream, of the properties of each domain."""
    return {
        stream.id: (thing.id, stream.property)
        for domain, properties in wanted.items()
        for thing in view.things_of.get(domain, ())
        for stream in view.streams_of.get(thing.id, ())
        if stream.property in properties
    }


def _by_key(
    rows: Sequence[_Row], streams: Mapping[int, tuple[str, str]]
) -> dict[tuple[str, str], list[_Row]]:
    found: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        found.setdefault(streams[row.datastream_id], []).append(row)
    return found
