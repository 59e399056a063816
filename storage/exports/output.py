"""Where an export goes: a file that is there whole or not at all, or standard output."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file under a temporary name beside `path`; at the end of the block it is on the disk and gets the name.

    Whatever ends the block otherwise, an interruption too, removes it and leaves what was there before.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """After this a rename in the folder outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def output(name: str) -> Iterator[IO[bytes]]:
    """`-` is standard output, anything else a file."""
    if name != "-":
        folder = Path(name).parent
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder '{folder}'")
        with replacing(Path(name)) as file:
            yield file
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
