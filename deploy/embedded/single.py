"""One supervisor at a time, and what a dead one left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.embedded.apt import Say
from deploy.embedded.layout import Layout
from deploy.embedded.process import POLL_S, PROC, signal_all

_GRACE_S = 10.0
_CLOCK_SLACK_S = 2.0


class AlreadyRunningError(Exception):
    """A demo runs from this folder now; the message says where it is."""


@contextlib.contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Hold the lock of this runtime folder. Raises AlreadyRunningError at once."""
    with layout.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(_who_runs(layout, lock.name)) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def end_leftovers(layout: Layout, say: Say) -> None:
    """End processes of a supervisor that was killed. Call it with the lock held."""
    left = {file.stem: pid for file in layout.run.glob("*.pid") if (pid := left_behind(file))}
    for name, pid in left.items():
        say(f"ending {name} ({pid}), left by a supervisor that was killed")
        signal_all([pid], signal.SIGCONT)
        signal_all([pid], signal.SIGINT if name == "database" else signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_S
    while alive := [pid for pid in left.values() if _state(pid) not in {"", "Z"}]:
        if time.monotonic() > deadline:
            signal_all(alive, signal.SIGKILL)
        time.sleep(POLL_S)
    for file in layout.run.glob("*.pid"):
        file.unlink()
    layout.demo_env.unlink(missing_ok=True)


def left_behind(pid_file: Path) -> int | None:
    """Return the pid in the file if that process is still the one that the file is about.

    A pid is used again after a while or a reboot, but then its process is younger than the
    file; the program must be one of ours too.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        written = pid_file.stat().st_mtime
        command = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (OSError, ValueError):
        return None
    ours = any(word in command for word in ("hanoi-", "/postgres", "/mosquitto"))
    return pid if ours and started_at(pid) <= written + _CLOCK_SLACK_S else None


def started_at(pid: int) -> float:
    """Return when a process started, in seconds since 1970."""
    text = (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    ticks = int(text.rpartition(")")[2].split()[19])
    uptime = float((PROC / "uptime").read_text(encoding="ascii").split()[0])
    return time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")


def _state(pid: int) -> str:
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[0]


def _who_runs(layout: Layout, lock: str) -> str:
    pid = Path(lock).read_text(encoding="ascii").strip() or "?"
    urls = [
        line.split("=", 1)[1]
        for line in _lines(layout.demo_env)
        if line.startswith(("HANOI_PUBLIC_URL=", "HANOI_CONTROL_ROOM_URL="))
    ]
    where = f": {'  '.join(urls)}" if urls else ", still starting"
    return f"a demo is already running from {layout.root} (process {pid}){where}"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
