"""Compute derived values of a time that is over again.

For history that came before its derivation did, after a failure was mended, and after the inventory changed what a
Thing is. Pieces are computed one after the other, each in its own transaction, beside a running hanoi-ingest; what was
replaced is kept, pages follow, and to run it again changes nothing.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tqdm import tqdm

from ingest import derivations
from ingest.command_line import aware_time, counted, hanoi_time, reference_of
from ingest.commands import CommandError
from ingest.derivation import Derivation
from ingest.derive import Counts, Deriver
from ingest.due import Plan, Span
from storage import db, things
from storage.model import Domain
from storage.settings import Settings

WINDOW: Final = timedelta(days=28)
"""Everything within is computed before anything behind it: to go on after a stop, begin with the last one."""
STOPPED: Final = 130
"""Exit status after Ctrl-C, as shells give it."""


LEFT_ALONE: Final = (
    "left alone: retention deleted raw values that they were made of; none is made there either"
)
KINDS: Final = ("new", "changed", "withdrawn")


@dataclass(kw_only=True, slots=True)
class Done:
    """What became of it."""

    counts: Counts = field(default_factory=Counter)
    until: datetime
    """Everything before is done."""
    failures: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    """Values that stay as they are, since retention deleted what they were made of."""

    def failed(self, derivation: str) -> None:
        self.failures[derivation] += 1

    def left_alone(self, derivation: str, values: int) -> None:
        self.left[derivation] += values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    times = "with an offset, for example 2026-11-01T00:00+07:00"
    parser.add_argument(
        "--from",
        dest="start",
        type=aware_time,
        required=True,
        metavar="TIME",
        help=f"from this time on, {times}",
    )
    parser.add_argument(
        "--to", dest="end", type=aware_time, metavar="TIME", help="before this time (default: now)"
    )
    parser.add_argument("--thing", help="only values of this Thing")
    parser.add_argument(
        "--derivation",
        help="only this one; values that others make of its values follow in a running hanoi-ingest",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    domains = reference_of(settings).domains
    now = datetime.now(UTC)
    start, end = arguments.start, min(arguments.end or now, now)
    if end <= start:
        raise CommandError("--to must be later than --from, and --from in the past")
    known = _chosen(derivations.find(), arguments.derivation)
    done = Done(until=start)
    deriver = Deriver(known=known, count_failure=done.failed, count_left=done.left_alone)
    status = 0
    try:
        with db.connect(settings.required("database_url"), name="derive", autocommit=True) as conn:
            _require_thing(conn, arguments.thing)
            with tqdm(total=_hours(start, end), desc="derive", unit=" hours", disable=None) as progress:
                for window in _windows(start, end):
                    behind = min(window.end + timedelta.resolution, end)
                    for share in _compute(conn, deriver, domains, window, arguments, done):
                        _show(progress, _hours(start, window.start + share * (behind - window.start)))
                    _show(progress, _hours(start, behind))
                    done.until = behind
    except db.DatabaseUnreachable as error:
        raise CommandError(
            f"the database can't be reached: {error}; go on with --from {done.until.isoformat()}"
        ) from error
    except KeyboardInterrupt:
        print(f"stopped; what was done is done: go on with --from {done.until.isoformat()}")
        status = STOPPED
    _report(done, known, arguments.dry_run)
    return status or (1 if done.failures else 0)


def _compute(
    conn: db.Connection,
    deriver: Deriver,
    domains: Mapping[str, Domain],
    window: Span,
    arguments: argparse.Namespace,
    done: Done,
) -> Iterator[float]:
    """Yields how much of it is done. Once more when a Datastream was made that another derivation reads."""
    before: Plan | None = None
    left = Counter(done.left)
    while (plan := deriver.plan(conn, domains)) is not before:
        before, done.left = plan, Counter(left)
        tasks = plan.between(window.start, window.end)
        wanted = [task for task in tasks if arguments.thing in (None, task.subject.thing.id)]
        batches = list(plan.batches(wanted))
        for n, batch in enumerate(batches, start=1):
            done.counts += deriver.compute(conn, plan, batch, datetime.now(UTC), dry_run=arguments.dry_run)
            yield n / len(batches)


def _show(progress: "tqdm[Any]", hours: int) -> None:
    """What has to be computed a second time does not go backwards."""
    progress.update(max(0, hours - progress.n))


def _windows(start: datetime, end: datetime) -> Iterator[Span]:
    while start < end:
        yield Span(start=start, end=min(start + WINDOW, end) - timedelta.resolution)
        start += WINDOW


def _hours(start: datetime, end: datetime) -> int:
    return round((end - start) / timedelta(hours=1))


def _chosen(known: Sequence[Derivation], name: str | None) -> Sequence[Derivation]:
    """Raises CommandError for a derivation that there is none of."""
    chosen = [derivation for derivation in known if name in (None, derivation.name)]
    if not chosen:
        names = ", ".join(derivation.name for derivation in known)
        raise CommandError(f"--derivation: no '{name}': there are {names}")
    return chosen


def _require_thing(conn: db.Connection, thing: str | None) -> None:
    if thing is not None and thing not in {row.id for row in things.all_things(conn)}:
        raise CommandError(f"--thing: no Thing '{thing}'")


def _report(done: Done, known: Sequence[Derivation], dry_run: bool) -> None:
    verb = "would change" if dry_run else "changed"
    for name in (derivation.name for derivation in known):
        found = [f"{count} {how}" for how in KINDS if (count := done.counts[name, how])]
        failures = done.failures[name]
        if name in done.left:
            found.append(f"{done.left[name]} left alone")
        if failures:
            found.append(f"{counted(failures, 'failure')}, see the log")
        if found:
            print(f"{name}: {', '.join(found)}")
    if done.left:
        print(LEFT_ALONE)
    print(f"{verb} {counted(done.counts.total(), 'value')} up to {hanoi_time(done.until)}")
