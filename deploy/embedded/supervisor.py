"""Starts what the demo is made of and waits for it, restarts what dies, ends everything in order."""

from __future__ import annotations

import http.client
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from deploy.embedded import process
from deploy.embedded.apt import Say
from deploy.embedded.children import Child, Program, how_it_ended
from deploy.embedded.detached import Detached, spawn_detached
from deploy.embedded.layout import Layout
from deploy.embedded.settings import Bind

_READY_LIMIT_S = 180.0
_FAILURES_AT_START = 5


class StartError(Exception):
    """Something did not come up; the message has the end of its log."""


class Supervisor:
    """Children, which run on, and errands, which end. What waits yields, so that it can be looked after meanwhile."""

    def __init__(self, programs: Path, layout: Layout, say: Say) -> None:
        self._programs = programs
        self._layout = layout
        self._say = say
        self._children: list[Child] = []
        self._errands: list[subprocess.Popen[bytes]] = []

    @property
    def has_children(self) -> bool:
        return bool(self._children)

    def look(self) -> None:
        """Restart what died."""
        for child in self._children:
            child.look()

    def adopt(self, program: Program) -> None:
        """Start a program that knows itself how."""
        child = Child(program, self._layout, self._say)
        self._children.append(child)
        child.start()

    def start(
        self, name: str, command: list[str], environment: Mapping[str, str], *, ends: bool = False
    ) -> None:
        """Start one of our commands, to run on."""
        full = [str(self._programs / command[0]), *command[1:]]

        def launch() -> subprocess.Popen[bytes]:
            return process.spawn(
                full,
                log=self._layout.log(name),
                environment=environment,
                dies_with_parent=signal.SIGTERM,
            )

        self.adopt(Program(name=name, launch=launch, ends=ends))

    def start_detached(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start it outside our tree: it lives on when all that is below us is killed, and we too."""
        full = [str(self._programs / command[0]), *command[1:]]

        def launch() -> Detached:
            return spawn_detached(full, log=self._layout.log(name), environment=environment)

        self.adopt(Program(name=name, launch=launch))

    def errand(
        self, name: str, command: list[str], environment: Mapping[str, str], line: str | None = None
    ) -> Iterator[None]:
        """Run a command to its end; `line` goes to its standard input."""
        log = self._layout.log(name)
        with log.open("ab") as output:
            running = subprocess.Popen(
                [str(self._programs / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL if line is None else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
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

    def until(self, ready: Callable[[], bool], what: str) -> Iterator[None]:
        """Raise StartError when it takes too long."""
        deadline = time.monotonic() + _READY_LIMIT_S
        while not ready():
            if time.monotonic() > deadline:
                raise StartError(f"{what} is not ready after {_READY_LIMIT_S:g} s")
            yield

    def until_ready(self, bind: Bind, name: str) -> Iterator[None]:
        """Until it says so itself. Raise StartError, with the end of its log, when it does not."""
        try:
            yield from self.until(
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

    def end(self, order: Sequence[tuple[str, ...]]) -> None:
        """End everything, the errands first; `order` has groups of beginnings of names."""
        for errand in self._errands:
            process.end(errand, signal.SIGTERM, limit_s=10)
        for names in order:
            group = [c for c in self._children if c.name.startswith(names)]
            for child in group:
                child.ask_to_end()
            for child in group:
                child.end()


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
