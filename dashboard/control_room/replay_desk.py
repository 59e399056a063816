"""What a replay asks for: a moment whole, the next steps at once, where alerts began. Blocking: for a thread."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dashboard.control_room import replay_moment
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.replay_frames import LONGEST, SHORTEST, STEPS, changed, maps, shown
from dashboard.control_room.replay_past import with_extents, with_values
from storage import past
from storage.observations import LiveValue


class PastDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._past = parts.past
        self._clock = parts.clock

    def moment(self, at: datetime, language: Language) -> dict[str, Any]:
        """Everything that the overview shows."""
        view = self._past.view(at)
        with self._past.reading(at) as conn:
            room = self._past.room(conn, view, at)
        return {
            "at": at,
            "local": replay_moment.written(at),
            "overview": shown(view, room, at, language),
            "maps": list(maps(view, at).values()),
        }

    def steps(self, at: datetime, asked: Mapping[str, str], language: Language) -> dict[str, Any]:
        """At most STEPS moments behind `at`, `step` seconds apart, each as what changed from the one before.

        Fewer where now is reached: `over` says so. One transaction on one connection for all of them.
        """
        step = _step(asked.get("step", ""))
        count = min(STEPS, (self._clock() - at) // step)
        view, frames = self._past.view(at), []
        drawn = maps(view, at)
        with self._past.reading(at + count * step) as conn:
            by_step: defaultdict[int, list[LiveValue]] = defaultdict(list)
            if count:
                for number, value in past.changes(conn, view.streams, at, count, step):
                    by_step[number].append(value)
            past.move(conn, at)
            trends = dict(self._past.room(conn, view, at).trends)
            for number in range(1, count + 1):
                then = at + number * step
                past.move(conn, then)
                view = with_extents(with_values(view, conn, by_step[number]), conn)
                after = maps(view, then)
                room = self._past.room(conn, view, then, trends)
                frames.append(
                    {
                        "at": then,
                        "overview": shown(view, room, then, language),
                        "changes": list(changed(drawn, after)),
                    }
                )
                drawn = after
        return {"from": at, "step_s": step.total_seconds(), "steps": frames, "over": count < STEPS}

    def alerts(self, at: datetime) -> dict[str, str | None]:
        """When the alert before and the one after began to fire, as the address takes it; None: there is none."""
        now = self._clock()
        with self._past.reading(now) as conn:
            after, before = past.firing_after(conn, at + timedelta(seconds=1)), past.firing_before(conn, at)
        return {"next": _begun(after), "previous": _begun(before)}


def _begun(time: datetime | None) -> str | None:
    return None if time is None else replay_moment.begun(time)


def _step(text: str) -> timedelta:
    found = timedelta(seconds=int(text)) if text.isdecimal() and len(text) < 5 else timedelta()
    if not SHORTEST <= found <= LONGEST:
        raise Refused(422, "request")
    return found
