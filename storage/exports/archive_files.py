"""The files of the cold archive: one a table, domain and day of Hanoi, with a manifest beside it.

    observation/domain=air_quality/month=2025-11/part-2025-11-03.parquet        the values
    observation/domain=air_quality/month=2025-11/_part-2025-11-03.json          its manifest
    observation_superseded/domain=air_quality/month=2025-11/part-…              the values that were replaced

`domain` and `month` are in the path only, as DuckDB, Spark and pyarrow read it; they pass over names with a `_`.
"""

import fcntl
import hashlib
import io
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import IO, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from storage.exports.output import replacing, sync_folder
from storage.exports.parquet_file import Grouped
from storage.exports.rows import TIME

Table = Literal["observation", "observation_superseded"]
TABLES: Final[tuple[Table, ...]] = ("observation", "observation_superseded")
_NAME: Final = re.compile(r"[^/]+/domain=([^/]+)/month=[^/]+/part-(\d{4}-\d\d-\d\d)\.parquet")
READ_BYTES: Final = 1 << 20
LOCK_S: Final = 30.0
"""How long one writer waits for another."""

ROWS: Final = pa.schema(
    [
        ("thing", pa.string()),
        ("property", pa.string()),
        ("unit", pa.string()),
        ("time", TIME),
        ("result_time", TIME),
        ("ingested_at", TIME),
        ("result", pa.float64()),
        ("quality", pa.int8()),
        ("quality_reason", pa.string()),
        ("provenance", pa.string()),
        ("input_provenance", pa.string()),
        ("original", pa.float64()),
        ("parameters", pa.string()),
    ]
)
SCHEMA: Final[dict[Table, pa.Schema]] = {
    "observation": ROWS,
    "observation_superseded": ROWS.append(pa.field("superseded_at", TIME)),
}


class ArchiveError(RuntimeError):
    """A file of the archive that is not what it should be, or can't be restored; the message names it."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest of one file."""

    version: int = 1
    file: str
    """Relative to the archive's folder."""
    table: Table
    domain: str
    day: date
    """Of Hanoi."""
    rows: int
    bytes: int
    sha256: str
    """Of the file."""
    content_sha256: str
    """Of its rows as CSV, whatever version of Parquet's library wrote them."""
    first: datetime
    last: datetime
    written_at: datetime
    previous_sha256: str | None = None
    """While the file is being replaced: it is this one or the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """Something that `check` found."""

    file: str
    what: str

    @property
    def day(self) -> tuple[str, date] | None:
        return day_of(self.file)


def day_of(file: str) -> tuple[str, date] | None:
    """The domain and day that a file's name, relative to the archive's folder, says it is of."""
    named = _NAME.fullmatch(file)
    try:
        return (named[1], date.fromisoformat(named[2])) if named else None
    except ValueError:
        return None


def path_of(folder: Path, table: Table, domain: str, day: date) -> Path:
    return folder / table / f"domain={domain}" / f"month={day:%Y-%m}" / f"part-{day:%Y-%m-%d}.parquet"


def manifest_of(path: Path) -> Path:
    return path.with_name(f"_{path.stem}.json")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Nobody else writes into this archive meanwhile: a file and its manifest are two steps.

    Raises ArchiveError when another is still at it after LOCK_S: whoever waits may hold what the other one needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as lock:
        end = time.monotonic() + LOCK_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise ArchiveError(f"{folder}: another process writes into this archive") from None
                time.sleep(0.1)
        yield


def write_part(
    folder: Path, table: Table, domain: str, day: date, rows: Iterable[pa.RecordBatch], now: datetime
) -> Part | None:
    """Puts a file in its place, whole, read again and compared; None when there are no rows.

    A file that is there is replaced, and left alone when its rows are the same. Raises ArchiveError.
    """
    path = path_of(folder, table, domain, day)
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        return None
    before = read_manifest(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    try:
        about = {"table": table, "domain": domain, "day": str(day)}
        with replacing(temporary) as file:
            content = _write(file, chain([first], rest), SCHEMA[table], about)
        if before is not None and before.previous_sha256 is None and before.content_sha256 == content.sha256:
            return verified(folder, path)
        part = _described(folder, path, temporary, content, table, domain, day, now)
        if before is not None and part.rows < before.rows:
            raise ArchiveError(f"{path}: has {before.rows} rows and would have {part.rows}; left as it is")
        _put(path, temporary, part)
    finally:
        temporary.unlink(missing_ok=True)
    return part


def verified(folder: Path, path: Path) -> Part:
    """The manifest of a file that is what it says. Raises ArchiveError."""
    part = read_manifest(path)
    if part is None:
        raise ArchiveError(f"{path}: has no manifest")
    try:
        found = sha256(path)
        rows = pyarrow.parquet.ParquetFile(path).metadata.num_rows
    except FileNotFoundError:
        raise ArchiveError(f"{path}: has a manifest and is not there") from None
    except pa.ArrowInvalid as error:
        raise ArchiveError(f"{path}: is no whole Parquet file: {error}") from None
    if part.file != str(path.relative_to(folder)):
        raise ArchiveError(f"{path}: its manifest is of {part.file}")
    if found == part.previous_sha256:  # its replacement was cut off
        return msgspec.structs.replace(part, sha256=found, rows=rows, previous_sha256=None)
    if found != part.sha256:
        raise ArchiveError(f"{path}: is not the file that was written: sha256 {found}, not {part.sha256}")
    if rows != part.rows:
        raise ArchiveError(f"{path}: has {rows} rows, not {part.rows}")
    return part


def tables_of(path: Path, things: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The rows of a file, a row group at a time; of some Things only."""
    file = pyarrow.parquet.ParquetFile(path)
    wanted = None if things is None else pa.array(things, pa.string())
    for number in range(file.num_row_groups):
        rows = file.read_row_group(number)
        yield rows if wanted is None else rows.filter(pyarrow.compute.is_in(rows["thing"], wanted))


