"""Until when what is shown of a Thing may be believed: its page turns it grey then, also without a server. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dashboard.condition import STALE_AFTER_INTERVALS
from storage.model import Domain


def until(domain: Domain, properties: Mapping[str, Any]) -> datetime | None:
    """Of a map feature's properties. None: it is grey already, or was never heard.

    As City of assets/city.js has it: a Thing is as old as its last report, and its class as old as the headline value.
    """
    if properties["level"] is None or properties["time"] is None:
        return None
    ends = [_of_report(domain, properties)]
    headline = properties["values"].get(domain.headline)
    if headline is not None and "capacity" not in properties:
        ends.append(_of_value(headline, domain.properties[domain.headline].interval_s))
    return min(ends)


def _of_report(domain: Domain, properties: Mapping[str, Any]) -> datetime:
    interval_s = properties["interval_s"]
    telling = [
        value
        for key, value in properties["values"].items()
        if value["time"] == properties["time"] and domain.properties[key].interval_s == interval_s
    ]
    by_hand: list[datetime] = [value["expires_at"] for value in telling if "expires_at" in value]
    if by_hand and len(by_hand) == len(telling):
        return max(by_hand)
    reported: datetime = _after(properties["time"], interval_s)
    return max([reported, *by_hand])


def _of_value(value: Mapping[str, Any], interval_s: int) -> datetime:
    expires_at: datetime | None = value.get("expires_at")
    return expires_at or _after(value["time"], interval_s)


def _after(time: datetime, interval_s: int) -> datetime:
    return time + timedelta(seconds=STALE_AFTER_INTERVALS * interval_s)
