"""The open-data catalogue in the words of DCAT-AP 3.0, as JSON-LD with its context in it. Pure.

It says what there is and no more: who publishes and under which licence is the word of who runs the installation.
https://semiceu.github.io/DCAT-AP/releases/3.0.0/
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dashboard.data import CityView, is_simulated
from dashboard.places.addresses import domain_path
from dashboard.places.frame import Around
from storage.exports.export import NO_LICENCE
from storage.model import Domain, Text

PATH: Final = "/catalog.jsonld"
MEDIA_TYPE: Final = "application/ld+json"
_EU: Final = "http://publications.europa.eu/resource/authority"
_IANA: Final = "https://www.iana.org/assignments/media-types"
CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "geo": "http://www.opengis.net/ont/geosparql#",
}
TITLE: Final = Text(vi="Dữ liệu mở Hà Nội", en="Hanoi open data")
ABOUT: Final = Text(
    vi="Số đo trực tiếp và lịch sử của Hà Nội theo từng lĩnh vực; mỗi giá trị nói rõ nguồn gốc và chất lượng.",
    en="Live and historic measurements of Hanoi by subject; each value says where it comes from and how good it is.",
)
NO_PUBLISHER: Final = "Chưa nêu / not stated: to be set by who runs this installation (HANOI_PUBLISHER)"
NO_LICENCE_VI: Final = "chưa nêu; hãy hỏi đơn vị vận hành trước khi chuyển tiếp"
SIMULATED: Final = Text(
    vi="Dữ liệu mô phỏng: một phần hoặc toàn bộ giá trị là do máy sinh ra; từng giá trị có ghi nguồn gốc.",
    en="Simulated data: some or all values are made by a machine; each value says where it comes from.",
)
ABOUT_DOMAIN: Final = Text(
    vi="{name} ở Hà Nội: {n} điểm. Đại lượng: {properties}.",
    en="{name} in Hanoi: {n} places. Quantities: {properties}.",
)
ABOUT_FILES: Final = Text(
    vi="Mỗi điểm một tệp cho mỗi tháng hoặc ngày: {at}<điểm>/<YYYY-MM hoặc YYYY-MM-DD>.{ending}, thêm ?step=1h hoặc 1d"
    " để lấy theo giờ hoặc ngày.",
    en="One file a place and month or day: {at}<place>/<YYYY-MM or YYYY-MM-DD>.{ending}, with ?step=1h or 1d by the"
    " hour or day.",
)


def catalogue(view: CityView, around: Around) -> dict[str, Any]:
    """A Catalog, a Dataset a domain that has pages, and the two services."""
    origin = around.origin
    datasets = [_dataset(view, domain, around) for domain in view.domains.values() if domain.slug is not None]
    return {
        "@context": CONTEXT,
        "@id": f"{origin}{PATH}#catalog",
        "@type": "dcat:Catalog",
        "dct:title": _both(TITLE),
        "dct:description": _both(ABOUT),
        "dct:publisher": _publisher(around),
        "dct:language": [{"@id": f"{_EU}/language/{code}"} for code in ("VIE", "ENG")],
        "foaf:homepage": {"@id": f"{origin}/"},
        **_rights(around),
        "dcat:dataset": datasets,
        "dcat:service": [
            _service(around, "api", "Hanoi open data API", "/api/v1", "/openapi.json", datasets),
            _service(around, "sta", "OGC SensorThings (read)", "/sta/v1.1", "/sta/v1.1", datasets),
        ],
    }


def _dataset(view: CityView, domain: Domain, around: Around) -> dict[str, Any]:
    properties = [one for one in domain.properties.values() if one.forecast_of is None]
    found = [one for one in view.things_of.get(domain.key, ()) if one.parent_id is None]
    about = {
        code: ABOUT_DOMAIN.in_language(code).format(
            name=domain.name.in_language(code),
            n=len(found),
            properties=", ".join(one.name.in_language(code) for one in properties),
        )
        for code in ("vi", "en")
    }
    made: dict[str, Any] = {
        "@id": f"{around.origin}{PATH}#dataset-{domain.key}",
        "@type": "dcat:Dataset",
        "dct:identifier": domain.key,
        "dct:title": _both(domain.name),
        "dct:description": _both(Text(**about)),
        "dct:publisher": _publisher(around),
        "dct:accrualPeriodicity": {"@id": f"{_EU}/frequency/UPDATE_CONT"},
        "dcat:keyword": _both(domain.name),
        "dcat:landingPage": [
            {"@id": f"{around.origin}{domain_path(domain, code)}", "@type": "foaf:Document"}
            for code in ("vi", "en")
        ],
        "dcat:distribution": list(_distributions(domain, around)),
    }
    placed = [(one.lon, one.lat) for one in found if one.lat is not None and one.lon is not None]
    if placed:
        made["dct:spatial"] = _around_all(placed)
    if _shows_simulated(view, domain):
        made["dct:provenance"] = {"@type": "dct:ProvenanceStatement", "rdfs:label": _both(SIMULATED)}
    return made


def _distributions(domain: Domain, around: Around) -> Iterator[dict[str, Any]]:
    origin, key = around.origin, domain.key
    now = f"{origin}/api/v1/map/{key}.geojson"
    yield _distribution(
        around,
        f"{key}-geojson",
        Text(vi="Hiện nay, GeoJSON", en="Now, GeoJSON"),
        access=now,
        download=now,
        media="application/geo+json",
    )
    yield _distribution(
        around,
        f"{key}-api",
        Text(vi="API, JSON", en="API, JSON"),
        access=f"{origin}/api/v1/things?domain={key}",
        media="application/json",
        service="api",
    )
    yield _distribution(
        around,
        f"{key}-sta",
        Text(vi="OGC SensorThings (đọc)", en="OGC SensorThings (read)"),
        access=f"{origin}/sta/v1.1",
        media="application/json",
        service="sta",
    )
    for ending, media, name in (
        ("csv", "text/csv", "CSV"),
        ("parquet", "application/vnd.apache.parquet", "Parquet"),
    ):
        about = {
            code: ABOUT_FILES.in_language(code).format(
                at=f"{origin}{domain_path(domain, code)}", ending=ending
            )
            for code in ("vi", "en")
        }
        yield _distribution(
            around,
            f"{key}-{ending}",
            Text(vi=f"Lịch sử, {name}", en=f"History, {name}"),
            access=f"{origin}{domain_path(domain, 'vi')}",
            media=media,
            about=Text(**about),
        )


def _distribution(
    around: Around,
    name: str,
    title: Text,
    *,
    access: str,
    media: str,
    download: str | None = None,
    service: str | None = None,
    about: Text | None = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "@id": f"{around.origin}{PATH}#distribution-{name}",
        "@type": "dcat:Distribution",
        "dct:title": _both(title),
        "dcat:accessURL": {"@id": access},
        "dcat:mediaType": {"@id": f"{_IANA}/{media}", "@type": "dct:MediaType"},
        **_rights(around),
    }
    if about is not None:
        made["dct:description"] = _both(about)
    if download is not None:
        made["dcat:downloadURL"] = {"@id": download}
    if service is not None:
        made["dcat:accessService"] = {"@id": f"{around.origin}{PATH}#service-{service}"}
    return made


def _service(
    around: Around, name: str, title: str, endpoint: str, described: str, datasets: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "@id": f"{around.origin}{PATH}#service-{name}",
        "@type": "dcat:DataService",
        "dct:title": {"@language": "en", "@value": title},
        "dcat:endpointURL": {"@id": f"{around.origin}{endpoint}"},
        "dcat:endpointDescription": {"@id": f"{around.origin}{described}"},
        "dcat:servesDataset": [{"@id": one["@id"]} for one in datasets],
    }


def _publisher(around: Around) -> dict[str, Any]:
    return {
        "@id": f"{around.origin}{PATH}#publisher",
        "@type": "foaf:Agent",
        "foaf:name": around.publisher or NO_PUBLISHER,
    }


def _rights(around: Around) -> dict[str, Any]:
    """A licence that is an address, one that is a text, or that nobody has stated one."""
    told = around.licence
    if told is None:
        label = _both(Text(vi=NO_LICENCE_VI, en=NO_LICENCE))
        node = {"@id": f"{around.origin}{PATH}#rights", "@type": "dct:RightsStatement", "rdfs:label": label}
        return {"dct:rights": node}
    if told.startswith(("https://", "http://")):
        return {"dct:license": {"@id": told, "@type": "dct:LicenseDocument"}}
    node = {"@id": f"{around.origin}{PATH}#licence", "@type": "dct:LicenseDocument", "rdfs:label": told}
    return {"dct:license": node}


def _around_all(placed: list[tuple[float, float]]) -> dict[str, Any]:
    """The box of all places, longitude first."""
    west, east = min(lon for lon, _ in placed), max(lon for lon, _ in placed)
    south, north = min(lat for _, lat in placed), max(lat for _, lat in placed)
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    text = f"POLYGON(({', '.join(f'{lon} {lat}' for lon, lat in corners)}))"
    return {"@type": "dct:Location", "dcat:bbox": {"@type": "geo:wktLiteral", "@value": text}}


def _shows_simulated(view: CityView, domain: Domain) -> bool:
    return any(
        is_simulated(value)
        for thing in view.things_of.get(domain.key, ())
        for value in view.values_of(thing.id).values()
    )


def _both(text: Text) -> list[Mapping[str, str]]:
    return [{"@language": "vi", "@value": text.vi}, {"@language": "en", "@value": text.en}]
