"""/search and /places on a real database, and what the page may ask of the browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.api import schema
from storage import db
from tests.dashboard.finding_cases import CASES
from tests.processes import wait_for
from tests.public_site import Served, serving

pytestmark = pytest.mark.integration


@pytest.fixture
def served(city_url: str) -> Iterator[Served]:
    with serving(city_url) as site:
        yield site


def search(served: Served, **parameters: Any) -> list[schema.FoundItem]:
    answer = served.http.get("/api/v1/search", params=parameters)
    assert answer.status_code == 200, answer.text
    return schema.FoundList.model_validate_json(answer.content).items


def refused(served: Served, **parameters: Any) -> list[str]:
    answer = served.http.get("/api/v1/search", params=parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = schema.Problem.model_validate_json(answer.content)
    return [one.parameter for one in problem.errors or []]


def test_places_are_found_without_a_query_and_follow_the_city(served: Served, city_url: str) -> None:
    """One site for all of it: a search, its limits, the whole list, a Thing that is new."""
    for typed, first in CASES["first"]:
        if first is None and typed == "–?!":
            assert refused(served, q=typed) == ["q"]
        else:
            best = search(served, q=typed, limit=1)
            assert [[one.kind, one.id] for one in best] == ([] if first is None else [first]), typed

    (street,) = search(served, q="tran hung dao", limit=1)
    assert (street.name.vi, street.name.en, street.domains) == ("Trần Hưng Đạo", "Tran Hung Dao", ["parking"])
    assert street.location is not None
    assert street.location.trust == "S"
    assert [one.kind for one in search(served, q="tran hung dao", limit=10)] == ["street"] + 9 * ["thing"]
    assert len(search(served, q="a")) == 10

    for wrong in ({}, {"q": ""}, {"q": "a" * 81}):
        assert refused(served, **wrong) == ["q"]
    assert refused(served, q="a", limit=0) == ["limit"]
    assert refused(served, q="a", limit=51) == ["limit"]
    assert refused(served, q="a", limit="many") == ["limit"]

    places = schema.PlaceList.model_validate_json(served.http.get("/api/v1/places").content).items
    assert [one.kind for one in places].count("ward") == 126
    assert (
        served.http.get("/api/v1/places").headers["etag"] == served.http.get("/api/v1/places").headers["etag"]
    )

    with db.connect(city_url, name="test") as conn:
        conn.execute("UPDATE thing SET name_vi = 'Chùa Bộc' WHERE id = 'trung-yen-3'")
    wait_for(lambda: search(served, q="chua boc"), "the new name is found")
    assert not [one for one in search(served, q="trung yen") if one.id != "trung-yen-3"]


def test_the_page_may_ask_where_somebody_is_and_for_nothing_else(served: Served) -> None:
    policy = served.http.get("/").headers["permissions-policy"]
    assert policy == "camera=(), microphone=(), geolocation=(self)"
