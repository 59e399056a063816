"""The page around a report: what else can be looked at, and handing a shift over. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import urlencode

from jinja2 import Environment, Template
from markupsafe import Markup

from dashboard.control_room.alert_words import stamp
from dashboard.control_room.language import REPORTS, Language
from dashboard.control_room.report_texts import SHIFT_SCRIPT_TEXTS
from dashboard.control_room.shifts import Shift
from dashboard.control_room.texts import say
from storage.model import HANOI
from storage.shifts import HandoverRow

NOTE_SHOWN: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class FormField:
    name: str
    label: str
    value: str
    form: str
    """How it is written, as dd/mm/yyyy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What stands beside a report."""

    address: str
    fields: Sequence[FormField]
    links: Sequence[tuple[str, str]]
    pdf: str
    handover: tuple[str, str] | None = None
    """Start and end of the shift that can be handed over, as in an address; None: it can't be."""
    handovers: Sequence[HandoverRow] | None = None
    frozen: bool = False


def main_part(around: Around, article: str, fault: str, shown: Language) -> str:
    """`article` is HTML; without one there is nothing to print."""
    handovers = None if around.handovers is None else [_listed(row, shown) for row in around.handovers]
    return _template().render(
        words=json.dumps({key: say(key, shown) for key in SHIFT_SCRIPT_TEXTS}, ensure_ascii=False),
        say=lambda key: say(key, shown),
        fault=fault,
        address=around.address,
        fields=around.fields,
        around=around.links,
        pdf=around.pdf,
        article=Markup(article),
        handover=around.handover,
        handovers=handovers,
        frozen=around.frozen,
    )


def others(here: str, shown: Language) -> list[tuple[str, str]]:
    """Links to the other reports."""
    known = (("shift", "shift_report"), ("daily", "daily_bulletin"), ("monthly", "monthly_bulletin"))
    return [(f"{REPORTS}/{name}", say(key, shown)) for name, key in known if name != here]


def query(**values: str) -> str:
    return f"?{urlencode(values)}"


def shift_query(shift: Shift) -> str:
    start, end = (f"{at.astimezone(HANOI):%Y-%m-%dT%H:%M}" for at in (shift.start, shift.end))
    return query(**{"from": start, "to": end})


def _listed(row: HandoverRow, shown: Language) -> tuple[str, str, str]:
    """Address, what it is, the beginning of its note."""
    text = say("shift_line", shown).format(
        start=stamp(row.starts_at), end=stamp(row.ends_at), who=row.author, at=stamp(row.handed_at)
    )
    return f"{REPORTS}/shift/{row.id}", text, row.note[:NOTE_SHOWN]


@cache
def _template() -> Template:
    text = (files("dashboard.control_room") / "report_page.html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
