"""What operators look up of citizens' reports and do about them. Blocking: for a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import citizen_report_view as view
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.live import What
from ingest.claiming import Who
from storage import citizen_report_actions as actions
from storage import citizen_reports, db
from storage.citizen_report_actions import By, CitizenReportRefused, Confirmation
from storage.citizen_reports import State

SHOWN: Final = 200
OVER_SHOWN: Final = 50
LARGEST_ID: Final = 2**63 - 1
_CONNECT_S: Final = 5.0
_CONFLICTS: Final = frozenset({"moderated", "closed", "not_confirmed"})

_Words = Annotated[str, Field(max_length=8000, pattern=r"^[^\x00]*$")]
"""The database takes no NUL; how long a text may be is said in words (storage/citizen_report_actions.py)."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConfirmBody(_Body):
    """`text`: the description as everybody may read it; empty: not at all."""

    text: _Words
    photo: bool
    hours: int = Field(ge=1, le=24)


class RejectBody(_Body):
    reason: _Words


class MergeBody(_Body):
    into: int = Field(ge=1, le=LARGEST_ID)


class AnswerBody(_Body):
    vi: _Words
    en: _Words


class NothingBody(_Body):
    pass


class CitizenReportDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def board(self, shown: Language, *, may_act: bool) -> dict[str, Any]:
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            new = citizen_reports.waiting(conn, State.NEW, SHOWN)
            confirmed = citizen_reports.waiting(conn, State.CONFIRMED, SHOWN)
            over = citizen_reports.closed(conn, OVER_SHOWN)
        return view.board(new, confirmed, over, self._parts.city.view, now, shown, may_act=may_act)

    def photo(self, report_id: int) -> bytes:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            found = citizen_reports.photo(conn, min(report_id, LARGEST_ID))
        if found is None:
            raise Refused(404, "citizen_unknown")
        return found

    def confirm(self, report_id: int, asked: ConfirmBody, who: Who) -> dict[str, Any]:
        given = Confirmation(text=asked.text, photo=asked.photo, lasting=timedelta(hours=asked.hours))
        with self._acting(who) as (conn, by):
            actions.confirm(conn, _known(report_id), given, by)
        return {"id": report_id}

    def reject(self, report_id: int, asked: RejectBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            actions.reject(conn, _known(report_id), asked.reason, by)
        return {"id": report_id}

    def merge(self, report_id: int, asked: MergeBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            actions.merge(conn, _known(report_id), asked.into, by)
        return {"id": report_id}

    def answer(self, report_id: int, asked: AnswerBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            actions.answer(conn, _known(report_id), asked.vi, asked.en, by)
        return {"id": report_id}

    def close(self, report_id: int, asked: NothingBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            actions.close(conn, _known(report_id), by)
        return {"id": report_id}

    def forget_contact(self, report_id: int, asked: NothingBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            actions.forget_contact(conn, _known(report_id), by)
        return {"id": report_id}

    def remove_photo(self, report_id: int, asked: NothingBody, who: Who) -> dict[str, Any]:
        with self._acting(who) as (conn, by):
            actions.remove_photo(conn, _known(report_id), by)
        return {"id": report_id}

    @contextmanager
    def _acting(self, who: Who) -> Iterator[tuple[db.Connection, By]]:
        """Every open page hears of what was done; what can't be is refused in words."""
        by = By(actor=who.name, source=who.where, now=self._parts.clock())
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                yield conn, by
        except CitizenReportRefused as refused:
            status = 404 if refused.code == "unknown" else 409 if refused.code in _CONFLICTS else 422
            raise Refused(status, f"citizen_{refused.code}", **refused.values) from refused
        self._parts.hub.announce(What.ROOM)


def _known(number: int) -> int:
    """A number that the database can have. Raises Refused."""
    if number > LARGEST_ID:
        raise Refused(404, "citizen_unknown")
    return number
