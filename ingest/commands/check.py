"""Check a sources file, and print what a payload from a file or a live topic would become. Nothing is written.

Without a payload only the file is checked. It warns of Things, properties and folders that are not there. Exit status:
0 all good, 1 there are warnings, the payload has faults, or none came, 2 the file or the command line can't be used.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ingest import known as what_if
from ingest import targets
from ingest.command_line import aware_time, counted, hanoi_time, reference_of
from ingest.commands import CommandError
from ingest.live_topic import messages
from ingest.model import Envelope, Position
from ingest.registry import Registry
from ingest.sources import Source, Sources, load_sources
from ingest.tls import broker_address
from ingest.trial import Stored, Trial, trial
from ingest.validate import Known
from storage import db
from storage.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", type=Path, metavar="sources.toml")
    parser.add_argument("--source", metavar="NAME", help="take the payload as this one's, whatever its topic")
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--payload", type=Path, metavar="FILE", help="a message or a file as it came")
    origin.add_argument("--live", metavar="TOPIC", help="listen to this topic or filter of HANOI_MQTT_URL")
    parser.add_argument("--topic", help="the topic of --payload")
    parser.add_argument("--received-at", type=aware_time, metavar="TIME", help="of --payload (default: now)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="live messages (default 1)")
    parser.add_argument("--timeout", type=float, default=60, metavar="S", help="wait so long (default 60)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    sources = load_sources(arguments.sources)
    named = _named(arguments.source, sources)
    print(f"{arguments.sources}: {counted(len(sources.all), 'source')}, no fault")
    is_file_alone = arguments.payload is None and arguments.live is None
    for source in sources.all if is_file_alone else ():
        print(f"  {_described(source)}")
    with _known(settings) as (known, whence):
        print(f"Things and Datastreams: {whence}")
        warnings = _warnings(sources, known)
        print("".join(f"WARNING {line}\n" for line in warnings), end="")
        if is_file_alone:
            return 1 if warnings else 0
        trials = [
            _print(envelope, trial(envelope, known, sources))
            for envelope in _envelopes(arguments, settings, named)
        ]
    if not trials:
        print(f"no message on {arguments.live} in {arguments.timeout:g} s")
    return 0 if trials and all(trials) and not warnings else 1


def _warnings(sources: Sources, known: Known) -> list[str]:
    """What the file points at and is not there, yet."""
    lines = []
    for source in sources.all:
        lines += [f"source {source.name}: {line}" for line in targets.missing(source, known)]
        if source.folder is not None and not source.folder.is_dir():
            lines.append(f"source {source.name}: folder: no folder {source.folder}")
    return lines


def _named(name: str | None, sources: Sources) -> Source | None:
    if name is None:
        return None
    source = sources.named(name)
    if source is None:
        raise CommandError(
            f"--source: no source '{name}' in the file: {', '.join(s.name for s in sources.all)}"
        )
    return source


def _described(source: Source) -> str:
    origin = ", ".join(source.topics) or (f"{source.folder}/{source.pattern}" if source.folder else "by hand")
    return f"{source.name}: {source.decoder_name} from {origin}"


@contextmanager
def _known(settings: Settings) -> Iterator[tuple[Known, str]]:
    """What the database knows; without one what the shipped files and HANOI_INVENTORY_DIR do."""
    reference = reference_of(settings)
    url = settings.database_url
    if url is not None:
        try:
            with db.connect(url.get_secret_value(), name="check"):
                pass
            with db.open_pool(url.get_secret_value(), name="check") as pool:
                registry = Registry(pool=pool, reference=reference)
                registry.load()
                yield registry.known, f"the database ({len(registry.known.things)} Things)"
            return
        except db.DatabaseUnreachable as error:
            why = f"the database can't be reached: {str(error).strip().splitlines()[0]}"
    else:
        why = "HANOI_DATABASE_URL is not set"
    known = what_if.of_inventory(reference.domains, reference.things)
    yield known, f"the inventory's files ({len(known.things)} Things), no claims: {why}"


def _envelopes(arguments: argparse.Namespace, settings: Settings, named: Source | None) -> Iterator[Envelope]:
    if arguments.payload is None:
        address = broker_address(settings)
        found = messages(address, arguments.live, count=max(1, arguments.count), timeout_s=arguments.timeout)
        for topic, payload, received_at in found:
            yield _envelope(topic, payload, received_at, named)
        return
    try:
        payload = arguments.payload.read_bytes()
    except OSError as error:
        raise CommandError(f"--payload: {arguments.payload}: {error.strerror}") from error
    yield _envelope(_topic(arguments, named), payload, arguments.received_at or datetime.now(UTC), named)


def _topic(arguments: argparse.Namespace, named: Source | None) -> str:
    """Some formats name the device in the topic, so a filter is no substitute for it."""
    if arguments.topic:
        return str(arguments.topic)
    if named is None:
        raise CommandError("--payload needs --topic, to find its source, or --source")
    plain = [topic for topic in named.topics if "+" not in topic and "#" not in topic]
    if named.topics and not plain:
        raise CommandError(
            f"--topic: source '{named.name}' takes {', '.join(named.topics)}: which one is it?"
        )
    return plain[0] if plain else f"file:{arguments.payload.name}"


def _envelope(topic: str, payload: bytes, received_at: datetime, named: Source | None) -> Envelope:
    return Envelope(
        topic=topic,
        payload=payload,
        received_at=received_at,
        position=Position(0, 0),
        source=named.name if named else None,
    )


def _print(envelope: Envelope, found: Trial) -> bool:
    """Whether nothing was wrong with it."""
    by = f"source {found.source}, decoder {found.decoder}" if found.source else "no source takes this topic"
    print(f"\n{envelope.topic} ({len(envelope.payload)} bytes): {by}")
    for stored in found.stored:
        print(f"  {_value(stored)}")
    for status in found.statuses:
        print(f"  {status.thing_id} is {'online' if status.online else 'offline'}")
    for extent in found.extents:
        features = counted(len(extent.features), "feature")
        print(f"  {extent.thing_id} flooded area, {features}  {_time(extent.phenomenon_time)}")
    for fault in found.faults:
        print(f"  FAULT {fault.reason.value} at {fault.path}: {fault.message}")
    values, faults = counted(len(found.stored), "value"), counted(len(found.faults), "fault")
    print(f"  {values} would be stored, {faults}")
    return not found.faults


def _value(stored: Stored) -> str:
    seen, observed = stored.observation, stored.observed
    words = [
        f"{stored.thing} {observed.key} = {seen.result:.12g} {observed.unit}",
        _time(seen.phenomenon_time),
    ]
    if seen.result_time != seen.phenomenon_time:
        words.append(f"result time {_time(seen.result_time)}")
    reason = f" ({seen.quality_reason})" if seen.quality_reason else ""
    words += [f"quality {int(seen.quality)}{reason}", seen.provenance.value]
    if seen.original is not None:
        words.append(f"before calibration {seen.original:.12g} {observed.unit}")
    if stored.sent is not None:
        value = stored.sent.value if isinstance(stored.sent.value, bool) else f"{stored.sent.value:.12g}"
        words.append(f"sent as {stored.sent.key} = {value} {stored.sent.unit or ''}".rstrip())
    return "  ".join(words)


def _time(time: datetime) -> str:
    utc = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{hanoi_time(time)} Hanoi ({utc})"
