"""Confirmed flood reports on the map of floods: marks of their own, beside what was measured, never instead of it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.condition import GREY
from dashboard.data import City, CityView, Watch
from dashboard.reporting.said import where
from storage import citizen_reports, db
from storage.citizen_reports import SERVICE_NAMES, Service, ShownReport
from storage.model import Domain, Text

EVERY: Final = timedelta(seconds=1)
MOST: Final = 200
DOMAIN: Final = "flood"
KIND: Final = "citizen_report"
STATE: Final = "reported"
LABEL: Final = Text(
    vi="Người dân báo, trung tâm đã xác nhận", en="Reported by citizens, confirmed by the centre"
)


def watch(city: City, *, on_change: Callable[[], None] = lambda: None) -> Watch:
    """Give it to the CityFeed. `on_change` is called in its thread when other reports are on the map."""

    def look(conn: db.Connection, now: datetime) -> None:
        if city.set_citizen_reports(tuple(citizen_reports.on_map(conn, now, MOST))):
            on_change()

    return Watch(every=EVERY, look=look)


def features(view: CityView, domain: Domain, now: datetime) -> Iterator[dict[str, Any]]:
    """Of the flood domain; one whose time is over is gone, also while the database is away."""
    if domain.key == DOMAIN:
        yield from (
            _feature(one, view) for one in view.citizen_reports if one.shown_until and one.shown_until > now
        )


def _feature(report: ShownReport, view: CityView) -> dict[str, Any]:
    """Without `time`: it is no report of a sensor, and says nothing of how fresh data is."""
    name, place = (
        SERVICE_NAMES[Service.FLOOD],
        where(report.place, report.place_id, report.lat, report.lon, view),
    )
    return {
        "type": "Feature",
        "id": f"{KIND}-{report.number}",
        "geometry": {"type": "Point", "coordinates": [report.lon, report.lat]},
        "properties": {
            "name_vi": _named(name.vi, place.get("vi")),
            "name_en": _named(name.en, place.get("en")),
            "kind": KIND,
            "state": STATE,
            "values": {},
            "level": None,
            "label_vi": LABEL.vi,
            "label_en": LABEL.en,
            "color": GREY,
            "coordinate_trust": "M",
            "simulated": False,
            "number": report.number,
            "description": report.description,
            "language": report.language,
            "answer_vi": report.answer_vi,
            "answer_en": report.answer_en,
            "reported_at": report.requested_at,
            "expires_at": report.shown_until,
            "photo": f"/open311/v2/photos/{report.number}.jpg" if report.has_photo else None,
        },
    }


def _named(what: str, where_: str | None) -> str:
    return f"{what}: {where_}" if where_ else what
