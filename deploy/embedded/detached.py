"""A process outside the supervisor's tree: whoever ends the supervisor and all below it leaves it running."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.embedded.process import POLL_S, PROC

# The shell says its pid, which stays that of the program that it becomes.
_SAY_PID_AND_BECOME = 'echo $$; exec "$@" >&2'


class Detached:
    """What `subprocess.Popen` is for a child, for a process that init has adopted; how it ended nobody hears."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._began = _began(pid)

    def poll(self) -> int | None:
        """Return None while it runs, else a number that says nothing."""
        running = self._began is not None and _began(self.pid) == self._began
        return None if running else 0

    def wait(self, timeout: float | None = None) -> int:
        """Raise subprocess.TimeoutExpired when it runs for longer."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if deadline is not None and timeout is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(POLL_S)
        return 0

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it ended; its pid may be another's by then."""
        if self.poll() is None:
            try:
                os.kill(self.pid, sig)
            except ProcessLookupError:
                return

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def spawn_detached(command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> Detached:
    """Start a process in a session of its own that is nobody's child, its output appended to the log."""
    with log.open("ab") as output:
        starter = subprocess.run(
            ["setsid", "--fork", "sh", "-c", _SAY_PID_AND_BECOME, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            env=dict(environment),
            check=True,
        )
    return Detached(int(starter.stdout))


def _began(pid: int) -> str | None:
    """Return when a process started, in ticks since boot; None when it ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]
