"""A rule over stored history: what `alerts.backtest` wants to know is read here, and nothing is written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from alerts.backtest import Agreement, Recorded, Subject, Trial, agreement, backtest, wanted_from
from alerts.engine import sample_of
from alerts.samples import Sample
from alerts.watched import Instance
from storage import alert_log, db
from storage import backtest as history

Reached = Callable[[datetime], None]
"""Told how far time has come, now and then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A rule on a Thing, tried on what is stored."""

    instance: Instance
    trial: Trial
    recorded: int
    """Alerts of the rule's key that fired then."""
    withdrawn: int
    """Of them, those that later values said never were; they are not compared."""
    agreement: Agreement

    @property
    def subject(self) -> Subject:
        key, stream = self.instance.key
        return Subject(fingerprint=f"{key}/{stream}", labels=self.instance.labels, trial=self.trial)


def try_on(
    conn: db.Connection, instance: Instance, start: datetime, end: datetime, reached: Reached = lambda _: None
) -> Past:
    """From `start` to before `end`."""
    samples = _telling(stored(conn, instance, start, end), reached)
    trial = backtest(instance.rule, samples, start, end)
    rows = history.fired_within(conn, *instance.key, start, end)
    known = [Recorded(since=row.firing_since, until=row.resolved_at) for row in rows if not row.withdrawn]
    return Past(
        instance=instance,
        trial=trial,
        recorded=len(rows),
        withdrawn=len(rows) - len(known),
        agreement=agreement(trial, known),
    )


def stored(conn: db.Connection, instance: Instance, start: datetime, end: datetime) -> Iterator[Sample]:
    """All that the rule looks at, rising, read as far as it is taken."""
    begin = wanted_from(instance.rule, start)
    if instance.rule.condition.silence is not None:
        stream = instance.anchor.datastream_id
        heard = alert_log.sample_before(conn, stream, begin, instance.rule.worst_quality)
        if heard is not None:
            yield sample_of(heard, 0, heard.arrived)
    streams = [_rows(conn, stream, operand, begin, end) for stream, operand in instance.inputs.items()]
    yield from merge(*streams, key=lambda sample: (sample.time, sample.operand, sample.stream))


def _rows(conn: db.Connection, stream: int, operand: int, begin: datetime, end: datetime) -> Iterator[Sample]:
    for row in history.samples_within(conn, stream, begin, end):
        yield sample_of(row, operand, row.arrived)


def _telling(samples: Iterable[Sample], reached: Reached, every: int = 1_000) -> Iterator[Sample]:
    for number, sample in enumerate(samples):
        if number % every == 0:
            reached(sample.time)
        yield sample
