"""All that a backtest found, put together, and as a JSON document. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.backtest import Agreement, Firing, Messages, Subject, Trial, busiest_hour
from alerts.model import Rule
from storage.model import HANOI, Text

VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """A rule on a Thing."""

    thing_id: str
    name: Text
    subject: Subject
    recorded: int | None = None
    """Alerts that the engine recorded then; None: not asked, as of a file."""
    withdrawn: int = 0
    agreement: Agreement | None = None

    @property
    def trial(self) -> Trial:
        return self.subject.trial


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    rules: tuple[Rule, ...]
    source: str
    """'stored history', or the file's name."""
    start: datetime
    end: datetime
    tried: tuple[Tried, ...]
    messages: Messages
    alerting: str
    """The file that says who is told."""
    notes: tuple[Text, ...] = ()
    """What the reader must know to trust it."""
    details: tuple[str, ...] = ()
    """What can't be used of a file, row by row as far as it is named."""
    unfinished: int = 0
    """Rules on Things that were not come to before it was stopped."""

    @property
    def span(self) -> timedelta:
        return self.end - self.start

    @property
    def firings(self) -> int:
        return sum(len(one.trial.begun) for one in self.tried)

    @property
    def share_firing(self) -> float:
        """Of the time of all rules on all Things; 0 when there is none."""
        return _share(
            sum((one.trial.firing_for for one in self.tried), timedelta(0)), self.span * len(self.tried)
        )

    @property
    def longest(self) -> timedelta:
        return max((one.trial.longest for one in self.tried), default=timedelta(0))

    @property
    def flapping_episodes(self) -> int:
        return sum(one.trial.flapping_episodes for one in self.tried)

    @property
    def only_pending(self) -> int:
        return sum(one.trial.only_pending for one in self.tried)

    @property
    def busiest_hour(self) -> tuple[datetime, int] | None:
        """In which the most firings began, and how many."""
        return busiest_hour(firing.since for one in self.tried for firing in one.trial.begun)

    @property
    def agreement(self) -> Agreement | None:
        """Over all; None where nothing was asked for or recorded."""
        found = [one.agreement for one in self.tried if one.agreement is not None]
        if not any(one.recorded for one in self.tried):
            return None
        return Agreement(
            same=sum(one.same for one in found),
            otherwise=sum(one.otherwise for one in found),
            only_recorded=sum(one.only_recorded for one in found),
            only_here=sum(one.only_here for one in found),
        )


def document(report: Report) -> dict[str, Any]:
    """Plain JSON. Times are Hanoi's with their offset, durations seconds."""
    return {
        "version": VERSION,
        "source": report.source,
        "from": shown(report.start),
        "to": shown(report.end),
        "rules": [_rule(rule) for rule in report.rules],
        "notes": [{"vi": note.vi, "en": note.en} for note in report.notes],
        "details": list(report.details),
        "unfinished": report.unfinished,
        "things": [_tried(one) for one in report.tried],
        "totals": {
            "tried": len(report.tried),
            "firings": report.firings,
            "share_firing": report.share_firing,
            "longest_s": report.longest.total_seconds(),
            "only_pending": report.only_pending,
            "flapping_episodes": report.flapping_episodes,
            "busiest_hour": _hour(report.busiest_hour, "firings"),
        },
        "messages": {
            "alerting": report.alerting,
            "sent": report.messages.by_receiver,
            "not_told": report.messages.withheld,
            "busiest_hour": _hour(report.messages.busiest, "messages"),
        },
        "recorded": _agreement(report.agreement),
    }


def shown(time: datetime) -> str:
    return time.astimezone(HANOI).isoformat()


def most_firing(tried: Iterable[Tried]) -> Sequence[Tried]:
    """Those that fired, the longest first."""
    return sorted(
        (one for one in tried if one.trial.firings),
        key=lambda one: (-one.trial.firing_for, one.thing_id, one.trial.rule.key),
    )


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "key": rule.key,
        "domain": rule.domain,
        "property": rule.property,
        "unit": rule.unit,
        "severity": rule.severity.value,
        "title": {"vi": rule.title.vi, "en": rule.title.en},
        "condition": rule.condition.kind,
        "limit": rule.condition.limit,
        "numbers": rule.condition.facts(),
        "for_s": rule.hold.total_seconds(),
        "keep_firing_for_s": rule.keep_firing_for.total_seconds(),
        "source": rule.source,
    }


def _tried(one: Tried) -> dict[str, Any]:
    trial = one.trial
    return {
        "rule": trial.rule.key,
        "thing": one.thing_id,
        "name": {"vi": one.name.vi, "en": one.name.en},
        "labels": dict(one.subject.labels),
        "values": trial.values,
        "left_out": trial.left_out,
        "values_beside": {
            trial.rule.operands[number].property: count for number, count in trial.beside.items()
        },
        "first_value": shown(trial.first) if trial.first else None,
        "last_value": shown(trial.last) if trial.last else None,
        "firings": [_firing(trial, firing) for firing in trial.firings],
        "firing_s": trial.firing_for.total_seconds(),
        "share_firing": _share(trial.firing_for, trial.end - trial.start),
        "only_pending": trial.only_pending,
        "flapping_episodes": trial.flapping_episodes,
        "recorded": None
        if one.recorded is None
        else {"alerts": one.recorded, "withdrawn": one.withdrawn, **(_agreement(one.agreement) or {})},
    }


def _firing(trial: Trial, firing: Firing) -> dict[str, Any]:
    return {
        "pending_since": shown(firing.pending_since),
        "from": shown(firing.since),
        "to": shown(firing.until) if firing.until else None,
        "lasted_s": ((firing.until or trial.end) - firing.since).total_seconds(),
        "began_before": firing.since < trial.start,
        "peak": firing.peak,
        "peak_at": shown(firing.peak_at),
        "ended": firing.reason.value if firing.reason else None,
        "flapping": firing.flapping,
        "provenance": firing.provenance.value,
    }


def _agreement(found: Agreement | None) -> Mapping[str, int] | None:
    if found is None:
        return None
    return {
        "same": found.same,
        "otherwise": found.otherwise,
        "only_recorded": found.only_recorded,
        "only_here": found.only_here,
    }


def _hour(found: tuple[datetime, int] | None, what: str) -> dict[str, Any] | None:
    return {"from": shown(found[0]), what: found[1]} if found else None


def _share(part: timedelta, whole: timedelta) -> float:
    return part / whole if whole else 0.0
