"""The last 24 hours of a Thing: which properties it has, their values, and the figure with its words."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from dashboard.control_room.language import Language
from dashboard.control_room.room import occupancy_trend
from dashboard.control_room.texts import say
from dashboard.data import CityView
from dashboard.figures.drawing import Figure
from dashboard.figures.last_day import SPAN, Value, last_day
from dashboard.figures.reasons import reason_in_words
from dashboard.map_snapshot import usable_map_section
from storage import db, observations
from storage.model import HANOI, Band, Domain, Property, Quality, Range, Text
from storage.things import DatastreamRow, ThingRow
from storage.units import symbol

OCCUPANCY: Final = "occupancy"
"""Not a property of the catalogue: the share of a parking point's bays that are taken."""


def offers(view: CityView, thing: ThingRow) -> list[str]:
    """Keys of what can be looked at of a Thing, in the catalogue's order."""
    domain = view.domains.get(thing.domain)
    if domain is None:
        return []
    if view.children_of.get(thing.id) and usable_map_section(domain).summary == OCCUPANCY:
        return [OCCUPANCY]
    has = {stream.property for stream in view.streams_of.get(thing.id, ())}
    return [key for key in domain.properties if key in has]


def place(thing: ThingRow, language: Language) -> str:
    """How far the coordinate can be trusted, in words."""
    return say(f"trust_{thing.coordinate_trust}", language) if thing.coordinate_trust else ""


def day(
    conn: db.Connection, view: CityView, thing: ThingRow, key: str, *, now: datetime, language: Language
) -> tuple[Figure, str]:
    """The figure and a sentence that says the same."""
    observed, bands, values = _series(conn, view, thing, key, now)
    figure = last_day(values, observed, bands=bands, now=now, language=language)
    return figure, in_words(values, observed, language)


def in_words(values: Sequence[Value], observed: Property, language: Language) -> str:
    """Lowest, highest and newest value with their times, and why others are left out."""
    good = [value for value in values if value.quality < Quality.SUSPECT]
    doubts = _doubts(values, language)
    if not good:
        return say("figure_empty", language) + doubts
    by_result = sorted(good, key=lambda value: value.result)
    summary = say("figure_words", language).format(
        **{
            name: _said(value, observed, language)
            for name, value in (("lowest", by_result[0]), ("highest", by_result[-1]), ("newest", good[-1]))
        },
        count=len(values),
    )
    return summary + doubts


def _series(
    conn: db.Connection, view: CityView, thing: ThingRow, key: str, now: datetime
) -> tuple[Property, Sequence[Band], list[Value]]:
    domain = view.domains[thing.domain]
    if key == OCCUPANCY:
        return _occupancy(conn, view, domain, thing, now)
    observed = domain.properties[key]
    stream = next(s for s in view.streams_of.get(thing.id, ()) if s.property == key)
    rows = observations.between(conn, [stream.id], now - SPAN, now)
    values = [Value(row.phenomenon_time, row.result, row.quality, row.quality_reason) for row in rows]
    return observed, observed.bands, values


def _occupancy(
    conn: db.Connection, view: CityView, domain: Domain, thing: ThingRow, now: datetime
) -> tuple[Property, Sequence[Band], list[Value]]:
    occupied = domain.properties[domain.headline]
    streams = [_headline(view, domain, bay) for bay in view.children_of.get(thing.id, ())]
    ids = [stream.id for stream in streams if stream]
    trend = occupancy_trend(conn, ids, occupied, start=now - SPAN, now=now)
    observed = Property(
        key=OCCUPANCY,
        name=Text(vi=say("occupancy", "vi"), en=say("occupancy", "en")),
        unit="%",
        interval_s=int(trend.step.total_seconds()),
        possible=Range(low=0, high=100),
        plausible=Range(low=0, high=100),
        decimals=0,
    )
    bands = [table.band() for table in usable_map_section(domain).band]
    return observed, bands, [Value(time, share, Quality.GOOD) for time, share in trend.points]


def _headline(view: CityView, domain: Domain, bay: ThingRow) -> DatastreamRow | None:
    return next((s for s in view.streams_of.get(bay.id, ()) if s.property == domain.headline), None)


def _doubts(values: Sequence[Value], language: Language) -> str:
    """How many values are suspect or failed for each reason, the most frequent first."""
    counts = Counter(value.reason for value in values if value.quality >= Quality.SUSPECT)
    if not counts:
        return ""
    listed = [f"{reason_in_words(reason, language)} ({n})" for reason, n in counts.most_common()]
    return " " + say("figure_doubts", language).format(reasons="; ".join(listed))


def _said(value: Value, observed: Property, language: Language) -> str:
    number = f"{round(value.result, observed.decimals) or 0:.{observed.decimals}f}"  # never "-0"
    number = number.replace(".", ",") if language == "vi" else number
    return f"{number} {symbol(observed.unit)}".strip() + f" ({value.time.astimezone(HANOI):%H:%M %d/%m})"
