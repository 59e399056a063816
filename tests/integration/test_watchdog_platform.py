"""The whole platform without a supervisor: each process is killed in turn, and the watchdog names it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.runtime import Runtime
from storage import db, things
from storage.migrate import migrate
from storage.reference import Reference
from storage.settings import Settings
from tests.integration.watchdog_rig import Rig, watchdog
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import free_port, ready, start, wait_for

pytestmark = pytest.mark.integration

PROGRAMS = {
    "ingest": "HANOI_INGEST_BIND",
    "alerts": "HANOI_ALERTS_BIND",
    "public": "HANOI_PUBLIC_BIND",
    "control-room": "HANOI_CONTROL_ROOM_BIND",
}
LIMIT_S = 120.0


@dataclass
class Platform:
    postgres: Postgres
    broker: Mosquitto
    env: dict[str, str]
    folder: Path
    receiver: Receiver
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    rig: Rig | None = None

    def start(self, part: str) -> None:
        if part == "database":
            self.postgres.start()
        elif part == "broker":
            self.broker.start()
        else:
            with (self.folder / f"{part}.log").open("ab") as log:
                self.running[part] = start(f"hanoi-{part}", env=self.env, log=log)

    def kill(self, part: str) -> None:
        if part == "database":
            self.postgres.kill()
        elif part == "broker":
            self.broker.kill()
        else:
            self.running[part].kill()
            self.running[part].wait()

    def wait_until_ready(self) -> None:
        for part, variable in PROGRAMS.items():
            log = self.folder / f"{part}.log"
            wait_for(
                lambda v=variable: ready(self.env[v]),  # type: ignore[misc]  # mypy infers no lambda with a default
                f"{part} ready",
                limit_s=LIMIT_S,
                context=lambda path=log: path.read_text()[-2000:],  # type: ignore[misc]  # mypy infers no lambda with a default
            )

    def told(self, reason: str) -> dict[str, Any] | None:
        return next((got for got in self.receiver.got if got["reason"] == reason), None)

    def wait_until_told(self, reason: str) -> dict[str, Any]:
        assert self.rig is not None
        log = self.rig.log
        wait_for(lambda: self.told(reason), reason, limit_s=LIMIT_S, context=lambda: log.read_text()[-3000:])
        found = self.told(reason)
        assert found is not None
        return found

    @property
    def named(self) -> set[str]:
        firing = [got for got in self.receiver.got if got["reason"] == "firing"]
        return {alert["thing"]["id"] for got in firing for alert in got["alerts"]}


@pytest.fixture(scope="module")
def platform(servers: tuple[Runtime, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    installed, folder = servers
    with ExitStack() as stack:
        own = stack.enter_context(
            Postgres(installed, folder / "watchdog-db", settings=FOR_TESTS, dies_with_parent=True)
        )
        broker = stack.enter_context(
            Mosquitto(installed, folder / "watchdog-mq", proves_persistence=False, dies_with_parent=True)
        )
        made = Platform(
            postgres=own,
            broker=broker,
            env=_environment(own, broker),
            folder=tmp_path_factory.mktemp("platform"),
            receiver=stack.enter_context(listening()),
        )
        migrate(made.env["HANOI_DATABASE_URL"])
        _load_things(made.env["HANOI_DATABASE_URL"])
        stack.callback(_end, made)
        for part in PROGRAMS:
            made.start(part)
        made.wait_until_ready()
        env = {
            **made.env,
            "HANOI_RUNTIME_DIR": str(made.folder / "runtime"),
            "HANOI_MQTT_PUBLISH_URL": broker.url("watchdog"),
            "HANOI_WATCHDOG_WEBHOOK_URL": made.receiver.url,
        }
        made.rig = stack.enter_context(watchdog(env, made.folder))
        made.rig.wait_until_alive()
        yield made


def _environment(own: Postgres, broker: Mosquitto) -> dict[str, str]:
    binds = [*PROGRAMS.values(), "HANOI_WATCHDOG_BIND"]
    return {
        "HANOI_DATABASE_URL": own.url("postgres", "postgres"),
        "HANOI_MQTT_URL": broker.url("ingest"),
        "HANOI_WATCHDOG_EVERY_S": "1",
        "HANOI_WATCHDOG_SILENCE_S": "15",
        "HANOI_WATCHDOG_PROBE_S": "10",
        **{variable: f"127.0.0.1:{free_port()}" for variable in binds},
    }


def _load_things(url: str) -> None:
    settings = Settings()
    reference = Reference(
        catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
    )
    with db.connect(url, name="test") as conn:
        things.sync(conn, reference.domains, reference.things)


def _end(platform: Platform) -> None:
    for process in platform.running.values():
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(60)


def test_a_canary_goes_through_broker_ingest_database_and_engine(platform: Platform) -> None:
    assert platform.rig is not None
    with db.connect(platform.env["HANOI_DATABASE_URL"], name="test") as conn:
        rows = conn.execute(
            "SELECT d.property, count(*) AS n, min(o.provenance) AS provenance FROM observation o"
            " JOIN datastream d ON d.id = o.datastream_id WHERE d.thing_id = 'canary' GROUP BY 1 ORDER BY 1"
        ).fetchall()
        rejected = conn.execute("SELECT count(*) AS n FROM rejected_message").fetchone()
    assert [(row["property"], row["provenance"]) for row in rows] == [
        ("heartbeat", "measured"),
        ("round_trip", "measured"),
    ]
    assert rows[0]["n"] >= platform.rig.returned, "none is told of that is not stored"
    assert rejected == {"n": 0}


@pytest.mark.parametrize(
    ("part", "with_it"),
    [
        ("public", set()),
        ("control-room", set()),
        ("alerts", {"canary"}),
        ("ingest", {"canary"}),
        ("broker", {"canary"}),
        ("database", {"canary"}),
    ],
)
def test_a_killed_process_is_named_and_its_return_is_told(
    platform: Platform, part: str, with_it: set[str]
) -> None:
    assert platform.rig is not None
    platform.receiver.got.clear()
    platform.kill(part)
    down = platform.wait_until_told("firing")
    wait_for(lambda: platform.named >= {part, *with_it}, f"{part} named", limit_s=LIMIT_S)
    if not with_it:
        assert platform.named == {part}
    assert down["status"] == "actual"
    platform.start(part)
    platform.wait_until_ready()
    over = platform.wait_until_told("resolved")
    assert part in {alert["thing"]["id"] for alert in over["alerts"]}
    assert [got["reason"] for got in platform.receiver.got].count("resolved") == 1
    platform.rig.wait_until_alive()


def test_an_engine_that_is_frozen_is_named(platform: Platform) -> None:
    assert platform.rig is not None
    platform.receiver.got.clear()
    platform.running["alerts"].send_signal(signal.SIGSTOP)
    try:
        platform.wait_until_told("firing")
        wait_for(lambda: platform.named >= {"alerts", "canary"}, "named", limit_s=LIMIT_S)
    finally:
        platform.running["alerts"].send_signal(signal.SIGCONT)
    platform.wait_until_told("resolved")


def test_what_was_missed_is_in_the_availability(platform: Platform) -> None:
    assert platform.rig is not None
    platform.rig.wait_until_alive()
    days = platform.rig.get("/availability").json()["days"]
    assert sum(day["due"] - day["in_time"] for day in days) > 0
    assert all(day["share"] < 1 for day in days if day["late"] + day["lost"])
