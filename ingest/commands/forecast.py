"""Forecast now: score the models where that is due, and issue what beats persistence and the same hour before.

The running ingest does the same every hour, floods every ten minutes. docs/forecasts.md says what the figures mean.
"""

import argparse
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ingest.command_line import registry_of
from ingest.commands import CommandError
from storage import locks
from storage.settings import Settings

if TYPE_CHECKING:
    from ingest.forecasts.run import Done
    from storage.forecasts import Score


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--score", action="store_true", help="score again, also where that was done today")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit 0."""
    from ingest.forecasts.run import LOCK, Run  # heavy, and of no use to the other commands
    from ingest.forecasts.run import run as run_forecasts

    how = Run(now=datetime.now(UTC), score=arguments.score, dry_run=arguments.dry_run)
    with (
        registry_of(settings) as registry,
        registry.pool.connection() as conn,
        locks.only_one(conn, LOCK) as mine,
    ):
        if not mine:
            raise CommandError("another process is forecasting: try again when it is done")
        done = run_forecasts(conn, registry.reference.domains, how)
    print("\n".join(table(done, dry_run=arguments.dry_run)))
    return 0


_SAID = {
    "no_things": "no Thing has it",
    "not_called_for": "nothing to forecast: no street is wet and it did not rain",
    "beats_nothing": "no lead beats persistence and the same hour before: nothing is issued",
}


def table(done: "Iterable[Done]", *, dry_run: bool = False) -> Iterable[str]:
    """What became of each product, with the scores that were taken."""
    for one in done:
        yield f"{one.product.property} ({one.product.model}): {_outcome(one)}"
        if one.scores:
            yield (
                f"  {'model':<24} {'scored on':<9} {'lead':>11} {'n':>7} {'MAE':>8} {'persist.':>8} {'same h':>8}"
                f" {'within':>6}  {'data':<9} beats both"
            )
            yield from (f"  {_line(score)}" for score in one.scores)
    if dry_run:
        yield "dry run: nothing was written"


def _outcome(one: "Done") -> str:
    if one.outcome == "too_little_history":
        return f"too little history: {_days(one.span)} of {_days(one.product.history_least)} days"
    return f"{one.issued} values issued" if one.outcome == "issued" else _SAID[one.outcome]


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.1f}"


def _line(score: "Score") -> str:
    within = "-" if score.coverage is None else f"{score.coverage:.2f}"
    return (
        f"{score.model:<24.24} {score.basis:<9} {score.lead_from_h:>4.3g} - {score.lead_to_h:>3.3g}h {score.n:>7}"
        f" {score.mae:>8.2f} {score.mae_persistence:>8.2f} {score.mae_climatology:>8.2f} {within:>6}"
        f"  {score.provenance:<9} {'yes' if score.beats_both() else 'no'}"
    )
