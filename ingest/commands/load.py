"""Load a file of a source, such as a laboratory's table. Doing it again stores nothing twice."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from ingest.command_line import counted, hanoi_time, registry_of
from ingest.commands import CommandError
from ingest.load import Loadable, Loaded, base_name, load
from ingest.sources import load_sources
from storage.settings import Settings

LARGEST = 256 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument("--source", required=True, help="its name in HANOI_SOURCES_FILE")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit 0 all good, 1 with faults."""
    sources = load_sources(settings.sources_file)
    source = sources.named(arguments.source)
    if source is None and settings.sources_file is None:
        raise CommandError(f"HANOI_SOURCES_FILE is not set: it says what source '{arguments.source}' is")
    if source is None:
        names = ", ".join(found.name for found in sources.all) or "none"
        raise CommandError(f"--source: HANOI_SOURCES_FILE has no '{arguments.source}', it has: {names}")
    file = Loadable(name=base_name(str(arguments.file)), payload=_read(arguments.file), source=source)
    with registry_of(settings) as registry:
        done = load(registry, sources, file, now=datetime.now(UTC), dry_run=arguments.dry_run)
    print("\n".join(_lines(done, dry_run=arguments.dry_run)))
    return 1 if done.fault_count else 0


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path}: larger than {LARGEST} bytes: divide it")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _lines(done: Loaded, *, dry_run: bool) -> list[str]:
    lines = [f"{fault.path}: {fault.reason}: {fault.message}" for fault in done.faults]
    if done.fault_count > len(done.faults):
        lines.append(f"… and {counted(done.fault_count - len(done.faults), 'more fault')}")
    if done.first and done.last:
        lines.append(
            f"{counted(done.observations, 'value')} from {hanoi_time(done.first)} to {hanoi_time(done.last)} (Hanoi)"
        )
    counts = done.counts
    lines.append(
        f"observations: {counts.written} new, {counted(counts.corrected, 'correction')}, {counts.outdated} outdated,"
        f" {counts.duplicate} stored before; faults: {done.fault_count}"
    )
    if done.unknown_devices:
        lines.append(f"unknown devices: {', '.join(done.unknown_devices)}: claim them, then reprocess")
    if dry_run:
        lines.append("dry run: nothing was written")
    return lines
