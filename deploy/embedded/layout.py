"""Which file of the demo is where below the runtime folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.apt import make_open


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folders of a demo; design: `.runtime/run/<name>.pid`, `.runtime/log/<name>.log`."""

    root: Path

    @property
    def run(self) -> Path:
        """Return the folder of pid files."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """Return the folder of logs."""
        return self.root / "log"

    @property
    def data(self) -> Path:
        """Return the folder that `make clean-data` empties."""
        return self.root / "data"

    @property
    def secrets(self) -> Path:
        """Return the folder of passwords."""
        return self.root / "secrets"

    @property
    def demo_env(self) -> Path:
        """Return the file that tells others how to reach a running demo."""
        return self.root / "demo.env"

    @property
    def lock(self) -> Path:
        """Return the file that a running supervisor holds locked."""
        return self.root / "supervisor.lock"

    def pid_file(self, name: str) -> Path:
        """Return where a process's pid is written."""
        return self.run / f"{name}.pid"

    def log(self, name: str) -> Path:
        """Return a process's log."""
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Create the folders; secrets are ours alone."""
        for folder in (self.run, self.logs, self.data, self.secrets):
            make_open(folder)
        self.secrets.chmod(0o700)
