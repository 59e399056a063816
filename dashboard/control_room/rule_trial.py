"""A draft of a rule tried on stored history beside the rule as it is, within bounds. Blocking: for a thread.

One Thing after the other, each with both rules on the same values: what is left out at a bound is so of both.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from alerts.backtest import Messages, Subject, Trial, backtest, messages, wanted_from
from alerts.backtest_stored import stored
from alerts.config import Alerting
from alerts.model import Rule
from alerts.rules import RuleBook
from alerts.samples import Sample
from alerts.watched import Instance, watched
from dashboard.control_room.waiting import Stopped as Stopped
from storage import alert_log, db

MOST_VALUES: Final = 1_500_000
MOST_S: Final = 60.0
BREATHE_EVERY: Final = 2_000
"""Values after which the thread gives way: the pages' own work goes on beside it."""
BREATH_S: Final = 0.0005

Progress = Callable[[int, int, int], None]
"""(Things done, Things in all, values read)"""


class _Bound(Exception):
    """So many values, or so long, and no further."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    rule: Rule
    before: Rule | None
    """As it is in force; None: it is new, or switched off."""
    thing: str | None
    """Only this one."""
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """What would have come of one rule."""

    by_thing: Mapping[str, Trial]
    messages: Messages | None
    """None: alerting.toml can't be used, or counting them took too long."""

    @property
    def begun(self) -> int:
        return sum(len(trial.begun) for trial in self.by_thing.values())

    @property
    def firing_s(self) -> float:
        return sum(trial.firing_for.total_seconds() for trial in self.by_thing.values())

    @property
    def longest_s(self) -> float:
        return max((trial.longest.total_seconds() for trial in self.by_thing.values()), default=0.0)

    @property
    def flapping(self) -> int:
        return sum(trial.flapping_episodes for trial in self.by_thing.values())

    @property
    def only_pending(self) -> int:
        return sum(trial.only_pending for trial in self.by_thing.values())

    @property
    def told(self) -> int | None:
        if self.messages is None:
            return None
        return sum(sum(one.values()) for one in self.messages.by_receiver.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    asked: Asked
    things: int
    """That one of both looks at."""
    tried: int
    values: int
    now: Side
    before: Side | None


@dataclass(kw_only=True, slots=True)
class _Budget:
    deadline: float
    stopped: Callable[[], bool]
    values: int = 0

    def spend(self, samples: Iterator[Sample]) -> Iterator[Sample]:
        """Raises _Bound or Stopped."""
        for sample in samples:
            self.values += 1
            if self.values % BREATHE_EVERY == 0:
                self.look()
                time.sleep(BREATH_S)
            yield sample

    def pace(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Of values that were read already. Raises alike."""
        for number, sample in enumerate(samples, start=1):
            if number % BREATHE_EVERY == 0:
                self.look()
                time.sleep(BREATH_S)
            yield sample

    def look(self) -> None:
        if self.values >= MOST_VALUES:
            raise _Bound
        self.look_at_clock()

    def look_at_clock(self) -> None:
        if self.stopped():
            raise Stopped
        if time.monotonic() >= self.deadline:
            raise _Bound


@dataclass(kw_only=True, slots=True)
class _Made:
    trials: dict[str, Trial] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)

    def keep(self, instance: Instance, trial: Trial) -> None:
        key, stream = instance.key
        self.trials[instance.anchor.thing_id] = trial
        self.subjects.append(Subject(fingerprint=f"{key}/{stream}", labels=instance.labels, trial=trial))

    def side(self, asked: Asked, alerting: Alerting | None, budget: _Budget) -> Side:
        told = None
        if alerting is not None:
            with suppress(_Bound):
                told = messages(
                    self.subjects,
                    asked.start,
                    asked.end,
                    root=alerting.root,
                    inhibitions=alerting.inhibitions,
                    times=alerting.times,
                    reached=lambda _: budget.look_at_clock(),
                )
        return Side(by_thing=self.trials, messages=told)


def run(
    conn: db.Connection,
    asked: Asked,
    alerting: Alerting | None,
    progress: Progress = lambda done, things, values: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Raises Stopped. At a bound it ends with the Things that were tried until then."""
    pairs = _pairs(conn, asked)
    budget = _Budget(deadline=time.monotonic() + MOST_S, stopped=stopped)
    now, before, tried = _Made(), _Made(), 0
    try:
        for draft, current in pairs:
            budget.look()
            progress(tried, len(pairs), budget.values)
            done = list(_both(conn, draft, current, asked, budget))
            for (instance, trial), made in zip(done, _sides(draft, current, now, before), strict=True):
                made.keep(instance, trial)
            tried += 1
    except _Bound:
        pass
    progress(tried, len(pairs), budget.values)
    finish = _Budget(deadline=time.monotonic() + MOST_S / 2, stopped=stopped)
    return Outcome(
        asked=asked,
        things=len(pairs),
        tried=tried,
        values=budget.values,
        now=now.side(asked, alerting, finish),
        before=None if asked.before is None else before.side(asked, alerting, finish),
    )


def _sides(draft: Instance | None, current: Instance | None, now: _Made, before: _Made) -> list[_Made]:
    return [made for instance, made in ((draft, now), (current, before)) if instance is not None]


def _both(
    conn: db.Connection, draft: Instance | None, current: Instance | None, asked: Asked, budget: _Budget
) -> Iterator[tuple[Instance, Trial]]:
    """Of each of both that there is. Where both look at the same Datastreams these are read once."""
    instances = [one for one in (draft, current) if one is not None]
    if len(instances) == 2 and _alike(*instances):
        widest = min(instances, key=lambda one: wanted_from(one.rule, asked.start))
        samples = list(budget.spend(stored(conn, widest, asked.start, asked.end)))
        for instance in instances:
            yield instance, backtest(instance.rule, budget.pace(samples), asked.start, asked.end)
        return
    for instance in instances:
        found = budget.spend(stored(conn, instance, asked.start, asked.end))
        yield instance, backtest(instance.rule, found, asked.start, asked.end)


def _alike(one: Instance, other: Instance) -> bool:
    silent = one.rule.condition.silence is not None or other.rule.condition.silence is not None
    return not silent and one.inputs == other.inputs


def _pairs(conn: db.Connection, asked: Asked) -> list[tuple[Instance | None, Instance | None]]:
    """By Thing the draft and the rule as it is, of those that one of both looks at."""
    rows = alert_log.streams(conn)
    found = [
        {} if rule is None else _by_thing(watched(RuleBook.of([rule]), rows).by_key.values())
        for rule in (asked.rule, asked.before)
    ]
    things = sorted({thing for one in found for thing in one if asked.thing in (None, thing)})
    return [(found[0].get(thing), found[1].get(thing)) for thing in things]


def _by_thing(instances: Iterable[Instance]) -> dict[str, Instance]:
    return {one.anchor.thing_id: one for one in instances}
