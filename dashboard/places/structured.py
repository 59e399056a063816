"""Places and their data in schema.org's words (JSON-LD), for search engines and for who shares a page. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dashboard.citizen.now import Now
from dashboard.data import CityView
from dashboard.places.addresses import place_path
from dashboard.places.frame import Around
from dashboard.places.period import Period
from dashboard.places.said import name_of
from storage.model import CoordinateTrust, Domain, Property
from storage.things import DatastreamRow, ThingRow

CONTEXT: Final = "https://schema.org"
CITY: Final = {"@type": "City", "name": "Hà Nội", "sameAs": "https://www.wikidata.org/wiki/Q1858"}
MEDIA: Final[Mapping[str, str]] = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}

Told = Sequence[tuple[Property, DatastreamRow]]


def of_place(
    now: Now, around: Around, view: CityView, domain: Domain, thing: ThingRow, told: Told
) -> list[dict[str, Any]]:
    """The place, and as a Dataset what it observes."""
    url = f"{around.origin}{place_path(domain, thing.id, now.language)}"
    place = {
        "@context": CONTEXT,
        "@type": "Place",
        "@id": f"{url}#place",
        "name": name_of(thing, now.language),
        "url": url,
        "containedInPlace": CITY,
        **_geo(thing),
    }
    if not told:
        return [place]
    return [place, _dataset(now, around, domain, thing, told, url, Period.month_of(now.at))]


def _geo(thing: ThingRow) -> dict[str, Any]:
    """None of a position that is made up."""
    if thing.lat is None or thing.coordinate_trust == CoordinateTrust.SYNTHETIC:
        return {}
    return {"geo": {"@type": "GeoCoordinates", "latitude": thing.lat, "longitude": thing.lon}}


def _dataset(
    now: Now, around: Around, domain: Domain, thing: ThingRow, told: Told, url: str, month: Period
) -> dict[str, Any]:
    name, subject = name_of(thing, now.language), domain.name.in_language(now.language)
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Dataset",
        "name": now.texts["place_dataset"].format(name=name, domain=subject),
        "description": now.texts["place_describe"].format(name=name, domain=subject),
        "url": url,
        "isAccessibleForFree": True,
        "spatialCoverage": {"@id": f"{url}#place"},
        "variableMeasured": [
            {"@type": "PropertyValue", "name": one.name.in_language(now.language), "unitText": one.unit}
            for one, _ in told
        ],
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": media,
                "contentUrl": f"{url}/{month.text}.{ending}",
            }
            for ending, media in MEDIA.items()
        ],
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "name": now.texts["title"],
            "url": f"{around.origin}/catalog.jsonld",
        },
    }
    if around.licence:
        made["license"] = around.licence
    if around.publisher:
        made["creator"] = {"@type": "Organization", "name": around.publisher}
    return made
