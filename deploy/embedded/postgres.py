"""A PostgreSQL server with TimescaleDB as an object: start, stop, kill, pause."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from deploy.embedded import process, roles, secret_files
from deploy.embedded.process import ServerError, working_in
from deploy.embedded.roles import OWNER
from deploy.embedded.runtime import Runtime

SUPERUSER = "postgres"
PORT_VARIABLE = "HANOI_DB_PORT"

# For two cores and a machine that runs everything else too.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "timescaledb.max_background_workers": "8",
    "max_worker_processes": "16",
    "max_parallel_workers_per_gather": "1",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "lz4",
    "max_wal_size": "1GB",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    "datestyle": "ISO, YMD",
    "default_text_search_config": "pg_catalog.simple",
}

# TimescaleDB's scheduler connects to every database and now and then makes
# CREATE DATABASE … TEMPLATE fail; tests clone databases.
FOR_TESTS: Mapping[str, str] = {"timescaledb.max_background_workers": "0"}


class Postgres:
    """One server on 127.0.0.1 with its data in one folder. Also a context manager.

    The folder is created at the first start and survives. Passwords are in a file of mode 0600
    beside it. `settings` replaces single entries of SETTINGS.
    """

    def __init__(
        self,
        runtime: Runtime,
        data_dir: Path,
        port: int | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
        passwords: Path | None = None,
        dies_with_parent: bool = False,
    ) -> None:
        self.runtime = runtime
        self.data_dir = data_dir
        self.port = process.free_port() if port is None else port
        self.log = log or data_dir.with_name(f"{data_dir.name}.log")
        self.passwords = passwords or data_dir.with_name(f"{data_dir.name}.passwords")
        self._settings = {**SETTINGS, **(settings or {}), "port": str(self.port)}
        self._dies_with_parent = signal.SIGINT if dies_with_parent else None
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
        """Return the postmaster's pid while it runs."""
        running = self.process is not None and self.process.poll() is None
        return self.process.pid if self.process is not None and running else None

    @property
    def superuser_url(self) -> str:
        """Return the URL of the superuser on the maintenance database."""
        return self.url(SUPERUSER, "postgres")

    def owner_url(self, dbname: str = OWNER) -> str:
        """Return the URL of the role that owns our databases; create_owner() makes it."""
        return self.url(OWNER, dbname)

    def url(self, user: str, dbname: str) -> str:
        """Return the URL of a role, with its password."""
        password = quote(secret_files.password(self.passwords, user), safe="")
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{dbname}"

    def initdb(self) -> None:
        """Create the data folder unless it is there; an interrupted one is begun anew."""
        if (self.data_dir / "PG_VERSION").exists():
            return
        parent = self.data_dir.parent
        parent.mkdir(parents=True, exist_ok=True)
        partial = self.runtime.folder_for_server(parent / f"{self.data_dir.name}.partial")
        subprocess.run(["rm", "-rf", str(partial)], check=True)
        self._run_initdb(self.runtime.folder_for_server(partial))
        partial.rename(self.data_dir)

    def start(self, *, limit_s: float = 60.0) -> None:
        """Start and wait until a query is answered."""
        self.launch()
        try:
            self.wait_ready(limit_s=limit_s)
        except BaseException:
            self.stop()
            raise

    def launch(self) -> subprocess.Popen[bytes]:
        """Start without waiting. Raises PortTakenError before anything is touched."""
        self.initdb()
        self.data_dir = self.data_dir.resolve()
        self._await_orphans()
        process.require_free_port(self.port, who="the database", variable=PORT_VARIABLE)
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        self._write("postgresql.conf", _configuration(self._settings))
        self._write("pg_hba.conf", "host all all 127.0.0.1/32 scram-sha-256\n")
        self.process = process.spawn(
            [str(self._program("postgres")), "-D", str(self.data_dir)],
            log=self.log,
            user=self.runtime.user,
            cwd=self.data_dir,
            dies_with_parent=self._dies_with_parent,
        )
        return self.process

    def wait_ready(self, *, limit_s: float = 60.0) -> None:
        """Wait for a started server to answer a query. Raises ServerError."""
        assert self.process is not None
        process.wait_until(self.answers, self.process, limit_s=limit_s, what="the database", log=self.log)

    def answers(self) -> bool:
        """Whether a real query is answered now."""
        try:
            with psycopg.connect(self.superuser_url, connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def stop(self) -> None:
        """Shut down cleanly: open transactions are rolled back, nothing is lost."""
        if self.process is not None:
            process.signal_all([self.process.pid], signal.SIGCONT)
            process.end(self.process, signal.SIGINT, limit_s=30)
            self.process = None

    def kill(self) -> None:
        """Kill the postmaster as a crash would, and wait until its backends are gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None
        self._await_orphans()

    def restart(self) -> None:
        """Stop cleanly (or pick up after a kill) and start again."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze every process of the server, as a machine that hangs would."""
        process.signal_all(working_in(self.data_dir), signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on."""
        process.signal_all(working_in(self.data_dir), signal.SIGCONT)

    def create_owner(self, dbname: str = OWNER) -> None:
        """Create the owner's role and its database with TimescaleDB, unless they are there."""
        password = secret_files.password(self.passwords, OWNER)
        roles.create_owner(self.superuser_url, password, dbname)

    def create_login(self, name: str, *, member_of: str) -> None:
        """Create a login role that has the rights of another role and none of its own."""
        password = secret_files.password(self.passwords, name)
        roles.create_login(self.superuser_url, name, password, member_of=member_of)

    def _run_initdb(self, folder: Path) -> None:
        password_file = folder.with_name(f"{folder.name}.pw")
        secret_files.write_private(password_file, secret_files.password(self.passwords, SUPERUSER))
        self.runtime.own(password_file, 0o600)
        command = [
            str(self._program("initdb")),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        done = process.spawn(command, log=self.log, user=self.runtime.user, cwd=folder)
        if done.wait() != 0:
            raise ServerError(f"initdb failed\n{process.tail(self.log)}")
        password_file.unlink()

    def _await_orphans(self, patience_s: float = 3.0) -> None:
        """Wait until no process of an earlier server works in the folder.

        Backends outlive a killed postmaster until they next look; a new one refuses to start
        beside them. A busy one is killed: its transaction is lost with the postmaster anyway.
        """
        deadline = time.monotonic() + patience_s
        while left := working_in(self.data_dir):
            if time.monotonic() > deadline:
                process.signal_all(left, signal.SIGKILL)
            time.sleep(process.POLL_S)

    def _write(self, name: str, text: str) -> None:
        path = self.data_dir / name
        path.write_text(text, encoding="utf-8")
        self.runtime.own(path, 0o600)

    def _program(self, name: str) -> Path:
        return self.runtime.database / "usr" / "lib" / "postgresql" / "17" / "bin" / name


def _configuration(settings: Mapping[str, str]) -> str:
    quoted = ((name, value.replace("'", "''")) for name, value in settings.items())
    return "".join(f"{name} = '{value}'\n" for name, value in quoted)
