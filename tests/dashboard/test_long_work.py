"""Work that lasts over real HTTP: how far it is, cancelled by who asked and by nobody else, ended by who goes away.

A row that is locked elsewhere holds an apply at its second line for as long as a test wants.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
import pytest

from storage import db
from storage.operators import Role
from tests.dashboard.room import PASSWORD, add, csrf_token_of, serving
from tests.integration.rejecting import rows
from tests.processes import wait_for

pytestmark = pytest.mark.integration

LINES: Final = {"Accept": "application/x-ndjson"}
FILE: Final = (
    b"id,domain,name_vi,name_en\nrain-mot,rain,Mot,One\nhoan-kiem,,Hoan Kiem moi,\nrain-hai,rain,Hai,Two\n"
)
KEPT: Final = (
    "SELECT (SELECT count(*) FROM thing) AS things,"
    " (SELECT name_vi FROM thing WHERE id = 'hoan-kiem') AS name,"
    " (SELECT count(*) FROM operator_audit WHERE action LIKE 'thing%') AS audited"
)


@pytest.fixture
def url(city_url: str) -> Iterator[str]:
    add(city_url)
    add(city_url, "mai")
    add(city_url, "eve", Role.VIEWER)
    with serving(city_url) as address:
        yield address


@contextmanager
def entered(url: str, name: str = "lan") -> Iterator[httpx.Client]:
    """A browser that is logged in and patient."""
    with httpx.Client(base_url=url, timeout=120) as client:
        form = client.get("/ops/login")
        fields = {"username": name, "password": PASSWORD, "csrf_token": csrf_token_of(form)}
        client.post("/ops/login", data=fields)
        client.headers["X-CSRF-Token"] = client.cookies["hanoi_ops_csrf"]
        yield client


@contextmanager
def asked(client: httpx.Client, act: str, **query: str) -> Iterator[Iterator[dict[str, Any]]]:
    query = {"name": "things.csv", "lang": "en", **query}
    path = f"/ops/api/inventory/{act}"
    with client.stream("POST", path, params=query, headers=LINES, content=FILE) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        yield (json.loads(line) for line in answer.iter_lines())


@contextmanager
def held(city_url: str) -> Iterator[None]:
    """Nobody else can change Hoan Kiem meanwhile."""
    with db.connect(city_url, name="test-holds") as conn:
        conn.execute("SELECT FROM thing WHERE id = 'hoan-kiem' FOR UPDATE")
        yield
        conn.rollback()


def planned(client: httpx.Client) -> str:
    """The digest of a dry run."""
    with asked(client, "check") as lines:
        said = list(lines)
    assert "work" in said[0]
    found = said[-1]["found"]
    assert found["counts"] == {"made": 2, "changed": 1, "same": 0, "refused": 0}
    return str(found["digest"])


def until_held(lines: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """What is said where the row that is held elsewhere stops it."""
    return next(line for line in lines if (line.get("stage"), line.get("done")) == ("Applying each line", 1))


def stop(client: httpx.Client, work: str) -> int:
    return client.post(f"/ops/api/long-work/{work}/stop", params={"lang": "en"}).status_code


def waiting(city_url: str) -> bool:
    """Whether the control room waits for a lock."""
    found = rows(
        city_url,
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'hanoi-control-room' AND wait_event_type = 'Lock'",
    )
    return bool(found[0]["n"])


def test_an_apply_that_is_cancelled_in_its_middle_changes_nothing_and_others_are_served(
    url: str, city_url: str
) -> None:
    before = rows(city_url, KEPT)
    with entered(url) as lan, entered(url, "mai") as mai:
        digest = planned(lan)
        with held(city_url), asked(lan, "apply", digest=digest) as lines:
            work = next(lines)["work"]
            assert until_held(lines) == {
                "stage": "Applying each line",
                "count": "1 of 3 lines",
                "done": 1,
                "of": 3,
            }
            assert mai.get("/ops/api/inventory?lang=en").status_code == 200
            assert mai.get("/ops/things").status_code == 200
            assert stop(mai, work) == 404  # it is not hers
            with asked(mai, "check") as queued:  # one file at a time; who waits for it may leave too
                other = next(queued)["work"]
                assert next(queued) == {"stage": "Waiting for its turn"}
                assert stop(mai, other) == 200
                assert list(queued)[-1] == {"stopped": "Cancelled. Nothing has changed."}
            assert stop(lan, work) == 200
            assert list(lines)[-1] == {"stopped": "Cancelled. Nothing has changed."}
            assert (
                rows(city_url, KEPT) == before
            )  # while the row is still held: it waits for nothing any more
            assert not waiting(city_url)
            assert stop(lan, work) == 404
        assert rows(city_url, KEPT) == before
        with asked(lan, "apply", digest=planned(lan)) as lines:
            assert list(lines)[-1]["found"]["counts"]["made"] == 2
    things = before[0]["things"]
    # two made, one changed, one file loaded
    assert rows(city_url, KEPT) == [{"things": things + 2, "name": "Hoan Kiem moi", "audited": 4}]


def test_who_goes_away_ends_the_work(url: str, city_url: str) -> None:
    before = rows(city_url, KEPT)
    with entered(url) as client:
        digest = planned(client)
        with held(city_url):
            with asked(client, "apply", digest=digest) as lines:
                until_held(lines)
                wait_for(lambda: waiting(city_url), "it waits for the row")
            wait_for(lambda: not waiting(city_url), "it was ended")
        with asked(client, "check") as lines:  # its turn is over
            assert list(lines)[-1]["found"]["counts"]["made"] == 2
    assert rows(city_url, KEPT) == before


def test_what_cannot_be_is_said_at_the_end_and_a_viewer_changes_nothing(url: str) -> None:
    with entered(url) as client:
        with asked(client, "apply", digest="of another day") as lines:
            assert list(lines)[-1] == {
                "refused": "Things changed since the dry run. Run it again.",
                "code": "bulk_changed",
            }
        headers = LINES | {"X-CSRF-Token": "forged"}
        assert client.post("/ops/api/long-work/x/stop", headers=headers).status_code == 403
    with entered(url, "eve") as viewer:
        answer = viewer.post("/ops/api/inventory/apply", headers=LINES, content=FILE)
        assert answer.status_code == 403
        # a PDF is for everybody: line by line for the page's script, whole for a plain link
        with viewer.stream("GET", "/ops/reports/shift.pdf?lang=en", headers=LINES) as told:
            said = [json.loads(line) for line in told.iter_lines()]
        assert said[0]["bound"] == "rendering ends after 40 s at the latest"
        assert said[-1]["found"]["name"] == "hanoi-shift.pdf"
        plain = viewer.get("/ops/reports/shift.pdf?lang=en")
        assert plain.headers["content-type"] == "application/pdf"
        assert plain.content.startswith(b"%PDF")
