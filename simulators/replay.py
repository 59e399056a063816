"""hanoi-replay: a recorded CSV through MQTT, as if it happened again. Replaying twice changes nothing."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from ingest.wire import Element, encode, observations_topic
from simulators.arguments import speed
from simulators.mapping import SHIPPED, Mapping, MappingError, load_mapping
from simulators.outbox import Outbox, broker_address
from simulators.progress import Progress
from simulators.recording import Recording, RecordingError, read
from storage.catalog import ReferenceDataError, load_catalog
from storage.logs import configure_logging
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error

log = logging.getLogger(__name__)

BATCH: Final = 300
"""Elements in one message at maximal speed; well below the limit of 512 KiB."""
_CONNECT_S: Final = 15.0

Due = tuple[float, tuple[Element, ...]]
"""Seconds from the start, and what is published then."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit codes: 0 everything acknowledged, 1 no broker or interrupted, 2 mapping, file or configuration."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        mapping = load_mapping(options.mapping, load_catalog(settings.catalog_folders))
        recording = read(options.file, mapping)
        _say(mapping, recording)
        if not options.check:
            _replay(settings, options, mapping, recording)
    except (ConfigurationError, ReferenceDataError, MappingError, RecordingError) as error:
        exit_on_configuration_error(error)


def paced(elements: Sequence[Element], factor: float) -> Iterator[Due]:
    """Elements with the spacing of the recording divided by `factor`; at infinite speed arrays without any."""
    if factor == float("inf"):
        for n in range(0, len(elements), BATCH):
            yield 0.0, tuple(elements[n : n + BATCH])
        return
    for element in elements:
        yield (element.time - elements[0].time).total_seconds() / factor, (element,)


def moved_to(elements: Sequence[Element], start: datetime, factor: float) -> tuple[Element, ...]:
    """The same elements as if the first happened at `start` and everything went `factor` times as fast."""
    first = elements[0].time
    return tuple(
        msgspec.structs.replace(element, time=start + (element.time - first) / factor) for element in elements
    )


def _parser() -> argparse.ArgumentParser:
    mappings = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.toml")))
    parser = argparse.ArgumentParser(
        prog="hanoi-replay",
        description="Publishes a recorded CSV to the broker (HANOI_MQTT_PUBLISH_URL, else HANOI_MQTT_URL), with"
        " provenance 'replayed'. Its Thing must be in the inventory, otherwise ingest rejects it as unknown_thing:"
        " `hanoi-migrate --recorded` loads the Things of the shipped mappings.",
    )
    parser.add_argument("file", type=Path, help="the recorded CSV")
    parser.add_argument("--mapping", required=True, help=f"{mappings}, or the path of a .toml file")
    parser.add_argument(
        "--speed", type=speed, default=float("inf"), help="original, max (default) or e.g. 60x"
    )
    parser.add_argument(
        "--start-at",
        choices=("original", "now"),
        default="original",
        help="now: each value happens when it is published (not with --speed max, and not the same twice)",
    )
    parser.add_argument("--check", action="store_true", help="read mapping and file, count, publish nothing")
    return parser


def _say(mapping: Mapping, recording: Recording) -> None:
    print(
        f"{mapping.domain}/{mapping.thing}: {recording.observations} observations at"
        f" {len(recording.elements)} times from {recording.rows} rows;"
        f" left out: {recording.invalid_rows} invalid rows, {recording.missing_cells} missing cells,"
        f" {recording.repeated_rows} repeated rows"
    )


def _replay(settings: Settings, options: argparse.Namespace, mapping: Mapping, recording: Recording) -> None:
    elements = recording.elements
    if not elements:
        raise RecordingError(f"{options.file}: no valid value in the mapped columns")
    due = list(paced(elements, options.speed))
    if options.start_at == "now":
        if options.speed == float("inf"):
            raise ConfigurationError("--start-at now: needs --speed original or a factor, not max")
        moved = moved_to(elements, datetime.now(UTC), options.speed)
        due = [(at, (element,)) for (at, _), element in zip(due, moved, strict=True)]
    outbox = Outbox(address=broker_address(settings), client_id=f"hanoi-replay-{os.getpid()}")
    outbox.start()
    try:
        _connect(outbox)
        with Progress("replay", len(elements), "rows", log) as progress:
            _publish(outbox, observations_topic(mapping.domain, mapping.thing), due, progress)
    except KeyboardInterrupt:
        print("interrupted; run it again when you like: what arrived already is absorbed", file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        outbox.stop()
    log.info("replayed thing=%s observations=%d", mapping.thing, recording.observations)


def _connect(outbox: Outbox) -> None:
    deadline = time.monotonic() + _CONNECT_S
    while not outbox.connected:
        if outbox.refused is not None:
            raise ConfigurationError(
                f"{outbox.address} refuses us: {outbox.refused}; look at HANOI_MQTT_PUBLISH_URL"
            )
        if time.monotonic() > deadline:
            print(f"no broker at {outbox.address}; try again when it runs", file=sys.stderr)
            raise SystemExit(1)
        outbox.wait(0.5)


def _publish(outbox: Outbox, topic: str, due: Sequence[Due], progress: Progress) -> None:
    """Returns when the broker has acknowledged everything."""
    began = time.monotonic()
    for at, elements in due:
        while not outbox.has_room or time.monotonic() - began < at:
            _advance(outbox, progress)
            ahead = began + at - time.monotonic()
            outbox.wait(min(max(ahead, 0.0), 1.0) if outbox.has_room else 1.0)
        outbox.send(topic, encode(elements), len(elements))
    while outbox.unacknowledged:
        _advance(outbox, progress)
        outbox.wait(0.2)


def _advance(outbox: Outbox, progress: Progress) -> None:
    if not outbox.alive:
        print("the connection's thread died; run it again", file=sys.stderr)
        raise SystemExit(1)
    for rows in outbox.receipts():
        assert isinstance(rows, int)
        progress.advance(rows)


if __name__ == "__main__":
    main()
