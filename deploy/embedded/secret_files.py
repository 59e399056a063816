"""Passwords in files that only we can read; they never stand on a command line."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def password(file: Path, name: str) -> str:
    """Return the password kept under a name, made at the first call."""
    known = _read(file)
    if name not in known:
        known[name] = secrets.token_urlsafe(18)
        write_private(file, json.dumps(known, indent=1) + "\n")
    return known[name]


def _read(file: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return known
