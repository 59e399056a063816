"""What must be said above everything else: that alerts are not evaluated, or that nothing new is heard. Pure."""

from collections.abc import Iterator
from datetime import datetime

from dashboard.control_room.alert_board import engine_silent
from dashboard.control_room.language import Language
from dashboard.control_room.room import EngineHealth, IngestHealth
from dashboard.control_room.texts import say


def standstills(
    link: str, engine: EngineHealth, ingest: IngestHealth, now: datetime, language: Language
) -> Iterator[str]:
    """A sentence each, the gravest first. `link` is the overview's; without it the others are only what was."""
    if link in ("gone", "old"):
        yield say(f"link_{link}", language)
    if link == "gone":
        return
    if engine.state == "never":
        yield say("engine_never", language)
    elif engine.state == "silent" and engine.heard_at is not None:
        yield engine_silent((now - engine.heard_at).total_seconds(), language)
    if ingest.state in ("no_broker", "silent"):
        yield say(f"standstill_{ingest.state}", language)
