"""Pictures that strangers send, made anew in a process of its own, one at a time. Blocking: for a thread."""

import logging
import os
import subprocess
import sys
from threading import BoundedSemaphore
from typing import Final

from dashboard import photo_process
from storage.citizen_reports import Photo

log = logging.getLogger(__name__)

LARGEST_FILE: Final = 10 * 1024 * 1024
"""Bytes as sent: a phone's pictures have 2 to 8 MB."""
WAIT_S: Final = 30.0
"""For the one before to end."""
LONGEST_S: Final = 60.0
_STARTS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")

_turn: Final = BoundedSemaphore(1)
"""A picture takes up to 400 MB for a moment."""


class PhotoRefused(ValueError):
    """What is no picture that can be taken; another one may be."""


class PhotosBusy(RuntimeError):
    """Too many at once, or a fault of ours; later it may go."""


def anew(content: bytes) -> Photo:
    """Upright, at most 1600 pixels long, without place, camera or owner. Raises PhotoRefused, PhotosBusy."""
    if len(content) > LARGEST_FILE or not _is_picture(content):
        raise PhotoRefused("neither JPEG, PNG nor WebP, or too large")
    if not _turn.acquire(timeout=WAIT_S):
        raise PhotosBusy
    try:
        return _made(content)
    finally:
        _turn.release()


def _is_picture(content: bytes) -> bool:
    return content.startswith(_STARTS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def _made(content: bytes) -> Photo:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", photo_process.__name__],
            input=content,
            capture_output=True,
            timeout=LONGEST_S,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("photo_refused reason=timeout bytes=%d", len(content))
        raise PhotoRefused("it takes too long") from None
    head = photo_process.HEAD
    error = done.stderr[-500:].decode(errors="replace")
    if done.returncode == photo_process.REFUSED or done.returncode < 0:  # or it was ended at its bounds
        log.warning("photo_refused code=%d error=%r bytes=%d", done.returncode, error, len(content))
        raise PhotoRefused("it can't be read")
    if done.returncode != 0 or len(done.stdout) <= head.size:
        log.error("photo_failed code=%d error=%r", done.returncode, error)
        raise PhotosBusy
    width, height = head.unpack_from(done.stdout)
    return Photo(content=done.stdout[head.size :], width=width, height=height)


def _environment() -> dict[str, str]:
    """Without what is secret: passwords are in HANOI_ variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HANOI_")}
