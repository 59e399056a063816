"""`hanoi-archive`: old observations to Parquet and back, and whether the files are still what was written.

Exit 0 done, 1 the database was lost, a file is not what it should be or can't be written, 2 an option or the
configuration is wrong, 130 interrupted: what was done stays, and the same command does the rest.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import psycopg
from tqdm import tqdm

from storage import db
from storage.catalog import ReferenceDataError, load_catalog
from storage.exports import archive, archive_files
from storage.exports.archive import SHOWN, Plan, Restored, days
from storage.exports.archive_files import ArchiveError, Part, Wrong
from storage.exports.command import parse_time
from storage.exports.selection import SelectionError
from storage.logs import configure_logging, redacted
from storage.model import Domain
from storage.retention_policy import load_retention
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error


def main() -> None:
    """Entry point."""
    now = datetime.now(UTC)
    signal.signal(signal.SIGTERM, _terminated)
    given = _parser().parse_args()
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        done = {"write": write, "restore": restore, "check": check}[given.command](settings, given, now)
    except (ConfigurationError, ReferenceDataError, SelectionError) as error:
        exit_on_configuration_error(error)
    except KeyboardInterrupt:
        _fail(130, "interrupted; the same command does the rest")
    except ArchiveError as error:
        _fail(1, str(error))
    except db.SchemaMissing:
        _fail(1, "the database has no schema: run hanoi-migrate")
    except psycopg.Error as error:
        _fail(1, f"the database failed or was lost; the same command does the rest: {str(error).strip()}")
    except OSError as error:
        _fail(1, f"--folder: {error}")
    raise SystemExit(0 if done else 1)


def write(settings: Settings, given: argparse.Namespace, now: datetime) -> bool:
    """Every day of every domain from before a time. Nothing is deleted: that is retention's."""
    if given.before > now:
        raise SelectionError(f"--before: {given.before.isoformat()} is not over yet")
    with db.connect(settings.required("database_url"), name="archive") as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.autocommit = True
        firsts = archive.domains_with_values(conn)
        _require_known(given.domain, firsts, "there are no values of")
        for domain, first in firsts.items():
            if given.domain and domain not in given.domain:
                continue
            if first >= given.before:
                print(f"{domain}: there is nothing from before {given.before.isoformat()}")
                continue
            if given.dry_run:
                rows = archive.count(conn, domain, first, given.before)
                print(f"{domain}: {rows:,} values from {first:%Y-%m-%d %H:%M} UTC on would be archived")
                continue
            _write_domain(conn, given, domain, first)
    return True


def _write_domain(conn: db.Connection, given: argparse.Namespace, domain: str, first: datetime) -> None:
    rows = written = 0
    spans = list(days(first, given.before))
    with tqdm(spans, desc=domain, unit="day", disable=True if given.quiet else None, file=sys.stderr) as bar:
        for _, start, end in bar:
            found = archive.archive_span(conn, given.folder, domain, start, end)
            rows, written = rows + found.rows, written + found.written
            bar.set_postfix_str(f"{rows:,} values", refresh=False)
    what = f"{written:,} files were written" if written else "they were already, nothing changed"
    print(f"{domain}: {rows:,} values are in {given.folder}; {what}")


def restore(settings: Settings, given: argparse.Namespace, now: datetime) -> bool:
    if given.start and given.end and given.start >= given.end:
        raise SelectionError(f"--from: {given.start.isoformat()} is not before --to {given.end.isoformat()}")
    catalogue = load_catalog(settings.catalog_folders)
    _require_known(given.domain, archive.archived_domains(given.folder), "the archive has nothing of")
    plan = archive.plan(
        given.folder, given.start, given.end, given.domain, leave_out_damaged=given.leave_out_damaged
    )
    if not given.for_now:
        _require_kept(settings, catalogue, plan.parts, now)
    _name(plan.left_out, "LEFT OUT")
    with (
        db.connect(settings.required("database_url"), name="restore", autocommit=True) as conn,
        _told(plan, quiet=given.quiet) as told,
    ):
        found = archive.restore(conn, catalogue, plan, told)
    print(
        f"{found.new:,} values restored, {found.corrected:,} were newer than those here, {found.known:,} stayed as"
        f" they were; {found.superseded:,} replaced values"
    )
    return not plan.left_out


