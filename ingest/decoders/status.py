"""The retained status of a Thing's connection: the words `online` and `offline`."""

from ingest.model import Fault, Reason


def decode(payload: bytes) -> bool | Fault:
    """True for online, False for offline."""
    if payload == b"online":
        return True
    if payload == b"offline":
        return False
    if not payload:
        return Fault(reason=Reason.EMPTY, path="$", message="the payload is empty")
    message = f"expected online or offline, got {payload[:40]!r}"
    return Fault(reason=Reason.WRONG_TYPE, path="$", message=message)
