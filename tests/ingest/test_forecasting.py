"""Runs in processes of their own: what becomes of them is counted, and nothing heavy stays in ingest."""

import subprocess
import sys
from collections.abc import Sequence
from threading import Event

import pytest
from prometheus_client import CollectorRegistry

from ingest.forecasting import Forecasting
from ingest.metrics import Metrics


def counted(metrics: Metrics) -> dict[str, float]:
    registry: CollectorRegistry = metrics.registry
    outcomes = ("done", "failed", "too_long")
    name = "hanoi_ingest_forecast_runs_total"
    return {one: registry.get_sample_value(name, {"outcome": one}) or 0.0 for one in outcomes}


def run(script: str, *, limit_s: float = 60.0, stop: Event | None = None) -> dict[str, float]:
    metrics = Metrics()
    command: Sequence[str] = (sys.executable, "-c", script)
    Forecasting(runs=metrics.forecast_runs, stop=stop or Event(), limit_s=limit_s, command=command).frequent()
    return counted(metrics)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ("import sys; assert sys.argv[1:] == ['--frequent']", "done"),
        ("raise SystemExit(3)", "failed"),
        ("import os; os.kill(os.getpid(), 9)", "failed"),
    ],
)
def test_what_became_of_a_run_is_counted(script: str, outcome: str) -> None:
    found = run(script)
    assert found.pop(outcome) == 1
    assert set(found.values()) == {0}


def test_a_run_that_does_not_end_is_ended() -> None:
    assert run("import time; time.sleep(600)", limit_s=0.6) == {"done": 0, "failed": 0, "too_long": 1}


def test_a_run_ends_with_ingest_and_is_no_failure() -> None:
    stopping = Event()
    stopping.set()
    assert run("import time; time.sleep(600)", stop=stopping) == {"done": 0, "failed": 0, "too_long": 0}


def test_ingest_itself_loads_neither_pandas_nor_scikit_learn() -> None:
    heavy = "{'pandas', 'sklearn', 'scipy'} & set(sys.modules)"
    script = f"import sys, ingest.main as main; main.commands.find(); print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
