"""Delete and compress now what HANOI_RETENTION_FILE does not keep; with --dry-run say what that would be.

Says for each domain what goes (rows, about how many bytes, from when to when), and what is old enough and stays, with
the reason. It does what hanoi-ingest does by itself once a day. Exit status: 0 done, 1 another process is at it or
something old enough stays, 2 the file can't be used or the database can't be reached.
"""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ingest.command_line import counted, hanoi_time, reference_of
from ingest.commands import CommandError
from ingest.retain import ARCHIVE, LOCK
from storage import db, locks, retention
from storage.retention import DomainOutcome, Kept, Outcome
from storage.retention_policy import Policy, load_retention, require_folders
from storage.settings import Settings

_WHY: Mapping[str, str] = {
    Kept.NOT_ROLLED_UP: "not rolled up yet, or after a day that is not",
    Kept.LATE: "came after its day was deleted, and is in no rollup",
    Kept.ALERT: "an open alert began before it",
    Kept.NOT_ARCHIVED: "could not be archived",
    Kept.BUSY: "somebody was writing there",
}


_FOR_EVER: Final = "everything is kept for ever"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="change nothing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    known = reference_of(settings).domains
    domains = sorted(key for key, domain in known.items() if not domain.internal)
    if settings.retention_file is None:
        print("HANOI_RETENTION_FILE is not set: everything is kept for ever")
        print("\n".join(f"{domain}: {_FOR_EVER}" for domain in domains))
        return 0
    policies = load_retention(settings.retention_file, known)
    require_folders(settings.retention_file, policies)
    now, dry_run = datetime.now(UTC), arguments.dry_run
    try:
        with (
            db.connect(settings.required("database_url"), name="retain", autocommit=True) as conn,
            locks.only_one(conn, LOCK) as mine,
        ):
            if not mine:
                print("another process is at it")
                return 1
            outcome = retention.retain(conn, policies, now, dry_run=dry_run, archive=ARCHIVE)
            if not dry_run:
                retention.record(conn, now, succeeded=True, detail=outcome.detail())
    except db.DatabaseUnreachable as error:
        raise CommandError(f"HANOI_DATABASE_URL: {str(error).strip()}; what was done is done") from error
    for domain in sorted({*domains, *outcome.domains}):
        print("\n".join(_lines(domain, policies.of(domain), outcome.domains[domain], dry_run)))
    print("\n".join(_rest(outcome)))
    return 1 if outcome.behind or any(one.kept for one in outcome.domains.values()) else 0


def _lines(domain: str, policy: Policy, found: DomainOutcome, dry_run: bool) -> list[str]:
    if not policy.deletes:
        return [f"{domain}: {_FOR_EVER}"]
    lengths = f"raw {_length(policy.raw)}, hourly {_length(policy.hourly)}, daily {_length(policy.daily)}"
    goes = "would be deleted" if dry_run else "deleted"
    lines = [f"{domain}  (keeps {lengths})"]
    if found.raw_from and found.raw_to:
        span = f"{hanoi_time(found.raw_from)} to {hanoi_time(found.raw_to)} (Hanoi)"
        size = f"about {found.raw_bytes / 1e6:,.1f} MB"
        lines.append(f"    {goes}: {counted(found.raw_rows, 'raw value')}, {size}, {span}")
        if policy.archive:
            lines.append(f"    {'would be ' if dry_run else ''}archived first in {policy.archive_folder}")
    for rows, what in (
        (found.hourly_rows, "hour"),
        (found.daily_rows, "day"),
        (found.extents, "flooded area"),
    ):
        if rows:
            lines.append(f"    {goes}: {counted(rows, what)}")
    lines += [f"    stays: {counted(rows, 'raw value')}: {_WHY[why]}" for why, rows in found.kept.items()]
    if found.kept_from:
        lines.append(f"    the oldest of these is of {hanoi_time(found.kept_from)[:10]}")
    return lines if len(lines) > 1 else [f"{lines[0]}: nothing is old enough"]


def _rest(outcome: Outcome) -> list[str]:
    lines = [
        f"chunks dropped: {len(outcome.chunks_dropped)}, compressed: {len(outcome.chunks_compressed)}",
        f"resolved rejections deleted: {outcome.rejections}",
    ]
    if outcome.behind:
        lines.append("the rollups have not caught up: what they miss is left alone, try again in a minute")
    if outcome.dry_run:
        lines.append("dry run: nothing was changed")
    return lines


def _length(kept: timedelta | None) -> str:
    return "for ever" if kept is None else f"{kept.days} days"
