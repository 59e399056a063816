"""Brings the whole product up from nothing, keeps it up, and takes it down in order."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

import psycopg

from deploy.embedded import example_roster, process, secret_files, web_push_keys
from deploy.embedded.apt import Say
from deploy.embedded.broker_settings import Certificates, Listener
from deploy.embedded.children import Child, Program, bound_logs, how_it_ended
from deploy.embedded.detached import Detached, spawn_detached
from deploy.embedded.layout import Layout
from deploy.embedded.mosquitto import DEVICE_PORT_VARIABLE, TLS_PORT_VARIABLE, Mosquitto
from deploy.embedded.mosquitto import PORT_VARIABLE as MQTT_PORT_VARIABLE
from deploy.embedded.postgres import PORT_VARIABLE as DB_PORT_VARIABLE
from deploy.embedded.postgres import Postgres
from deploy.embedded.process import POLL_S, PortTakenError, ServerError
from deploy.embedded.runtime import Runtime
from deploy.embedded.settings import Bind, DemoSettings
from ingest.sources import load_sources

OPERATOR = "operator"
PUBLIC_LOGIN = "hanoi_public_login"
PUBLIC_ROLE = "hanoi_public"
BACKFILL = "48h"
# Each process is given its own; what the caller's environment says is not for the demo.
_URLS = {
    "HANOI_DATABASE_URL",
    "HANOI_PUBLIC_DATABASE_URL",
    "HANOI_MQTT_URL",
    "HANOI_MQTT_PUBLISH_URL",
    "HANOI_ALERTS_MQTT_URL",
    "HANOI_MANUAL_MQTT_URL",
    "HANOI_WATCHDOG_URL",
    "HANOI_WATCHDOG_DATABASE",
}
# What mail and web push to citizens are sent with: for the alerts process alone.
_TO_CITIZENS = ("HANOI_MAIL_URL", "HANOI_VAPID_PRIVATE_KEY")
_TO_CITIZENS_FILES = tuple(f"{name}_FILE" for name in _TO_CITIZENS)
_NOT_FOR_THE_DEMO = {
    *_URLS,
    *(f"{name}_FILE" for name in _URLS),
    *_TO_CITIZENS,
    *_TO_CITIZENS_FILES,
    *("HANOI_MQTT_CA_FILE", "HANOI_MQTT_CERT_FILE", "HANOI_MQTT_KEY_FILE"),
}
_REFERENCE_FILES = (
    "HANOI_CATALOG_DIR",
    "HANOI_INVENTORY_DIR",
    "HANOI_SOURCES_FILE",
    "HANOI_RETENTION_FILE",
    "HANOI_ALERTING_FILE",
    "HANOI_RULES_DIR",
)
_DEVICE_PORT_BEYOND = 1000
_WATCHDOG_PORT_BEYOND = 5
_WATCHDOG = "HANOI_WATCHDOG_BIND"
_READY_LIMIT_S = 180.0
_LOG_CHECK_S = 5.0
_SYNC_S = 1.0
_FAILURES_AT_START = 5
_STOP_ORDER = (
    ("watchdog",),
    ("simulate",),
    ("ingest",),
    ("alerts", "public", "control-room"),
    ("broker",),
    ("database",),
)


class StartError(Exception):
    """Something did not come up; the message has the end of its log."""


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
        self._base_environment = {
            "HANOI_ALERTING_FILE": str(example_roster.write(layout.run / "duty")),
            **environment,
        }
        self._programs = programs or Path(sys.executable).parent
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
        self._watchdog = watchdog_bind(settings, say)
        self._children: list[Child] = []
        self._errands: list[subprocess.Popen[bytes]] = []
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
            for child in self._children:
                child.look()
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
        self._start("control-room", ["hanoi-control-room"], self._control_room_environment())
        first = "ingest" if self._settings.ingest_workers == 1 else "ingest-1"
        yield from self._until_ready(self._settings.ingest, first)
        if self._settings.simulate:
            command = ["hanoi-simulate", "--backfill", BACKFILL]
            self._start("simulate", command, self._simulate_environment())
        yield from self._until_ready(self._settings.public, "public")
        yield from self._until_ready(self._settings.control_room, "control-room")
        self._start_watchdog()
        self._write_demo_env()
        self._announce()

    def _start_servers(self) -> Iterator[None]:
        setting = self._broker.setting
        self._say("starting the database and the broker")
        before = self._broker.setting_before
        self._adopt(
            Program(
                name="database",
                launch=self._database.launch,
                stop_signal=signal.SIGINT,
                patience_s=30,
            )
        )
        self._adopt(Program(name="broker", launch=self._launch_broker, patience_s=30))
        if before not in (None, setting.name):
            self._say(
                f"WARNING: the broker setting was '{before}' before: what was still queued "
                "then stays in its store and is not delivered"
            )
        yield from self._until(self._database.answers, "the database")
        yield from self._until(self._broker.answers, "the broker")
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
        yield from self._errand("migrate", ["hanoi-migrate"])

    def _start_processes(self) -> None:
        self._say("starting ingest, alerts and the pages")
        for name, command in self._workers():
            self._start(name, command, self._owner_environment(), ends="--drain" in command)
        self._start("public", ["hanoi-public"], self._public_environment())
        self._start("alerts", ["hanoi-alerts"], self._alerts_environment())

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
        yield from self._errand("operator", command, self._operator_password())
        made.touch()

    def _adopt(self, program: Program) -> None:
        child = Child(program, self._layout, self._say)
        self._children.append(child)
        child.start()

    def _start(
        self, name: str, command: list[str], environment: Mapping[str, str], *, ends: bool = False
    ) -> None:
        full = [str(self._programs / command[0]), *command[1:]]

        def launch() -> subprocess.Popen[bytes]:
            return process.spawn(
                full,
                log=self._layout.log(name),
                environment=environment,
                dies_with_parent=signal.SIGTERM,
            )

        self._adopt(Program(name=name, launch=launch, ends=ends))

    def _start_watchdog(self) -> None:
        """Start it outside our tree: it tells people when all that is below us was killed, and we too."""
        command = [str(self._programs / "hanoi-watchdog")]

        def launch() -> Detached:
            return spawn_detached(
                command, log=self._layout.log("watchdog"), environment=self._watchdog_environment()
            )

        self._adopt(Program(name="watchdog", launch=launch))

    def _errand(self, name: str, command: list[str], line: str | None = None) -> Iterator[None]:
        """Run a command to its end; `line` goes to its standard input."""
        log = self._layout.log(name)
        with log.open("ab") as output:
            running = subprocess.Popen(
                [str(self._programs / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL if line is None else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._owner_environment(),
                start_new_session=True,
            )
        self._errands.append(running)
        if running.stdin is not None:
            running.stdin.write(f"{line}\n".encode())
            running.stdin.close()
        while running.poll() is None:
            yield
        if running.returncode != 0:
            how = how_it_ended(running.returncode)
            raise StartError(f"{command[0]} failed ({how})\n{process.tail(log)}")

    def _until(self, ready: Callable[[], bool], what: str) -> Iterator[None]:
        deadline = time.monotonic() + _READY_LIMIT_S
        while not ready():
            if time.monotonic() > deadline:
                raise StartError(f"{what} is not ready after {_READY_LIMIT_S:g} s")
            yield

    def _until_ready(self, bind: Bind, name: str) -> Iterator[None]:
        try:
            yield from self._until(
                lambda: answers_ready(bind) or self._gives_up(name), f"{name} at {bind.url}/readyz"
            )
        except StartError as problem:
            log = self._layout.log(name)
            raise StartError(f"{problem}\n{process.tail(log)}") from problem

    def _gives_up(self, name: str) -> bool:
        """Raise StartError when a program ended again and again before it was ever ready."""
        child = next((c for c in self._children if c.name == name), None)
        if child is not None and child.failures >= _FAILURES_AT_START:
            raise StartError(f"{name} ended {child.failures} times and never got ready")
        return False

    def _owner_environment(self) -> dict[str, str]:
        """Return what our own processes may know: all but how to publish."""
        return {
            **self._shared_environment(),
            "HANOI_DATABASE_URL": self._database.owner_url(),
            "HANOI_MQTT_URL": self._broker.url("ingest"),
        }

    def _alerts_environment(self) -> dict[str, str]:
        """Return how to publish to sirens and signs, and no way to telemetry."""
        known = (*_TO_CITIZENS, *_TO_CITIZENS_FILES)
        return {
            **self._owner_environment(),
            "HANOI_ALERTS_MQTT_URL": self._broker.url("alerts"),
            **{name: self._base_environment[name] for name in known if name in self._base_environment},
            **self._own_vapid_key(),
        }

    def _own_vapid_key(self) -> dict[str, str]:
        """Return the demo's own key, unless the caller brought a pair."""
        if self._has_vapid_keys():
            return {}
        private, _ = web_push_keys.kept(self._layout.secrets / "vapid.json")
        return {"HANOI_VAPID_PRIVATE_KEY": private}

    def _vapid_environment(self) -> dict[str, str]:
        """Return what everybody may know of the demo's own key."""
        if self._has_vapid_keys():
            return {}
        _, public = web_push_keys.kept(self._layout.secrets / "vapid.json")
        subject = self._base_environment.get("HANOI_VAPID_SUBJECT") or "mailto:demo@hanoi-ops.invalid"
        return {"HANOI_VAPID_PUBLIC_KEY": public, "HANOI_VAPID_SUBJECT": subject}

    def _has_vapid_keys(self) -> bool:
        return bool(self._base_environment.get("HANOI_VAPID_PUBLIC_KEY"))

    def _control_room_environment(self) -> dict[str, str]:
        """Return how to publish what is entered by hand, and nothing else."""
        return {**self._owner_environment(), "HANOI_MANUAL_MQTT_URL": self._broker.url("manual")}

    def _watchdog_environment(self) -> dict[str, str]:
        """Return how to publish canaries and where the database listens, and no way into it."""
        return {
            **self._shared_environment(),
            "HANOI_MQTT_PUBLISH_URL": self._broker.url("watchdog"),
            "HANOI_WATCHDOG_DATABASE": f"127.0.0.1:{self._settings.db_port}",
        }

    def _simulate_environment(self) -> dict[str, str]:
        publish = {"HANOI_MQTT_PUBLISH_URL": self._broker.url("publisher")}
        return {**self._owner_environment(), **publish}

    def _public_environment(self) -> dict[str, str]:
        """The public process gets the role that reads a few views, and no broker."""
        url = self._public_database_url()
        urls = {"HANOI_DATABASE_URL": url, "HANOI_PUBLIC_DATABASE_URL": url}
        return {**self._shared_environment(), **urls}

    def _shared_environment(self) -> dict[str, str]:
        settings = self._settings
        binds = (
            settings.public,
            settings.control_room,
            settings.ingest,
            settings.alerts,
            self._watchdog,
        )
        return {
            **{k: v for k, v in self._base_environment.items() if k not in _NOT_FOR_THE_DEMO},
            **self._vapid_environment(),
            **{bind.variable: bind.value for bind in binds},
            "HANOI_INGEST_WORKERS": str(settings.ingest_workers),
            "HANOI_RUNTIME_DIR": str(settings.runtime_dir),
            "HANOI_BROKER_ACCOUNTS_DIR": str(settings.accounts),
            "HANOI_BROKER_SETTING": self._broker.setting.name,
            "PYTHONUNBUFFERED": "1",
        }

    def _public_database_url(self) -> str:
        return self._database.url(PUBLIC_LOGIN, "hanoi")

    def _operator_password(self) -> str:
        return secret_files.password(self._layout.secrets / "operator.json", OPERATOR)

    def _write_demo_env(self) -> None:
        values = {
            "HANOI_DATABASE_URL": self._database.owner_url(),
            "HANOI_PUBLIC_DATABASE_URL": self._public_database_url(),
            "HANOI_MQTT_URL": self._broker.url("ingest"),
            "HANOI_MQTT_PUBLISH_URL": self._broker.url("publisher"),
            "HANOI_ALERTS_MQTT_URL": self._broker.url("alerts"),
            "HANOI_PUBLIC_URL": self._settings.public.url,
            "HANOI_CONTROL_ROOM_URL": self._settings.control_room.url,
            "HANOI_WATCHDOG_URL": self._watchdog.url,
            "HANOI_OPERATOR_USER": OPERATOR,
            "HANOI_OPERATOR_PASSWORD": self._operator_password(),
            **self._reference_files(),
        }
        text = "".join(f"{key}={value}\n" for key, value in values.items())
        secret_files.write_private(self._layout.demo_env, text)

    def _reference_files(self) -> dict[str, str]:
        """Return what our processes run with and a command in another terminal must run with too."""
        found = {name: self._base_environment.get(name, "") for name in _REFERENCE_FILES}
        return {
            name: os.pathsep.join(str(Path(part).resolve()) for part in value.split(os.pathsep) if part)
            for name, value in found.items()
            if value
        }

    def _announce(self) -> None:
        took_s = time.monotonic() - self._began
        setting = self._broker.setting
        self._say(f"both pages are live after {took_s:.0f} s")
        self._say(f"  citizens' page   {self._settings.public.url}")
        self._say(f"  control room     {self._settings.control_room.url}/ops/")
        self._say(f"                   user {OPERATOR}, password {self._operator_password()}")
        self._say(f"  broker setting   {setting.name}: {setting.price}")
        for one in self._broker.listeners:
            scheme = "mqtt" if one.tls is None else "mqtts"
            self._say(f"  for devices      {scheme}://{one.host}:{one.port} (hanoi-ingest accounts)")
        self._say(f"  logs             {self._layout.logs}")
        self._say("Ctrl-C stops everything; the data stays")

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_asked = True

    def _stop(self) -> None:
        """End everything in the order in which data flows, so that nothing is cut off."""
        if self._children:
            self._say("stopping")
        self._layout.demo_env.unlink(missing_ok=True)
        for errand in self._errands:
            process.end(errand, signal.SIGTERM, limit_s=10)
        for names in _STOP_ORDER:
            group = [c for c in self._children if c.name.startswith(names)]
            for child in group:
                child.ask_to_end()
            for child in group:
                child.end()
        if self._children:
            self._say("stopped")


