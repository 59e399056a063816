"""A SensorThings client that others wrote (Fraunhofer's frost_sta_client) against the public process as it runs."""

from pathlib import Path

import frost_sta_client as client
import httpx
import pytest

from deploy.embedded.postgres import Postgres
from tests.processes import free_port, running
from tests.sensorthings_city import BAY, MOVED, STATION, sensorthings_database

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:furl.pathstr is deprecated:DeprecationWarning"),  # in the client
]


def test_a_client_of_others_lists_things_and_reads_a_series(
    postgres: Postgres, city_template: str, tmp_path: Path
) -> None:
    """329 Things in the inventory, of which here one is not public and one retired; 10 to 15 hour by hour."""
    bind = f"127.0.0.1:{free_port()}"
    with sensorthings_database(postgres, city_template, "sensorthings_client") as (url, ids):
        env = {
            "HANOI_PUBLIC_DATABASE_URL": url,
            "HANOI_PUBLIC_BIND": bind,
            "HANOI_PUBLIC_URL": f"http://{bind}",
        }
        with running("hanoi-public", env=env, bind=bind, folder=tmp_path):
            service = client.SensorThingsService(f"http://{bind}/sta/v1.1")
            _lists_things(service)
            _reads_a_series(service, ids[STATION, "pm2_5"])
            _follows_pages(service, ids[MOVED, "pm2_5"])
            _reads_what_is_related(service)
            assert httpx.get(f"http://{bind}/sta/v1.1").status_code == 200
    assert "ERROR" not in (tmp_path / "hanoi-public.log").read_text()


def _lists_things(service: client.SensorThingsService) -> None:
    things = service.things().query().count().top(50).list()
    assert things.count == 327
    found = {thing.id: thing for thing in things}  # page after page
    assert len(found) == 327
    assert found[STATION].name == "Trung Yên 3"
    assert found[STATION].properties["domain"] == "air_quality"
    assert BAY in found


def _reads_a_series(service: client.SensorThingsService, id: int) -> None:
    stream = service.datastreams().find(id)
    assert stream.unit_of_measurement.symbol == "µg/m³"
    series = (
        stream.get_observations()
        .query()
        .filter("phenomenonTime ge 2026-11-21T22:00:00Z and resultQuality/code eq 1")
        .orderby("phenomenonTime", "desc")
        .list()
    )
    assert [(one.phenomenon_time, one.result) for one in series] == [
        ("2026-11-22T02:00:00Z", 15.0),
        ("2026-11-22T00:00:00Z", 13.0),
        ("2026-11-21T23:00:00Z", 12.0),
        ("2026-11-21T22:00:00Z", 11.0),
    ]
    assert {one.parameters["provenance"] for one in series} == {"measured"}
    last = series.get(0)
    assert service.observations().find(last.id).result == last.result


def _follows_pages(service: client.SensorThingsService, id: int) -> None:
    pages = service.datastreams().find(id).get_observations().query().top(10).list()
    results = [one.result for one in pages]
    assert results == [float(number) for number in range(48)]


def _reads_what_is_related(service: client.SensorThingsService) -> None:
    things = (
        service.things()
        .query()
        .filter(
            "Datastreams/ObservedProperty/name eq 'vn_aqi' and properties/attributes/station_type eq 'fixed'"
        )
        .expand("Locations,Datastreams($expand=ObservedProperty,Sensor)")
        .list()
    )
    station = next(thing for thing in things if thing.id == STATION)
    assert station.locations.get(0).location["coordinates"] == [105.7999, 21.0152]
    names = {stream.observed_property.name for stream in station.datastreams}
    assert {"pm2_5", "vn_aqi"} <= names
    assert [one.id for one in service.locations().find(STATION).get_things().query().list()] == [STATION]
