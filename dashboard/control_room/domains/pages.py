"""Which pages there are: those of this product's domains, and one for every other domain of the catalogue. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from dashboard.control_room.domains import air, catalogue, parking, rain_flood, water
from dashboard.control_room.domains.model import DomainPage, Panel
from storage.model import Domain

OWN: Final = (air.PAGE, water.PAGE, rain_flood.PAGE, parking.PAGE)


def pages(domains: Mapping[str, Domain]) -> list[DomainPage]:
    """In the order of the menu. A page of several domains has those that there are."""
    made = []
    for page in OWN:
        known = [key for key in page.domains if key in domains]
        if known:
            made.append(replace(page, domains=known))
    taken = {key for page in made for key in page.domains}
    rest = [domain for key, domain in domains.items() if key not in taken]
    return [*made, *(DomainPage(key=one.key, domains=(one.key,), title=one.name) for one in rest)]


def page_of(domains: Mapping[str, Domain], key: str) -> DomainPage | None:
    """By its name in the address, or by a domain that is on it."""
    made = pages(domains)
    found = next((page for page in made if page.key == key), None)
    return found or next((page for page in made if key in page.domains), None)


def panels_of(page: DomainPage, domains: Mapping[str, Domain]) -> list[Panel]:
    """Its own and the catalogue's, in its order. Of several domains the key of a panel says whose it is."""
    common = set.intersection(*(set(one.properties) for one in domains.values())) if len(domains) > 1 else ()
    declared = [
        replace(panel, key=f"{key}-{panel.key}" if len(page.domains) > 1 else panel.key)
        for key in page.domains
        for panel in catalogue.panels(domains[key], common)
    ]
    own = [panel for panel in page.panels if panel.domain in page.domains]
    return page.arranged([*own, *declared])
