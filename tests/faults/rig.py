"""Database, broker, ingest and a publisher that belong to one run, so that each can be killed."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.runtime import Runtime
from storage import db, inventory, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from tests.faults.publisher import Publisher, Sent
from tests.processes import free_port, ready, start, wait_for

Target = Literal["ingest", "broker", "database"]
TARGETS: tuple[Target, ...] = ("ingest", "broker", "database")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One kill: how long the part was gone, how long the backlog took, and what came out."""

    target: Target
    outage_s: float
    """From the kill until the part answered again."""
    catch_up_s: float
    """From then until what was acknowledged was stored, but for a second's flow."""
    acked: int
    lost: list[Sent]
    twice: list[bytes]


@dataclass(kw_only=True)
class Rig:
    postgres: Postgres
    broker: Mosquitto
    log: IO[bytes]
    publisher: Publisher = field(init=False)
    _ingest: subprocess.Popen[bytes] = field(init=False)
    _bind: str = field(init=False)
    _checked: int = field(default=0, init=False)

    def start(self) -> None:
        self.postgres.create_owner("hanoi")
        migrate(self.url)
        domains = load_catalog()
        city = load_inventory([inventory.SHIPPED], domains)
        with db.connect(self.url, name="faults") as conn:
            things.sync(conn, domains, city)
        self._bind = f"127.0.0.1:{free_port()}"
        self.start_ingest()
        bays = [thing.id for thing in city if thing.kind == "bay"]
        self.publisher = Publisher(url=self.broker.url("publisher"), bays=bays)
        self.publisher.start()

    def stop(self) -> None:
        self.publisher.stop()
        self._ingest.kill()
        self._ingest.wait()

    @property
    def url(self) -> str:
        return self.postgres.owner_url("hanoi")

    def start_ingest(self) -> None:
        env = {
            "HANOI_DATABASE_URL": self.url,
            "HANOI_MQTT_URL": self.broker.url("ingest"),
            "HANOI_INGEST_BIND": self._bind,
        }
        self._ingest = start("hanoi-ingest", env=env, log=self.log)
        wait_for(lambda: ready(self._bind), "ingest ready")

    def kill(self, target: Target, outage_s: float, after_s: float) -> Outcome:
        """SIGKILL while messages flow, start again after the outage, wait for the backlog, then count."""
        self.publisher.resume()
        time.sleep(after_s)
        killed = time.monotonic()
        kill, start_again = self._parts()[target]
        kill()
        time.sleep(outage_s)
        start_again()
        back = time.monotonic()
        wait_for(self._caught_up, f"backlog at 0 after {target}", limit_s=60 + 4 * outage_s)
        caught_up = time.monotonic()
        acked, lost, twice = self._count()
        return Outcome(
            target=target,
            outage_s=back - killed,
            catch_up_s=caught_up - back,
            acked=acked,
            lost=lost,
            twice=twice,
        )

    def _parts(self) -> dict[Target, tuple[Callable[[], None], Callable[[], None]]]:
        return {
            "ingest": (self._kill_ingest, self.start_ingest),
            "broker": (self.broker.kill, self.broker.start),
            "database": (self.postgres.kill, self.postgres.start),
        }

    def _kill_ingest(self) -> None:
        self._ingest.kill()
        self._ingest.wait()

    def _caught_up(self) -> bool:
        """While the flow goes on: all but the last second's messages are in the database."""
        acked = len(self.publisher.acked)
        return self.publisher.unacked < 300 and self._stored() >= acked - self.publisher.rate_hz

    def _stored(self) -> int:
        with db.connect(self.url, name="faults") as conn:
            row = conn.execute(
                "SELECT (SELECT count(*) FROM observation) + (SELECT count(*) FROM rejected_message) AS n"
            ).fetchone()
        return int(row["n"]) if row else 0

    def _count(self) -> tuple[int, list[Sent], list[bytes]]:
        """Lets everything come to rest, then compares what was acknowledged with what is stored."""
        self.publisher.pause()
        wait_for(lambda: self.publisher.unacked == 0, "every message acknowledged")
        acked = self.publisher.acked[self._checked :]
        limit = time.monotonic() + 30
        while (lost := self._missing(acked)) and time.monotonic() < limit:
            time.sleep(0.2)
        self._checked += len(acked)
        return len(acked), lost, self._twice()

    def _missing(self, acked: list[Sent]) -> list[Sent]:
        with db.connect(self.url, name="faults") as conn:
            stored = {
                (row["thing_id"], row["phenomenon_time"])
                for row in conn.execute(
                    "SELECT d.thing_id, o.phenomenon_time FROM observation o"
                    " JOIN datastream d ON d.id = o.datastream_id WHERE d.property = 'occupied'"
                )
            }
            rejected = {bytes(r["payload"]) for r in conn.execute("SELECT payload FROM rejected_message")}
        return [
            sent
            for sent in acked
            if (sent.payload not in rejected if sent.broken else (sent.bay, sent.time) not in stored)
        ]

    def _twice(self) -> list[bytes]:
        """Rejections stored more than once; the primary key speaks for observations."""
        with db.connect(self.url, name="faults") as conn:
            rows = conn.execute(
                "SELECT payload FROM rejected_message GROUP BY payload HAVING count(*) > 1"
            ).fetchall()
        return [bytes(row["payload"]) for row in rows]


@contextmanager
def rig(runtime: Runtime, folder: Path) -> Iterator[Rig]:
    """A running rig with the broker's `safe` setting (or what the installed Mosquitto has instead)."""
    with (
        Postgres(runtime, folder / "database", settings=FOR_TESTS) as postgres,
        Mosquitto(runtime, folder / "broker", proves_persistence=False) as broker,
        (folder / "ingest.log").open("ab") as log,
    ):
        made = Rig(postgres=postgres, broker=broker, log=log)
        made.start()
        try:
            yield made
        finally:
            made.stop()
