"""Makes the broker's sqlite plugin write every change before the broker acknowledges it.

Mosquitto 2.1 sends PUBACK from inside the transaction that `persist_sqlite` ends only at the end
of the broker's loop, so a kill in between loses a message that was acknowledged: measured in
3 of 150 random kills at 300 messages/s. A copy of the plugin in which the texts `BEGIN;` and
`END;` are blank never opens that transaction; SQLite then commits each change by itself, before
the acknowledgement: docs/decisions, "the broker commits before it acknowledges".
"""

from __future__ import annotations

from pathlib import Path

ORIGINAL = "mosquitto/mosquitto_persist_sqlite.so"
COPY = "mosquitto/persist_sqlite_commit_each.so"
_TEXTS = (b"\0BEGIN;\0", b"\0END;\0")


def make_copy(libraries: Path) -> bool:
    """Write the changed copy; False when this plugin is not built as expected, or not there."""
    original, copy = libraries / ORIGINAL, libraries / COPY
    code = original.read_bytes() if original.is_file() else b""
    if any(code.count(text) != 1 for text in _TEXTS):
        copy.unlink(missing_ok=True)
        return False
    partial = copy.with_suffix(".partial")
    for text in _TEXTS:
        code = code.replace(text, b"\0" + b" " * (len(text) - 2) + b"\0")
    partial.write_bytes(code)
    partial.chmod(0o644)
    partial.replace(copy)
    return True
