"""Times, lengths of time, numbers and conditions of alerts in words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView
from storage.model import HANOI
from storage.units import symbol

_SIGNS: Final[Mapping[str, str]] = {"above": ">", "at_least": "≥", "below": "<", "at_most": "≤"}
_LENGTHS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How values of a property are written."""

    unit: str
    """Its symbol."""
    decimals: int
    language: Language

    def value(self, value: float) -> str:
        return f"{number(value, self.decimals, self.language)} {self.unit}".strip()

    def exact(self, value: float) -> str:
        """A limit: with every digit that was written."""
        return f"{plain(value, self.language)} {self.unit}".strip()


def scale(view: CityView, domain: str, observed: str, unit: str, language: Language) -> Scale:
    """Of a property that the catalogue may not know any more, or not show: two decimals."""
    known = view.domains.get(domain)
    found = known.properties.get(observed) if known else None
    return Scale(unit=symbol(unit), decimals=found.decimals if found else 2, language=language)


def kind(label: str, view: CityView, language: Language) -> str:
    """What an alert's label `kind` is called: a domain's name, else the name we have for it, else itself."""
    domain = view.domains.get(label)
    return domain.name.in_language(language) if domain else word("kind", label, language)


def area(label: str, language: Language) -> str:
    """What an alert's label `area` is called: wards are there by their names, drainage basins are not."""
    return word("area", label, language)


def stamp(time: datetime) -> str:
    """'22/11/2026 14:02', Hanoi's time."""
    return f"{time.astimezone(HANOI):%d/%m/%Y %H:%M}"


def stamp_s(time: datetime) -> str:
    """'22/11/2026 14:02:11', Hanoi's time."""
    return f"{time.astimezone(HANOI):%d/%m/%Y %H:%M:%S}"


def near(time: datetime, beside: datetime) -> str:
    """The clock's time alone where the day is the other's: '14:02:11'."""
    local = time.astimezone(HANOI)
    return f"{local:%H:%M:%S}" if local.date() == beside.astimezone(HANOI).date() else stamp_s(time)


def number(value: float, decimals: int, language: Language) -> str:
    """'1,234.5', in Vietnamese '1.234,5'; what rounds to nothing has no sign."""
    written = f"{round(value, decimals) + 0.0:,.{decimals}f}"
    return written.translate(str.maketrans(",.", ".,")) if language == "vi" else written


def plain(value: float, language: Language) -> str:
    """Six significant digits without needless zeros."""
    written = f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
    return written.replace(".", ",") if language == "vi" else written


def lasting(seconds: float, language: Language) -> str:
    """In the two largest units that are not zero: '2 h 30 min'; in days from two on."""
    left = max(0, round(seconds))
    parts = []
    for unit, size in _LENGTHS if left >= 2 * 86_400 else _LENGTHS[1:]:
        count, left = divmod(left, size)
        if count:
            parts.append(say(f"duration_{unit}", language).format(count=count))
    return " ".join(parts[:2]) or say("duration_seconds", language).format(count=0)


def word(kind: str, key: str, language: Language) -> str:
    """The text `kind_key`; what a later version writes is shown as it stands."""
    known = TEXTS.get(f"{kind}_{key}")
    return known.in_language(language) if known else key.replace("_", " ")


def condition(kind: str, facts: Mapping[str, Any], written: Scale) -> str:
    """What the rule held against the values: '≥ 30 cm', 'stands still: for 2 h'; kinds of several list their parts."""
    language = written.language
    for several in ("all", "any"):
        if several in facts:
            parts = [condition("", part, written) for part in facts[several]]
            return f"{word('condition', several, language)}: {'; '.join(parts)}"
    measure = " ".join(_measure(facts, written))
    held = _held_against(facts, written)
    if measure or held:
        return " ".join(part for part in (measure, held) if part)
    return word("condition", kind, language) if kind else ""


def _measure(facts: Mapping[str, Any], written: Scale) -> Iterator[str]:
    language = written.language
    match facts.get("measure"):
        case "rises" | "falls" as way:
            yield say(f"measure_{way}", language).format(within=lasting(facts["within_s"], language))
        case "stuck":
            yield say("measure_stuck", language)
            yield "≥"
            yield lasting(facts["lasting_s"], language)
        case "absent":
            yield say("measure_absent", language)
            yield "≥"
            yield lasting(facts["absent_for_s"], language)
        case "above_usual" | "below_usual" as way:
            yield say(f"measure_{way}", language)


def _held_against(facts: Mapping[str, Any], written: Scale) -> str:
    if facts.get("low") is not None and facts.get("high") is not None:
        low, high = plain(facts["low"], written.language), written.exact(facts["high"])
        return f"< {low} / > {high}"
    if facts.get("limit") is None:
        return ""
    return f"{_SIGNS.get(facts.get('comparison', ''), '')} {written.exact(facts['limit'])}".strip()
