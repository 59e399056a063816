"""/api/v1/alerts/cap: an Atom feed that any reader takes, and its documents, to the role that sees nothing else."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import pytest

from alerts.rules import RuleBook
from dashboard.api import schema
from dashboard.cap_feed import LISTED, CapBoard
from deploy.embedded.postgres import Postgres
from storage import db, leader
from storage.catalog import load_catalog
from tests.alerts.cap_reader import read
from tests.integration.test_cap import PUBLISHER
from tests.processes import wait_for
from tests.public_site import Served, serving

pytestmark = pytest.mark.integration

FEED = "/api/v1/alerts/cap"
ATOM = "{http://www.w3.org/2005/Atom}"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
"""RFC 3339, as RFC 4287 wants it."""


@pytest.fixture
def public_url(postgres: Postgres, city_url: str) -> str:
    postgres.create_login("public_login", member_of="hanoi_public")
    return postgres.url("public_login", city_url.rsplit("/", 1)[1])


@pytest.fixture
def served(public_url: str) -> Iterator[Served]:
    with serving(public_url) as site:
        yield site


def published(
    city_url: str, *, provenance: str = "measured", count: int = 1, ago: timedelta = timedelta(0)
) -> None:
    """So many flooded streets' messages, sent so long ago."""
    now = datetime.now(UTC) - ago
    with db.connect(city_url, name="test", autocommit=True) as conn:
        conn.execute(
            """
            INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                               runbook_vi, runbook_en, unit, limit_value, value, value_time, peak, pending_since,
                               firing_since, provenance, for_citizens, public, announced_at)
            SELECT 'flood-' || n, 'flood', d.thing_id, d.id, d.property, 'warning', 'firing', 'Ngập <b>&', 'Flooded',
                   'secret runbook', 'secret runbook', 'cm', 15, 20, %(now)s, 20, %(now)s, %(now)s,
                   %(provenance)s::provenance, true, 'auto', %(now)s
            FROM datastream d, generate_series(1, %(count)s) n
            WHERE d.thing_id = 'flood-tong-dan' AND d.property = 'water_depth'
            """,
            {"now": now, "provenance": provenance, "count": count},
        )
        term = leader.take_over(conn, "test")
        made = PUBLISHER.publish(
            conn, term, now, book=RuleBook.of([]), domains=load_catalog(), is_silenced=lambda labels: False
        )
        conn.execute("UPDATE alert SET published = false, state = 'resolved', resolved_at = %s", (now,))
        assert made == count


def entries(served: Served) -> list[ET.Element]:
    return ET.fromstring(served.http.get(FEED).content).findall(f"{ATOM}entry")


def test_an_empty_feed_is_a_feed(served: Served) -> None:
    answer = served.http.get(FEED)
    assert answer.headers["content-type"] == "application/atom+xml"
    assert_atom(answer.content)
    assert entries(served) == []


def test_a_message_is_listed_and_can_be_fetched(served: Served, city_url: str) -> None:
    published(city_url)
    wait_for(lambda: entries(served), "it is listed")
    answer = served.http.get(FEED)
    assert_atom(answer.content)
    [entry] = entries(served)
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.attrib["type"] == "application/cap+xml"
    document = served.http.get(urljoin(str(answer.url), link.attrib["href"]))
    assert document.status_code == 200
    assert document.headers["content-type"] == "application/cap+xml"
    got = read(document.text)
    assert got.texts["status"] == "Actual"
    assert got.infos["vi-VN"].texts["headline"].startswith("Ngập <b>&")
    assert "secret" not in document.text
    assert entry.findtext(f"{ATOM}updated", "") == (
        datetime.fromisoformat(got.texts["sent"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    assert "mô phỏng" not in answer.text


def test_a_feed_with_a_simulated_message_says_so(served: Served, city_url: str) -> None:
    published(city_url, provenance="simulated")
    wait_for(lambda: entries(served), "it is listed")
    feed = ET.fromstring(served.http.get(FEED).content)
    assert "Dữ liệu mô phỏng / Simulated data" in feed.findtext(f"{ATOM}subtitle", "")
    [entry] = feed.findall(f"{ATOM}entry")
    assert "[MÔ PHỎNG]" in entry.findtext(f"{ATOM}title", "")
    assert "[SIMULATED]" in entry.findtext(f"{ATOM}title", "")
    terms = {one.attrib["term"] for one in entry.findall(f"{ATOM}category")}
    assert terms == {"Exercise", "Alert"}


def test_the_newest_hundred_are_listed_and_older_ones_can_still_be_fetched(
    served: Served, city_url: str
) -> None:
    published(city_url, count=3, ago=timedelta(days=8))
    published(city_url, count=5, ago=timedelta(days=2))
    published(city_url, count=98)
    wait_for(lambda: entries(served), "they are listed")
    wait_for(lambda: len(served.site.cap.documents) == 103, "those of the last seven days are there")
    assert len(entries(served)) == LISTED == 100
    updated = [entry.findtext(f"{ATOM}updated", "") for entry in entries(served)]
    assert updated == sorted(updated, reverse=True)
    with db.connect(city_url, name="test") as conn:
        rows = conn.execute("SELECT identifier FROM cap_message ORDER BY sent_at, id").fetchall()
    status = [served.http.get(f"{FEED}/{row['identifier']}.xml").status_code for row in rows]
    assert status == [404] * 3 + [200] * 103


def test_who_has_it_is_told_so(served: Served, city_url: str) -> None:
    published(city_url)
    wait_for(lambda: entries(served), "it is listed")
    [identifier] = served.site.cap.documents
    for path in (FEED, f"{FEED}/{identifier}.xml"):
        first = served.http.get(path)
        again = served.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "max-age" in first.headers["cache-control"]
        assert first.headers["access-control-allow-origin"] == "*"
        assert served.http.head(path).headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("identifier", ["hanoi-20260720T170530-7-1", "nothing", "no.thing"])
def test_an_unknown_message_is_a_problem(served: Served, identifier: str) -> None:
    answer = served.http.get(f"{FEED}/{identifier}.xml")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert identifier in (schema.Problem.model_validate_json(answer.content).detail or "")


def test_links_lead_to_the_public_address_where_one_is_set() -> None:
    board = CapBoard("https://hanoi.example/")
    assert b'href="https://hanoi.example/api/v1/alerts/cap"' in board.feed.body


def assert_atom(body: bytes) -> None:
    """What RFC 4287 demands (4.1.1, 4.1.2, 4.2): there is no validator among our tools."""
    feed = ET.fromstring(body)
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            [one] = element.findall(f"{ATOM}{name}")
            assert one.text
        assert INSTANT.fullmatch(element.findtext(f"{ATOM}updated", ""))
        assert re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", element.findtext(f"{ATOM}id", "")), "an absolute IRI"
    ids = [element.findtext(f"{ATOM}id") for element in feed.iter() if element.find(f"{ATOM}id") is not None]
    assert len(set(ids)) == len(ids)
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None, "entries without an author need the feed's"
    relations: list[Any] = [link.attrib["rel"] for link in feed.findall(f"{ATOM}link")]
    assert relations == ["self"]
    for entry in feed.findall(f"{ATOM}entry"):
        [link] = entry.findall(f"{ATOM}link")
        assert link.attrib["rel"] == "alternate", "without content an entry needs one"
        assert entry.find(f"{ATOM}summary") is not None
