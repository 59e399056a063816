"""Alert rules as pages show them: rules, versions and trials in, what is shown out. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from alerts.backtest import Trial
from alerts.model import Rule
from alerts.rule_test import Outcome as TestOutcome
from alerts.rules import RuleBook, digest
from dashboard.control_room import rule_words
from dashboard.control_room.alert_words import lasting, number, stamp
from dashboard.control_room.language import Language
from dashboard.control_room.rule_trial import MOST_S, MOST_VALUES, Outcome, Side
from dashboard.control_room.texts import say
from storage.model import Domain
from storage.rule_edits import FiredRow, InForceRow, RuleEdit

MINUS: Final = "\u2212"
LANES: Final = 12
"""Things that the chart of a trial shows."""
STRETCHES: Final = 150
"""Firings that it draws of one rule on one Thing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What there is to know of all rules."""

    domains: Mapping[str, Domain]
    files: RuleBook
    book: RuleBook
    edits: Mapping[str, Sequence[RuleEdit]]
    in_force: Mapping[str, InForceRow]
    fired: Mapping[str, FiredRow]
    things: Mapping[str, str]
    """By Thing its name in the language that is shown."""
    now: datetime

    def newest(self, key: str) -> RuleEdit | None:
        return next(iter(self.edits.get(key, ())), None)

    def is_gone(self, key: str) -> bool:
        """It was there once: reverted to files that do not have it."""
        newest = self.newest(key)
        kept = newest is not None and (newest.document is not None or not newest.enabled)
        return key not in self.book.by_key and key not in self.files.by_key and not kept


def board(known: Known, shown: Language) -> dict[str, Any]:
    """Every rule that is in force, and those that are switched off; the noisiest first."""
    keys = [*known.book.by_key, *(key for key in known.edits if key not in known.book.by_key)]
    rows = [row(known, key, shown) for key in keys if not known.is_gone(key)]
    rows.sort(key=lambda one: -int(one["fired"]))  # of equals: as the catalogue has them
    faults = [one["fault"] for one in rows if one["fault"]]
    return {"generated_at": known.now, "rules": rows, "faults": faults, "ruled": bool(known.in_force)}


def row(known: Known, key: str, shown: Language) -> dict[str, Any]:
    newest = known.newest(key)
    rule = known.book.by_key.get(key) or known.files.by_key.get(key)
    off = key not in known.book.by_key
    fired = known.fired.get(key)
    edited = known.book.edited.get(key)
    domain = known.domains.get(rule.domain) if rule else None
    return {
        "key": key,
        "title": rule.title.in_language(shown) if rule else key,
        "severity": rule.severity.value if rule else "",
        "severity_name": say(f"severity_{rule.severity}", shown) if rule else "",
        "domain_name": domain.name.in_language(shown) if domain else "",
        "condition": rule_words.condition(rule, known.domains, shown) if rule else "–",
        "limit": rule_words.limit(rule, known.domains, shown) if rule else "–",
        "trust": trust(rule, shown) if rule else "",
        "suggestion": rule.suggestion if rule else True,
        "basis": rule.basis.in_language(shown) if rule else "",
        "source": file_name(known.files.by_key.get(key), shown),
        "off": off,
        "changed": is_changed(known, key),
        "said": _said(newest, off, shown),
        "fault": edited.fault if edited else None,
        "waits": waits(known, key),
        "fired": fired.fired if fired else 0,
        "last_words": stamp(fired.last_at) if fired else "",
    }


def trust(rule: Rule, shown: Language) -> str:
    return say("rule_suggested" if rule.suggestion else "rule_official", shown)


def file_name(rule: Rule | None, shown: Language) -> str:
    """The file that has it; of a rule that no file has, that."""
    return Path(rule.source).name if rule else say("rule_no_file", shown)


def is_changed(known: Known, key: str) -> bool:
    """Something else is in force than what the files say."""
    ours, theirs = known.book.by_key.get(key), known.files.by_key.get(key)
    if ours is None or theirs is None:
        return ours is not theirs
    return digest(ours) != digest(theirs)


def waits(known: Known, key: str) -> bool:
    """The alert engine has not taken it up yet. Where none ever ran that is said once, and not of each."""
    if not known.in_force:
        return False
    rule, held = known.book.by_key.get(key), known.in_force.get(key)
    if rule is None or held is None:
        return (rule is None) != (held is None)
    return held.digest != digest(rule)


def _said(newest: RuleEdit | None, off: bool, shown: Language) -> str:
    if newest is None:
        return ""
    key = "rule_off_by" if off else "rule_edited_by" if newest.document is not None else "rule_reverted_by"
    return say(key, shown).format(who=newest.author, at=stamp(newest.made_at), why=newest.reason)


def state(known: Known, key: str, versions: Sequence[RuleEdit], shown: Language) -> dict[str, Any]:
    """Where a rule stands: what the head of its page says, and its versions."""
    newest, held = known.newest(key), known.in_force.get(key)
    return {
        **row(known, key, shown),
        "waits": waits(known, key) or not known.in_force,
        "version": newest.version if newest else 0,
        "author": newest.author if newest else "",
        "in_file": key in known.files.by_key,
        "has_document": newest is not None and newest.document is not None,
        "since_words": stamp(held.since) if held else "",
        "versions": [_version(one, shown) for one in versions],
    }


def _version(one: RuleEdit, shown: Language) -> dict[str, Any]:
    what = "off" if not one.enabled else "edited" if one.document is not None else "reverted"
    return {
        "version": one.version,
        "what": say(f"rule_version_{what}", shown),
        "by": say("rule_version_by", shown).format(who=one.author, at=stamp(one.made_at)),
        "reason": one.reason,
        "document": one.document or "",
    }


def faults(error: str, source: str) -> list[dict[str, str]]:
    """Each with the key that it is about, as `hanoi-alerts check` names it."""
    return [_fault(line.removeprefix(f"{source}: ")) for line in error.splitlines()]


def _fault(line: str) -> dict[str, str]:
    if line.startswith("rule ") and ": " in line:
        line = line.partition(": ")[2]
    path, sign, _ = line.partition(": ")
    return {"path": path if sign else "", "message": line}


def choices(known: Known, domains: Iterable[Domain], shown: Language) -> list[dict[str, Any]]:
    """What the form offers: domains with their properties."""
    return [
        {
            "key": domain.key,
            "name": domain.name.in_language(shown),
            "properties": [
                {
                    "key": one.key,
                    "name": f"{one.name.in_language(shown)} ({one.key})",
                    "levels": [
                        {"level": band.level, "name": band.label.in_language(shown)} for band in one.bands
                    ],
                }
                for one in domain.properties.values()
            ],
        }
        for domain in domains
    ]


# A trial


def trial(outcome: Outcome, known: Known, shown: Language) -> dict[str, Any]:
    asked, before = outcome.asked, outcome.before
    return {
        "span": f"{stamp(asked.start)} – {stamp(asked.end)}",
        "start": asked.start,
        "end": asked.end,
        "read": say("trial_read", shown).format(
            things=number(outcome.tried, 0, shown), values=number(outcome.values, 0, shown)
        ),
        "unfinished": _unfinished(outcome, shown),
        "things": outcome.things,
        "counts": list(_counts(outcome.now, before, shown)),
        "lanes": [_lane(one, outcome, known) for one in _busiest(outcome)[:LANES]],
        "more": max(0, len(_busiest(outcome)) - LANES),
        "has_before": before is not None,
    }


def _unfinished(outcome: Outcome, shown: Language) -> str:
    if outcome.tried == outcome.things:
        return ""
    return say("trial_unfinished", shown).format(
        tried=outcome.tried,
        things=outcome.things,
        seconds=f"{MOST_S:.0f}",
        values=number(MOST_VALUES, 0, shown),
    )


def _counts(now: Side, before: Side | None, shown: Language) -> Iterator[dict[str, str]]:
    """Each with the draft's and the rule's as it is."""

    def count(name: str, ours: int | None, theirs: int | None) -> dict[str, str]:
        known = ours is not None and theirs is not None and before is not None
        change = "" if not known else _signed((ours or 0) - (theirs or 0), shown)
        return {
            "key": name,
            "name": say(f"trial_{name}", shown),
            "now": "–" if ours is None else number(ours, 0, shown),
            "before": "–" if theirs is None or before is None else number(theirs, 0, shown),
            "change": change,
        }

    def time(name: str, ours: float, theirs: float | None) -> dict[str, str]:
        return {
            "key": name,
            "name": say(f"trial_{name}", shown),
            "now": lasting(ours, shown),
            "before": "–" if theirs is None else lasting(theirs, shown),
            "change": "",
        }

    yield count("fired", now.begun, before.begun if before else None)
    yield time("firing_for", now.firing_s, before.firing_s if before else None)
    yield time("longest", now.longest_s, before.longest_s if before else None)
    yield count("told", now.told, before.told if before else None)
    yield count("only_pending", now.only_pending, before.only_pending if before else None)
    yield count("flapping", now.flapping, before.flapping if before else None)


def _signed(difference: int, shown: Language) -> str:
    if not difference:
        return "="
    sign = "+" if difference > 0 else MINUS
    return f"{sign}{number(abs(difference), 0, shown)}"


def _busiest(outcome: Outcome) -> list[str]:
    """Things on which one of both fired, by how often and how long."""
    sides = [outcome.now, *([outcome.before] if outcome.before else [])]
    fired: dict[str, tuple[int, float]] = {}
    for side in sides:
        for thing, one in side.by_thing.items():
            if one.firings:
                count, lasted = fired.get(thing, (0, 0.0))
                fired[thing] = (count + len(one.firings), lasted + one.firing_for.total_seconds())
    return sorted(fired, key=lambda thing: (-fired[thing][1], -fired[thing][0], thing))


def _lane(thing: str, outcome: Outcome, known: Known) -> dict[str, Any]:
    before = outcome.before.by_thing.get(thing) if outcome.before else None
    now = outcome.now.by_thing.get(thing)
    return {
        "thing": thing,
        "name": known.things.get(thing, thing),
        "now": _stretches(now),
        "before": _stretches(before),
        "now_count": len(now.begun) if now else 0,
        "before_count": len(before.begun) if before else 0,
    }


def _stretches(one: Trial | None) -> list[tuple[datetime, datetime]]:
    if one is None:
        return []
    return [
        (max(firing.since, one.start), min(firing.until or one.end, one.end))
        for firing in one.firings[:STRETCHES]
    ]


def tested(one: TestOutcome) -> dict[str, Any]:
    """A test of a rule: what it says, and what came otherwise."""
    return {"it": one.test.it, "passed": not one.faults, "faults": list(one.faults)}
