"""What a rule looks for, in words: its condition, with names and units of what it looks at. Pure."""

from collections.abc import Mapping
from typing import Final

from alerts.conditions import (
    Absent,
    All,
    AnyOf,
    Change,
    Condition,
    Limit,
    Outside,
    Reading,
    Stuck,
    Threshold,
    Usual,
)
from alerts.model import Rule
from dashboard.control_room.alert_words import lasting, plain
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from storage.model import Domain
from storage.units import symbol

_SIGNS: Final[Mapping[str, str]] = {"above": ">", "at_least": "≥", "below": "<", "at_most": "≤"}


def condition(rule: Rule, domains: Mapping[str, Domain], shown: Language) -> str:
    """'Water depth ≥ 15 cm, over again below 13 cm; held for 2 min'."""
    words = _Words(rule, domains, shown)
    said = words.said(rule.condition)
    if rule.hold:
        held = say("rule_held", shown).format(time=lasting(rule.hold.total_seconds(), shown))
        return f"{said}; {held}"
    return said


def limit(rule: Rule, domains: Mapping[str, Domain], shown: Language) -> str:
    """The number that people are told, '15 cm'; '–' of a condition that has none, or several."""
    if rule.condition.limit is None:
        return "–"
    return _Words(rule, domains, shown).amount(rule.condition.limit, 0)


class _Words:
    def __init__(self, rule: Rule, domains: Mapping[str, Domain], shown: Language) -> None:
        self._rule, self._domains, self._shown = rule, domains, shown

    def said(self, condition: Condition) -> str:
        shown = self._shown
        match condition:
            case Reading():
                return f"{self._name(condition.operand)} {self._limit(condition.held_against, condition.operand)}"
            case Change():
                way = say("rule_falls" if condition.falls else "rule_rises", shown)
                within = lasting(condition.within.total_seconds(), shown)
                by = self.amount(condition.held_against.limit, condition.operand)
                return way.format(name=self._name(condition.operand), by=by, within=within)
            case Usual():
                way = say("rule_below_usual" if condition.below else "rule_above_usual", shown)
                by = self.amount(condition.held_against.limit, condition.operand)
                return way.format(name=self._name(condition.operand), by=by, days=condition.days)
            case Stuck():
                time = lasting(condition.lasting.total_seconds(), shown)
                return say("rule_stuck", shown).format(name=self._name(condition.operand), time=time)
            case Absent():
                time = lasting(condition.lasting.total_seconds(), shown)
                return say("rule_absent", shown).format(name=self._name(0), time=time)
            case All() | AnyOf():
                word = say("rule_and" if isinstance(condition, All) else "rule_or", shown)
                return f" {word} ".join(map(self._bracketed, condition.parts))
        return condition.kind

    def amount(self, value: float, operand: int) -> str:
        return f"{plain(value, self._shown)} {symbol(self._property(operand)[1])}".strip()

    def _bracketed(self, part: Condition) -> str:
        text = self.said(part)
        return f"({text})" if isinstance(part, All | AnyOf) else text

    def _limit(self, limit: Limit, operand: int) -> str:
        match limit:
            case Threshold():
                text = f"{_SIGNS[limit.comparison]} {self.amount(limit.limit, operand)}"
                if limit.clear is None:
                    return text
                key = "rule_clear_below" if limit.comparison.upward else "rule_clear_above"
                return text + say(key, self._shown).format(clear=self.amount(limit.clear, operand))
            case Outside():
                low, high = plain(limit.low, self._shown), self.amount(limit.high, operand)
                return say("rule_outside", self._shown).format(low=low, high=high)
        return ""

    def _name(self, operand: int) -> str:
        name = self._property(operand)[0]
        within_m = self._rule.operands[operand].within_m
        if within_m is None:
            return name
        return say("rule_nearby", self._shown).format(name=name, km=plain(within_m / 1000, self._shown))

    def _property(self, operand: int) -> tuple[str, str]:
        """Name and unit."""
        one = self._rule.operands[operand]
        domain = self._domains.get(one.domain)
        found = domain.properties.get(one.property) if domain else None
        if found is None:
            return one.property, self._rule.unit if operand == 0 else ""
        return found.name.in_language(self._shown), found.unit
