"""The open-data catalogue against what DCAT-AP 3.0 makes mandatory, by an RDF library and SHACL; nothing is fetched."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from dashboard.places.dcat import catalogue
from dashboard.places.frame import Around
from tests.dashboard.small_city import value, view

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:rdflib", "ignore::DeprecationWarning:pyshacl"
)

SHAPES = Path(__file__).parents[1] / "golden" / "dcat_ap" / "mandatory.ttl"
ORIGIN = "https://hanoi.example"
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
NOBODY = Around(origin=ORIGIN, assets="/assets", licence=None, publisher=None)
CENTRE = replace(NOBODY, licence="https://creativecommons.org/licenses/by/4.0/", publisher="Trung tâm A")


def graph(around: Around = NOBODY, *, simulated: bool = False) -> Graph:
    city = view([value("hoan-kiem", "pm2_5", 61.5, provenance="simulated" if simulated else "measured")])
    return Graph().parse(data=json.dumps(catalogue(city, around)), format="json-ld")


def faults(found: Graph) -> str:
    conforms, _, text = pyshacl.validate(found, shacl_graph=Graph().parse(SHAPES), advanced=False)
    return "" if conforms else str(text)


@pytest.mark.parametrize(
    "around", [NOBODY, CENTRE, replace(CENTRE, licence="Quyết định 1")], ids=["nobody", "url", "text"]
)
def test_what_is_mandatory_is_there(around: Around) -> None:
    assert faults(graph(around)) == ""


@pytest.mark.parametrize(
    ("kind", "missing"),
    [(DCAT.Catalog, DCT.publisher), (DCAT.Dataset, DCT.description), (DCAT.Distribution, DCAT.accessURL)],
)
def test_the_shapes_do_look(kind: URIRef, missing: URIRef) -> None:
    found = graph()
    found.remove((next(found.subjects(RDF.type, kind)), missing, None))
    assert "MinCount" in faults(found)


def test_each_domain_is_a_dataset_with_its_ways_to_get_it() -> None:
    found = graph()
    datasets = set(found.subjects(RDF.type, DCAT.Dataset))
    named = {str(found.value(one, DCT.identifier)) for one in datasets}
    assert named == {"air_quality", "flood", "parking", "rain", "water_quality"}
    air = URIRef(f"{ORIGIN}/catalog.jsonld#dataset-air_quality")
    assert set(found.objects(air, DCT.title)) == {Literal("Không khí", "vi"), Literal("Air quality", "en")}
    media = {
        str(found.value(one, DCAT.mediaType)).partition("media-types/")[2]
        for one in found.objects(air, DCAT.distribution)
    }
    assert media == {"application/geo+json", "application/json", "text/csv", "application/vnd.apache.parquet"}


def test_nobody_s_word_is_given_for_them() -> None:
    """Publisher and licence are those of who runs it, or it is said that they are to be set."""
    unset, stated = graph(), graph(CENTRE)
    agent = URIRef(f"{ORIGIN}/catalog.jsonld#publisher")
    assert "HANOI_PUBLISHER" in str(unset.value(agent, FOAF.name))
    assert set(unset.objects(None, DCT.license)) == set()
    assert set(map(str, stated.objects(None, DCT.license))) == {CENTRE.licence}
    assert str(stated.value(agent, FOAF.name)) == "Trung tâm A"


def test_simulated_data_are_said_to_be() -> None:
    assert set(graph().subjects(DCT.provenance, None)) == set()
    assert len(set(graph(simulated=True).subjects(DCT.provenance, None))) == 1


def test_every_address_is_of_this_site() -> None:
    ours = (DCAT.accessURL, DCAT.downloadURL, DCAT.landingPage, DCAT.endpointURL, DCAT.endpointDescription)
    addresses: list[Any] = [str(o) for p in ours for o in graph().objects(None, p)]
    assert addresses
    assert [one for one in addresses if not one.startswith(f"{ORIGIN}/")] == []
