"""PDF of a report: rendered in a process of its own, few at a time, with an end to waiting. Blocking: for a thread."""

import logging
import os
import subprocess
import sys
from threading import BoundedSemaphore
from typing import Final

from dashboard.control_room import print_pdf

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
WAIT_S: Final = 10.0
"""For one of those to end."""
LONGEST_S: Final = 40.0
LARGEST_HTML: Final = 3 * 1024 * 1024
LARGEST_PDF: Final = 20 * 1024 * 1024

_turns: Final = BoundedSemaphore(AT_ONCE)


class PdfUnavailable(RuntimeError):
    """No PDF now; `code`: no_pango, busy, too_large, failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def made(html: str) -> bytes:
    """Raises PdfUnavailable."""
    content = html.encode()
    if len(content) > LARGEST_HTML:
        raise PdfUnavailable("too_large")
    if not _turns.acquire(timeout=WAIT_S):
        raise PdfUnavailable("busy")
    try:
        return _rendered(content)
    finally:
        _turns.release()


def _rendered(content: bytes) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", print_pdf.__name__],
            input=content,
            capture_output=True,
            timeout=LONGEST_S,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.error("pdf_failed reason=timeout")
        raise PdfUnavailable("failed") from None
    if done.returncode == 0 and done.stdout.startswith(b"%PDF") and len(done.stdout) <= LARGEST_PDF:
        return done.stdout
    log.error("pdf_failed code=%d error=%r", done.returncode, done.stderr[-2000:].decode(errors="replace"))
    raise PdfUnavailable("no_pango" if done.returncode == print_pdf.NO_PANGO else "failed")


def _environment() -> dict[str, str]:
    """Without what is secret: passwords are in HANOI_ variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HANOI_")}
