"""A Mosquitto broker as an object: start, stop, kill, pause."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from deploy.embedded import broker_settings, process, secret_files
from deploy.embedded.broker_settings import Certificates, Listener
from deploy.embedded.process import ServerError
from deploy.embedded.relocate import library_folder
from deploy.embedded.runtime import Runtime
from ingest.accounts import ACCESS, PASSWORDS, Account, AccountError, access_file, password_file

PORT_VARIABLE = "HANOI_MQTT_PORT"
DEVICE_PORT_VARIABLE = "HANOI_MQTT_DEVICE_PORT"
TLS_PORT_VARIABLE = "HANOI_MQTT_TLS_PORT"
# A retained message is sent along with the answer to a subscription, or it is not there.
_RETAINED_S = 3.0
_PROOF_TOPIC = "hanoi-health/proof"


class Mosquitto:
    """One broker on 127.0.0.1 with its store in one folder. Also a context manager.

    `setting` is a name of broker_settings; None takes the one that loses nothing with the
    Mosquitto that is installed. Passwords are in a file of mode 0600 beside the folder.
    `extra_topics` are the filters of other formats; `accounts` is a folder of `hanoi-ingest
    accounts`, for the `listeners` for devices.
    """

    def __init__(
        self,
        runtime: Runtime,
        folder: Path,
        port: int | None = None,
        *,
        setting: str | None = None,
        log: Path | None = None,
        passwords: Path | None = None,
        extra_topics: Sequence[str] = (),
        listeners: Sequence[Listener] = (),
        accounts: Path | None = None,
        proves_persistence: bool = True,
        dies_with_parent: bool = False,
    ) -> None:
        self.runtime = runtime
        self.folder = folder
        self.port = process.free_port() if port is None else port
        self.setting = broker_settings.choose(setting, library_folder(runtime.broker, runtime.triple))
        self.log = log or folder.with_name(f"{folder.name}.log")
        self.passwords = passwords or folder.with_name(f"{folder.name}.passwords")
        self.extra_topics = tuple(extra_topics)
        self.listeners = tuple(listeners)
        self.accounts = accounts
        self._accounts_seen: tuple[object, ...] = ()
        self._accounts_taken: Mapping[str, Account] = {}
        self._proves_persistence = proves_persistence
        self._dies_with_parent = signal.SIGTERM if dies_with_parent else None
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Return the broker's pid while it runs."""
        running = self.process is not None and self.process.poll() is None
        return self.process.pid if self.process is not None and running else None

    def url(self, user: str = "ingest") -> str:
        """Return the URL of a user (broker_settings.USERS), with its password."""
        password = quote(secret_files.password(self.passwords, user), safe="")
        return f"mqtt://{user}:{password}@127.0.0.1:{self.port}"

    @property
    def setting_before(self) -> str | None:
        """Return the name of the setting that this folder was last proven with."""
        known = self._known_proof().split()
        return known[0] if known else None

    @property
    def proven(self) -> bool:
        """Whether this broker with this setting was seen to keep a message in this folder."""
        return self._known_proof() == self._proof()

    def start(self, *, limit_s: float = 30.0) -> None:
        """Start and wait until a client can log in.

        The first start in a folder also publishes, restarts and reads back: a broker that
        can't write its store runs on and only logs.
        """
        self.launch()
        try:
            self.wait_ready(limit_s=limit_s)
            if self._proves_persistence and not self.proven:
                self._prove_persistence()
                (self.folder / "proven").write_text(self._proof(), encoding="utf-8")
        except BaseException:
            self.stop()
            raise

    def launch(self) -> subprocess.Popen[bytes]:
        """Start without waiting. Raises PortTakenError before anything is touched."""
        process.require_free_port(self.port, who="the broker", variable=PORT_VARIABLE)
        for one in self.listeners:
            process.require_free_port(one.port, who="the broker", variable=_variable(one), host=one.host)
        self.folder = self.runtime.folder_for_server(self.folder)
        self._take_accounts()
        text = broker_settings.configuration(
            self.setting,
            folder=self.folder,
            port=self.port,
            listeners=self.listeners,
            password_plugin=self._password_plugin(),
        )
        self._write("mosquitto.conf", text)
        program = self.runtime.broker / "usr" / "sbin" / "mosquitto"
        self.process = process.spawn(
            [str(program), "-c", str(self.folder / "mosquitto.conf")],
            log=self.log,
            user=self.runtime.user,
            cwd=self.folder,
            dies_with_parent=self._dies_with_parent,
        )
        return self.process

    def wait_ready(self, *, limit_s: float = 30.0) -> None:
        """Wait for a started broker to accept a login. Raises ServerError."""
        assert self.process is not None
        process.wait_until(self.answers, self.process, limit_s=limit_s, what="the broker", log=self.log)

    def answers(self) -> bool:
        """Whether the health user can log in now."""
        try:
            with _Session(self, wait_s=1.0) as session:
                return session.connected
        except OSError:
            return False

    def sync(self) -> None:
        """Bring what the broker wrote to the disk, which bounds what a power cut may take.

        The kernel does it by itself after half a minute, SQLite after some hundred messages.
        """
        with contextlib.suppress(FileNotFoundError):
            journal = os.open(self.folder / "mosquitto.sqlite3-wal", os.O_RDONLY)
            try:
                os.fdatasync(journal)
            finally:
                os.close(journal)

    def stop(self) -> None:
        """Stop cleanly; the store is written."""
        if self.process is not None:
            process.signal_all([self.process.pid], signal.SIGCONT)
            process.end(self.process, signal.SIGTERM, limit_s=30)
            self.process = None

    def kill(self) -> None:
        """Kill the broker as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self) -> None:
        """Stop cleanly (or pick up after a kill) and start again."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the broker, as a machine that hangs would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen broker go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def reload_if_changed(self) -> str | None:
        """Let a running broker take over accounts or certificates that changed.

        Returns what to tell people, None when nothing changed. Connections stay, but for those of
        accounts that are gone. Files that can't be used leave the broker as it is.
        """
        if self.process is None or self._fingerprint() == self._accounts_seen:
            return None
        problem = self._take_accounts()
        self.process.send_signal(signal.SIGHUP)
        return problem or f"the broker knows {len(self._accounts_taken)} accounts of devices"

    def _take_accounts(self) -> str | None:
        """Write the broker's copies; returns what is wrong with the originals."""
        self._accounts_seen = self._fingerprint()
        problem = None
        try:
            self._accounts_taken = broker_settings.read_accounts(self.accounts)
        except (AccountError, OSError) as error:
            problem = f"WARNING: the accounts of devices stay as they were: {error}"
        try:
            self._copy_certificates()
        except OSError as error:
            problem = f"WARNING: the broker's certificates stay as they were: {error}"
        known = self._accounts_taken.values()
        rules = broker_settings.access_rules(self.extra_topics)
        self._write("access", f"{rules}\n{access_file(known)}")
        own, devices = broker_settings.password_lines(self.passwords), password_file(known)
        apart = self._password_plugin() is not None
        self._write("passwords", own if apart else own + devices)
        self._write("device-passwords", devices)
        return problem

    def _copy_certificates(self) -> None:
        """Into the broker's folder: its account can't read ours."""
        for listener in self.listeners:
            if listener.tls is not None:
                for name, path in _certificate_files(listener.tls).items():
                    self._write(f"{name}-{listener.port}", path.read_text(encoding="ascii"))

    def _fingerprint(self) -> tuple[object, ...]:
        """Changes with the files that reload_if_changed looks after."""
        paths = [] if self.accounts is None else [self.accounts / PASSWORDS, self.accounts / ACCESS]
        for listener in self.listeners:
            paths += _certificate_files(listener.tls).values() if listener.tls else ()
        found = []
        for path in paths:
            with contextlib.suppress(OSError):
                stat = path.stat()
                found.append((str(path), stat.st_mtime_ns, stat.st_ino))
        return tuple(found)

    def _password_plugin(self) -> Path | None:
        plugin = library_folder(self.runtime.broker, self.runtime.triple) / broker_settings.PASSWORD_PLUGIN
        return plugin if plugin.is_file() else None

    def _prove_persistence(self) -> None:
        """Publish a retained message, restart, read it back. Raises ServerError."""
        with _Session(self) as session:
            session.publish_retained(_PROOF_TOPIC, self._proof())
        self.stop()
        self.launch()
        self.wait_ready()
        with _Session(self) as session:
            kept = session.read_retained(_PROOF_TOPIC)
        if kept != self._proof():
            raise ServerError(
                f"the broker lost an acknowledged message over a restart: "
                f"can it write {self.folder}?\n{process.tail(self.log)}"
            )

    def _known_proof(self) -> str:
        proof = self.folder / "proven"
        return proof.read_text(encoding="utf-8") if proof.is_file() else ""

    def _proof(self) -> str:
        return f"{self.setting.name} {self.runtime.broker_version}"

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        secret_files.write_private(path, text)
        self.runtime.own(path, 0o600)


