"""How names, values and words stand on the pages of places. Pure."""

import html

from dashboard.citizen import words
from dashboard.citizen.marks import swatch
from dashboard.citizen.now import Now
from dashboard.places.addresses import HOMES, place_path
from dashboard.places.period import Period
from storage.model import Band, Domain, Property, Provenance
from storage.observations import RollupRow
from storage.things import ThingRow
from storage.units import symbol


def name_of(thing: ThingRow, language: str) -> str:
    return thing.name_en if language == "en" else thing.name_vi


def paths_of(domain: Domain, thing: ThingRow, period: Period | None = None) -> dict[str, str]:
    return {code: place_path(domain, thing.id, code, period) or "" for code in HOMES}


def is_of_simulated(row: RollupRow) -> bool:
    return row.provenance == Provenance.SIMULATED


def kind_of(now: Now, domain: Domain, thing: ThingRow) -> str:
    """ "" where the catalogue has no word for it."""
    kind = domain.kinds.get(thing.kind)
    return kind.in_language(now.language) if kind else ""


def measured(now: Now, observed: Property, value: float) -> str:
    """A value as people read it, with its unit, as HTML. Yes or no of one that is only that."""
    if observed.boolean and value in (0, 1):
        return now.of("yes" if value else "no")
    said = words.number(value, observed.decimals, now.language)
    return html.escape(f"{said} {words.unit(symbol(observed.unit), now.language)}".strip())


def averaged(now: Now, observed: Property, mean: float, *, with_unit: bool = True) -> str:
    """A mean; of yes and no it is the share of yes."""
    if observed.boolean:
        return f"{words.number(100 * mean, 0, now.language)} %"
    if with_unit:
        return measured(now, observed, mean)
    return words.number(mean, observed.decimals, now.language)


def word(now: Now, band: Band | None) -> str:
    """A class with its official colour, outlined, and its word."""
    return (
        ""
        if band is None
        else f"<span class=level>{swatch('square', band.color)}{now.text(band.label)}</span>"
    )
