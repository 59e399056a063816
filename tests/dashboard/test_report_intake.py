"""Who may hand in how many reports: by address, at once and in time. Nothing is stored here."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from starlette.requests import Request

from dashboard.citizen_forms.uploads import UploadRefused
from dashboard.reporting.intake import Intake


def of(address: str) -> Request:
    return Request(
        {"type": "http", "method": "POST", "path": "/", "headers": [], "client": (address, 50_000)}
    )


def intake() -> Intake:
    return Intake(cast(Any, None))


async def _attempts(one: Intake, address: str, most: int = 100) -> int:
    """How many of an address are let through, one after the other."""
    for done in range(most):
        if await _refusal(one, address) is not None:
            return done
    return most


async def _refusal(one: Intake, address: str) -> tuple[str, int] | None:
    try:
        async with one.turn(of(address)):
            return None
    except UploadRefused as refused:
        return refused.code, refused.status


def test_an_address_has_sixty_attempts_and_another_its_own() -> None:
    one = intake()
    assert asyncio.run(_attempts(one, "203.0.113.7")) == 60
    assert asyncio.run(_attempts(one, "203.0.113.8")) == 60
    assert asyncio.run(_refusal(one, "203.0.113.8")) == ("limited", 429)


def test_a_subscriber_of_ipv6_has_one_share() -> None:
    one = intake()
    assert asyncio.run(_attempts(one, "2001:db8:1:2::1")) == 60
    assert asyncio.run(_attempts(one, "2001:db8:1:2:ffff::9")) == 0
    assert asyncio.run(_attempts(one, "2001:db8:1:3::1")) == 60


@pytest.mark.parametrize(
    ("addresses", "most"), [(["203.0.113.7"] * 20, 3), ([f"203.0.113.{n}" for n in range(20)], 16)]
)
def test_so_many_are_under_way_at_once(addresses: list[str], most: int) -> None:
    async def together(one: Intake) -> int:
        async with AsyncExitStack() as stack:
            for done, address in enumerate(addresses):
                if done == most:
                    assert await _refusal(one, address) == ("busy", 503)
                    return done
                await stack.enter_async_context(one.turn(of(address)))
        return len(addresses)

    one = intake()
    assert asyncio.run(together(one)) == most
    assert asyncio.run(together(one)) == most  # those before are done
