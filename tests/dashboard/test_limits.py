"""Windows that move with time, whoever asks; and who counts as one visitor."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.api.allowance import Allowances, given_key
from dashboard.api_keys import KeyRing
from dashboard.limits import AnonymousLimits, BoundedCounts, Verdict, Windows, fields
from dashboard.networks import network


class Time:
    def __init__(self, now: float = 600.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("address", "visitor"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unix:", "unix:"),
    ],
)
def test_a_visitor_is_an_address_or_a_64(address: str, visitor: str) -> None:
    assert network(address) == visitor


def test_so_many_a_minute_and_then_no_more_until_the_window_has_moved() -> None:
    """600 s is the begin of a minute. At 30 s into the next one half of the last one's four still counts."""
    time = Time()
    windows, item = Windows(BoundedCounts(clock=time)), RateLimitItemPerMinute(4)

    def ask() -> tuple[bool, int]:
        verdict = windows.take(item, "a", "p")
        return verdict.allowed, verdict.remaining

    assert [ask() for _ in range(5)] == [(True, 3), (True, 2), (True, 1), (True, 0), (False, 0)]
    time.now = 660.0
    assert ask() == (False, 0)
    time.now = 690.0
    assert [ask() for _ in range(3)] == [(True, 1), (True, 0), (False, 0)]
    assert windows.take(item, "b", "p").remaining == 3


@given(
    limit=st.integers(1, 50),
    asked=st.lists(st.floats(0.0, 40.0), min_size=1, max_size=120),
)
def test_whoever_waits_as_long_as_told_is_let_in(limit: int, asked: list[float]) -> None:
    time = Time()
    windows, item = Windows(BoundedCounts(clock=time)), RateLimitItemPerMinute(limit)
    for pause in asked:
        time.now += pause
        verdict = windows.take(item, "a", "p")
        if not verdict.allowed:
            time.now += int(verdict.after_s) + 1  # what Retry-After says
            assert windows.take(item, "a", "p").allowed


def test_memory_is_bounded_and_who_asks_is_remembered() -> None:
    counts = BoundedCounts(most=100, clock=Time())
    windows, item = Windows(counts), RateLimitItemPerMinute(1)
    assert windows.take(item, "busy", "p").allowed
    for number in range(10_000):
        windows.take(item, f"visitor {number}", "p")
        assert not windows.take(item, "busy", "p").allowed
    assert len(counts) == 100


def test_a_limit_of_0_is_none() -> None:
    limits = AnonymousLimits(api_per_minute=0, queries_per_minute=1, streams=0)
    assert [limits.take(AnonymousLimits.API, "a") for _ in range(3)] == [[], [], []]
    assert [limits.take(AnonymousLimits.QUERIES, "a")[0].allowed for _ in range(2)] == [True, False]
    assert all(limits.open_stream("a") for _ in range(1000))


def test_streams_of_one_network_are_so_many_and_closed_ones_are_not_counted() -> None:
    limits = AnonymousLimits(api_per_minute=0, queries_per_minute=0, streams=2)
    assert [limits.open_stream("a") for _ in range(3)] == [True, True, False]
    assert limits.open_stream("b")
    limits.close_stream("a")
    assert [limits.open_stream("a") for _ in range(2)] == [True, False]


def test_the_fields_are_those_of_the_draft() -> None:
    """draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: lists of strings with q, w and r, t."""
    told = [
        Verdict(policy="key-minute", quota=600, window_s=60, remaining=12, after_s=30.5, allowed=True),
        Verdict(policy="key-day", quota=1000, window_s=86400, remaining=0, after_s=59.0, allowed=False),
    ]
    assert fields(told) == [
        (b"ratelimit-policy", b'"key-minute";q=600;w=60, "key-day";q=1000;w=86400'),
        (b"ratelimit", b'"key-minute";r=12;t=31, "key-day";r=0;t=60'),
    ]
    assert fields([]) == []


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, None),
        ({"authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer  abc "}, "abc"),
        ({"authorization": "Bearer"}, ""),
        ({"authorization": "Basic YTpi"}, None),
        ({"x-api-key": "abc"}, "abc"),
        ({"x-api-key": ""}, ""),
        ({"authorization": "Bearer abc", "x-api-key": "other"}, "abc"),
    ],
)
def test_where_a_key_stands(headers: dict[str, str], key: str | None) -> None:
    assert given_key(Headers(headers)) == key


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/sta/v1.1/Things", "queries"),
        ("/ngsi-ld/v1/entities", "queries"),
        ("/ngsi-ld/v1/types", "queries"),
        ("/api/v1/things", "queries"),
        ("/api/v1/parking/datex2/status.xml", "api"),
        ("/api/v1/alerts", "api"),
    ],
)
def test_each_route_counts_in_its_policy(path: str, policy: str) -> None:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    limits = AnonymousLimits(api_per_minute=9, queries_per_minute=3, streams=1)
    app = Allowances(served, anonymous=limits, keys=KeyRing(lambda: datetime.now(UTC)))

    async def asked() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
            return (await http.get(path)).headers["ratelimit-policy"]

    assert asyncio.run(asked()).startswith(f'"{policy}"')
