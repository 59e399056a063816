"""Take a claim back: the device is unknown again. What was stored for its Thing stays."""

import argparse
from datetime import UTC, datetime

from ingest import claiming
from ingest.claiming import Device
from ingest.command_line import registry_of, who
from ingest.commands import CommandError
from storage.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True)
    parser.add_argument("--device", required=True)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    device = Device(source=arguments.source, device=arguments.device)
    with registry_of(settings) as registry, registry.pool.connection() as conn:
        thing = claiming.unclaim(conn, device, who=who(), now=datetime.now(UTC))
    if thing is None:
        raise CommandError(f"nobody claimed device '{device.device}' of '{device.source}'")
    print(f"{device.source} {device.device!r} is not {thing} any more")
    return 0
