"""/healthz, /readyz, /metrics: for monitors, not in the API's document."""

import hmac
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address, ip_address

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dashboard.api.problems import problem
from dashboard.api.site import Site

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""What a proxy adds: who comes through one on this machine is not of this machine."""


def router(site: Site, registry: CollectorRegistry) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @routes.get("/readyz")
    async def readyz() -> Response:
        """Not ready while the database is gone; the pages go on with what they have."""
        parts = {"database": site.feed.connected, "city": site.city.view.loaded_at is not None}
        return JSONResponse(parts, 200 if all(parts.values()) else 503)

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        refused = _refused(site, request)
        if refused is not None:
            return refused
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes


class SiteCollector(Collector):
    """The public process in numbers, read when somebody asks."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        site, view = self._site, self._site.city.view
        newest = max((value.phenomenon_time for value in view.newest.values()), default=None)
        yield GaugeMetricFamily(
            "hanoi_public_feed_connected", "1 while the change feed is followed", float(site.feed.connected)
        )
        yield GaugeMetricFamily("hanoi_public_things", "Things on the site", len(view.things))
        yield GaugeMetricFamily("hanoi_public_listeners", "open live streams", len(site.hub.listeners))
        yield CounterMetricFamily("hanoi_public_frames", "frames sent to streams", site.hub.frames_sent)
        yield CounterMetricFamily(
            "hanoi_public_listeners_dropped", "streams dropped as too slow", site.hub.listeners_dropped
        )
        yield _by("hanoi_public_limited", "requests refused: no more allowed", "policy", self._limited())
        yield _by("hanoi_public_refused", "connections ended or refused", "reason", site.bounds.refused)
        yield GaugeMetricFamily("hanoi_public_keys", "keys to the API that count", len(site.keys))
        if newest is not None:
            age_s = (site.clock() - newest).total_seconds()
            yield GaugeMetricFamily("hanoi_public_newest_value_age_seconds", "age of the newest value", age_s)

    def _limited(self) -> dict[str, int]:
        return {**self._site.anonymous.refused, "quota": self._site.keys.refused}


def _by(name: str, text: str, label: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for of, count in sorted(counts.items()):
        family.add_metric([of], count)
    return family


def _refused(site: Site, request: Request) -> Response | None:
    """To loopback only; with HANOI_METRICS_TOKEN to whoever has it, and to nobody else."""
    if site.metrics_token is None:
        local = request.client is not None and _is_loopback(request.client.host)
        local = local and not any(name in request.headers for name in FORWARDED)
        return None if local else problem(403, "from this machine only; or set HANOI_METRICS_TOKEN")
    given = request.headers.get("authorization", "").encode()
    if hmac.compare_digest(given, b"Bearer " + site.metrics_token.encode()):
        return None
    return problem(401, "a bearer token is needed", headers={"WWW-Authenticate": "Bearer"})


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
