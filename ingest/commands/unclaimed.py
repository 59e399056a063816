"""List devices that send and that nobody knows, the one heard last first."""

import argparse

from ingest import claiming
from ingest.command_line import counted, hanoi_time, registry_of
from storage import claims
from storage.claims import Unclaimed
from storage.settings import Settings

_PREVIEW_BYTES = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="devices at most (default 50)")
    parser.add_argument(
        "--claimed", action="store_true", help="list the claims instead: who claimed what as what"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    with registry_of(settings) as registry, registry.pool.connection() as conn:
        if arguments.claimed:
            for claim in claims.list_claims(conn):
                when = f"{hanoi_time(claim.claimed_at)} by {claim.claimed_by}"
                print(f"{claim.source} {claim.device!r} is {claim.thing_id}  ({when})")
            return 0
        found = claims.unclaimed(conn, limit=max(1, arguments.limit), payload_bytes=_PREVIEW_BYTES)
    for one in found:
        print("\n".join(_lines(one)))
    if not found:
        print("every device that sends is known")
    return 0


def _lines(one: Unclaimed) -> list[str]:
    domain = claiming.domain_of(one)
    seen = f"{counted(one.count, 'message')}, {hanoi_time(one.first_seen)} to {hanoi_time(one.last_seen)} (Hanoi)"
    cut = f" … ({one.size} bytes)" if one.size > len(one.payload) else ""
    return [
        f"--source {one.source} --device {one.device!r}" + (f"  domain {domain}" if domain else ""),
        f"    {seen}",
        f"    {one.topic!r}",
        f"    {one.payload.decode('utf-8', 'backslashreplace')!r}{cut}",
    ]
