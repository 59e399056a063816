"""Starts server processes and finds the ones that a dead parent left behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.embedded.host import ServerUser

POLL_S = 0.05
PROC = Path("/proc")


class ServerError(Exception):
    """A server did not start or stop; the message has the end of its log."""


class PortTakenError(ServerError):
    """Somebody else listens on a port that we need."""


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    user: ServerUser | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    dies_with_parent: signal.Signals | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, its output appended to the log.

    `dies_with_parent` is sent when the *thread* that called this ends (a kernel rule), so it is
    for a supervisor that starts everything from its main thread.
    """
    wrapped = list(command)
    if dies_with_parent is not None:
        wrapped = ["setpriv", f"--pdeathsig={dies_with_parent.name[3:]}", "--", *command]
    with log.open("ab") as output:
        return subprocess.Popen(
            wrapped,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(environment) if environment is not None else server_environment(),
            start_new_session=True,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )


def server_environment() -> dict[str, str]:
    """Return a bare environment: nothing of ours redirects a server's libraries or locale."""
    return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


def wait_until(
    ready: Callable[[], bool],
    process: subprocess.Popen[bytes],
    *,
    limit_s: float,
    what: str,
    log: Path,
) -> None:
    """Poll until ready. Raises ServerError when the process ends or the time is up."""
    deadline = time.monotonic() + limit_s
    while not ready():
        if process.poll() is not None:
            raise ServerError(f"{what} ended with {process.returncode}\n{tail(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"{what} is not ready after {limit_s:g} s\n{tail(log)}")
        time.sleep(POLL_S)


def end(process: subprocess.Popen[bytes], how: signal.Signals, *, limit_s: float) -> None:
    """Ask a process to end, and kill it when it does not in time."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working directory is the folder (PostgreSQL's are, all)."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit() and _link(entry / "cwd") == str(folder):
            found.append(int(entry.name))
    return found


def signal_all(pids: Sequence[int], how: signal.Signals) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            continue


def make_was_interrupted() -> bool:
    """Whether `make` started us and got a SIGINT that it keeps to itself.

    Ctrl-C reaches us too, but `kill -INT` of make alone does not: it waits in its handler, with
    the signal blocked, until we end.
    """
    parent = PROC / str(os.getppid())
    try:
        if (parent / "comm").read_text(encoding="ascii") != "make\n":
            return False
        status = (parent / "status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    blocked = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk"))
    return bool(int(blocked, 16) & 1 << (signal.SIGINT - 1))


def require_free_port(port: int, *, who: str, variable: str, host: str = "127.0.0.1") -> None:
    """Raise PortTakenError, naming the port, who wants it and what to set instead."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise PortTakenError(
                f"port {port} on {host}, which {who} needs, is taken ({problem.strerror}); "
                f"set {variable} to another one"
            ) from problem


def free_port() -> int:
    """Return a port that nobody listens on now.

    It lies below the range of outgoing connections: one of those could take the port of a
    server that was killed before it is started again.
    """
    text = (PROC / "sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
    lowest = 10000
    while True:
        port = lowest + secrets.randbelow(max(int(text.split()[0]) - lowest, 1000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def tail(log: Path, lines: int = 15) -> str:
    """Return the end of a log, for an error message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        return f"(no log: {problem})"
    return "\n".join(text.splitlines()[-lines:])


def _link(path: Path) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None
