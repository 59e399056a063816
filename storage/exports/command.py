"""`hanoi-export`: observations as CSV, Parquet or GeoJSON, however many there are.

Exit 0 done, 1 the database was lost or the file can't be written, 2 an option or the configuration is wrong,
130 interrupted. Only after 0 there is a file.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn, cast

import psycopg
from tqdm import tqdm

from storage import db
from storage.catalog import ReferenceDataError, load_catalog
from storage.exports.export import FORMATS, Format, metadata
from storage.exports.output import output
from storage.exports.rows import Told
from storage.exports.selection import Asked, Selection, SelectionError, Step, select
from storage.logs import configure_logging, redacted
from storage.model import HANOI, Domain
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error

SUFFIXES: Final[dict[str, Format]] = {".csv": "csv", ".parquet": "parquet", ".geojson": "geojson"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    asked: Asked
    format: Format
    output: str
    licence: str | None
    public: bool
    quiet: bool


def main() -> None:
    """Entry point."""
    now = datetime.now(UTC)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        options = read_options(sys.argv[1:], now)
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        catalogue = load_catalog(settings.catalog_folders)
        rows = run(settings.required("database_url"), options, catalogue, now)
    except (ConfigurationError, ReferenceDataError, SelectionError) as error:
        exit_on_configuration_error(error)
    except KeyboardInterrupt:
        _fail(130, "interrupted; no file was written")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at exit
        raise SystemExit(1) from None
    except db.SchemaMissing:
        _fail(1, "the database has no schema: run hanoi-migrate")
    except psycopg.Error as error:
        _fail(1, f"no file was written: the database failed or was lost: {str(error).strip()}")
    except OSError as error:
        _fail(1, f"--output: no file was written: {error}")
    if not options.quiet:
        print(f"{rows:,} rows to {options.output}", file=sys.stderr)


def run(url: str, options: Options, catalogue: Mapping[str, Domain], now: datetime) -> int:
    """Writes the file; returns how many rows. Raises SelectionError, psycopg.Error and OSError: then there is none."""
    schema = "public_view" if options.public else "public"
    with db.connect(url, name="export", schema=schema) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one moment, however long it takes
        conn.read_only = True
        internal = {key for key, domain in catalogue.items() if domain.internal}
        selection = select(conn, options.asked, catalogue if options.public else None, internal)
        notes = metadata(selection, licence=options.licence, now=now)
        with output(options.output) as out, _bar(selection, shown=not options.quiet) as (told, rows):
            FORMATS[options.format](conn, selection, out, told, notes)
        return rows()


def read_options(arguments: Sequence[str], now: datetime) -> Options:
    """Raises SelectionError naming the option; argparse exits 2 by itself."""
    parser = _parser()
    given = parser.parse_args(arguments)
    format = given.format or _format_of(given.output)
    if given.output == "-" and format == "parquet":
        raise SelectionError("--output: Parquet goes to a file, '-' is for csv and geojson")
    return Options(
        asked=Asked(
            domains=tuple(given.domain),
            things=tuple(given.thing),
            properties=tuple(given.property),
            start=given.start,
            end=given.end or (now.astimezone(given.start.tzinfo) if given.start else now),
            step=cast(Step, given.step),
            qualities=given.quality,
        ),
        format=format,
        output=given.output,
        licence=given.licence,
        public=given.public,
        quiet=given.quiet,
    )


def parse_time(text: str) -> datetime:
    """2026-11-01T00:00:00+07:00, …Z, or a day, which begins at Hanoi's midnight. In the zone it is given in."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no time such as 2026-11-01 or 2026-11-01T00:00:00+07:00"
        ) from None
    if time.tzinfo is None and len(text) > len("2026-11-01"):
        raise argparse.ArgumentTypeError(f"'{text}' has no offset: write {text}+07:00 or {text}Z")
    time = time if time.tzinfo else time.replace(tzinfo=HANOI)
    try:
        time.astimezone(UTC)
    except OverflowError:
        raise argparse.ArgumentTypeError(f"'{text}' is out of the calendar") from None
    return time


def _format_of(output: str) -> Format:
    ending = Path(output).suffix.lower()
    if output == "-" or not ending:
        return "csv"
    if ending not in SUFFIXES:
        raise SelectionError(
            f"--output: '{output}' ends in none of {', '.join(SUFFIXES)}: name it otherwise or say --format"
        )
    return SUFFIXES[ending]


def _qualities(text: str) -> frozenset[int]:
    parts = text.split(",")
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}' is no list such as 1,2")
    return frozenset(map(int, parts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanoi-export", description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--domain", action="append", default=[], help="of this domain; may be given several times")
    add("--thing", action="append", default=[], help="of this Thing; several times")
    add("--property", action="append", default=[], help="of this property; several times")
    add("--from", dest="start", type=parse_time, metavar="TIME", help="inclusive; default: the first value")
    add("--to", dest="end", type=parse_time, metavar="TIME", help="exclusive; default: now")
    add("--step", choices=("raw", "1h", "1d"), default="raw", help="values, or rollups of hours or days")
    add("--quality", type=_qualities, metavar="1,2", help="raw values of these qualities only")
    add("--format", choices=sorted(FORMATS), help="default: what the file's name ends in, or csv")
    add("-o", "--output", required=True, metavar="FILE", help="'-' is standard output")
    add("--licence", metavar="TEXT", help="what the file says of the rights in it (Parquet, GeoJSON)")
    add("--public", action="store_true", help="only what the public API shows, without forecasts")
    add("--quiet", action="store_true", help="no progress bar")
    return parser


@contextmanager
def _bar(selection: Selection, *, shown: bool) -> Iterator[tuple[Told, Callable[[], int]]]:
    """The bar goes by days of the span, since nobody knows how many rows there will be; they are shown beside it."""
    day = timedelta(days=1)
    total = 0
    format = "{percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} days [{elapsed}<{remaining}{postfix}]"
    days = (selection.end - selection.start) / day
    with tqdm(
        total=days, bar_format=format, disable=None if shown else True, file=sys.stderr, leave=False
    ) as bar:

        def told(rows: int, until: datetime | None) -> None:
            nonlocal total
            total += rows
            bar.set_postfix_str(f"{total:,} rows", refresh=False)
            bar.update((until - selection.start) / day - bar.n if until else 0)

        yield told, lambda: total


def _terminated(number: int, frame: object) -> NoReturn:
    """So that what is half done is removed."""
    raise SystemExit(128 + number)


def _fail(code: int, message: str) -> NoReturn:
    print(redacted(f"hanoi-export: {message}"), file=sys.stderr)
    raise SystemExit(code) from None
