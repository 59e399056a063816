"""What operators look up of incidents and do about them. Blocking: for a thread."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import attachment_types, incident_view
from dashboard.control_room.attachment_types import AttachmentRefused
from dashboard.control_room.incident_view import ALERT_LINES, IncidentSources
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.runbook_steps import steps_of
from dashboard.live import What
from ingest.claiming import Who
from storage import alert_pages, db, incident_actions, incidents
from storage.alert_pages import PageAlert
from storage.folding import folded
from storage.incident_actions import By, IncidentRefused, NewIncident
from storage.incidents import MOST_EVENTS, Attachment

OPEN_SHOWN: Final = 200
CLOSED_SHOWN: Final = 30
MOST_WORDS: Final = 8
LARGEST_ID: Final = 2**63 - 1
_CONNECT_S: Final = 5.0
_NOT_FOUND: Final = frozenset({"unknown", "alert_unknown", "step_unknown"})
_CONFLICTS: Final = frozenset({"closed", "open_already", "alert_taken"})

_Words = Annotated[str, Field(max_length=8000, pattern=r"^[^\x00]*$")]
"""The database takes no NUL; how long a text may be is said in words (storage/incident_actions.py)."""
_Name = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
_Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
_Severity = Literal["critical", "warning", "info"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OpenBody(_Body):
    """From alerts, or by a title where there are none."""

    alerts: tuple[_Id, ...] = Field(default=(), max_length=200)
    title: _Name | None = None
    place: _Name | None = None
    severity: _Severity | None = None


class JoinBody(_Body):
    alerts: tuple[_Id, ...] = Field(min_length=1, max_length=200)


class ChangeBody(_Body):
    """Only what is named is changed."""

    title: _Name | None = None
    place: _Name | None = None
    severity: _Severity | None = None
    commander: _Name | None = None
    assignee: _Name | None = None


class TextBody(_Body):
    text: _Words


class TickBody(_Body):
    done: bool


class IncidentDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # What is looked up.

    def board(self, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rows = incidents.open_incidents(conn, OPEN_SHOWN)
        return {"generated_at": now, "open": [incident_view.listed(row, now, shown) for row in rows]}

    def closed(self, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """`asked`: words, after (where the page before ended)."""
        now = self._parts.clock()
        words = folded(asked.get("words", "")[:200].replace("\x00", " ")).split()[:MOST_WORDS]
        after = _after(asked.get("after", ""))
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rows = incidents.closed_incidents(conn, words, after=after, limit=CLOSED_SHOWN + 1)
        listed = rows[:CLOSED_SHOWN]
        more = listed[-1] if len(rows) > CLOSED_SHOWN else None
        return {
            "closed": [incident_view.listed(row, now, shown) for row in listed],
            "after": f"{more.closed_at.isoformat()},{more.id}" if more and more.closed_at else None,
        }

    def one(self, incident_id: int, shown: Language) -> dict[str, Any]:
        now, view = self._parts.clock(), self._parts.city.view
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn, conn.transaction():
            incident = incidents.incident(conn, _known(incident_id))
            if incident is None:
                raise Refused(404, "incident_unknown", id=str(incident_id))
            alerts = incidents.alerts(conn, incident_id)
            found = IncidentSources(
                incident=incident,
                alerts=alerts,
                entries=incidents.alert_entries(conn, [alert.id for alert in alerts], ALERT_LINES),
                steps=incidents.steps(conn, incident_id),
                events=incidents.events(conn, incident_id, MOST_EVENTS + 10),
                attachments=incidents.attachments(conn, incident_id),
                commanders=incidents.commanders(conn),
            )
        return incident_view.page(found, view, now, shown)

    def attachment(self, incident_id: int, attachment_id: int) -> Attachment:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            found = incidents.attachment(conn, _known(incident_id), min(attachment_id, LARGEST_ID))
        if found is None:
            raise Refused(404, "incident_file_unknown")
        return found

    # What is done.

    def open(self, asked: OpenBody, who: Who, shown: Language) -> dict[str, Any]:
        alert_ids = tuple(dict.fromkeys(asked.alerts))
        with self._acting(who) as (conn, by):
            alerts = _alerts(conn, alert_ids)
            named = incident_view.title_of(alerts, shown) if alerts else ""
            new = NewIncident(
                title=asked.title if asked.title is not None else named[: incident_actions.LONGEST_TITLE],
                severity=asked.severity or incident_view.worst(alerts),
                place=asked.place if asked.place is not None else incident_view.place_of(alerts, shown),
                alert_ids=alert_ids,
                steps=[step for alert in alerts for step in _steps(alert)],
            )
            made = incident_actions.open_incident(conn, new, by)
        return {"id": made}

    def join(self, incident_id: int, asked: JoinBody, who: Who) -> dict[str, Any]:
        alert_ids = tuple(dict.fromkeys(asked.alerts))
        with self._acting(who) as (conn, by):
            steps = [step for alert in _alerts(conn, alert_ids) for step in _steps(alert)]
            incident_actions.join(conn, _known(incident_id), alert_ids, steps, by)
        return {"id": incident_id}

    def change(self, incident_id: int, asked: ChangeBody, who: Who) -> dict[str, Any]:
        wanted = {name: getattr(asked, name) for name in asked.model_fields_set}
        if wanted.get("severity", "") is None:
            raise Refused(422, "request")
        with self._acting(who) as (conn, by):
            incident_actions.change(conn, _known(incident_id), wanted, by)
        return {"id": incident_id}

    def note(self, incident_id: int, asked: TextBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            incident_actions.note(conn, _known(incident_id), asked.text, by)
        return {"id": incident_id}

    def add_step(self, incident_id: int, asked: TextBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            return {"id": incident_actions.add_step(conn, _known(incident_id), asked.text, by)}

    def tick(self, incident_id: int, step_id: int, asked: TickBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            step = min(step_id, LARGEST_ID)
            done = incident_actions.tick(conn, _known(incident_id), step, by, done=asked.done)
        return {"id": step_id, "changed": done}

    def attach(self, incident_id: int, name: str, content: bytes, who: Who) -> dict[str, Any]:
        try:
            kept = attachment_types.kept(content)
        except AttachmentRefused as refused:
            raise Refused(
                413 if refused.code == "too_large" else 422, f"attachment_{refused.code}"
            ) from refused
        file = attachment_types.file_name(name, kept.media_type)
        with self._acting(who) as (conn, by):
            made = incident_actions.attach(
                conn, _known(incident_id), name=file, media_type=kept.media_type, content=kept.content, by=by
            )
        return {"id": made, "name": file}

    def close(self, incident_id: int, asked: TextBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            incident_actions.close(conn, _known(incident_id), asked.text, by)
        return {"id": incident_id}

    def reopen(self, incident_id: int, asked: TextBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            incident_actions.reopen(conn, _known(incident_id), asked.text, by)
        return {"id": incident_id}

    @contextmanager
    def _acting(self, who: Who) -> Iterator[tuple[db.Connection, By]]:
        """Every open page hears of what was done; what can't be is refused in words."""
        by = By(actor=who.name, source=who.where, now=self._parts.clock())
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                yield conn, by
        except IncidentRefused as refused:
            status = 404 if refused.code in _NOT_FOUND else 409 if refused.code in _CONFLICTS else 422
            raise Refused(status, f"incident_{refused.code}", **refused.values) from refused
        self._parts.hub.announce(What.ROOM)


