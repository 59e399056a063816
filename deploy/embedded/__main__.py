"""`python -m deploy.embedded demo | install | clean-data | clean`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from deploy.embedded import clean, runtime, single
from deploy.embedded.apt import AptError
from deploy.embedded.apt_sources import NoDebianSourceError
from deploy.embedded.host import UnsupportedHostError
from deploy.embedded.layout import Layout
from deploy.embedded.process import ServerError
from deploy.embedded.relocate import RelocateError
from deploy.embedded.settings import DemoSettings, SettingError, read
from deploy.embedded.single import AlreadyRunningError
from deploy.embedded.unpack import UnpackError

_EXPECTED = (
    AlreadyRunningError,
    AptError,
    NoDebianSourceError,
    RelocateError,
    ServerError,
    SettingError,
    UnpackError,
    UnsupportedHostError,
    ValueError,
)


def main(arguments: Sequence[str] | None = None, *, programs: Path | None = None) -> int:
    """Run one command; errors that we know are one clear message and status 1.

    `programs` is the folder of the `hanoi-*` programs, else the one that Python is in.
    """
    parser = argparse.ArgumentParser(prog="python -m deploy.embedded", description=__doc__)
    parser.add_argument("command", choices=("demo", "install", "clean-data", "clean"))
    command = parser.parse_args(arguments).command
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(command, read(os.environ), programs)
    except _EXPECTED as problem:
        say(f"ERROR: {problem}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next start goes on where this one stopped")
        return 130


def say(text: str) -> None:
    """Print one line with the time; a reader that went away is no reason to stop."""
    try:
        print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _run(command: str, settings: DemoSettings, programs: Path | None) -> int:
    if command == "clean-data":
        clean.clean_data(settings.runtime_dir, say)
    elif command == "clean":
        clean.clean_all(settings.runtime_dir, say)
    elif command == "install":
        runtime.ensure(settings.runtime_dir, say)
    else:
        return _demo(settings, programs)
    return 0


def _demo(settings: DemoSettings, programs: Path | None) -> int:
    """Install if need be, then hand over to the supervisor."""
    # Not needed, nor present, for the other commands: they run before packages are installed.
    from deploy.embedded.demo import Demo
    from deploy.embedded.ports import require_free_ports

    installed = runtime.ensure(settings.runtime_dir, say)
    layout = Layout(root=installed.folder)
    layout.create()
    with single.only_one(layout):
        single.end_leftovers(layout, say)
        require_free_ports(settings)
        demo = Demo(settings, installed, layout, os.environ, say, programs=programs)
        return demo.run()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
