"""`make test-faults`: SIGKILL of ingest, broker and database under 300 messages/s, ten times each.

    python -m tests.faults [--kills 10] [--outages 0,5,60] [--targets ingest,broker,database] [--seed 1]

Exit 1 when a message that the publisher got an ack for is missing or there twice, or when a backlog took more than
twice the outage.
"""

import argparse
import itertools
import random
import sys
from pathlib import Path

from deploy.embedded import runtime
from tests.faults.rig import TARGETS, Outcome, rig

LIMIT = 2.0
"""Backlog at 0 within this many times the outage, while messages go on."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="of each target (default 10)")
    parser.add_argument("--outages", default="0,5,60", help="seconds, taken in turn (default 0,5,60)")
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runtime", type=Path, default=Path(".runtime"))
    arguments = parser.parse_args()
    outages = [float(part) for part in arguments.outages.split(",")]
    installed = runtime.ensure(arguments.runtime, print)
    moments = random.Random(arguments.seed)
    bad = 0
    print("target     outage s   back at 0 after s   ratio   acked    lost   twice", flush=True)
    for target in arguments.targets.split(","):
        with installed.temporary_folder(f"faults-{target}") as folder, rig(installed, folder) as running:
            for outage_s in itertools.islice(itertools.cycle(outages), arguments.kills):
                outcome = running.kill(target, outage_s, after_s=moments.uniform(1.0, 4.0))
                bad += not _report(outcome)
    sys.exit(1 if bad else 0)


def _report(outcome: Outcome) -> bool:
    ratio = outcome.catch_up_s / outcome.outage_s
    print(
        f"{outcome.target:10} {outcome.outage_s:8.2f} {outcome.catch_up_s:19.2f} {ratio:7.2f}"
        f" {outcome.acked:7d} {len(outcome.lost):7d} {len(outcome.twice):7d}",
        flush=True,
    )
    return not outcome.lost and not outcome.twice and ratio <= LIMIT


if __name__ == "__main__":
    main()
