"""What people look up of rosters and do about them: covers, and other calendars. Blocking: for a thread."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from alerts.roster import Rosters
from alerts.roster_calendar import LARGEST, RosterError, parse
from dashboard.control_room import roster_view
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.roster_view import Known
from ingest.claiming import Who
from storage import db, roster_edits
from storage.catalog import ReferenceDataError
from storage.model import NAME
from storage.roster_edits import LONGEST, LONGEST_REASON, RosterChangedMeanwhile, RosterEdits, RosterFileEdit

CHANGES_SHOWN: Final = 60
LARGEST_ID: Final = 2**63 - 1
FARTHEST: Final = timedelta(days=366)
_CONNECT_S: Final = 5.0

_Key = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
_Reason = Annotated[str, Field(max_length=LONGEST_REASON, pattern=r"^[^\x00]*\S[^\x00]*$")]
_Calendar = Annotated[str, Field(max_length=LARGEST, pattern=r"^[^\x00]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CoverBody(_Body):
    """`absent` is None where somebody is on call besides: in a hole of the roster."""

    roster: _Key
    absent: _Key | None
    person: _Key
    starts_at: LocalTime | None
    ends_at: LocalTime | None
    reason: _Reason


class RemovalBody(_Body):
    pass


class TrialBody(_Body):
    """`content` is None for the file that alerting.toml names."""

    roster: _Key
    content: _Calendar | None


class UploadBody(TrialBody):
    reason: _Reason
    version: int = Field(ge=0, le=1_000_000)


class RosterDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def board(self, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rosters, edits = self._rosters(conn, now)
        known = [self._known(rosters, edits, key, now) for key in rosters.alerting.rosters]
        return roster_view.board(rosters.alerting, known, now, shown)

    def trial(self, asked: TrialBody, shown: Language) -> dict[str, Any]:
        """What another calendar would change. Nothing is stored."""
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rosters, edits = self._rosters(conn, now)
        return self._tried(rosters, edits, asked, now, shown)

    def upload(self, asked: UploadBody, who: Who, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rosters, edits = self._rosters(conn, now)
            self._tried(rosters, edits, asked, now, shown)
            try:
                made = roster_edits.save_file(
                    conn,
                    asked.roster,
                    content=asked.content,
                    reason=asked.reason,
                    version=asked.version,
                    author=who.name,
                    source=who.where,
                    now=now,
                )
            except RosterChangedMeanwhile as error:
                raise Refused(409, "roster_meanwhile") from error
            self._parts.duty.refresh(conn, now)
        return {"version": made}

    def cover(self, asked: CoverBody, who: Who, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        starts_at, ends_at = local_time(asked.starts_at), local_time(asked.ends_at)
        if starts_at is None or ends_at is None or ends_at <= starts_at or ends_at <= now:
            raise Refused(422, "cover_span")
        if ends_at - starts_at > LONGEST or starts_at - now > FARTHEST:
            raise Refused(422, "cover_long", days=str(LONGEST.days))
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rosters, _ = self._rosters(conn, now)
            self._require_known(rosters, asked)
            self._require_on_call(rosters, asked, starts_at, ends_at)
            made = roster_edits.add_cover(
                conn,
                roster=asked.roster,
                absent=asked.absent,
                person=asked.person,
                starts_at=starts_at,
                ends_at=ends_at,
                reason=asked.reason,
                author=who.name,
                source=who.where,
                now=now,
            )
            self._parts.duty.refresh(conn, now)
        return {"id": made, "ends_words": stamp(ends_at)}

    def remove(self, cover_id: int, asked: RemovalBody, who: Who) -> dict[str, Any]:
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            done = cover_id <= LARGEST_ID and roster_edits.remove_cover(
                conn, cover_id, actor=who.name, source=who.where, now=now
            )
            self._parts.duty.refresh(conn, now)
        if not done:
            raise Refused(409, "no_cover", id=str(cover_id))
        return {"id": cover_id}

    def _rosters(self, conn: db.Connection, now: datetime) -> tuple[Rosters, RosterEdits]:
        edits = roster_edits.read(conn, now)
        try:
            return Rosters(alerting=self._parts.duty.rosters().alerting, edits=edits), edits
        except ReferenceDataError as error:
            raise Refused(503, "alerting_unusable", error=str(error)) from error

    def _known(self, rosters: Rosters, edits: RosterEdits, key: str, now: datetime) -> Known:
        return Known(
            key=key,
            file_name=rosters.alerting.rosters[key].file.name,
            duties=rosters.plan(key, *roster_view.span(now)),
            edit=edits.files.get(key),
            covers=edits.covers_of(key),
        )

    def _tried(
        self, rosters: Rosters, edits: RosterEdits, asked: TrialBody, now: datetime, shown: Language
    ) -> dict[str, Any]:
        """Raises Refused for a calendar that can't tell who is on call."""
        key = asked.roster
        if key not in rosters.alerting.rosters:
            raise Refused(404, "no_roster", roster=key)
        if asked.content is not None:
            try:
                parse(asked.content.encode(), f"{key}.ics")
            except RosterError as error:
                raise Refused(422, "roster_fault", fault=str(error)) from error
        edit = RosterFileEdit(
            id=0, roster=key, version=0, content=asked.content, reason="-", author="-", made_at=now
        )
        tried = Rosters(alerting=rosters.alerting, edits=replace(edits, files={**edits.files, key: edit}))
        span = roster_view.span(now)
        after = tried.plan(key, *span)
        fault = next((one.fault for one in after if one.fault), None)
        if fault is not None:
            raise Refused(422, "roster_fault", fault=fault)
        names = {name: one.name for name, one in rosters.alerting.persons.items()}
        changes = roster_view.changes(rosters.plan(key, *span), after, names, now, shown)
        return {
            "changes": changes[:CHANGES_SHOWN],
            "more": max(0, len(changes) - CHANGES_SHOWN),
            "gaps": sum(1 for one in after if one.gap and one.end > now),
            "unknown": sorted({name for one in after for name in one.unknown}),
        }

    def _require_known(self, rosters: Rosters, asked: CoverBody) -> None:
        alerting = rosters.alerting
        if asked.roster not in alerting.rosters:
            raise Refused(404, "no_roster", roster=asked.roster)
        for key in (asked.person, asked.absent):
            if key is not None and key not in alerting.persons:
                raise Refused(422, "no_person", person=key)
        if asked.absent == asked.person:
            raise Refused(422, "cover_self")

    def _require_on_call(
        self, rosters: Rosters, asked: CoverBody, starts_at: datetime, ends_at: datetime
    ) -> None:
        """Who is not on call then needs no cover: it would change nothing, and look as if it did."""
        if asked.absent is None:
            return
        duties = rosters.plan(asked.roster, starts_at, ends_at)
        if not any(asked.absent in one.persons and not one.gap for one in duties):
            raise Refused(422, "cover_not_on_call", person=rosters.alerting.persons[asked.absent].name)
