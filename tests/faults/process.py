"""Faults of our own processes."""

import json
import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tests.faults.publisher import Good, Sent
from tests.faults.rig import Target
from tests.faults.sabotage import POINTS
from tests.faults.scene import Fault, Scene
from tests.processes import free_port, wait_for

KILLED: Final[tuple[int | Target, ...]] = (1, "broker", "database")
AWAY_S: Final = 1.0
"""So long a worker is away before it starts at a chosen point: a backlog makes whole batches."""


def kill_all(scene: Scene, seconds: float) -> None:
    scene.kill_ingest()
    time.sleep(seconds)
    scene.start_ingest()


def kill_one(worker: int) -> Callable[[Scene, float], None]:
    def inject(scene: Scene, seconds: float) -> None:
        scene.kill_worker(worker)
        time.sleep(seconds)
        scene.start_ingest()

    return inject


def kill_at(point: str) -> Callable[[Scene, float], str]:
    """At the first (and in the long form at the third) time that a worker with a backlog gets there."""

    def inject(scene: Scene, seconds: float) -> str:
        counts = (1, 3) if seconds else (1,)
        for count in counts:
            scene.kill_worker(1)
            time.sleep(AWAY_S)
            process = scene.spawn(1, sabotage=[point, str(count)])
            try:
                assert process.wait(60) == -signal.SIGKILL, scene.log_end()
            finally:
                process.kill()
            scene.start_ingest()
            time.sleep(seconds)
        return "at the first, then at the third batch" if seconds else "at the first batch"

    return inject


def stop_politely(scene: Scene, seconds: float) -> str:
    statuses = []
    for worker in list(scene.workers):
        process = scene.workers.pop(worker)
        process.send_signal(signal.SIGTERM)
        statuses.append(process.wait(60))
    assert statuses == [0] * len(statuses), statuses
    time.sleep(seconds)
    scene.start_ingest()
    return "each ended with 0"


def two_with_one_number(scene: Scene, seconds: float) -> str:
    """A second worker 1; each is started again when the other takes its session."""
    port = free_port()
    rival, rivals = scene.spawn(1, port=port), 1
    before = len(scene.exits)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            scene.rest(0.5)
            if rival.poll() is not None:
                assert rival.returncode == 70, scene.log_end()
                rival, rivals = scene.spawn(1, port=port), rivals + 1
    finally:
        rival.kill()
        rival.wait()
    scene.until(scene.all_ready, "the one that is left")
    return f"{len(scene.exits) - before + rivals - 1} takeovers"


def receiving_thread_fails(scene: Scene, seconds: float) -> str:
    scene.kill_worker(1)
    process = scene.spawn(1, sabotage=["receiver-fails", "50"])
    status = process.wait(60)
    time.sleep(seconds)
    scene.start_ingest()
    assert status == 70, f"ended with {status}\n{scene.log_end()}"
    return "the watchdog ended it with 70"


@dataclass(frozen=True, kw_only=True, slots=True)
class Large(Good):
    """Four hundred kilobytes, most of them a field that is ignored."""

    @property
    def payload(self) -> bytes:
        return json.dumps(
            {"time": self.time.isoformat(), "results": {"occupied": self.result}, "note": "x" * 400_000}
        ).encode()


def large(number: int, bays: Sequence[str]) -> Sent:
    return Large(number=number, bay=bays[number % len(bays)])


def out_of_memory(scene: Scene, seconds: float) -> str:
    """Not a page more than it has, while messages are large and the database takes nothing."""
    worker = scene.workers[1]
    with scene.superuser() as conn, conn.transaction():
        conn.execute("LOCK TABLE observation IN ACCESS EXCLUSIVE MODE")
        used = _address_space(worker.pid)
        resource.prlimit(worker.pid, resource.RLIMIT_AS, (used // 2, used // 2))
        time.sleep(seconds)
    scene.rest(1.0)
    ended = worker.poll() is not None
    if not ended:  # it managed; a killer of processes would not ask
        worker.kill()
        worker.wait()
    scene.until(scene.all_ready, "a new worker")
    return "it ended by itself" if ended else "it went on within the limit, and was killed then"


def _address_space(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def numbers_of_workers(counts: Sequence[int]) -> Callable[[Scene, float], str]:
    """From one number to the next while messages flow; in each change a worker, the broker or the database dies."""

    def inject(scene: Scene, seconds: float) -> str:
        for change, (before, after) in enumerate(pairwise(counts)):
            _change(scene, before, after, seconds, KILLED[change % len(KILLED)])
            wait_for(scene.settled, f"{after} workers in order")
        scene.scale(1)
        return "a worker, the broker, the database killed in turn; the outage is the time of all changes"

    return inject


def _change(scene: Scene, before: int, after: int, seconds: float, killed: int | Target) -> None:
    scene.count = after
    for worker in list(scene.workers):
        scene._end_worker(worker)
    for worker in range(1, max(before, after) + 1):
        scene.start_worker(worker)
    time.sleep(seconds)
    scene._kill_and_start(killed)
    scene.start_ingest()
    for worker in range(after + 1, before + 1):
        assert scene.workers.pop(worker).wait(60) == 0, scene.log_end()


def workers(counts: Sequence[int]) -> Fault:
    """The row of `--workers`."""
    name = f"{', '.join(map(str, counts))} workers, a SIGKILL in each change"
    return Fault(group="process", name=name, inject=numbers_of_workers(counts), seconds=2, workers=counts[0])


FAULTS = (
    Fault(
        group="process",
        name="SIGKILL of one of two workers",
        inject=kill_one(2),
        workers=2,
        seconds=5,
    ),
    Fault(group="process", name="SIGKILL of both workers", inject=kill_all, workers=2, seconds=20),
    Fault(group="process", name="SIGKILL of the only worker", inject=kill_all, seconds=60, short_s=1),
    *(
        Fault(group="process", name=f"SIGKILL {where}", inject=kill_at(point), seconds=1, short_s=0)
        for point, where in zip(
            POINTS,
            ("before COPY", "after COPY, before COMMIT", "after COMMIT, before the ack", "amid the acks"),
            strict=True,
        )
    ),
    Fault(group="process", name="SIGTERM", inject=stop_politely, seconds=2, short_s=0),
    Fault(
        group="process",
        name="two processes with the same worker number",
        inject=two_with_one_number,
        seconds=15,
    ),
    Fault(
        group="process",
        name="the receiving thread fails",
        inject=receiving_thread_fails,
        seconds=1,
        short_s=0,
    ),
    Fault(
        group="process",
        name="no more memory (RLIMIT_AS)",
        inject=out_of_memory,
        seconds=10,
        flow=large,
        rate_hz=40,
    ),
    workers((1, 2, 4, 1)),
)
