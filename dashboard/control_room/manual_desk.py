"""What operators enter by hand, and take back. Blocking: for a thread, up to fifteen seconds for an entry."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import manual_send, manual_view
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.manual_matters import BY_KEY, Matter
from dashboard.control_room.manual_send import Message
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from ingest.claiming import Who
from storage import manual, manual_actions
from storage.things import ThingRow

SHOWN: Final = 50
LARGEST_ID: Final = 2**63 - 1
LONGEST: Final = timedelta(days=90)
_AHEAD: Final = timedelta(minutes=1)
"""A clock may be a little ahead; what is to come can't have been seen."""
_CONNECT_S: Final = 5.0

_Word = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]


class EntryBody(BaseModel):
    """It was so at `at`, or now; it holds until `until`, or for so many `minutes` from now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    matter: _Word
    thing: _Word
    results: dict[_Word, bool | Annotated[float, Field(allow_inf_nan=False)]] = Field(max_length=60)
    at: LocalTime | None = None
    until: LocalTime | None = None
    minutes: int | None = Field(default=None, ge=1, le=527_040)
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class CancelBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ManualDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def choices(self, shown: Language) -> dict[str, Any]:
        return manual_view.choices(self._parts.city.view, shown, set_up=self._parts.manual_broker is not None)

    def entries(self, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rows = manual.entries(conn, SHOWN)
        return {
            "generated_at": now,
            "entries": manual_view.entries(rows, self._parts.city.view, now, shown),
        }

    def enter(self, asked: EntryBody, who: Who, shown: Language) -> dict[str, Any]:
        """Publishes, and waits for what ingest makes of it."""
        broker = self._parts.manual_broker
        if broker is None:
            raise Refused(503, "manual_not_set_up")
        now, view = self._parts.clock(), self._parts.city.view
        matter = BY_KEY.get(asked.matter)
        if matter is None:
            raise Refused(422, "request")
        thing = _thing(asked, matter, self._parts)
        _require(bool(asked.results), "manual_nothing")
        _require(asked.results.keys() <= matter.offered(view).keys(), "request")
        time, expires_at = _times(asked, now)
        message = Message(
            domain=thing.domain, thing_id=thing.id, results=asked.results, time=time, result_time=now
        )
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            entry_id = manual_actions.enter(
                conn,
                thing_id=thing.id,
                results=asked.results,
                time=time,
                expires_at=expires_at,
                note=asked.note.strip(),
                author=who.name,
                source=who.where,
                now=now,
            )
        outcome = manual_send.publish(broker, message) or manual_send.follow(self._parts.pool, message)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            manual_actions.tell(conn, entry_id, outcome.kind, outcome.faults)
        words = manual_view.result(outcome, thing, expires_at, view, shown)
        return {"id": entry_id, "outcome": outcome.kind, "words": words}

    def cancel(self, entry_id: int, asked: CancelBody, who: Who) -> dict[str, Any]:
        if entry_id > LARGEST_ID:
            raise Refused(409, "manual_no_entry", id=str(entry_id))
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            done = manual_actions.cancel(conn, entry_id, actor=who.name, source=who.where, now=now)
        if not done:
            raise Refused(409, "manual_no_entry", id=str(entry_id))
        return {"id": entry_id}


def _thing(asked: EntryBody, matter: Matter, parts: Parts) -> ThingRow:
    """Raises Refused."""
    found = next((thing for thing in matter.things(parts.city.view) if thing.id == asked.thing), None)
    if found is None:
        raise Refused(422, "manual_thing")
    return found


def _times(asked: EntryBody, now: datetime) -> tuple[datetime, datetime]:
    """When it was so, and until when it holds. Raises Refused."""
    time, until = local_time(asked.at) or now, local_time(asked.until)
    if asked.minutes is not None:
        until = now + timedelta(minutes=asked.minutes)
    _require(time <= now + _AHEAD, "manual_ahead")
    if until is None:
        raise Refused(422, "manual_until")
    _require(until > now, "manual_over")
    _require(until - now <= LONGEST, "too_long", days=str(LONGEST.days))
    return min(time, now), until


def _require(right: bool, code: str, **values: str) -> None:
    if not right:
        raise Refused(422, code, **values)