def listeners(settings: DemoSettings, say: Say) -> list[Listener]:
    """Return where devices with accounts of their own come in.

    The plain port is a default that nobody asked for, so it gives way when it is taken.
    """
    found = []
    wanted = {
        bind.port for bind in (settings.public, settings.control_room, settings.ingest, settings.alerts)
    }
    wanted |= {settings.db_port, settings.mqtt_port, settings.tls.port if settings.tls else 0}
    port = settings.device_port or settings.mqtt_port + _DEVICE_PORT_BEYOND
    if settings.device_port is not None or (port not in wanted and _is_free(port)):
        found.append(Listener(port=port))
    else:
        say(f"WARNING: port {port} is taken: no port for devices; {DEVICE_PORT_VARIABLE} gives them another")
    if settings.tls is not None:
        tls = settings.tls
        files = Certificates(certificate=tls.certificate, key=tls.key, client_ca=tls.client_ca)
        found.append(Listener(port=tls.port, host=tls.host, tls=files))
    return found


def watchdog_bind(settings: DemoSettings, say: Say) -> Bind:
    """Return where the watchdog listens. A default that nobody asked for gives way when it is taken."""
    if settings.watchdog is not None:
        return settings.watchdog
    port = settings.alerts.port + _WATCHDOG_PORT_BEYOND
    taken = {settings.public.port, settings.control_room.port, settings.ingest.port}
    taken |= {settings.db_port, settings.mqtt_port}
    if port in taken or not _is_free(port):
        found = process.free_port()
        say(f"WARNING: port {port} is taken: the watchdog listens on {found}; {_WATCHDOG} gives it another")
        port = found
    return Bind(variable=_WATCHDOG, host="127.0.0.1", port=port)


