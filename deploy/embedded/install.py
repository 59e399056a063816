"""Installs one prefix for the database and one for the broker.

Each goes: lists, download, unpack beside its place, move into place, patch, check, stamp.
The stamp is written last and names the absolute folder; without a valid one the work goes on
where it stopped, and downloads that are already there are used.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.embedded import commit_each, unpack
from deploy.embedded.apt import AptError, Say, make_open
from deploy.embedded.archive import Archive
from deploy.embedded.host import Host
from deploy.embedded.relocate import RelocateError, foreign_libraries, library_folder, relocate

DATABASE = "software/database"
BROKER = "software/broker"
STAMP_FORMAT = 3
_POSTGRES = "usr/lib/postgresql/17"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One prefix: which packages, and which programs in it we run."""

    prefix: str
    title: str
    packages: tuple[str, ...]
    version_of: str
    programs: tuple[str, ...]
    modules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What a finished prefix is; `place` is the folder that its programs are patched for."""

    format: int
    place: str
    suite: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The versions in place."""

    database_version: str
    broker_version: str


DATABASE_PART = Part(
    prefix=DATABASE,
    title="PostgreSQL 17 with TimescaleDB",
    packages=("postgresql-17-timescaledb",),
    version_of="postgresql-17",
    programs=(
        f"{_POSTGRES}/bin/postgres",
        f"{_POSTGRES}/bin/initdb",
        f"{_POSTGRES}/bin/pg_ctl",
        f"{_POSTGRES}/bin/pg_controldata",
        f"{_POSTGRES}/bin/psql",
        f"{_POSTGRES}/bin/pg_dump",
        f"{_POSTGRES}/bin/pg_restore",
    ),
    modules=(f"{_POSTGRES}/lib/timescaledb.so",),
)
BROKER_PART = Part(
    prefix=BROKER,
    title="Mosquitto",
    packages=("mosquitto",),
    version_of="mosquitto",
    programs=("usr/sbin/mosquitto",),
    modules=(),
)


def installed(folder: Path) -> Installed | None:
    """Return what is in place, or None when anything is missing, unfinished or was moved."""
    database, broker = read_stamp(folder / DATABASE), read_stamp(folder / BROKER)
    if database is None or broker is None:
        return None
    return Installed(database_version=database.version, broker_version=broker.version)


def read_stamp(prefix: Path) -> Stamp | None:
    """Return the stamp of a finished prefix that stands where it was patched for."""
    try:
        stamp = Stamp(**json.loads((prefix / "stamp.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    stands = stamp.place == str(prefix.resolve()) and stamp.format == STAMP_FORMAT
    return stamp if stands else None


def run(folder: Path, host: Host, say: Say) -> Installed:
    """Install what is not in place yet."""
    archive = Archive(folder / "apt", host, say)
    database = _ensure_part(folder, host, DATABASE_PART, "trixie", archive, say)
    broker = _ensure_broker(folder, host, archive, say)
    shutil.rmtree(folder / "apt", ignore_errors=True)
    return Installed(database_version=database.version, broker_version=broker.version)


def _ensure_broker(folder: Path, host: Host, archive: Archive, say: Say) -> Stamp:
    """Install Mosquitto 2.1 of forky, or 2.0 of trixie where that can't be had."""
    try:
        return _ensure_part(folder, host, BROKER_PART, "forky", archive, say)
    except (AptError, RelocateError, unpack.UnpackError) as problem:
        say(f"WARNING: no Mosquitto 2.1 from Debian forky: {problem}")
        say("WARNING: using Mosquitto 2.0 with the setting 'safe-2.0', far slower with a backlog")
        shutil.rmtree(folder / BROKER, ignore_errors=True)
        return _ensure_part(folder, host, BROKER_PART, "trixie", archive, say)


def _ensure_part(folder: Path, host: Host, part: Part, suite: str, archive: Archive, say: Say) -> Stamp:
    prefix = folder / part.prefix
    stamp = read_stamp(prefix)
    if stamp is not None:
        return stamp
    origin = _read_origin(prefix)
    if origin is None:
        origin = _download_and_unpack(prefix, part, suite, archive, say)
    say(f"patching {part.title} {origin['version']} to run from {prefix}")
    _relocate_and_check(prefix, host.triple, part)
    stamp = Stamp(format=STAMP_FORMAT, place=str(prefix), **origin)
    os.sync()
    _write(prefix / "stamp.json", json.dumps(asdict(stamp)))
    return stamp


def _download_and_unpack(prefix: Path, part: Part, suite: str, archive: Archive, say: Say) -> dict[str, str]:
    """Fill a folder beside the prefix and move it into place when it is whole."""
    debs = archive.download(part.packages, suite, part.title)
    partial = prefix.with_name(f"{prefix.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_open(partial)
    chosen = unpack.wanted(debs)
    say(f"unpacking {len(chosen)} packages of {part.title}")
    for deb in chosen:
        unpack.unpack(deb, partial)
    origin = {"suite": suite, "version": _version(debs, part.version_of)}
    _write(partial / "origin.json", json.dumps(origin))
    shutil.rmtree(prefix, ignore_errors=True)
    partial.rename(prefix)
    return origin


def _read_origin(prefix: Path) -> dict[str, str] | None:
    try:
        origin = json.loads((prefix / "origin.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {"suite": str(origin["suite"]), "version": str(origin["version"])}


def _version(debs: Sequence[Path], package: str) -> str:
    """Return the version in the name of a .deb file (an epoch's colon is written %3a)."""
    name = next(deb.name for deb in debs if deb.name.startswith(f"{package}_"))
    return name.split("_")[1].replace("%3a", ":")


def _relocate_and_check(prefix: Path, triple: str, part: Part) -> None:
    """Patch the programs; run each, and let none take a library of the host."""
    programs = [prefix / name for name in part.programs]
    relocate(prefix, triple, programs)
    modules = [prefix / name for name in part.modules]
    plugin = library_folder(prefix, triple) / commit_each.ORIGINAL
    commit_each.make_copy(library_folder(prefix, triple))
    for file in [*programs, *modules, *([plugin] if plugin.is_file() else [])]:
        foreign = foreign_libraries(prefix, triple, file)
        if foreign:
            raise RelocateError(f"{file} would load libraries of the host: {', '.join(foreign)}")
    for program in programs:
        _starts(program)


def _starts(program: Path) -> None:
    """Run the program with a harmless option; Mosquitto's help ends with 3, others' with 0."""
    option = "-h" if program.name == "mosquitto" else "--version"
    result = subprocess.run([str(program), option], capture_output=True, text=True, check=False)
    if result.returncode not in (0, 1, 3) or not result.stdout:
        raise RelocateError(f"{program} does not start here\n{result.stdout}{result.stderr}")


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
