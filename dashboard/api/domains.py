"""/domains: the catalogue as pages need it, so that a domain that is added shows up without code."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import condition
from dashboard.api.answers import json_answer
from dashboard.api.schema import Catalogue
from dashboard.api.site import Site
from dashboard.condition import MapSection, Shape
from dashboard.map_snapshot import usable_map_section
from dashboard.places.addresses import HOMES, domain_path
from storage.model import Band, Domain, Property, Text
from storage.subscription_offers import Offer, usable_offer
from storage.units import symbol

STATES: Final = {
    "never": condition.NEVER,
    "stale": condition.STALE,
    "expired": condition.EXPIRED,
    "fault": condition.FAULT,
    "suspect": condition.SUSPECT,
    "no_level": condition.NO_LEVEL,
}


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["domains"])

    @routes.get(
        "/domains", response_model=Catalogue, summary="Domains, properties, units, levels and colours"
    )
    async def list_domains() -> Response:
        return json_answer(catalogue(site.city.view.domains), max_age_s=1)

    return routes


def catalogue(domains: Mapping[str, Domain]) -> dict[str, Any]:
    """What a page has to know of the catalogue."""
    sections = {key: usable_map_section(domain) for key, domain in domains.items()}
    marks = shapes(sections)
    return {
        "items": [_domain(domain, sections[key], marks[key]) for key, domain in domains.items()],
        "states": {key: _text(text) for key, text in STATES.items()},
        "grey": condition.GREY,
    }


def shapes(sections: Mapping[str, MapSection]) -> dict[str, str]:
    """Every domain's mark: the one of its file, or one that no file took."""
    taken = {section.shape for section in sections.values()}
    free = iter([shape for shape in get_args(Shape) if shape not in taken])
    return {key: section.shape or next(free, "hexagon") for key, section in sections.items()}


def _domain(domain: Domain, section: MapSection, shape: str) -> dict[str, Any]:
    offer = usable_offer(domain)
    shown: dict[str, Any] = {
        "key": domain.key,
        "name": _text(domain.name),
        "headline": domain.headline,
        "properties": {key: _property(observed) for key, observed in domain.properties.items()},
        "map": {
            "shape": shape,
            "summary": section.summary,
            "closure": section.closure,
            "bands": [_band(table.band()) for table in section.band],
        },
    }
    pages = {code: domain_path(domain, code) for code in HOMES}
    if None not in pages.values():
        shown["pages"] = pages
    if offer is not None:
        shown["subscription"] = _offer(domain, offer)
    return shown


def _offer(domain: Domain, offer: Offer) -> dict[str, Any]:
    observed = domain.properties[offer.property]
    labels = {value: offer.asked(observed, value) for value in offer.at_least}
    return {
        "property": offer.property,
        "at_least": [{"value": value, "label": _text(label)} for value, label in labels.items()],
    }


def _property(observed: Property) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": _text(observed.name),
        "unit": observed.unit,
        "symbol": symbol(observed.unit),
        "decimals": observed.decimals,
        "interval_s": observed.interval_s,
        "boolean": observed.boolean,
        "derived": observed.derived,
        "bands": [_band(band) for band in observed.bands],
    }
    if observed.method is not None:
        shown["method"] = _text(observed.method)
    return shown if observed.forecast_of is None else shown | {"forecast_of": observed.forecast_of}


def _band(band: Band) -> dict[str, Any]:
    return {"level": band.level, "below": band.below, "label": _text(band.label), "color": band.color}


def _text(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}
