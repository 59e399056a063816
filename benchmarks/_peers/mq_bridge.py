"""mq-bridge (PyPI, Rust core), once with INSERT … ON CONFLICT DO NOTHING and once with its bulk COPY."""

import json
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._peers import NotHere, Task

VERSION: Final = "1.2.0"
_RUN: Final = (
    "import sys, json; from mq_bridge import Route; Route.from_config(json.loads(sys.argv[1]), 'r').run()"
)
_ABSORBING: Final = (
    "INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance) VALUES"
    " (${payload:datastream_id}, ${payload:time}::timestamptz, ${payload:time}::timestamptz, ${payload:value}, 1,"
    " 'measured'::provenance) ON CONFLICT DO NOTHING"
)
_RAW: Final = (  # COPY takes neither constants nor casts, so the message carries these columns too
    "INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance) VALUES"
    " (${payload:datastream_id}, ${payload:time}, ${payload:time}, ${payload:value}, ${payload:quality},"
    " ${payload:measured})"
)


def install(folder: Path) -> Path:
    """The Python that has it. Raises NotHere."""
    python = folder / "mq-bridge" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "mq-bridge", with_pip=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", f"mq-bridge=={VERSION}"],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise NotHere(f"mq-bridge {VERSION} can't be installed: {done.stderr.decode()[-200:]}")
    return python


def command(python: Path, task: Task, *, bulk: bool) -> Sequence[str]:
    """A process that reads the session `peer` until it is ended."""
    source = {
        "url": f"tcp://{task.broker_host}:{task.broker_port}",
        "topic": "hanoi/v1/#",
        "username": task.user,
        "password": task.password,
        "client_id": "peer",
        "qos": 1,
        "session_expiry_interval": 3600,
        "max_inflight": task.in_flight,
        "queue_capacity": task.in_flight,
    }
    sink: dict[str, Any] = {
        "url": task.database_url,
        "table": "observation",
        "insert_query": _RAW if bulk else _ABSORBING,
        "bulk_copy": bulk,
    }
    route = {"input": {"mqtt": source}, "output": {"sqlx": sink}, "batch_size": task.batch}
    return [str(python), "-c", _RUN, json.dumps({"routes": {"r": route}})]
