"""The shipped city as it is simulated, for tests that look at values."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache

import msgspec

from ingest.wire import Element
from simulators.scenarios import Happening, storms_of
from simulators.streams import ExtentStream, ObservationStream, Stream, streams_of
from simulators.weather import Storm, Weather
from storage.catalog import SHIPPED as CATALOG
from storage.inventory import SHIPPED as INVENTORY
from storage.reference import Reference

HOUR, DAY = 3600, 86400


def at(text: str) -> int:
    """Epoch seconds of an ISO time; Hanoi's when it has no offset."""
    time = datetime.fromisoformat(text)
    return int((time if time.tzinfo else datetime.fromisoformat(text + "+07:00")).timestamp())


@cache
def reference() -> Reference:
    return Reference(catalog_folders=[CATALOG], inventory_folders=[INVENTORY])


class OnlyThese(Weather):
    """A sky with the given storms and nothing else."""

    def storms(self, start: float, end: float) -> Iterator[Storm]:
        return (storm for storm in self.scenario_storms if storm.start < end and storm.end > start)

    def fallen_mm(self, lat: float, lon: float, t: float) -> float:
        return sum(storm.fallen_mm(lat, lon, t) for storm in self.scenario_storms)


def streams(
    domain: str, *, seed: int = 1, weather: Weather | None = None, happenings: Sequence[Happening] = ()
) -> dict[str, Stream]:
    """Every stream of one domain by its id."""
    things = [thing for thing in reference().things if thing.domain == domain]
    sky = weather or Weather(seed=seed, scenario_storms=storms_of(happenings))
    return streams_of(reference().domains, things, seed=seed, weather=sky, happenings=happenings)


def observations(
    domain: str,
    thing: str,
    *,
    seed: int = 1,
    weather: Weather | None = None,
    happenings: Sequence[Happening] = (),
) -> ObservationStream:
    stream = streams(domain, seed=seed, weather=weather, happenings=happenings)[
        f"{domain}/{thing}/observations"
    ]
    assert isinstance(stream, ObservationStream)
    return stream


def extent(thing: str, *, weather: Weather) -> ExtentStream:
    stream = streams("flood", weather=weather)[f"flood/{thing}/extent"]
    assert isinstance(stream, ExtentStream)
    return stream


def values(stream: ObservationStream, key: str, after: int, until: int) -> list[tuple[datetime, float]]:
    """A property's results with their times in UTC, as they are published."""
    return [
        (element.time, element.results[key])
        for element in stream.elements(after, until)
        if key in element.results
    ]


def decoded(payload: bytes) -> list[Element]:
    """The elements of a published message."""
    return (
        msgspec.json.decode(payload, type=list[Element])
        if payload[:1] == b"["
        else [msgspec.json.decode(payload, type=Element)]
    )


def utc(text: str) -> datetime:
    return datetime.fromtimestamp(at(text), UTC)
