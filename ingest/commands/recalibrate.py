"""Compute stored values again after a calibration changed.

Reads the calibrations that the inventory and replaced Sensors have now. A value for whose time one holds becomes
gain · sent + offset; one that no calibration holds for any more becomes what the Thing sent. The values replaced are
kept, pages and derived values follow, and to run it again changes nothing.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from tqdm import tqdm

from ingest.command_line import aware_time, hanoi_time, reference_of
from ingest.commands import CommandError
from ingest.recalibration import Done, Target, recalibrate
from storage import db, revisions, sensors, things
from storage.reference import Reference
from storage.settings import Settings


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
    parser.add_argument("--thing", help="only this Thing")
    parser.add_argument("--property", help="only this property")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    reference = reference_of(settings)
    start, end = arguments.start, arguments.end or datetime.now(UTC)
    if end <= start:
        raise CommandError("--to must be later than --from")
    url = settings.required("database_url")
    try:
        with db.connect(url, name="recalibrate", autocommit=True) as conn:
            targets = _targets(conn, reference, start, end, arguments.thing, arguments.property)
            done = [_shown(conn, target, start, end, arguments.dry_run) for target in targets]
    except db.DatabaseUnreachable as error:
        raise CommandError(f"the database can't be reached: {error}; another run does the rest") from error
    _report(done, arguments.dry_run)
    return 0


def _targets(
    conn: db.Connection,
    reference: Reference,
    start: datetime,
    end: datetime,
    thing: str | None,
    key: str | None,
) -> list[Target]:
    """Raises CommandError for a Thing or a property that nobody knows."""
    domains = {row.id: row.domain for row in things.all_things(conn)}
    if thing is not None and thing not in domains:
        raise CommandError(f"--thing: no Thing '{thing}'")
    if key is not None and not any(key in domain.properties for domain in reference.domains.values()):
        raise CommandError(f"--property: no domain has a property '{key}'")
    calibrations = sensors.in_force(sensors.filed(reference.things), sensors.all_sensors(conn))
    calibrated = revisions.calibrated_datastreams(conn, start, end)
    targets = []
    for row in things.all_datastreams(conn):
        domain = reference.domains.get(domains[row.thing_id])
        observed = domain.properties.get(row.property) if domain else None
        wanted = thing in (None, row.thing_id) and key in (None, row.property)
        now = calibrations.get((row.thing_id, row.property), ())
        if observed is not None and wanted and (now or row.id in calibrated):
            target = Target(datastream_id=row.id, thing_id=row.thing_id, observed=observed, calibrations=now)
            targets.append(target)
    return targets


def _shown(conn: db.Connection, target: Target, start: datetime, end: datetime, dry_run: bool) -> Done:
    with tqdm(desc=f"{target.thing_id} {target.observed.key}", unit=" values", disable=None) as progress:
        return recalibrate(
            conn, target, start, end, dry_run=dry_run, on_page=lambda count: bool(progress.update(count))
        )


def _report(done: Sequence[Done], dry_run: bool) -> None:
    verb = "would change" if dry_run else "changed"
    for one in done:
        span = (
            ""
            if one.first is None or one.last is None
            else f", {hanoi_time(one.first)} to {hanoi_time(one.last)}"
        )
        counts = f"{verb} {one.changed} of {one.looked_at} values{span}"
        overtaken = f"; {one.overtaken} were corrected meanwhile" if one.overtaken else ""
        print(f"{one.target.thing_id} {one.target.observed.key}: {counts}{overtaken}")
    changed, looked_at = sum(one.changed for one in done), sum(one.looked_at for one in done)
    print(f"{verb} {changed} of {looked_at} values of {len(done)} Datastreams")
