"""The catalogue's table `subscription`: what citizens can ask to be told of the Things of a domain. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.catalog import ReferenceDataError, TextTable
from storage.model import Domain, Property, Text

Threshold = Annotated[int, Field(ge=1, le=10_000)]


class Offer(BaseModel):
    """One property; from which levels of its bands on, or where it has none from which values on, it can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    property: str
    at_least: tuple[Threshold, ...] = Field(min_length=1, max_length=12)
    pause_min: int = Field(ge=5, le=1440)
    """So long somebody who was told is not told again of the same, however it changes."""
    words: TextTable
    """What is asked for, with {what} in it: the word of a level, or a number."""

    def pause(self) -> timedelta:
        return timedelta(minutes=self.pause_min)

    def asked(self, observed: Property, at_least: int) -> Text:
        """What is told, in words."""
        what = named(observed, at_least)
        words = self.words.text()
        return Text(vi=words.vi.format(what=what.vi), en=words.en.format(what=what.en))


def named(observed: Property, at_least: int) -> Text:
    """The word of a level; without bands the number."""
    for band in observed.bands:
        if band.level == at_least:
            return band.label
    return Text(vi=str(at_least), en=str(at_least))


def offer_of(domain: Domain) -> Offer | None:
    """None where nothing is offered. Raises ReferenceDataError naming file and key."""
    table = domain.sections.get("subscription")
    if table is None or domain.internal:
        return None
    try:
        offer = Offer.model_validate(table)
    except ValidationError as error:
        faults = "; ".join(
            f"subscription.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise ReferenceDataError(f"{domain.source}: {faults}") from error
    observed = domain.properties.get(offer.property)
    if observed is None or observed.forecast_of is not None:
        raise ReferenceDataError(
            f"{domain.source}: subscription.property: '{offer.property}' is no observed property here"
        )
    levels = {band.level for band in observed.bands}
    if levels and not set(offer.at_least) <= levels:
        raise ReferenceDataError(f"{domain.source}: subscription.at_least: want levels of {sorted(levels)}")
    return offer


def usable_offer(domain: Domain) -> Offer | None:
    """None too where the table can't be used: the domain is shown all the same."""
    try:
        return offer_of(domain)
    except ReferenceDataError:
        return None


def offers(domains: Mapping[str, Domain]) -> dict[str, Offer]:
    """By domain, of those that offer something."""
    found = {key: usable_offer(domain) for key, domain in domains.items()}
    return {key: offer for key, offer in found.items() if offer is not None}
