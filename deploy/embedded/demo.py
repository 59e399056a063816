"""Brings the whole product up from nothing, keeps it up, and takes it down in order."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import psycopg

from deploy.embedded import announcement, process, secret_files
from deploy.embedded.apt import Say
from deploy.embedded.children import Program, bound_logs
from deploy.embedded.environments import OPERATOR, PUBLIC_LOGIN, Environments
from deploy.embedded.layout import Layout
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.ports import listeners, watchdog_bind
from deploy.embedded.postgres import Postgres
from deploy.embedded.process import POLL_S, ServerError
from deploy.embedded.runtime import Runtime
from deploy.embedded.settings import DemoSettings
from deploy.embedded.supervisor import StartError, Supervisor
from ingest.sources import load_sources

PUBLIC_ROLE = "hanoi_public"
BACKFILL = "48h"
_LOG_CHECK_S = 5.0
_SYNC_S = 1.0
_STOP_ORDER = (
    ("watchdog",),
    ("simulate",),
    ("ingest",),
    ("alerts", "public", "control-room"),
    ("broker",),
    ("database",),
)


class Demo:
    """A running product: two servers and our processes. run() returns an exit status."""

    def __init__(
        self,
        settings: DemoSettings,
        runtime: Runtime,
        layout: Layout,
        environment: Mapping[str, str],
        say: Say,
        *,
        programs: Path | None = None,
    ) -> None:
        self._settings = settings
        self._layout = layout
        self._say = say
        self._supervisor = Supervisor(programs or Path(sys.executable).parent, layout, say)
        self._database = Postgres(
            runtime,
            layout.data / "database",
            settings.db_port,
            log=layout.log("database"),
            passwords=layout.secrets / "database.json",
            dies_with_parent=True,
        )
        self._broker = Mosquitto(
            runtime,
            layout.data / "broker",
            settings.mqtt_port,
            setting=settings.broker_setting,
            log=layout.log("broker"),
            passwords=layout.secrets / "broker.json",
            extra_topics=[topic for source in load_sources(settings.sources).all for topic in source.topics],
            listeners=listeners(settings, say),
            accounts=settings.accounts,
            dies_with_parent=True,
        )
        self._environments = Environments(
            settings, layout, self._database, self._broker, watchdog_bind(settings, say), environment
        )
        self._stop_asked = False
        self._began = time.monotonic()

    def run(self) -> int:
        """Start, look after everything until a signal comes, stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            self._look_after(self._start_up())
        except (StartError, ServerError, psycopg.Error) as problem:
            self._say(f"ERROR: {problem}")
            return 1
        finally:
            self._stop()
        return 0

    def _look_after(self, start_up: Iterator[None]) -> None:
        """Take the start one step further at each turn, and restart what died."""
        logs_due = sync_due = 0.0
        while not self._stop_asked:
            next(start_up, None)
            self._supervisor.look()
            now = time.monotonic()
            if now >= sync_due:
                self._broker.sync()
                self._take_over_accounts()
                self._stop_asked |= process.make_was_interrupted()
                sync_due = now + _SYNC_S
            if now >= logs_due:
                bound_logs(self._layout.logs)
                logs_due = now + _LOG_CHECK_S
            time.sleep(POLL_S)

    def _take_over_accounts(self) -> None:
        """`hanoi-ingest accounts` beside a running demo works within seconds."""
        said = self._broker.reload_if_changed()
        if said is not None:
            self._say(said)

    def _start_up(self) -> Iterator[None]:
        """Servers, schema, roles, then all processes at once; yields while it waits."""
        yield from self._start_servers()
        yield from self._migrate()
        self._database.create_login(PUBLIC_LOGIN, member_of=PUBLIC_ROLE)
        self._start_processes()
        yield from self._create_operator()
        self._supervisor.start("control-room", ["hanoi-control-room"], self._environments.control_room())
        first = "ingest" if self._settings.ingest_workers == 1 else "ingest-1"
        yield from self._supervisor.until_ready(self._settings.ingest, first)
        if self._settings.simulate:
            command = ["hanoi-simulate", "--backfill", BACKFILL]
            self._supervisor.start("simulate", command, self._environments.simulate())
        yield from self._supervisor.until_ready(self._settings.public, "public")
        yield from self._supervisor.until_ready(self._settings.control_room, "control-room")
        self._supervisor.start_detached("watchdog", ["hanoi-watchdog"], self._environments.watchdog())
        self._write_demo_env()
        self._announce()

    def _start_servers(self) -> Iterator[None]:
        setting = self._broker.setting
        self._say("starting the database and the broker")
        before = self._broker.setting_before
        self._supervisor.adopt(
            Program(
                name="database",
                launch=self._database.launch,
                stop_signal=signal.SIGINT,
                patience_s=30,
            )
        )
        self._supervisor.adopt(Program(name="broker", launch=self._launch_broker, patience_s=30))
        if before not in (None, setting.name):
            self._say(
                f"WARNING: the broker setting was '{before}' before: what was still queued "
                "then stays in its store and is not delivered"
            )
        yield from self._supervisor.until(self._database.answers, "the database")
        yield from self._supervisor.until(self._broker.answers, "the broker")
        self._say(f"database and broker are up; broker setting '{setting.name}': {setting.price}")
        self._database.create_owner()

    def _launch_broker(self) -> subprocess.Popen[bytes]:
        """Start the broker, the first time with the proof that it keeps messages.

        Later without waiting: a long queue takes it seconds to read.
        """
        if self._broker.proven:
            return self._broker.launch()
        self._broker.start()
        assert self._broker.process is not None
        return self._broker.process

    def _migrate(self) -> Iterator[None]:
        self._say("bringing the schema up to date and loading the inventory")
        yield from self._supervisor.errand("migrate", ["hanoi-migrate"], self._environments.owner())

    def _start_processes(self) -> None:
        self._say("starting ingest, alerts and the pages")
        for name, command in self._workers():
            self._supervisor.start(name, command, self._environments.owner(), ends="--drain" in command)
        self._supervisor.start("public", ["hanoi-public"], self._environments.public())
        self._supervisor.start("alerts", ["hanoi-alerts"], self._environments.alerts())

    def _workers(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the ingest workers, and those that an earlier, greater number of them left behind."""
        count = self._settings.ingest_workers
        if count == 1:
            yield "ingest", ["hanoi-ingest"]
        else:
            for worker in range(1, count + 1):
                yield f"ingest-{worker}", ["hanoi-ingest", "--worker", str(worker)]
        for worker in self._left_over(count):
            self._say(f"ingest worker {worker} is one too many: draining it")
            yield f"ingest-{worker}", ["hanoi-ingest", "--worker", str(worker), "--drain"]

    def _left_over(self, count: int) -> list[int]:
        """Return the workers beyond `count` that may have a session with the broker."""
        with psycopg.connect(self._database.owner_url()) as connection:
            rows = connection.execute("SELECT worker FROM ingest_worker WHERE worker > %s", (count,))
            return sorted(worker for (worker,) in rows)

    def _create_operator(self) -> Iterator[None]:
        """Create the operator once per database; a password changed later is left alone."""
        made = self._layout.data / "operator-created"
        if made.exists():
            return
        self._say("creating the operator")
        command = ["hanoi-control-room", "user", "add", OPERATOR]
        command += ["--role", "admin", "--password-stdin"]
        yield from self._supervisor.errand(
            "operator", command, self._environments.owner(), self._environments.operator_password()
        )
        made.touch()

    def _write_demo_env(self) -> None:
        text = "".join(f"{key}={value}\n" for key, value in self._environments.demo_env().items())
        secret_files.write_private(self._layout.demo_env, text)

    def _announce(self) -> None:
        for line in announcement.lines(
            self._settings,
            self._layout,
            self._broker,
            password=self._environments.operator_password(),
            took_s=time.monotonic() - self._began,
        ):
            self._say(line)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_asked = True

    def _stop(self) -> None:
        """End everything in the order in which data flows, so that nothing is cut off."""
        if self._supervisor.has_children:
            self._say("stopping")
        self._layout.demo_env.unlink(missing_ok=True)
        self._supervisor.end(_STOP_ORDER)
        if self._supervisor.has_children:
            self._say("stopped")