def _alerts(conn: db.Connection, alert_ids: Sequence[int]) -> list[PageAlert]:
    """In the order asked for. Raises IncidentRefused."""
    if len(alert_ids) > incidents.MOST_ALERTS:
        raise IncidentRefused("many_alerts", most=str(incidents.MOST_ALERTS))
    found = [(alert_id, alert_pages.alert(conn, alert_id)) for alert_id in alert_ids]
    for alert_id, alert in found:
        if alert is None:
            raise IncidentRefused("alert_unknown", alert=str(alert_id))
    return [alert for _, alert in found if alert is not None]


def _steps(alert: PageAlert) -> list[incident_actions.Step]:
    return steps_of(alert.runbook_vi, alert.runbook_en, alert.id)


def _known(number: int) -> int:
    """A number that the database can have. Raises Refused."""
    if number > LARGEST_ID:
        raise Refused(404, "incident_unknown", id=str(number))
    return number


def _after(text: str) -> tuple[datetime, int] | None:
    """Raises Refused."""
    if not text:
        return None
    at, _, number = text.rpartition(",")
    try:
        moment, found = datetime.fromisoformat(at), int(number)
    except ValueError:
        raise Refused(422, "request") from None
    if moment.tzinfo is None or not 0 < found <= LARGEST_ID:
        raise Refused(422, "request")
    return moment, found
