"""Store rejected messages after all whose cause is mended: a new Thing, property, unit, source or decoder.

Takes the open rejections that all given options fit, in order of arrival. Running it twice changes nothing, and it
may be stopped at any moment.
"""

import argparse
import re
from datetime import UTC, datetime

from ingest.command_line import aware_time, counted, printable, registry_of
from ingest.commands import CommandError
from ingest.model import Reason
from ingest.reprocess import Outcome, Reprocessing, Tally
from ingest.sources import load_sources
from storage.rejections import Selection
from storage.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", choices=[reason.value for reason in Reason], metavar="REASON")
    parser.add_argument(
        "--since", type=aware_time, metavar="TIME", help="received from then on, with an offset"
    )
    parser.add_argument(
        "--until", type=aware_time, metavar="TIME", help="received before then, with an offset"
    )
    parser.add_argument("--source", help="`mqtt` for native messages")
    parser.add_argument("--device", help="named by the message, and unknown")
    parser.add_argument("--topic", help="a topic or a filter with + and #")
    parser.add_argument("--all", action="store_true", help="everything that is open")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    selection = Selection(
        reason=arguments.reason,
        since=arguments.since,
        until=arguments.until,
        source=arguments.source,
        device=arguments.device,
        topic_pattern=topic_pattern(arguments.topic) if arguments.topic else None,
    )
    if selection == Selection() and not arguments.all:
        raise CommandError("say what: --reason, --since, --until, --source, --device, --topic, or --all")
    sources = load_sources(settings.sources_file)
    with registry_of(settings) as registry:
        reprocessing = Reprocessing(
            pool=registry.pool,
            registry=registry,
            sources=sources,
            clock=lambda: datetime.now(UTC),
            dry_run=arguments.dry_run,
        )
        done = reprocessing.run(selection)
    print(table(done, dry_run=arguments.dry_run))
    if done.missing_sources and settings.sources_file is None:
        print("HANOI_SOURCES_FILE is not set")
    return 0


def topic_pattern(topic_filter: str) -> str:
    """An MQTT topic filter as a regular expression for a whole topic."""
    levels = topic_filter.split("/")
    rest = levels[-1] == "#"
    parts = ["[^/]*" if level == "+" else re.escape(level) for level in (levels[:-1] if rest else levels)]
    return "^" + "/".join(parts) + ("(/.*)?" if rest and parts else ".*" if rest else "") + "$"


def table(done: Outcome, *, dry_run: bool = False) -> str:
    """What became of the messages, by the reason that they had."""
    if not done.by_reason:
        return "no open rejection fits"
    lines = [
        f"{'reason':<22} {'messages':>9} {'resolved':>9} {'still open':>11} {'skipped':>8} {'good values':>12}"
    ]
    lines += [_line(reason, tally) for reason, tally in sorted(done.by_reason.items())]
    if len(done.by_reason) > 1:
        lines.append(_line("all", done.total))
    if dry_run:
        lines.append("dry run: nothing was written")
    else:
        counts = done.counts
        lines.append(
            f"observations: {counts.written} new, {counted(counts.corrected, 'correction')},"
            f" {counts.outdated} outdated, {counts.duplicate} stored before"
        )
    if done.missing_sources:
        names = ", ".join(sorted(done.missing_sources))
        lines.append(f"skipped: HANOI_SOURCES_FILE has no source {names}")
    lines += [f"still open, {reason}: such as {printable(text)}" for reason, text in done.examples.items()]
    return "\n".join(lines)


def _line(reason: str, tally: Tally) -> str:
    return (
        f"{reason:<22} {tally.messages:>9} {tally.resolved:>9} {tally.still_open:>11} {tally.skipped:>8}"
        f" {tally.observations:>12}"
    )
