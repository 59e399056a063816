"""Where the pages of places are: `/vi/khong-khi/trung-yen-3`, by the domain's slug in the catalogue. Pure."""

from collections.abc import Mapping
from typing import Final

from dashboard.data import CityView
from dashboard.places.period import Period
from storage.model import Domain
from storage.things import ThingRow

HOMES: Final[Mapping[str, str]] = {"vi": "/", "en": "/en/"}
OTHER: Final[Mapping[str, str]] = {"vi": "en", "en": "vi"}


def domain_path(domain: Domain, language: str) -> str | None:
    """The list of the domain's places; None: it has no pages."""
    return None if domain.slug is None else f"/{language}/{domain.slug.in_language(language)}/"


def place_path(domain: Domain, thing_id: str, language: str, period: Period | None = None) -> str | None:
    folder = domain_path(domain, language)
    below = "" if period is None else f"/{period.text}"
    return None if folder is None else f"{folder}{thing_id}{below}"


def domain_called(view: CityView, slug: str, language: str) -> Domain | None:
    found = (one for one in view.domains.values() if one.slug is not None)
    return next((one for one in found if one.slug and one.slug.in_language(language) == slug), None)


def domain_of(view: CityView, thing: ThingRow) -> Domain | None:
    """None: the catalogue does not know it, or it has no pages."""
    domain = view.domains.get(thing.domain)
    return domain if domain is not None and domain.slug is not None else None
