"""/alerts: what is firing now, for citizens."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard.api.answers import json_answer
from dashboard.api.schema import AlertList
from dashboard.api.site import Site
from storage.alert_log import AlertRow


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["alerts"])

    @routes.get("/alerts", response_model=AlertList, summary="Alerts that are firing, worst first")
    async def list_alerts() -> Response:
        firing = [alert_item(alert) for alert in site.alerts.active if alert.state == "firing"]
        return json_answer({"items": firing}, max_age_s=1)

    return routes


def alert_item(alert: AlertRow) -> dict[str, Any]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "domain": alert.domain,
        "thing": alert.thing_id,
        "name": {"vi": alert.thing_name_vi, "en": alert.thing_name_en},
        "property": alert.property,
        "severity": alert.severity,
        "state": alert.state,
        "title": {"vi": alert.title_vi, "en": alert.title_en},
        "unit": alert.unit,
        "limit": alert.limit,
        "value": alert.value,
        "value_time": alert.value_time,
        "peak": alert.peak,
        "firing_since": alert.firing_since,
        "resolved_at": alert.resolved_at,
        "provenance": alert.provenance,
        "simulated": alert.simulated,
    }
