"""Asking, looking and ending, by the pages and by the API alike: limited for each network."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from dashboard.networks import network
from storage import db, subscriptions
from storage.subscriptions import Answer, Channel, HeldSubscription, NewSubscription

RETRY_AFTER_S: Final = 600
_ATTEMPTS: Final = RateLimitItemPerMinute(120, 10, namespace="subscription attempt")
_ASKED: Final = (
    RateLimitItemPerMinute(20, 10, namespace="subscription asked"),
    RateLimitItemPerDay(100, namespace="subscription asked"),
)
"""A mobile network hides many people behind one address."""
_CONNECT_S: Final = 5.0
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Channels:
    """By which citizens can be told here."""

    email: bool = False
    push_key: str | None = None
    """Our VAPID public key, as browsers want it."""
    zalo_url: str | None = None


class Limited(RuntimeError):
    """Too much from one network. Later it is another matter."""


class Desk:
    """One for the process. Counted in memory: there is one public process, and a restart forgives."""

    def __init__(self, pool: db.Connections, channels: Channels) -> None:
        self.channels = channels
        self._pool = pool
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def offers(self, channel: str) -> bool:
        return self.channels.email if channel == Channel.EMAIL else self.channels.push_key is not None

    async def ask(self, request: Request, new: NewSubscription) -> tuple[Answer, str | None]:
        """What became of it, and of push the token that ends it.

        Raises Limited, SubscriptionRefused, DatabaseUnreachable.
        """
        self._attempt(request)
        if not all(self._limiter.hit(item, _whose(request)) for item in _ASKED):
            raise Limited
        token = subscriptions.new_token() if new.channel == Channel.PUSH else None
        answer = await self._in_thread(lambda conn: subscriptions.ask(conn, new, token))
        return answer, token if answer is Answer.TAKEN else None

    async def held(self, request: Request, token: str) -> list[HeldSubscription]:
        """Raises Limited, DatabaseUnreachable; so do the others."""
        self._attempt(request)
        return await self._in_thread(lambda conn: subscriptions.held(conn, token))

    async def confirm(self, request: Request, token: str) -> bool:
        self._attempt(request)
        return await self._in_thread(lambda conn: subscriptions.confirm(conn, token))

    async def delete(self, request: Request, token: str, one: int | None) -> int:
        self._attempt(request)
        return await self._in_thread(lambda conn: subscriptions.delete(conn, token, one))

    async def delete_own(self, request: Request, token: str) -> int:
        """What the token was made for, and nothing else."""
        self._attempt(request)

        def work(conn: db.Connection) -> int:
            own = [one.id for one in subscriptions.held(conn, token) if one.own]
            return subscriptions.delete(conn, token, own[0]) if own else 0

        return await self._in_thread(work)

    def _attempt(self, request: Request) -> None:
        if not self._limiter.hit(_ATTEMPTS, _whose(request)):
            raise Limited

    async def _in_thread(self, work: Callable[[db.Connection], _T]) -> _T:
        def run() -> _T:
            with self._pool.connection(timeout=_CONNECT_S) as conn:
                return work(conn)

        return await asyncio.to_thread(run)


def _whose(request: Request) -> str:
    """The peer's address, as the server knows it: never a header that anybody can write."""
    return network(request.client.host) if request.client else "-"
