"""What is known of the data itself, as its page shows it. Pure: rows in, plain data out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.control_room.clocks_off import duration
from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView
from storage import facts
from storage.model import HANOI, Text
from storage.retention_policy import Retention
from storage.units import symbol

JOBS: Final = ("rollup", "derive", "quality", "retention")
_TABLES: Final[Mapping[str, str]] = {"observation": "raw", "rollup_hour": "hourly", "rollup_day": "daily"}


def kept(
    rows: Iterable[facts.Kept], retention: Retention | None, view: CityView, shown: Language
) -> list[dict[str, Any]]:
    """A line a domain: how long what is kept, and what there is. Without policies: all of it, for now."""

    def span(length: timedelta | None, oldest: datetime | None) -> dict[str, Any]:
        return _span(length, oldest, "forever" if retention else "for_now", shown)

    policies = retention or Retention()
    return [
        {
            "domain": one.domain,
            "name": domain_name(one.domain, view, shown),
            "values": one.raw,
            "raw": span(policies.of(one.domain).raw, one.oldest_raw),
            "hourly": span(policies.of(one.domain).hourly, one.oldest_hour),
            "daily": span(policies.of(one.domain).daily, one.oldest_day),
        }
        for one in rows
    ]


def disk(rows: Iterable[facts.Disk], shown: Language) -> list[dict[str, Any]]:
    return [
        {
            "key": one.hypertable,
            "name": say(_TABLES[one.hypertable], shown),
            "bytes": one.bytes,
            "chunks": one.chunks,
            "compressed": one.compressed,
        }
        for one in rows
    ]


def jobs(rows: Sequence[facts.Job], shown: Language) -> list[dict[str, Any]]:
    """Each job that there is, whether it has run or not."""
    known = {one.job: one for one in rows}
    return [_job(name, known.get(name), shown) for name in JOBS]


def incomplete(rows: Iterable[facts.Completeness], view: CityView, shown: Language) -> list[dict[str, Any]]:
    return [
        {
            **_where(one, view, shown),
            "share": one.share,
            "received": one.received,
            "expected": one.expected,
            "suspect": one.suspect,
            "fail": one.fail,
        }
        for one in rows
    ]


def complete(
    rows: Iterable[facts.DomainCompleteness], view: CityView, shown: Language
) -> list[dict[str, Any]]:
    return [
        {
            "domain": one.domain,
            "name": domain_name(one.domain, view, shown),
            "share": one.share,
            "silent": one.silent,
        }
        for one in rows
    ]


def stuck(rows: Iterable[facts.Stuck], view: CityView, shown: Language) -> list[dict[str, Any]]:
    return [{**_where(one, view, shown), "result": one.result, "since": one.since} for one in rows]


def drifting(rows: Iterable[facts.Drift], view: CityView, shown: Language) -> list[dict[str, Any]]:
    return [
        {
            **_where(one, view, shown),
            "difference": one.difference,
            "per_day": one.per_day,
            "neighbours": one.neighbours,
        }
        for one in rows
    ]


def skewed(rows: Iterable[facts.Skewed], view: CityView, shown: Language) -> list[dict[str, Any]]:
    return [
        {
            "thing": one.thing_id,
            "place": _place(one.thing_id, view, shown),
            "by": say("ahead" if one.skew_s < 0 else "behind", shown).format(
                by=duration(abs(one.skew_s), shown)
            ),
            "measured_at": one.measured_at,
        }
        for one in rows
    ]


def domain_name(key: str, view: CityView, shown: Language) -> str:
    domain = view.domains.get(key)
    return domain.name.in_language(shown) if domain else key


def _where(
    one: facts.Completeness | facts.Stuck | facts.Drift, view: CityView, shown: Language
) -> dict[str, Any]:
    """The Thing and the property by name, with unit and decimals."""
    domain = view.domains.get(one.domain)
    observed = domain.properties.get(one.property) if domain else None
    return {
        "key": one.datastream_id,
        "thing": one.thing_id,
        "place": _place(one.thing_id, view, shown),
        "property": observed.name.in_language(shown) if observed else one.property,
        "unit": symbol(observed.unit) if observed else "",
        "decimals": observed.decimals if observed else 1,
    }


def _place(thing_id: str, view: CityView, shown: Language) -> str:
    thing = view.things.get(thing_id)
    return Text(vi=thing.name_vi, en=thing.name_en).in_language(shown) if thing else thing_id


def _span(length: timedelta | None, oldest: datetime | None, endless: str, shown: Language) -> dict[str, Any]:
    return {
        "kept": say(endless, shown)
        if length is None
        else say("length_days", shown).format(count=length.days),
        "from": None if oldest is None else f"{oldest.astimezone(HANOI):%d-%m-%Y}",
    }


def _job(name: str, one: facts.Job | None, shown: Language) -> dict[str, Any]:
    domains = one.detail.get("domains", {}).values() if one else ()
    return {
        "job": name,
        "name": say(f"job_{name}", shown) if f"job_{name}" in TEXTS else name,
        "at": one.at if one else None,
        "deleted": sum(found["raw"] for found in domains) if name == "retention" and one else None,
        "kept": sum(sum(found["kept"].values()) for found in domains),
    }
