"""The platform's own domain: every running process knows it, five domains ship, and no page shows it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from dashboard.data import City
from simulators.simulation import simulated
from storage import db, things
from storage.catalog import load_catalog
from storage.exports.selection import Asked, SelectionError, select
from storage.inventory import load_inventory
from storage.model import Domain, Thing
from storage.reference import Reference
from storage.settings import Settings
from storage.things import DatastreamRow
from tests.dashboard.small_city import STREAMS, THINGS, thing, value

FIVE = {"air_quality", "water_quality", "rain", "flood", "parking"}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def reference() -> Reference:
    """What running processes know."""
    settings = Settings()
    return Reference(catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders)


def platform(reference: Reference) -> dict[str, Thing]:
    return {one.id: one for one in reference.things if one.domain == "operations"}


def test_five_domains_ship_and_running_processes_know_a_sixth_that_is_internal(reference: Reference) -> None:
    assert set(load_catalog()) == FIVE
    assert set(reference.domains) == {*FIVE, "operations"}
    assert [key for key, domain in reference.domains.items() if domain.internal] == ["operations"]


def test_its_things_are_the_canary_and_the_mains_and_neither_is_public(reference: Reference) -> None:
    found = platform(reference)
    assert {one.id: (one.kind, one.properties) for one in found.values()} == {
        "canary": ("canary", ("heartbeat", "round_trip")),
        "mains": ("power", ("mains_power",)),
    }
    assert not any(one.public for one in found.values())


def test_a_thing_of_an_internal_domain_is_never_public(tmp_path: Path, reference: Reference) -> None:
    (tmp_path / "more.toml").write_text(
        'domain = "operations"\n[[thing]]\nid = "generator"\nkind = "power"\npublic = true\n'
        'name = { vi = "Máy phát", en = "Generator" }\nproperties = ["mains_power"]\n'
        'children = { kind = "power", count = 1, id = "{parent}-{n}", name = { vi = "M", en = "M" },'
        " properties = [] }\n"
    )
    assert [one.public for one in load_inventory([tmp_path], reference.domains)] == [False, False]


def test_heartbeats_count_on_for_centuries_and_a_slow_round_trip_is_no_bad_value(
    reference: Reference,
) -> None:
    properties = reference.domains["operations"].properties
    assert 3.2e6 * 300 in properties["heartbeat"].plausible, "one every 10 s for 300 years"
    assert 3600 in properties["round_trip"].plausible
    assert (properties["mains_power"].boolean, properties["mains_power"].derived) == (True, False)


def city_of(domains: dict[str, Domain]) -> City:
    city = City(domains)
    canary = DatastreamRow(
        id=99, thing_id="canary", property="heartbeat", unit="1", derived=False, interval_s=10
    )
    city.set_things(
        [*THINGS, thing("canary", "operations", "canary", placed=False)], [*STREAMS.values(), canary]
    )
    return city


def test_no_page_has_it(reference: Reference) -> None:
    city = city_of(dict(reference.domains))
    assert set(city.view.domains) == FIVE
    assert "canary" not in city.view.things
    assert 99 not in city.view.streams
    heartbeat = msgspec.structs.replace(value("hoan-kiem", "pm2_5", 1), datastream_id=99)
    assert city.take([heartbeat, value("hoan-kiem", "pm2_5", 30)])[0].thing_id == "hoan-kiem"
    assert set(city.view.newest) == {STREAMS["hoan-kiem", "pm2_5"].id}


def test_a_domain_that_becomes_internal_while_running_leaves_the_pages(reference: Reference) -> None:
    domains = dict(reference.domains)
    city = city_of(domains)
    assert "hoan-kiem" in city.view.things
    city.set_domains({**domains, "air_quality": replace(domains["air_quality"], internal=True)})
    city.set_things(THINGS, STREAMS.values())
    assert "air_quality" not in city.view.domains
    assert "hoan-kiem" not in city.view.things
    assert [row.domain for row in city.view.shown(THINGS)][:1] == ["flood"]


def test_the_simulator_never_plays_the_platform(reference: Reference) -> None:
    assert simulated(reference.domains) == FIVE


@pytest.mark.integration
def test_an_export_has_it_only_when_it_is_asked_for(city_url: str, reference: Reference) -> None:
    with db.connect(city_url, name="test") as conn:
        things.sync(conn, reference.domains, reference.things)

        def exported(**asked: object) -> set[str]:
            found = select(conn, Asked(end=NOW, **asked), None, {"operations"})  # type: ignore[arg-type]  # the keywords are the test's own
            return {row.domain for row in found.things}

        assert exported() == FIVE
        assert exported(domains=["operations"]) == {"operations"}
        assert exported(things=["canary"]) == {"operations"}
        with pytest.raises(SelectionError):
            exported(properties=["heartbeat"])


@pytest.mark.integration
def test_ingest_knows_its_things(city_url: str, reference: Reference) -> None:
    with db.connect(city_url, name="test") as conn:
        things.sync(conn, reference.domains, reference.things)
        registered = {(domain, thing_id) for domain, thing_id, *_ in things.registry(conn)}
    assert {("operations", "canary"), ("operations", "mains")} <= registered


@pytest.mark.integration
def test_the_public_role_sees_none_of_it(city_url: str, reference: Reference) -> None:
    with db.connect(city_url, name="test") as conn:
        things.sync(conn, reference.domains, reference.things)
        seen = conn.execute("SELECT DISTINCT domain FROM public_view.thing").fetchall()
        streams = conn.execute(
            "SELECT count(*) AS n FROM public_view.datastream WHERE thing_id = 'canary'"
        ).fetchone()
    assert {row["domain"] for row in seen} == FIVE
    assert streams == {"n": 0}