def as_csv(rows: pa.Table) -> bytes:
    """As COPY reads it: nothing for NULL, an empty text in quotes."""
    out = io.BytesIO()
    pyarrow.csv.write_csv(rows, out, pyarrow.csv.WriteOptions(include_header=False))
    return out.getvalue()


def read_manifest(path: Path) -> Part | None:
    manifest = manifest_of(path)
    return _decoded(manifest) if manifest.exists() else None


def files(folder: Path) -> list[str]:
    """What there is or should be, by table, domain and day: a file without a manifest, and one that is gone, too."""
    return [str(path.relative_to(folder)) for table in TABLES for path in sorted(_files(folder / table))]


def check(folder: Path, names: Iterable[str] | None = None) -> tuple[list[Part], list[Wrong]]:
    """Files (all of them by default) against their manifests, and those that have none."""
    good: list[Part] = []
    wrong: list[Wrong] = []
    held = set()
    for name in files(folder) if names is None else names:
        day = day_of(name)
        if name.startswith(f"{TABLES[0]}/"):
            held.add(day)
        try:
            if day is None:
                raise ArchiveError(f"{folder / name}: is not named as a file of an archive is")
            if day not in held:  # what was replaced never is without what replaced it
                gone = path_of(folder, TABLES[0], *day)
                raise ArchiveError(f"{gone}: is not there, nor its manifest; {name} is of the same day")
            good.append(verified(folder, folder / name))
        except ArchiveError as error:
            wrong.append(Wrong(file=name, what=str(error)))
    return good, wrong


def _files(folder: Path) -> set[Path]:
    described = {path.with_name(path.name[1:]) for path in folder.rglob("_part-*.json")}
    return {path.with_suffix(".parquet") for path in described} | set(folder.rglob("*.parquet"))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Content:
    rows: int
    sha256: str


def _write(
    file: IO[bytes], rows: Iterable[pa.RecordBatch], schema: pa.Schema, metadata: dict[str, str]
) -> _Content:
    digest, count = hashlib.sha256(), 0

    def seen(group: pa.Table) -> None:
        nonlocal count
        digest.update(as_csv(group))
        count += group.num_rows

    grouped = Grouped(file, schema, metadata, seen)
    for batch in rows:
        grouped.add(batch)
    grouped.close()
    return _Content(rows=count, sha256=digest.hexdigest())


def _described(
    folder: Path,
    path: Path,
    temporary: Path,
    content: _Content,
    table: Table,
    domain: str,
    day: date,
    now: datetime,
) -> Part:
    """What was written, as it is on the disk now. Raises ArchiveError when that is something else."""
    digest, rows = hashlib.sha256(), 0
    first: datetime | None = None
    last: datetime | None = None
    for group in tables_of(temporary):
        digest.update(as_csv(group))
        rows += group.num_rows
        times = pyarrow.compute.min_max(group["time"]).as_py()
        first = times["min"] if first is None else min(first, times["min"])
        last = times["max"] if last is None else max(last, times["max"])
    if (rows, digest.hexdigest()) != (content.rows, content.sha256) or first is None or last is None:
        raise ArchiveError(f"{path}: reads otherwise than it was written; nothing was replaced")
    return Part(
        file=str(path.relative_to(folder)),
        table=table,
        domain=domain,
        day=day,
        rows=rows,
        bytes=temporary.stat().st_size,
        sha256=sha256(temporary),
        content_sha256=content.sha256,
        first=first,
        last=last,
        written_at=now,
    )


def _put(path: Path, temporary: Path, part: Part) -> None:
    """Whenever this is cut off, the manifest is that of the file which is there."""
    previous = sha256(path) if path.exists() else None
    _write_manifest(path, msgspec.structs.replace(part, previous_sha256=previous))
    temporary.replace(path)
    sync_folder(path.parent)
    if previous is not None:
        _write_manifest(path, part)


def _write_manifest(path: Path, part: Part) -> None:
    with replacing(manifest_of(path)) as file:
        file.write(msgspec.json.format(msgspec.json.encode(part), indent=1) + b"\n")


def _decoded(path: Path) -> Part:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Part)
    except msgspec.MsgspecError as error:
        raise ArchiveError(f"{path}: is no manifest: {error}") from None
