"""What is kept of a message that was refused, whole or in part. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from ingest.model import Prepared
from storage.claims import MOST_OF_A_MESSAGE

MOST_FAULTS: Final = 100
"""Faults listed in one rejection; the number of the others is given."""
MOST_TEXT: Final = 300
"""Characters of a path or a message: keys of the payload stand in them, and those may be as long as it."""


def detail(message: Prepared) -> dict[str, Any]:
    """Every fault with its path, how much was stored all the same, and what the decoder adds."""
    faults: list[Mapping[str, str]] = [
        {"path": _short(f.path), "reason": f.reason.value, "message": _short(f.message)}
        for f in message.faults[:MOST_FAULTS]
    ]
    more = len(message.faults) - len(faults)
    hidden = len(unknown_devices(message)) - MOST_OF_A_MESSAGE
    return {
        "faults": faults,
        **({"more_faults": more} if more else {}),
        **({"more_devices": hidden} if hidden > 0 else {}),
        "stored": len(message.observations),
        **(message.detail or {}),
    }


def unknown_devices(message: Prepared) -> list[str]:
    """The devices that it names and nobody knows."""
    return sorted({storable(fault.device) for fault in message.faults if fault.device is not None})


def _short(text: str) -> str:
    return storable(text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…")


def storable(text: str) -> str:
    """Text that PostgreSQL takes: NUL and lone surrogates, which JSON allows, are shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\u0000")