class _Session:
    """A short visit of the health user; raises OSError where nobody listens."""

    def __init__(self, broker: Mosquitto, *, wait_s: float = 10.0) -> None:
        self._wait_s = wait_s
        self._connected = threading.Event()
        self._received = threading.Event()
        self._payload = ""
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        password = secret_files.password(broker.passwords, "health")
        self._client.username_pw_set("health", password)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._port = broker.port

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port, clean_start=True)
        self._client.loop_start()
        self._connected.wait(self._wait_s)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def connected(self) -> bool:
        """Whether the broker accepted the login."""
        return self._connected.is_set()

    def publish_retained(self, topic: str, payload: str) -> None:
        """Publish with QoS 1 and wait for the broker's acknowledgement."""
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(self._wait_s)

    def read_retained(self, topic: str) -> str:
        """Return the retained payload; empty when there is none."""
        self._client.subscribe(topic, qos=1)
        self._received.wait(_RETAINED_S)
        return self._payload

    def _on_connect(self, client: Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if not reason.is_failure:
            self._connected.set()

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self._payload = message.payload.decode()
        self._received.set()


def _variable(listener: Listener) -> str:
    return DEVICE_PORT_VARIABLE if listener.tls is None else TLS_PORT_VARIABLE


def _certificate_files(tls: Certificates) -> dict[str, Path]:
    files = {"certificate": tls.certificate, "key": tls.key}
    return files if tls.client_ca is None else {**files, "client-ca": tls.client_ca}
