"""Notifications as they might be: what a receiver's own template is tried on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alerts import message
from storage.alert_routing import AlertCard

NOW: Final = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)

FLOODED: Final = AlertCard(
    id=7,
    fingerprint="flood-15/1",
    rule="flood-15",
    domain="flood",
    property="water_depth",
    severity="warning",
    condition="threshold",
    title_vi="Ngập từ 15 cm",
    title_en="Street flooded 15 cm or more",
    runbook_vi="Cử người đến xem, đặt biển cảnh báo.",
    runbook_en="Send somebody to look, put up signs.",
    labels={"severity": "warning", "kind": "flood", "area": "to-lich"},
    unit="cm",
    limit=15.0,
    value=20.5,
    value_time=NOW - timedelta(minutes=1),
    peak=22.0,
    state="firing",
    pending_since=NOW - timedelta(minutes=5),
    firing_since=NOW - timedelta(minutes=3),
    resolved_at=None,
    withdrawn=False,
    decided_at=NOW - timedelta(minutes=3),
    evidence={},
    provenance="measured",
    suggestion=True,
    basis_vi="do trung tâm đề xuất",
    basis_en="our suggestion",
    flapping=False,
    acknowledged_at=None,
    acknowledged_by=None,
    acknowledgement=None,
    thing_id="flood-cao-ba-quat",
    thing_name_vi="Cao Bá Quát",
    thing_name_en="Cao Ba Quat",
    lat=21.03018,
    lon=105.8395,
)


def documents() -> Sequence[dict[str, Any]]:
    """One alert; several, of which one is over; one of simulated values; and a test, which has none."""
    over = replace(FLOODED, id=8, state="resolved", resolved_at=NOW, decided_at=NOW)
    silent = replace(
        FLOODED,
        id=9,
        condition="absent",
        limit=None,
        suggestion=False,
        lat=None,
        lon=None,
        evidence={"measure": "absent"},
    )
    seen = replace(FLOODED, acknowledged_at=NOW, acknowledged_by="lan", acknowledgement="đang đến")
    return [
        _document("firing", [FLOODED]),
        _document("repeat", [seen, over, silent]),
        _document("firing", [replace(FLOODED, provenance="simulated", flapping=True)]),
        message.test_document("example", "lan", NOW),
    ]


def _document(reason: str, cards: Sequence[AlertCard]) -> dict[str, Any]:
    return message.document(
        key="example",
        receiver="example",
        reason=reason,
        group={"kind": "flood", "area": "to-lich"},
        alerts=cards,
        now=NOW,
        base_url="https://centre.example",
    )