@contextmanager
def _told(plan: Plan, *, quiet: bool) -> Iterator[Callable[[Part, Restored], None]]:
    """The bar; and when it ends early, what is in the database by then."""
    days = values = 0
    disable = True if quiet else None
    with tqdm(total=len(plan.parts), unit="day", disable=disable, file=sys.stderr, leave=False) as bar:

        def told(part: Part, restored: Restored) -> None:
            nonlocal days, values
            days, values = days + 1, values + restored.new + restored.corrected
            bar.update()

        try:
            yield told
        except BaseException:
            bar.close()
            print(
                f"hanoi-archive: {days} of {len(plan.parts)} files were restored before, with {values:,} values;"
                " they stay, and their rollups are made",
                file=sys.stderr,
            )
            raise


def _require_kept(
    settings: Settings, catalogue: Mapping[str, Domain], parts: Sequence[Part], now: datetime
) -> None:
    """Retention would delete again, the next night, what is older than its policy keeps."""
    retention = load_retention(settings.retention_file, catalogue)
    for part in parts:
        kept = retention.of(part.domain).raw
        if kept is not None and part.first < now - kept:
            raise SelectionError(
                f"HANOI_RETENTION_FILE keeps raw values of {part.domain} for {kept / timedelta(days=1):.0f} days,"
                f" so retention would delete those of {part.day} again: keep them longer, restore into a database"
                " of its own, or give --for-now"
            )


def check(settings: Settings, given: argparse.Namespace, now: datetime) -> bool:
    if not given.folder.is_dir():
        raise SelectionError(f"--folder: {given.folder} is no folder")
    good, wrong = archive_files.check(given.folder)
    _name(wrong, "WRONG")
    rows = sum(part.rows for part in good)
    print(f"{len(good)} files with {rows:,} rows are what was written, {len(wrong)} are not")
    return not wrong


def _name(wrong: Sequence[Wrong], word: str) -> None:
    for one in wrong[:SHOWN]:
        print(f"{word} {one.file}: {one.what}", file=sys.stderr)
    if len(wrong) > SHOWN:
        print(f"and {len(wrong) - SHOWN} more", file=sys.stderr)


def _require_known(domains: Sequence[str], known: Collection[str], otherwise: str) -> None:
    for domain in domains:
        if domain not in known:
            raise SelectionError(f"--domain: {otherwise} '{domain}'; of {', '.join(sorted(known)) or 'none'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanoi-archive", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write", help="old values to files; nothing is deleted")
    writing.add_argument("--before", type=parse_time, required=True, metavar="TIME", help="exclusive")
    writing.add_argument("--domain", action="append", default=[], help="of this domain; several times")
    writing.add_argument("--dry-run", action="store_true", help="say what would be archived")
    restoring = commands.add_parser("restore", help="values back into a database; again is once")
    restoring.add_argument("--from", dest="start", type=parse_time, metavar="TIME", help="inclusive")
    restoring.add_argument("--to", dest="end", type=parse_time, metavar="TIME", help="exclusive")
    restoring.add_argument("--domain", action="append", default=[], help="of this domain; several times")
    restoring.add_argument(
        "--leave-out-damaged", action="store_true", help="restore the other days; exit 1 all the same"
    )
    restoring.add_argument("--for-now", action="store_true", help="although retention deletes them again")
    checking = commands.add_parser("check", help="every file against its manifest")
    for command in (writing, restoring, checking):
        command.add_argument("--folder", type=Path, required=True, metavar="DIR", help="the archive")
        command.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _terminated(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _fail(code: int, message: str) -> NoReturn:
    print(redacted(f"hanoi-archive: {message}"), file=sys.stderr)
    raise SystemExit(code) from None
