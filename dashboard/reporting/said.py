"""What somebody said in a report, looked at: what can't be is named by its field. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.citizen_forms.unfit import Unfit
from dashboard.data import CityView
from storage import wards
from storage.citizen_reports import (
    EAST,
    LONGEST_CONTACT,
    LONGEST_TEXT,
    NORTH,
    SOUTH,
    WEST,
    NewReport,
    PlaceBy,
    Service,
)

_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""The database takes no NUL; what turns the direction of a text around would make it look like another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """As it came in, by words of ours; "" where nothing was said. The place: a point, else a Thing, else a ward."""

    service: str = ""
    lat: str = ""
    lon: str = ""
    thing: str = ""
    ward: str = ""
    description: str = ""
    contact: str = ""
    trap: str = ""
    """A field that people do not see."""


def report(said: Said, view: CityView, *, language: str, channel: str) -> NewReport:
    """Without its picture. Raises Unfit."""
    if said.trap:
        raise Unfit("trap", "trap")
    service = _service(said.service)
    lat, lon, place, place_id = _place(said, view)
    if not (SOUTH <= lat <= NORTH and WEST <= lon <= EAST):
        raise Unfit("place", "outside")
    description = _text(said.description, LONGEST_TEXT, "description")
    if not description:
        raise Unfit("description", "missing")
    return NewReport(
        service=service,
        lat=lat,
        lon=lon,
        place=place,
        place_id=place_id,
        description=description,
        language=language,
        channel=channel,
        contact=_text(said.contact, LONGEST_CONTACT, "contact") or None,
    )


def _service(text: str) -> Service:
    if not text:
        raise Unfit("service", "missing")
    try:
        return Service(text)
    except ValueError:
        raise Unfit("service", "unknown") from None


def _place(said: Said, view: CityView) -> tuple[float, float, PlaceBy, str | None]:
    if said.lat.strip() or said.lon.strip():
        return _degrees(said.lat), _degrees(said.lon), PlaceBy.POINT, None
    if said.thing:
        return *_of_thing(said.thing, view), PlaceBy.THING, said.thing
    if said.ward:
        unit = wards.by_code().get(said.ward)
        if unit is None:
            raise Unfit("place", "unknown")
        return unit.lat, unit.lon, PlaceBy.WARD, unit.code
    raise Unfit("place", "missing")


def _of_thing(thing_id: str, view: CityView) -> tuple[float, float]:
    """Its own place, or that of what it is a part of."""
    thing = view.things.get(thing_id)
    placed = thing if thing is None or thing.lat is not None else view.things.get(thing.parent_id or "")
    if thing is None or thing.retired_from or placed is None or placed.lat is None or placed.lon is None:
        raise Unfit("place", "unknown")
    return placed.lat, placed.lon


def _degrees(text: str) -> float:
    plain = text.strip().replace(",", ".")
    if not re.fullmatch(r"-?\d{1,3}(\.\d{1,20})?", plain, re.ASCII):
        raise Unfit("place", "unknown")
    return float(plain)


def _text(text: str, longest: int, field: str) -> str:
    cleaned = _NOT_TEXT.sub(" ", text.replace("\r\n", "\n")).strip()
    if len(cleaned) > longest:
        raise Unfit(field, "long")
    return cleaned


def where(
    place: str, place_id: str | None, lat: float | None, lon: float | None, view: CityView
) -> Mapping[str, str]:
    """The place in words, by language: a Thing's name, a ward's, or the ward that a point is near to. {} unknown."""
    thing = view.things.get(place_id or "") if place == PlaceBy.THING else None
    if thing is not None:
        return {"vi": thing.name_vi, "en": thing.name_en}
    unit = wards.by_code().get(place_id or "") if place == PlaceBy.WARD else None
    if unit is None and lat is not None and lon is not None:
        unit = wards.nearest(lat, lon)
    if unit is None:
        return {}
    name = unit.full_name
    return {"vi": name.vi, "en": name.en}
