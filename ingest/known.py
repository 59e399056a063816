"""What ingest would know with Datastreams that nobody has made: for questions that write nothing. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from ingest.validate import Known
from storage.model import Domain, Property, Thing


def with_datastreams(known: Known, wanted: Iterable[tuple[str, Property]]) -> Known:
    """The same with the Datastreams that a message wants; their ids are negative and belong to nothing."""
    things = dict(known.things)
    for thing, observed in wanted:
        domain = known.domain_of(thing)
        if domain is not None and observed.key not in things[domain, thing]:
            number = -1 - sum(len(streams) for streams in things.values())
            things[domain, thing] = {**things[domain, thing], observed.key: number}
    return msgspec.structs.replace(known, things=things)


def of_inventory(domains: Mapping[str, Domain], city: Iterable[Thing]) -> Known:
    """Catalogue and inventory without a database: no Datastreams, no claims."""
    found = list(city)
    return Known(
        domains=domains,
        things={(thing.domain, thing.id): {} for thing in found},
        calibrations={(t.id, key): each for t in found for key, each in t.calibrations.items()},
        domain_by_thing={thing.id: thing.domain for thing in found},
    )


def datastreams(known: Known) -> dict[int, tuple[str, Property]]:
    """(thing, property) by Datastream; those whose property left the catalogue are not there."""
    return {
        number: (thing, known.domains[domain].properties[key])
        for (domain, thing), streams in known.things.items()
        if domain in known.domains
        for key, number in streams.items()
        if key in known.domains[domain].properties
    }
