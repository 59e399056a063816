"""What operators look up of public notices and do about them. Blocking: for a thread."""

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import notice_view as view
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from ingest.claiming import Who
from storage import notice_actions, notices, wards
from storage.notice_actions import NewNotice, NoticeRefused
from storage.notices import Kind

PAST_SHOWN: Final = 50
LARGEST_ID: Final = 2**63 - 1
_CONNECT_S: Final = 5.0

_Words = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
"""The database takes no NUL; how long a text may be is said in words (storage/notice_actions.py)."""


class NoticeBody(BaseModel):
    """It begins at once without `starts_at`; it ends at `ends_at`, or `minutes` after it begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    text_vi: _Words
    text_en: _Words
    wards: tuple[Annotated[str, Field(max_length=20, pattern=r"^[^\x00]*$")], ...] = Field(max_length=200)
    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None
    minutes: int | None = Field(default=None, ge=1, le=527_040)
    replaces: int | None = Field(default=None, ge=1, le=LARGEST_ID)


class WithdrawalBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoticeDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def board(self, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            past = notices.past_notices(conn, now, PAST_SHOWN)
            return view.board(notices.open_notices(conn, now), past, now, shown)

    def choices(self, shown: Language) -> dict[str, Any]:
        return view.choices(wards.units(), shown)

    def publish(self, asked: NoticeBody, who: Who) -> dict[str, Any]:
        now = self._parts.clock()
        starts_at = max(now, local_time(asked.starts_at) or now)
        ends_at = local_time(asked.ends_at)
        if asked.minutes is not None:
            ends_at = starts_at + timedelta(minutes=asked.minutes)
        new = NewNotice(
            kind=asked.kind,
            text_vi=asked.text_vi,
            text_en=asked.text_en,
            wards=asked.wards,
            starts_at=starts_at,
            ends_at=ends_at,
            replaces=asked.replaces,
        )
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                made = notice_actions.publish(conn, new, author=who.name, source=who.where, now=now)
        except NoticeRefused as refused:
            raise Refused(422, f"notice_{refused.code}") from refused
        assert ends_at is not None
        return {"id": made, "ends_words": stamp(ends_at)}

    def withdraw(self, notice_id: int, asked: WithdrawalBody, who: Who) -> dict[str, Any]:
        if notice_id > LARGEST_ID:
            raise Refused(409, "no_notice", id=str(notice_id))
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            done = notice_actions.withdraw(
                conn, notice_id, actor=who.name, source=who.where, now=self._parts.clock()
            )
        if not done:
            raise Refused(409, "no_notice", id=str(notice_id))
        return {"id": notice_id}
