"""Public notices as operators see them: rows in, what the page shows out. No I/O."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from dashboard.control_room.alert_words import stamp
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.notices import KIND_NAMES, public_item, ward_item
from storage.notices import NoticeRow
from storage.wards import Unit


def board(
    open_ones: Sequence[NoticeRow], past: Iterable[NoticeRow], now: datetime, shown: Language
) -> dict[str, Any]:
    """What holds, what will, what is over."""
    return {
        "generated_at": now,
        "current": [row(one, shown) for one in open_ones if one.starts_at <= now],
        "coming": [row(one, shown) for one in open_ones if one.starts_at > now],
        "past": [row(one, shown) for one in past],
    }


def row(notice: NoticeRow, shown: Language) -> dict[str, Any]:
    """`notice` is what the public API has; `lines` are for operators only."""
    lines = [say("notice_by", shown).format(who=notice.author, at=stamp(notice.published_at))]
    if notice.replaces is not None:
        lines.append(say("notice_replaces", shown).format(id=notice.replaces))
    if notice.withdrawn_at is not None:
        withdrawn = say("notice_withdrawn_by", shown)
        lines.append(withdrawn.format(who=notice.withdrawn_by, at=stamp(notice.withdrawn_at)))
    return {
        "notice": public_item(notice),
        "lines": lines,
        "span": f"{stamp(notice.starts_at)} – {stamp(notice.ends_at)}",
        "ends_words": stamp(notice.ends_at),
    }


def choices(units: Iterable[Unit], shown: Language) -> dict[str, Any]:
    """What the form offers: kinds, and wards by name."""
    kinds = [
        {"kind": kind, "kind_name": {"vi": name.vi, "en": name.en}, "name": name.in_language(shown)}
        for kind, name in KIND_NAMES.items()
    ]
    offered = [ward_item(unit.code) for unit in units]
    return {"kinds": kinds, "wards": sorted(offered, key=lambda ward: str(ward["name"]["en"]))}
