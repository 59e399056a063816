"""The processes of this one that render a PDF just now."""

import os
from pathlib import Path

from dashboard.control_room import print_pdf


def rendering() -> set[int]:
    """Their ids."""
    return {
        int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _renders(folder)
    }


def _renders(folder: Path) -> bool:
    try:
        parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        command = (folder / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return parent == os.getpid() and print_pdf.__name__.encode() in command
