"""The processes that the supervisor looks after: started, written down, restarted, ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from deploy.embedded import process
from deploy.embedded.apt import Say
from deploy.embedded.layout import Layout

LOG_LIMIT_BYTES = 10 * 1024 * 1024
# A killed process is back within 10 s: the longest wait plus a slow start stays below.
_WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
_STEADY_S = 30.0


class Running(Protocol):
    """A started process: `subprocess.Popen`, or one that is no child of ours (detached.py)."""

    @property
    def pid(self) -> int: ...

    returncode: int | Any | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Program:
    """How to start one process and how to ask it to end."""

    name: str
    launch: Callable[[], Running]
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 10.0
    # Exit status 0 means that its work is done; otherwise every end is one too early.
    ends: bool = False


class Child:
    """One running program with its pid file; a Child that died is started again."""

    def __init__(self, program: Program, layout: Layout, say: Say) -> None:
        self.program = program
        self.name = program.name
        self._layout = layout
        self._say = say
        self._process: Running | None = None
        self._started_at = 0.0
        self._again_at: float | None = None
        self.failures = 0

    def start(self) -> None:
        """Start the program and write its pid down."""
        self._process = self.program.launch()
        self._started_at = time.monotonic()
        self._again_at = None
        write_pid(self._layout.pid_file(self.name), self._process.pid)

    def look(self) -> None:
        """Notice an end, and start again when the wait is over."""
        if self._again_at is not None:
            if time.monotonic() >= self._again_at:
                self._start_again()
        elif self._process is not None and self._process.poll() is not None:
            if self.program.ends and self._process.returncode == 0:
                self.end()
                self._say(f"{self.name} is done")
                return
            self._plan_restart(f"ended ({how_it_ended(self._process.returncode)})")

    def ask_to_end(self) -> None:
        """Send the stop signal; a frozen process is woken for it."""
        if self._process is not None and self._process.poll() is None:
            process.signal_all([self._process.pid], signal.SIGCONT)
            self._process.send_signal(self.program.stop_signal)

    def end(self) -> None:
        """Wait for the process to end, and kill it when its patience is over."""
        if self._process is not None:
            try:
                self._process.wait(self.program.patience_s)
            except subprocess.TimeoutExpired:
                self._say(f"{self.name} does not end: killing it")
                self._process.kill()
                self._process.wait()
        self._process = None
        self._again_at = None
        self._layout.pid_file(self.name).unlink(missing_ok=True)

    def _plan_restart(self, what: str) -> None:
        steady = time.monotonic() - self._started_at > _STEADY_S
        self.failures = 0 if steady else self.failures + 1
        wait_s = _WAITS_S[min(self.failures, len(_WAITS_S) - 1)]
        self._again_at = time.monotonic() + wait_s
        self._say(f"{self.name} {what}: starting it again in {wait_s:g} s ({self._log()})")

    def _start_again(self) -> None:
        try:
            self.start()
        except (process.ServerError, OSError) as problem:
            self._started_at = time.monotonic()
            self._plan_restart(f"does not start ({str(problem).splitlines()[0]})")
        else:
            assert self._process is not None
            self._say(f"{self.name} is back as process {self._process.pid}")

    def _log(self) -> Path:
        return self._layout.log(self.name)


def how_it_ended(code: int | None) -> str:
    """Return an exit status in words."""
    if code is None:
        return "nobody saw how"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def write_pid(file: Path, pid: int) -> None:
    """Write a pid file that is never half there."""
    partial = file.with_suffix(".partial")
    partial.write_text(f"{pid}\n", encoding="ascii")
    partial.replace(file)


def bound_logs(folder: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """Copy and empty each log that grew too large; one older generation stays.

    Processes append to a file that they keep open, so it is emptied, not moved.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > limit_bytes:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
