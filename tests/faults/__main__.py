"""`make test-faults`: breaks processes, broker, database, network and data while messages flow, and counts.

    python -m tests.faults [--only PART] [--repeat 1] [--short] [--workers 1,2,4,1] [--write docs/reliability.md]

Exit 1 when a message that the publisher got an ack for is missing, there twice or there with another value.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploy.embedded import runtime
from tests.faults import process, report, suite
from tests.faults.scene import RATE_HZ, Fault, Result, Scene


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", default="", help="faults whose 'group: name' has this in it")
    parser.add_argument("--repeat", type=int, default=1, help="how often each (default 1)")
    parser.add_argument("--short", action="store_true", help="what `make test` runs")
    parser.add_argument(
        "--workers", help="only this: from one number of workers to the next, such as 1,2,4,2,1"
    )
    parser.add_argument("--write", type=Path, help="a document whose table gets these rows")
    parser.add_argument("--runtime", type=Path, default=Path(".runtime"))
    arguments = parser.parse_args()
    faults = _chosen(arguments)
    if not faults:
        parser.error(
            f"--only {arguments.only!r}: no fault has this in its name: {', '.join(suite.GROUPS)}: …"
        )
    installed = runtime.ensure(arguments.runtime, print)
    about: set[str] = set()

    def opened(scene: Scene) -> None:
        about.add(report.versions(installed, scene))

    results: list[Result] = []
    print("\n".join(report.HEAD), flush=True)
    for result in suite.run(installed, faults, opened):
        results.append(result)
        print(report.line(result), flush=True)
        if not result.passed:
            print(report.examples(result), file=sys.stderr, flush=True)
    if arguments.write is not None:
        today = datetime.now(UTC).date()
        report.write(arguments.write, results, suite.names(), "; ".join(sorted(about)), today, RATE_HZ)
    sys.exit(0 if all(result.passed for result in results) else 1)


def _chosen(arguments: argparse.Namespace) -> list[Fault]:
    if arguments.workers:
        known: Sequence[Fault] = [process.workers([int(count) for count in arguments.workers.split(",")])]
    elif arguments.short:
        known = [fault for group in suite.GROUPS for fault in suite.short(group)]
    else:
        known = suite.ALL
    part = arguments.only.lower()
    chosen = [fault for fault in known if part in f"{fault.group}: {fault.name}".lower()]
    return [fault for fault in chosen for _ in range(arguments.repeat)]


if __name__ == "__main__":
    main()
