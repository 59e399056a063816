"""Writes ioos_qc.json: random series and what the reference implementation of QARTOD's tests says of each value.

In an environment of its own (about 370 MB, so it is no dependency of ours), from the project's folder:

    python3.11 -m venv /tmp/ioos-qc && /tmp/ioos-qc/bin/pip install ioos-qc==3.0.0
    /tmp/ioos-qc/bin/python tests/golden/quality/make_vectors.py

Values are multiples of 0.25, so that no sum is rounded. `flat_line_test` flags a range *below* its tolerance, ours one
*within* it: it is given half a step more.
"""

import json
import random
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ioos_qc import qartod

SUSPECT = 3
STEP = 0.25
CASES = 150
SEED = 20261122


def walk(chance: random.Random) -> list[float]:
    """A series with noise, level shifts, spikes and stretches that stand still or nearly so."""
    value, values = chance.randrange(-20, 80) * STEP, []
    while len(values) < 60:
        kind = chance.choice(["noise", "noise", "shift", "spike", "still", "nearly still"])
        if kind == "shift":
            value += chance.randrange(-80, 81) * STEP
        for _ in range(1 if kind in ("spike", "shift") else chance.randrange(2, 16)):
            off = {"noise": 12, "spike": 120, "nearly still": 2}.get(kind, 0)
            values.append(value + chance.randrange(-off, off + 1) * STEP)
    return values[:60]


def case(chance: random.Random) -> dict[str, Any]:
    interval_s = chance.choice([60, 300, 900, 3600])
    values = walk(chance)
    times = np.datetime64("2026-11-22T00:00:00") + np.arange(len(values)) * np.timedelta64(interval_s, "s")
    checks = {
        "spike": chance.randrange(4, 60) * STEP,
        "step_per_min": chance.randrange(4, 80) * STEP / (interval_s / 60),
        "for_s": chance.randrange(2, 13) * interval_s,
        "tolerance": chance.choice([0, 0, 1, 2, 6]) * STEP,
    }
    never = 10 * checks["for_s"] * len(values)
    found = {
        "spike": qartod.spike_test(values, suspect_threshold=checks["spike"], method="average"),
        "step": qartod.rate_of_change_test(values, times, threshold=checks["step_per_min"] / 60),
        "stuck": qartod.flat_line_test(
            values, times, checks["for_s"], never, tolerance=checks["tolerance"] + STEP / 2
        ),
    }
    suspect = {name: [n for n, flag in enumerate(flags) if flag == SUSPECT] for name, flags in found.items()}
    return {"interval_s": interval_s, "checks": checks, "values": values, "suspect": suspect}


def main() -> None:
    chance = random.Random(SEED)
    document = {
        "made_with": f"ioos-qc {version('ioos-qc')}",
        "made_by": "python tests/golden/quality/make_vectors.py",
        "cases": [case(chance) for _ in range(CASES)],
    }
    path = Path(__file__).with_name("ioos_qc.json")
    path.write_text(json.dumps(document).replace('{"interval_s"', '\n{"interval_s"') + "\n", "utf-8")


if __name__ == "__main__":
    main()
