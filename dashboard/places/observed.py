"""What is told of a Thing's properties on its pages: which, in which order, and which of them first. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from dashboard.data import CityView
from storage.model import Domain, Property
from storage.things import DatastreamRow, ThingRow

OF_THE_DEVICE: Final = ("battery", "rssi")
"""About the instrument, not about the city: last (citizen/detail.js)."""
_HOUR_S: Final = 3600


def observed(view: CityView, domain: Domain, thing: ThingRow) -> list[tuple[Property, DatastreamRow]]:
    """Every property of the Thing that the catalogue knows and that is no forecast, the most telling first."""
    known = [
        (domain.properties[stream.property], stream)
        for stream in view.streams_of.get(thing.id, ())
        if stream.property in domain.properties
    ]
    order = list(domain.properties)
    return sorted(known, key=lambda one: _place(domain, order, one[0]))


def _place(domain: Domain, order: Sequence[str], one: Property) -> tuple[bool, bool, int]:
    return (one.key != domain.headline, one.key in OF_THE_DEVICE, order.index(one.key))


def stamped_at_end(one: Property) -> timedelta:
    """How much later than its hour or day an indicator's time is: an index of 9 to 10 o'clock has the time 10:00,
    that of a day 24:00 (docs/indicators/air.md). 0 for what is of the moment."""
    whole = one.derived and one.interval_s >= _HOUR_S
    return timedelta(seconds=one.interval_s) if whole else timedelta()
