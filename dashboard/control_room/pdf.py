"""PDF of a report: rendered in a process of its own, few at a time, with an end to waiting. Blocking: for a thread."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Final, Literal

from dashboard.control_room import print_pdf

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
WAIT_S: Final = 10.0
"""For one of those to end."""
LONGEST_S: Final = 40.0
LOOK_EVERY_S: Final = 0.1
LARGEST_HTML: Final = 3 * 1024 * 1024
LARGEST_PDF: Final = 20 * 1024 * 1024

Stage = Literal["turn", "start", "parse", "style", "layout", "write"]
STAGES: Final[tuple[Stage, ...]] = ("turn", "start", "parse", "style", "layout", "write")
"""In the order in which they come."""
_STAGE_OF_STEP: Final[dict[int, Stage]] = {1: "parse", 2: "style", 3: "style", 4: "layout", 5: "layout"}
"""WeasyPrint's steps; those beyond write the file."""

_ENDED: Final = {
    print_pdf.NO_PANGO: "no_pango",
    -signal.SIGXCPU: "over_bound",
    -signal.SIGKILL: "over_bound",
}
"""By the process's end; the kernel ends it at its bounds."""

_turns: Final = BoundedSemaphore(AT_ONCE)


class PdfUnavailable(RuntimeError):
    """No PDF now; `code`: no_pango, busy, too_large, over_bound, failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    stage: Stage
    page: int = 0
    """That is laid out just now; 0: none yet."""


def _nobody(reached: Reached) -> None:
    return


def made(html: str, told: Callable[[Reached], None] = _nobody) -> bytes:
    """Raises PdfUnavailable, and whatever `told` raises: it is called every moment, and then the process is ended."""
    content = html.encode()
    if len(content) > LARGEST_HTML:
        raise PdfUnavailable("too_large")
    _take_turn(told)
    try:
        return _rendered(content, told)
    finally:
        _turns.release()


def _take_turn(told: Callable[[Reached], None]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not _turns.acquire(timeout=LOOK_EVERY_S):
        told(Reached(stage="turn"))
        if time.monotonic() >= deadline:
            raise PdfUnavailable("busy")


def _rendered(content: bytes, told: Callable[[Reached], None]) -> bytes:
    with subprocess.Popen(
        [sys.executable, "-I", "-m", print_pdf.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    ) as process:
        try:
            made, said = _followed(process, content, told)
        finally:
            process.kill()  # nothing happens to one that has ended
    if process.returncode == 0 and made.startswith(b"%PDF") and len(made) <= LARGEST_PDF:
        return made
    log.error("pdf_failed code=%d error=%r", process.returncode, said[-2000:].decode(errors="replace"))
    raise PdfUnavailable(_ENDED.get(process.returncode, "failed"))


def _followed(
    process: "subprocess.Popen[bytes]", content: bytes, told: Callable[[Reached], None]
) -> tuple[bytes, bytes]:
    """What it wrote to stdout and stderr until its end."""
    deadline, unsent, said = time.monotonic() + LONGEST_S, content or None, b""
    while True:
        told(reached(said))
        if time.monotonic() >= deadline:
            log.error("pdf_failed reason=timeout")
            raise PdfUnavailable("over_bound")
        try:
            return process.communicate(unsent, timeout=LOOK_EVERY_S)
        except subprocess.TimeoutExpired as waiting:
            unsent, said = None, waiting.stderr or said


def reached(said: bytes) -> Reached:
    """From what the process has said of its steps until now."""
    steps = [line.split() for line in said.splitlines() if line.startswith(print_pdf.STEP)]
    if not steps:
        return Reached(stage="start")
    step, page = (int(number) for number in steps[-1][1:3])
    return Reached(stage=_STAGE_OF_STEP.get(step, "write"), page=page)


def _environment() -> dict[str, str]:
    """Without what is secret: passwords are in HANOI_ variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HANOI_")}
