"""How often the public API may be asked, without a key, with one, through a proxy; what pages of other sites may."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from dashboard.bounded_http import Bounds
from dashboard.public_site import Allowed
from deploy.embedded.postgres import Postgres
from storage import api_keys, db
from tests.processes import BIN, free_port, running, wait_for
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.integration

API = "/api/v1"
FEW = Allowed(api_per_minute=30, queries_per_minute=3, streams=1)


class Clock:
    """Stands still, so that no window moves."""

    def __init__(self) -> None:
        self.now = now().replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def public_url(postgres: Postgres, city_url: str) -> str:
    postgres.create_login("public_login", member_of="hanoi_public")
    return postgres.url("public_login", city_url.rsplit("/", 1)[1])


def key_command(url: str, *arguments: str, fails: bool = False) -> str:
    """What `hanoi-public key …` prints."""
    done = subprocess.run(
        [BIN / "hanoi-public", "key", *arguments],
        env={"HANOI_DATABASE_URL": url, "HANOI_RUNTIME_DIR": "/nonexistent", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert (done.returncode == 1) is fails, done.stderr
    return (done.stderr if fails else done.stdout).strip()


def history(city_url: str) -> str:
    return f"{API}/datastreams/{Writer(city_url).ids['flood-tong-dan', 'water_depth']}/observations"


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    return found


def test_queries_are_fewer_and_maps_and_pages_have_no_end(city_url: str, public_url: str) -> None:
    path = history(city_url)
    with serving(public_url, allowed=FEW, clock=Clock()) as served:
        answers = [served.http.get(path) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"queries";q=3;w=60'
        assert answers[0].headers["ratelimit"].startswith('"queries";r=2;t=')
        refused = answers[3]
        assert problem(refused, 429)["title"] == "Too Many Requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 61
        assert refused.headers["access-control-allow-origin"] == "*"
        for _ in range(40):  # more than the 30 of the API
            for free in ("/", "/assets/map.js", f"{API}/map/rain.geojson", f"{API}/map/rain.geojson?bays=1"):
                assert served.http.get(free).status_code == 200
        assert served.http.get(f"{API}/domains").status_code == 200
        while (last := served.http.get(f"{API}/domains")).status_code == 200:
            assert last.headers["ratelimit"].startswith('"api";r=')
        problem(last, 429)
        assert 'hanoi_public_limited_total{policy="queries"} 1.0' in served.http.get("/metrics").text


def test_one_network_has_so_many_streams(public_url: str) -> None:
    with serving(public_url, allowed=FEW) as served:
        with httpx.stream("GET", f"{served.url}{API}/stream", timeout=60) as first:
            assert first.status_code == 200
            refused = served.http.get(f"{API}/stream")
            problem(refused, 429)
            assert refused.headers["retry-after"] == "30"
        wait_for(lambda: not served.site.hub.listeners, "the first is gone")
        with httpx.stream("GET", f"{served.url}{API}/stream", timeout=60) as second:
            assert second.status_code == 200


def test_a_forged_address_is_not_believed_and_a_proxys_word_is(city_url: str, public_url: str) -> None:
    path = history(city_url)

    def ask(served: Served, address: str) -> int:
        return served.http.get(path, headers={"X-Forwarded-For": address}).status_code

    with serving(public_url, allowed=FEW, clock=Clock()) as served:
        assert [ask(served, f"203.0.113.{n}") for n in range(5)] == [200, 200, 200, 429, 429]
    with serving(public_url, allowed=FEW, clock=Clock(), bounds=Bounds(proxies=("127.0.0.0/8",))) as served:
        assert [ask(served, f"203.0.113.{n}") for n in range(5)] == [200] * 5
        # Of a list only what our own proxy added counts: a visitor can write the rest.
        forged = [ask(served, f"198.51.100.{n}, 203.0.113.99") for n in range(4)]
        assert forged == [200, 200, 200, 429]
        # One subscriber's addresses of IPv6 are one visitor.
        assert [ask(served, f"2001:db8:1:2::{n}") for n in range(1, 5)] == [200, 200, 200, 429]
        assert ask(served, "2001:db8:1:3::1") == 200


def test_who_comes_through_a_proxy_of_this_machine_gets_no_metrics(public_url: str) -> None:
    with serving(public_url) as served:
        assert served.http.get("/metrics").status_code == 200
        forwarded = served.http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
        assert forwarded.status_code == 403


# Keys


def test_a_key_is_made_shown_once_used_counted_and_revoked(
    city_url: str, public_url: str, tmp_path: Path
) -> None:
    """By the commands and the process that its users have, as the role that may only add to the count."""
    key = key_command(city_url, "add", "lab-1", "--contact", "lab@example.vn", "--per-minute", "500")
    bind = f"127.0.0.1:{free_port()}"
    env = {
        "HANOI_PUBLIC_DATABASE_URL": public_url,
        "HANOI_PUBLIC_BIND": bind,
        "HANOI_PUBLIC_RATE_PER_MINUTE": "20",
    }
    base = f"http://{bind}{API}/domains"
    with running("hanoi-public", env=env, bind=bind, folder=tmp_path):
        for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
            answers = [httpx.get(base, headers=headers) for _ in range(15)]
            assert {answer.status_code for answer in answers} == {200}
            assert (
                answers[-1].headers["ratelimit-policy"]
                == '"key-minute";q=500;w=60, "key-day";q=100000;w=86400'
            )
        refused = httpx.get(base, headers={"X-API-Key": f"{key}x"})
        problem(refused, 401)
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert key_command(city_url, "revoke", "lab-1") == "lab-1: revoked"
        wait_for(lambda: httpx.get(base, headers={"X-API-Key": key}).status_code in (401, 429), "revoked")
    listed = key_command(city_url, "list")
    assert listed.split("\t")[:4] == ["lab-1", "revoked", "500/min", "100000/day"]
    used = int(listed.split("\t")[4].removeprefix("today "))
    assert used >= 30  # both ways, and what was asked until it was revoked
    with psycopg.connect(city_url) as conn:
        kept = conn.execute("SELECT to_jsonb(api_key)::text FROM api_key").fetchall()
    assert key not in str(kept)
    assert key not in (tmp_path / "hanoi-public.log").read_text()
    assert key_command(city_url, "revoke", "lab-1") == "lab-1: was revoked already"
    assert "take another name" in key_command(city_url, "add", "lab-1", "--contact", "x", fails=True)
    assert "no key 'lab-2'" in key_command(city_url, "revoke", "lab-2", fails=True)
    assert "is no name" in key_command(city_url, "add", "Lab!", "--contact", "x", fails=True)


def make_key(url: str, name: str, at: datetime, **quota: Any) -> str:
    key = f"hanoi_{name}_secret"
    terms: dict[str, Any] = {"per_minute": 100, "per_day": 1000, "expires_at": None} | quota
    with db.connect(url, name="test", autocommit=True) as conn:
        assert api_keys.add(
            conn, name=name, key_hash=api_keys.hash_of(key), contact="x", actor="test", now=at, **terms
        )
    return key


def test_a_quota_of_a_minute_of_a_day_and_an_end(city_url: str, public_url: str) -> None:
    clock = Clock()
    made_at = clock.now - timedelta(days=1)
    minute = make_key(city_url, "minute", made_at, per_minute=3)
    day = make_key(city_url, "day", made_at, per_day=4)
    ending = make_key(city_url, "ending", made_at, expires_at=clock.now + timedelta(hours=1))
    with serving(public_url, clock=clock, allowed=FEW) as served:
        wait_for(lambda: len(served.site.keys) == 3, "the keys are known")

        def ask(key: str) -> httpx.Response:
            return served.http.get(f"{API}/domains", headers={"X-API-Key": key})

        assert [ask(minute).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert [ask(day).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
        refused = ask(day)
        assert problem(refused, 429)["detail"].startswith("more than 4 requests in 86400 s")
        midnight = datetime.combine(
            (clock.now + timedelta(hours=7)).date() + timedelta(days=1), datetime.min.time(), UTC
        ) - timedelta(hours=7)
        assert int(refused.headers["retry-after"]) == int((midnight - clock.now).total_seconds()) + 1
        assert ask(ending).status_code == 200
        clock.now += timedelta(hours=1)
        assert ask(ending).status_code == 401
        assert ask(minute).status_code == 200
        assert served.http.get(f"{API}/domains").status_code == 200


def test_what_a_key_used_before_a_restart_counts_after_it(city_url: str, public_url: str) -> None:
    key = make_key(city_url, "lab", now() - timedelta(days=1), per_day=4)
    codes: list[int] = []
    for _ in range(2):
        with serving(public_url) as served:
            wait_for(lambda: len(served.site.keys) == 1, "the key is known")
            codes += [
                served.http.get(f"{API}/domains", headers={"X-API-Key": key}).status_code for _ in range(3)
            ]
    # unless Hanoi's midnight lies between the two, which a quota of the day forgives
    if written_days(city_url) == 1:
        assert codes == [200, 200, 200, 200, 429, 429]


def written_days(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT count(DISTINCT day) FROM api_key_use").fetchone()
    assert row is not None
    return int(row[0])


def test_the_public_role_adds_to_the_count_and_can_do_nothing_else_with_keys(
    city_url: str, public_url: str
) -> None:
    make_key(city_url, "lab", now() - timedelta(days=1))
    with psycopg.connect(public_url, autocommit=True) as conn:
        (key_id,) = conn.execute("SELECT id FROM public_view.api_key").fetchone() or (0,)
        columns = [
            column.name for column in conn.execute("SELECT * FROM public_view.api_key").description or ()
        ]
        assert set(columns) == {"id", "key_hash", "per_minute", "per_day", "expires_at", "day", "requests"}
        today = "(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"
        for more in ("5, 1", "-3, 0", "0, -1"):
            conn.execute(f"SELECT public_view.count_api_use({key_id}, {today}, {more})")
        conn.execute(f"SELECT public_view.count_api_use({key_id}, '2020-01-01', 5, 0)")
        conn.execute(f"SELECT public_view.count_api_use({key_id + 1}, {today}, 5, 0)")
        for forbidden in (
            "SELECT * FROM public.api_key",
            "SELECT * FROM public.api_key_use",
            "UPDATE public.api_key SET per_day = 1000000",
            "INSERT INTO public.api_key_use VALUES (1, '2026-01-01', 1, 1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(forbidden)
    with psycopg.connect(city_url, autocommit=True) as owner:
        assert owner.execute("SELECT requests, refused FROM api_key_use").fetchall() == [(5, 1)]
        for forbidden in (
            "DELETE FROM api_key",
            "UPDATE api_key SET per_day = 1",
            "TRUNCATE api_key CASCADE",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(forbidden)


# Other sites' pages, caches, the document


@pytest.fixture
def served(public_url: str) -> Iterator[Served]:
    with serving(public_url, allowed=Allowed(api_per_minute=6000, queries_per_minute=600)) as site:
        yield site


def test_a_page_of_another_site_may_send_a_key_and_read_what_is_left(served: Served) -> None:
    asked = served.http.options(
        f"{API}/things",
        headers={
            "Origin": "https://city.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert {"authorization", "x-api-key", "last-event-id"} <= {
        name.strip().lower() for name in asked.headers["access-control-allow-headers"].split(",")
    }
    assert "GET" in asked.headers["access-control-allow-methods"]
    exposed = served.http.get(f"{API}/things?limit=1").headers["access-control-expose-headers"]
    assert {"ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed.split(", "))


def test_every_get_says_how_long_it_may_be_kept_and_is_304_when_it_is_the_same(
    public_url: str, city_url: str
) -> None:
    """Of a city that is told nothing meanwhile, in a moment that stands still: pages say how old values are."""
    span = "?from=2026-03-14T03:00:00Z&to=2026-03-14T05:00:00Z"
    city = Writer(city_url)
    at = datetime(2026, 3, 14, 3, 30, tzinfo=UTC)
    city.write("flood-tong-dan", "water_depth", *[(at + timedelta(seconds=n), 1.0) for n in range(20)])
    with serving(public_url, clock=Clock()) as served:
        _check_caching(served, city_url, span)


def _check_caching(served: Served, city_url: str, span: str) -> None:
    for path in (
        f"{API}/domains",
        f"{API}/things",
        f"{API}/things/trung-yen-3",
        f"{API}/things?near=21.0285,105.8542&limit=5",
        history(city_url) + span,
        history(city_url) + span + "&step=1h",
        f"{API}/forecasts",
        f"{API}/forecasts/trung-yen-3",
        f"{API}/alerts",
        f"{API}/alerts/cap",
        f"{API}/notices",
        "/openapi.json",
        "/docs",
        "/",
        "/en/",
        "/assets/map.js",
    ):
        first = served.http.get(path)
        assert (first.status_code, first.headers["vary"]) == (200, "Accept-Encoding"), path
        assert "max-age=" in first.headers["cache-control"], path
        again = served.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"]
        head = served.http.head(path)
        assert (head.status_code, head.content) == (200, b""), path
    for path in ("/healthz", "/readyz", "/metrics", "/nothing", f"{API}/things/nowhere", f"{API}/nothing"):
        assert served.http.get(path).headers["cache-control"] == "no-store", path


def test_the_next_page_is_in_the_link_header_too(served: Served) -> None:
    first = served.http.get(f"{API}/things?domain=parking&limit=100")
    link = first.links["next"]["url"]
    second = served.http.get(str(first.url.join(link)))
    assert second.json()["items"][0]["id"] > first.json()["items"][-1]["id"]
    assert {item["domain"] for item in second.json()["items"]} == {"parking"}
    assert len(second.json()["items"]) == 100
    third = served.http.get(str(second.url.join(second.links["next"]["url"])))
    assert (len(third.json()["items"]), third.links) == (65, {})


def test_a_visitor_costs_the_database_nothing(public_url: str) -> None:
    """Page, assets, catalogue, lists, maps and stream are from memory; only history asks for a connection."""
    with serving(public_url) as served:

        def asked() -> int:
            return served.site.pool.get_stats().get("requests_num", 0)

        before = asked()
        for _ in range(20):
            for path in (
                "/",
                "/assets/map.js",
                f"{API}/domains",
                f"{API}/things",
                f"{API}/notices",
                f"{API}/alerts",
            ):
                assert served.http.get(path).status_code == 200
            assert served.http.get(f"{API}/map/flood.geojson").status_code == 200
            with httpx.stream("GET", f"{served.url}{API}/stream", timeout=60) as stream:
                assert next(stream.iter_lines())
        assert asked() == before
        served.http.get(f"{API}/datastreams/1/observations")
        assert asked() == before + 1
