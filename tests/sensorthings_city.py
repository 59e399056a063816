"""Hanoi with a few values, a Thing that moved, one that is retired and one that is not public, as SensorThings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from psycopg import sql

from deploy.embedded.postgres import Postgres
from storage import catalog, db, observations, things
from storage.model import Observation, Provenance, Quality
from tests.public_site import Served, serving

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
MOVED_AT = datetime(2026, 11, 21, tzinfo=UTC)
MOVED, RETIRED, HIDDEN = "hoan-kiem", "tan-mai", "kim-lien"
STATION, BAY = "trung-yen-3", "ltk-01-b01"
INTERNAL = "pulse"
"""Of the platform's own domain, and marked public by mistake."""
HOUR = timedelta(hours=1)
ROOT = "/sta/v1.1"


@dataclass(frozen=True, kw_only=True)
class SensorThings:
    served: Served
    ids: Mapping[tuple[str, str], int]
    """Datastreams by Thing and property."""

    def answer(self, path: str, query: str = "") -> httpx.Response:
        return self.served.http.get(f"{ROOT}/{path}" + (f"?{query}" if query else ""))

    def get(self, path: str, query: str = "") -> Any:
        answer = self.answer(path, query)
        assert answer.status_code == 200, (path, query, answer.text)
        return answer.json()

    def values(self, path: str, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(path, query)["value"]
        return found

    def found(self, path: str, condition: str, more: str = "") -> list[Any]:
        """Ids of what a filter finds."""
        query = str(httpx.QueryParams({"$filter": condition, "$top": "1000"})) + more
        return [one["@iot.id"] for one in self.values(path, query)]

    def at(self, link: str) -> Any:
        """What an absolute link leads to."""
        answer = self.served.http.get(link)
        assert answer.status_code == 200, (link, answer.text)
        return answer.json()


@contextmanager
def sensorthings_city(postgres: Postgres, template: str, name: str) -> Iterator[SensorThings]:
    """In a database of its own, so that many tests can read it; served as the role of the public process."""
    with (
        sensorthings_database(postgres, template, name) as (url, ids),
        serving(url, clock=lambda: NOW, catalog_folders=[catalog.OPERATIONS]) as served,
    ):
        yield SensorThings(served=served, ids=ids)


@contextmanager
def sensorthings_database(
    postgres: Postgres, template: str, name: str
) -> Iterator[tuple[str, Mapping[tuple[str, str], int]]]:
    """Its URL for the public role, and Datastreams by Thing and property."""
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    try:
        with db.connect(postgres.url("postgres", name), name="test") as conn:
            _add_internal(conn)
            ids = {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}
            observations.write(conn, list(_values(ids)))
            _change_things(conn)
        postgres.create_login("public_login", member_of="hanoi_public")
        yield postgres.url("public_login", name), ids
    finally:
        with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _values(ids: Mapping[tuple[str, str], int]) -> Iterator[Observation]:
    """pm2_5 of the station: 10 to 15, one an hour to 02:00, the last but one suspect. Of the moved Thing 48 hours."""
    for number in range(6):
        suspect = number == 4
        yield _value(
            ids[STATION, "pm2_5"],
            NOW - (6 - number) * HOUR,
            10.0 + number,
            quality=Quality.SUSPECT if suspect else Quality.GOOD,
            quality_reason="spike" if suspect else None,
        )
    for number in range(48):
        yield _value(
            ids[MOVED, "pm2_5"],
            NOW - (48 - number) * HOUR,
            float(number),
            provenance=Provenance.SIMULATED,
        )
    yield _value(
        ids[STATION, "vn_aqi"],
        NOW - HOUR,
        55.0,
        provenance=Provenance.DERIVED,
        input_provenance=Provenance.SIMULATED,
        parameters={"dominant": "pm2_5", "hours": {"pm2_5": 12}},
    )
    for number in range(4):
        yield _value(ids[BAY, "occupied"], NOW - (4 - number) * HOUR, float(number % 2))
    for retired_or_hidden in (RETIRED, HIDDEN):
        yield _value(ids[retired_or_hidden, "pm2_5"], NOW - HOUR, 99.0)
    yield _value(ids[INTERNAL, "heartbeat"], NOW - HOUR, 12345.0)


def _value(datastream_id: int, time: datetime, result: float, **more: Any) -> Observation:
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=time,
        result_time=time + timedelta(seconds=30, milliseconds=250),
        result=result,
        **more,
    )


def _add_internal(conn: db.Connection) -> None:
    conn.execute(
        "INSERT INTO thing (id, domain, kind, name_vi, name_en, is_public)"
        " VALUES (%s, 'operations', 'canary', 'x', 'x', true)",
        (INTERNAL,),
    )
    conn.execute(
        "INSERT INTO datastream (thing_id, property, unit, interval_s) VALUES (%s, 'heartbeat', '1', 10)",
        (INTERNAL,),
    )


def _change_things(conn: db.Connection) -> None:
    conn.execute(
        "INSERT INTO thing_place_left (thing_id, left_at, lat, lon, coordinate_trust, coordinate_source, reason,"
        " moved_by, recorded_at) VALUES (%s, %s, 21.04, 105.86, 'M', 'test', 'test', 'test', %s)",
        (MOVED, MOVED_AT, NOW),
    )
    conn.execute(
        "UPDATE thing SET retired_from = %s, retired_reason = 'test', retired_by = 'test' WHERE id = %s",
        (NOW, RETIRED),
    )
    conn.execute("UPDATE thing SET is_public = false WHERE id = %s", (HIDDEN,))
