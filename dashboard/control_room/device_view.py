"""Devices, rejections and files as the page shows them. Pure: rows in, plain data out."""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.control_room.language import Language
from dashboard.control_room.rejected import printable
from dashboard.control_room.texts import TEXTS
from ingest import claiming
from ingest.claiming import Device
from ingest.load import FileFault, Loaded, Sample
from ingest.reprocess import Outcome
from storage.claims import Unclaimed
from storage.model import Domain
from storage.rejections import OpenReason
from storage.things import ThingRow
from storage.units import symbol


def device(one: Unclaimed, domains: Mapping[str, Domain], shown: Language) -> dict[str, Any]:
    """A device that nobody knows. What it sent is text for people, never markup."""
    named = claiming.domain_of(one)
    domain = domains.get(named) if named else None
    return {
        "source": one.source,
        "device": one.device,
        "shown": printable(one.device.encode()),
        "own_id": claiming.own_id(Device(source=one.source, device=one.device)),
        "is_native": claiming.is_native(one.source),
        "domain": domain.key if domain else None,
        "domain_name": domain.name.in_language(shown) if domain else None,
        "count": one.count,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "topic": printable(one.topic.encode()),
        "payload": printable(one.payload),
        "size": one.size,
    }


def open_reason(one: OpenReason, shown: Language) -> dict[str, Any]:
    return {
        "reason": one.reason,
        "word": _word(one.reason, shown),
        "count": one.count,
        "oldest": one.oldest,
        "newest": one.newest,
    }


def offered(
    domains: Mapping[str, Domain], things: Iterable[ThingRow], shown: Language
) -> dict[str, list[dict[str, Any]]]:
    """What the claim form offers: Things to choose from, and domains with their kinds."""
    return {
        "things": [
            {"id": one.id, "name": one.name_en if shown == "en" else one.name_vi, "domain": one.domain}
            for one in things
        ],
        "domains": [
            {"key": one.key, "name": one.name.in_language(shown), "kinds": list(one.map_kinds)}
            for one in domains.values()
        ],
    }


def outcome(done: Outcome) -> dict[str, Any]:
    """A slice; `after` is null when nothing is left."""
    total, after = done.total, done.after
    return {
        "messages": total.messages,
        "resolved": total.resolved,
        "open": total.still_open,
        "skipped": total.skipped,
        "written": done.counts.written,
        "after": {"received_at": after.received_at, "id": after.id} if after else None,
    }


def file(loaded: Loaded, shown: Language, *, dry_run: bool) -> dict[str, Any]:
    counts = loaded.counts
    return {
        "dry_run": dry_run,
        "observations": loaded.observations,
        "written": counts.written,
        "duplicate": counts.duplicate,
        "corrected": counts.corrected,
        "outdated": counts.outdated,
        "first": loaded.first,
        "last": loaded.last,
        "fault_count": loaded.fault_count,
        "faults": [_fault(fault, shown) for fault in loaded.faults],
        "unknown_devices": [printable(one.encode()) for one in loaded.unknown_devices[:50]],
        "sample": [_sample(one, shown) for one in loaded.sample],
    }


def _fault(fault: FileFault, shown: Language) -> dict[str, str]:
    return {
        "path": fault.path,
        "word": _word(fault.reason, shown),
        "message": printable(fault.message.encode()),
    }


def _sample(one: Sample, shown: Language) -> dict[str, Any]:
    seen = one.observation
    return {
        "thing": one.thing,
        "property": one.observed.name.in_language(shown),
        "result": seen.result,
        "unit": symbol(one.observed.unit),
        "decimals": one.observed.decimals,
        "time": seen.phenomenon_time,
        "quality": int(seen.quality),
        "provenance": seen.provenance.value,
    }


def _word(reason: str, shown: Language) -> str:
    known = TEXTS.get(f"reason_{reason}")
    return known.in_language(shown) if known else reason.replace("_", " ")
