"""What the sections of rain & flood and of parking ask for: in process, on a real database."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from dashboard.replay import STEP, STEPS
from storage import grids
from storage.model import Provenance
from storage.operators import Role
from tests.dashboard.room import Clock, log_in, talk
from tests.dashboard.test_thing_page import desk, visit
from tests.public_site import Writer

pytestmark = pytest.mark.integration

NOW = Clock().now
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
REPLAY, STREETS = "/ops/api/replay", "/ops/api/parking/streets"
PANEL = "/ops/api/pages/rain-flood/panels"
POINT = "flood-tong-dan"


def test_nobody_who_is_out_may_look(city_url: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        for path in (REPLAY, STREETS):
            assert (await client.get(path)).status_code == 401

    with desk(city_url) as (application, _):
        talk(application, look)


def test_before_the_city_is_known_it_is_said(city_url: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        await log_in(client)
        for path in (REPLAY, STREETS):
            answer = await client.get(f"{path}?lang=en")
            assert (answer.status_code, answer.json()["code"]) == (503, "database")

    with desk(city_url) as (application, _):
        talk(application, look)


def test_a_viewer_gets_48_hours_in_one_answer(city_url: str) -> None:
    at = NOW - 7 * STEP
    Writer(city_url).write(POINT, "water_depth", (at, 47.0), provenance=Provenance.SIMULATED)

    async def look(client: httpx.AsyncClient) -> None:
        found = (await client.get(REPLAY)).json()
        [row] = [one for one in found["things"] if one["id"] == POINT]
        assert found["steps"] == STEPS == len(row["results"])
        assert datetime.fromisoformat(found["to"]) == NOW
        assert {n: value for n, value in enumerate(row["results"]) if value is not None} == {
            STEPS - 1 - 7: 47.0
        }
        assert (row["simulated"], found["simulated"]) == (True, True)
        assert {one["domain"] for one in found["things"]} == {"rain", "flood"}

    with desk(city_url, role=Role.VIEWER) as made:
        visit(made, look)


def test_streets_have_all_their_bays_and_who_stays_too_long(city_url: str) -> None:
    writer = Writer(city_url)
    told = [(NOW - 5 * HOUR, 0.0), *((NOW - n * 25 * MINUTE, 1.0) for n in range(1, 12))]
    writer.write("thd-09-b15", "occupied", *told)
    writer.write("thd-01-b01", "occupied", (NOW - 2 * MINUTE, 1.0))

    async def look(client: httpx.AsyncClient) -> None:
        found = (await client.get(f"{STREETS}?lang=en")).json()
        names = [street["name"] for street in found["streets"]]
        points = {point["id"]: point for street in found["streets"] for point in street["points"]}
        assert names == ["Lý Thường Kiệt", "Trần Hưng Đạo"]
        assert [sum(len(p["bays"]) for p in street["points"]) for street in found["streets"]] == [114, 134]
        assert [point["id"] for point in found["streets"][1]["points"]][::8] == ["thd-01", "thd-09"]
        assert points["thd-01"]["bays"][0]["state"] == "occupied"
        assert points["thd-01"]["bays"][1]["state"] == "unknown"
        [over] = found["overstays"]
        assert (over["bay"], over["length"]) == ("thd-09-b15", "4 h 35 min")

    with desk(city_url) as made:
        visit(made, look)


def test_squares_are_as_wide_as_what_is_drawn_instead_of_too_many_values(
    city_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """33 points that report every minute of a day are 47,520 values: their squares are hours, without gaps between."""
    monkeypatch.setattr(grids, "MOST_ROWS", 100)
    points = [(NOW - n * MINUTE, 7.0) for n in range(1, 6 * 60)]
    Writer(city_url).write(POINT, "water_depth", *points)

    async def look(client: httpx.AsyncClient) -> None:
        found: dict[str, Any] = (await client.get(f"{PANEL}/flood-depth?range=6h&lang=en")).json()
        heat = found["figure"]["data"][0]
        row = heat["z"][heat["y"].index("Tong Dan")]
        assert len(row) == 6
        assert None not in row

    with desk(city_url) as made:
        visit(made, look)


PANELS = {
    "rain-flood": ["rain-sums", "hyetograph", "flood-depth", "rain-hours", "flood-compare"],
    "parking": ["parking-week", "parking-days", "occupancy", "compare"],
}


def test_a_city_without_values_has_panels_that_say_so(city_url: str) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        for page, panels in PANELS.items():
            made = (await client.get(f"/ops/api/pages/{page}")).json()["panels"]
            assert [one["key"] for one in made] == panels
            for panel in panels:
                address = f"/ops/api/pages/{page}/panels/{panel}"
                assert (await client.get(address)).json()["empty"] is True
                for form in ("", "?for=excel"):
                    assert (await client.get(f"{address}/csv{form}")).status_code == 200

    with desk(city_url) as made:
        visit(made, look)
