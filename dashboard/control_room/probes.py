"""/, /healthz, /readyz, /metrics: for monitors, and for people who type only the address. Outside the gate."""

import hmac
from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from dashboard import security
from dashboard.control_room.login import HOME, client
from dashboard.control_room.parts import Parts

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
PROXY_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    registry = CollectorRegistry()
    registry.register(_Numbers(parts))

    @router.get("/")
    async def home() -> Response:
        return RedirectResponse(HOME, 303)

    @router.get(security.ROOT)
    async def home_with_slash(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{HOME}{query}", 303)

    @router.get("/healthz")
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    async def readyz() -> Response:
        """Not ready while the database is gone; open pages go on with what they have, and say so."""
        ready = {"database": parts.feed.connected, "city": parts.city.view.loaded_at is not None}
        return JSONResponse(ready, 200 if all(ready.values()) else 503)

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not _may_read_metrics(request, parts.metrics_token):
            return PlainTextResponse("from this machine, or with HANOI_METRICS_TOKEN\n", 403)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _may_read_metrics(request: Request, token: str | None) -> bool:
    """With a token whoever has it; without one this machine, but not what a proxy on it passes on."""
    if token is not None:
        given = request.headers.get("authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {token}".encode())
    proxied = any(name in request.headers for name in PROXY_HEADERS)
    return client(request) in LOOPBACK and not proxied


class _Numbers(Collector):
    """This process in numbers, read when somebody asks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        parts = self._parts
        connected = float(parts.feed.connected)
        yield GaugeMetricFamily(
            "hanoi_control_room_feed_connected", "1 while the feed is followed", connected
        )
        yield GaugeMetricFamily("hanoi_control_room_listeners", "open live streams", len(parts.hub.listeners))
        yield CounterMetricFamily(
            "hanoi_control_room_frames", "frames sent to streams", parts.hub.frames_sent
        )