def _is_free(port: int) -> bool:
    try:
        process.require_free_port(port, who="", variable="")
    except (PortTakenError, OverflowError):
        return False
    return True


def require_free_ports(settings: DemoSettings) -> None:
    """Raise PortTakenError that lists every port that is taken, before anything starts."""
    wanted = [
        ("127.0.0.1", settings.db_port, "the database", DB_PORT_VARIABLE),
        ("127.0.0.1", settings.mqtt_port, "the broker", MQTT_PORT_VARIABLE),
        *(
            [("127.0.0.1", settings.device_port, "the broker", DEVICE_PORT_VARIABLE)]
            if settings.device_port
            else []
        ),
        *([(settings.tls.host, settings.tls.port, "the broker", TLS_PORT_VARIABLE)] if settings.tls else []),
        _wish(settings.public, "the citizens' page"),
        _wish(settings.control_room, "the control room"),
        _wish(settings.alerts, "alerts"),
        *([_wish(settings.watchdog, "the watchdog")] if settings.watchdog else []),
        *_ingest_wishes(settings),
    ]
    problems = []
    for host, port, who, variable in wanted:
        try:
            process.require_free_port(port, who=who, variable=variable, host=host)
        except PortTakenError as problem:
            problems.append(str(problem))
    if problems:
        raise PortTakenError("\n".join(problems))


def answers_ready(bind: Bind) -> bool:
    """Whether GET /readyz is answered with 200 now."""
    host = bind.url.removeprefix("http://").rsplit(":", 1)[0].strip("[]")
    connection = http.client.HTTPConnection(host, bind.port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _ingest_wishes(settings: DemoSettings) -> list[tuple[str, int, str, str]]:
    """One worker listens on the port; of several, number n also listens n above it."""
    bind, count = settings.ingest, settings.ingest_workers
    offsets = range(count + 1) if count > 1 else range(1)
    return [(bind.host, bind.port + offset, "ingest", bind.variable) for offset in offsets]


def _wish(bind: Bind, who: str) -> tuple[str, int, str, str]:
    return (bind.host, bind.port, who, bind.variable)
