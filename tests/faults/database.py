"""Faults of the database."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg

from ingest.wire import Element, encode, observations_topic
from tests.faults.publisher import Good, Sent
from tests.faults.scene import Fault, Scene
from tests.processes import publish

DISK_MB: Final = 500
POISON: Final = 66.6
"""Micrograms of PM2.5 that the database is made to refuse."""


def crash(scene: Scene, seconds: float) -> None:
    scene.postgres.kill()
    scene.rest(seconds)
    scene.postgres.start()


def stop(scene: Scene, seconds: float) -> None:
    scene.postgres.stop()
    scene.rest(seconds)
    scene.postgres.start()


def start_after_ingest(scene: Scene, seconds: float) -> None:
    scene.kill_ingest()
    scene.postgres.stop()
    scene.start_worker(1)
    scene.rest(seconds)
    scene.postgres.start()
    scene.until(scene.all_ready, "the worker that waited")


def refuse_connections(scene: Scene, seconds: float) -> str:
    scene.execute("ALTER DATABASE hanoi CONNECTION LIMIT 0")
    _disconnect(scene)
    scene.rest(seconds)
    scene.execute("ALTER DATABASE hanoi CONNECTION LIMIT -1")
    return "53300, and every connection ended"


def freeze(scene: Scene, seconds: float) -> str:
    scene.postgres.pause()
    scene.rest(seconds)
    scene.postgres.resume()
    return "SIGSTOP: connections stay, no answer"


def slow(scene: Scene, seconds: float) -> str:
    scene.execute(
        "CREATE OR REPLACE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END$$",
        "CREATE TRIGGER dawdle BEFORE INSERT ON observation FOR EACH STATEMENT EXECUTE FUNCTION dawdle()",
    )
    scene.rest(seconds)
    scene.execute("DROP TRIGGER dawdle ON observation")
    return "half a second more for each batch"


def lock(table: str) -> Callable[[Scene, float], None]:
    def inject(scene: Scene, seconds: float) -> None:
        with scene.superuser() as conn, conn.transaction():
            conn.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            scene.rest(seconds)

    return inject


def lock_time_out(scene: Scene, seconds: float) -> str:
    with _set(scene, "lock_timeout", "200ms"):
        lock("observation")(scene, seconds)
    return "55P03"


def statement_time_out(scene: Scene, seconds: float) -> str:
    """Every statement is given up that does not answer at once."""
    with _set(scene, "statement_timeout", "1ms"):
        scene.rest(seconds)
    return "57014"


@dataclass(frozen=True, kw_only=True, slots=True)
class Battery(Good):
    """The first of its kind from a bay: a Datastream has to be made for it."""

    @property
    def result(self) -> float:
        return 3.5

    @property
    def key(self) -> tuple[str, str, datetime]:
        return self.bay, "battery", self.time

    @property
    def payload(self) -> bytes:
        return encode([Element(time=self.time, results={"battery": self.result})])


def read_only(scene: Scene, seconds: float) -> str:
    ended = len(scene.exits)
    with _set(scene, "default_transaction_read_only", "on"):
        first = Battery(number=3_900_000, bay=scene.publisher.bays[0])
        publish(scene.broker.url("publisher"), [(first.topic, first.payload)], client_id="newly-equipped")
        scene.sent.append(first)
        scene.rest(seconds / 2)
        scene.kill_worker(1)
        scene.start_worker(1)
        scene.rest(seconds / 2)
    scene.until(scene.all_ready, "the worker that was started meanwhile")
    assert len(scene.exits) == ended, f"ingest gave up instead of waiting\n{scene.log_end()}"
    return "25006, as after a failover to a standby; ingest started anew meanwhile"


def fill_disk(scene: Scene, seconds: float) -> str:
    filler = scene.postgres.data_dir.parent / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024 * 1024))
    free_kb = shutil.disk_usage(filler.parent).free // 1024
    end = time.monotonic() + seconds + 60
    while not _says_full(scene) and time.monotonic() < end:
        scene.rest(0.5)
    assert _says_full(scene), "the disk never was full"
    scene.rest(seconds)
    crashed = scene.postgres.pid is None or not scene.postgres.answers()
    filler.unlink()
    if crashed:
        scene.postgres.stop()
        scene.postgres.start()
    state = "the server gave up and was started again" if crashed else "the server stayed up"
    return f"a tmpfs of {DISK_MB} MB with {free_kb} kB left; {state}"


def _says_full(scene: Scene) -> bool:
    return "No space left on device" in scene.postgres.log.read_text(errors="replace")


def small_disk_missing() -> str | None:
    if os.geteuid() != 0:
        return "needs root, to mount a small disk"
    return None if shutil.which("mount") else "needs mount"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A tmpfs. Raises CalledProcessError where mounting is not allowed, root or not."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Poisoned(Sent):
    """Each thirtieth has the value that a constraint refuses."""

    @property
    def refused(self) -> bool:
        return self.number % 30 == 0

    @property
    def result(self) -> float:
        return POISON if self.refused else self.number % 500 / 10 + 100

    @property
    def key(self) -> tuple[str, str, datetime]:
        return "trung-yen-3", "pm2_5", self.time

    @property
    def topic(self) -> str:
        return observations_topic("air_quality", "trung-yen-3")

    @property
    def payload(self) -> bytes:
        return encode([Element(time=self.time, results={"pm2_5": self.result})])


def _poisoned(number: int, bays: Sequence[str]) -> Sent:
    return Poisoned(number=number, bay=bays[0])


def forbid_poison(scene: Scene) -> None:
    scene.execute(f"ALTER TABLE observation ADD CONSTRAINT no_poison CHECK (result <> {POISON}) NOT VALID")


def poison(scene: Scene, seconds: float) -> str:
    scene.rest(seconds)
    return "each thirtieth message violates a constraint (23514)"


@contextmanager
def _set(scene: Scene, name: str, value: str) -> Iterator[None]:
    """For every session, the running ones too."""
    scene.execute(f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        scene.execute(f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")


def _disconnect(scene: Scene) -> None:
    with suppress(psycopg.Error):
        scene.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hanoi'")


FAULTS = (
    Fault(group="database", name="SIGKILL (crash)", inject=crash, seconds=60, short_s=4),
    Fault(group="database", name="stopped, started again", inject=stop, seconds=10),
    Fault(group="database", name="started after ingest", inject=start_after_ingest, seconds=5, short_s=1),
    Fault(group="database", name="refuses connections", inject=refuse_connections, seconds=60, short_s=1),
    Fault(group="database", name="frozen", inject=freeze, seconds=15),
    Fault(group="database", name="slow", inject=slow, seconds=10),
    Fault(group="database", name="locked by a migration", inject=lock("observation"), seconds=10, short_s=1),
    Fault(group="database", name="lock time-out", inject=lock_time_out, seconds=10),
    Fault(group="database", name="statement time-out", inject=statement_time_out, seconds=10),
    Fault(group="database", name="read-only", inject=read_only, seconds=10, short_s=2),
    Fault(
        group="database",
        name="poison among good rows",
        prepare=forbid_poison,
        inject=poison,
        seconds=5,
        short_s=2,
        flow=_poisoned,
    ),
    Fault(
        group="database",
        name="disk full",
        inject=fill_disk,
        seconds=10,
        needs=small_disk_missing,
        on_small_disk=True,
    ),
)
