"""Public notices in memory, read again and again beside the change feed: no query for a visitor."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.data import Watch
from storage import db, notices, wards
from storage.model import Text
from storage.notices import Kind, Notice

EVERY: Final = timedelta(milliseconds=500)
"""With the stream's tick of a second, who looks at the page sees a withdrawal within two."""

KIND_NAMES: Final[Mapping[str, Text]] = {
    Kind.INFORMATION: Text(vi="Thông báo", en="Information"),
    Kind.WORKS: Text(vi="Thi công", en="Works"),
    Kind.FLOOD: Text(vi="Úng ngập", en="Flooding"),
    Kind.AIR: Text(vi="Không khí", en="Air"),
    Kind.WATER: Text(vi="Nước", en="Water"),
    Kind.PARKING: Text(vi="Đỗ xe", en="Parking"),
}


class NoticeBoard:
    """What citizens are told now. `on_change` is called in the feed's thread when that is another."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._shown: tuple[Notice, ...] = ()
        self._on_change = on_change

    @property
    def watch(self) -> Watch:
        """Give it to the CityFeed."""
        return Watch(every=EVERY, look=self._look)

    def at(self, now: datetime) -> list[Notice]:
        """The newest first; one whose end has passed is gone, also while the database is away."""
        return [notice for notice in self._shown if not notice.over(now)]

    def _look(self, conn: db.Connection, now: datetime) -> None:
        found = tuple(notices.shown(conn))
        if found != self._shown:
            self._shown = found
            self._on_change()


def public_item(notice: Notice) -> dict[str, Any]:
    """As the API, the stream and the control room's preview have it: nothing of who wrote it."""
    kind = KIND_NAMES[notice.kind]
    return {
        "id": notice.id,
        "kind": notice.kind,
        "kind_name": {"vi": kind.vi, "en": kind.en},
        "text": {"vi": notice.text_vi, "en": notice.text_en},
        "wards": [ward_item(code) for code in notice.wards],
        "starts_at": notice.starts_at,
        "ends_at": notice.ends_at,
        "published_at": notice.published_at,
    }


def ward_item(code: str) -> dict[str, Any]:
    """A code that a later list of wards has no more stands for itself."""
    unit = wards.by_code().get(code)
    name = unit.full_name if unit else Text(vi=code, en=code)
    return {"code": code, "name": {"vi": name.vi, "en": name.en}}
