"""Say which Thing an unknown device is, and store what was refused for want of that.

An existing Thing: `claim --source S --device D --thing T`. A new one: `--new` with domain and names; it is called
like the device unless `--thing` says otherwise. The source of native messages is `mqtt`, its device the Thing of the
topic.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from ingest import claiming
from ingest.claiming import Device, NewThing, Place
from ingest.command_line import registry_of, who
from ingest.commands import CommandError
from ingest.commands.reprocess import table
from ingest.decoders import codecs
from ingest.model import NATIVE, Reason
from ingest.reprocess import Outcome, Reprocessing
from ingest.sources import Sources, load_sources
from storage.claims import ClaimRefused
from storage.model import Thing
from storage.reference import Reference
from storage.rejections import Selection
from storage.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True, help="as `hanoi-ingest unclaimed` lists it")
    parser.add_argument("--device", required=True, help="as `hanoi-ingest unclaimed` lists it")
    parser.add_argument("--thing", metavar="ID", help="the Thing that it is")
    new = parser.add_argument_group("a Thing that is not there yet")
    new.add_argument("--new", action="store_true", help="make the Thing")
    new.add_argument("--domain")
    new.add_argument("--kind", help="default: the domain's first kind on the map")
    new.add_argument("--name-vi", metavar="NAME")
    new.add_argument("--name-en", metavar="NAME")
    new.add_argument("--lat", type=float, metavar="DEGREES")
    new.add_argument("--lon", type=float, metavar="DEGREES")
    new.add_argument("--place-source", metavar="TEXT", help="who says that it stands there")
    new.add_argument("--parent", metavar="ID", help="the Thing that it is part of, as a bay of a car park")
    new.add_argument("--property", action="append", default=[], metavar="KEY", help="one that it will send")
    new.add_argument("--not-public", action="store_true", help="keep it off the citizens' pages")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    sources = load_sources(settings.sources_file)
    device = Device(source=arguments.source, device=arguments.device)
    if device.source != NATIVE and settings.sources_file is None:
        raise CommandError(f"HANOI_SOURCES_FILE is not set: it says what source '{device.source}' is")
    with registry_of(settings) as registry:
        domains = registry.reference.domains
        try:
            thing = _thing(arguments, device, registry.reference)
            with registry.pool.connection() as conn:
                made = claiming.claim(
                    conn, device, thing, domains=domains, sources=sources, who=who(), now=datetime.now(UTC)
                )
        except ClaimRefused as error:
            raise CommandError(str(error)) from error
        thing_id = thing if isinstance(thing, str) else thing.id
        print(f"{device.source} {device.device!r} is {thing_id}" + ("" if made else " (was so before)"))
        reprocessing = Reprocessing(
            pool=registry.pool, registry=registry, sources=sources, clock=lambda: datetime.now(UTC)
        )
        done = reprocessing.run(Selection(source=device.source, device=device.device))
    print(table(done))
    print("\n".join(_to_do(device, thing_id, done, sources)))
    return 0


def _to_do(device: Device, thing_id: str, done: Outcome, sources: Sources) -> Iterator[str]:
    """What stays open is faulty for another reason than the device."""
    source = sources.named(device.source)
    for reason in done.examples:
        again = f"`hanoi-ingest reprocess --reason {reason}`"
        if reason == Reason.UNSUPPORTED and source is not None and hasattr(source.options, "codec"):
            yield (
                f"to do: where nobody decodes the bytes yet, write below source {source.name} of HANOI_SOURCES_FILE\n"
                f"  [source.devices.{json.dumps(device.device)}]\n"
                f'  thing = "{thing_id}"\n'
                f'  options.codec = "…"    # one of {", ".join(codecs.names())}\n'
                f"  and restart hanoi-ingest, then {again}"
            )
        else:
            yield f"to do: mend the cause of {reason}, then {again}"


def _thing(arguments: argparse.Namespace, device: Device, reference: Reference) -> str | Thing:
    """Raises CommandError or ClaimRefused naming the option."""
    if not arguments.new:
        if not arguments.thing:
            raise CommandError("--thing: which Thing is it? (or --new makes one)")
        return str(arguments.thing)
    missing = [option for option in ("domain", "name_vi", "name_en") if not getattr(arguments, option)]
    if missing:
        raise CommandError(f"--new needs {', '.join('--' + name.replace('_', '-') for name in missing)}")
    thing_id = arguments.thing or claiming.own_id(device)
    if thing_id is None:
        raise CommandError(f"--thing: '{device.device}' can't be an id: name one of a-z 0-9 _ -, at most 64")
    new = NewThing(
        id=thing_id,
        domain=arguments.domain,
        kind=arguments.kind,
        name_vi=arguments.name_vi,
        name_en=arguments.name_en,
        place=_place(arguments),
        parent=arguments.parent,
        properties=arguments.property,
        public=not arguments.not_public,
    )
    return claiming.checked(new, device, reference)


def _place(arguments: argparse.Namespace) -> Place | None:
    given = [arguments.lat is not None, arguments.lon is not None, bool(arguments.place_source)]
    if not any(given):
        return None
    if not all(given):
        raise CommandError("a place is --lat, --lon and --place-source, or none of them")
    return Place(lat=arguments.lat, lon=arguments.lon, source=arguments.place_source)
