"""What hanoi-simulate remembers between two runs: what was acknowledged, and which scenarios happened when.

It lies below `<runtime>/data`, so `make clean-data` forgets it together with the observations. Losing it costs
nothing but work: the values come out the same, and twice is once.
"""

import fcntl
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from simulators.coverage import Interval

log = logging.getLogger(__name__)

T = TypeVar("T")


class State(msgspec.Struct, kw_only=True):
    """One run's memory. It is only good for the same seed and the same broker."""

    seed: int
    broker: str
    """host:port"""
    covered: dict[str, tuple[Interval, ...]] = {}


class PastScenario(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that was asked for. Its storm stays in the rain counters for ever, so that they never fall."""

    name: str
    start: int


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a simulator keeps its memory; None keeps nothing."""

    path: Path | None

    @classmethod
    def below(cls, runtime_dir: Path) -> "Folder":
        """A runtime folder that does not exist is not made: then this run remembers nothing."""
        if not runtime_dir.is_dir():
            log.warning("state_not_kept reason='%s does not exist'", runtime_dir)
            return cls(None)
        path = runtime_dir / "data" / "simulate"
        path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    def lock(self) -> IO[bytes] | None:
        """Held until the process ends. None: another simulator works here (same client id, same state)."""
        if self.path is None:
            return open(os.devnull, "rb")
        file = (self.path / "lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def read(self, *, seed: int, broker: str) -> State:
        """What is on file for this seed and broker, otherwise a new state."""
        state = self._decode("state.json", State)
        if state is None:
            return State(seed=seed, broker=broker)
        if (state.seed, state.broker) != (seed, broker):
            log.info("state_of_another_run seed=%d broker=%s what=starting_afresh", state.seed, state.broker)
            return State(seed=seed, broker=broker)
        return state

    def write(self, state: State) -> None:
        self._replace("state.json", msgspec.json.encode(state))

    def scenarios(self) -> tuple[PastScenario, ...]:
        """Every scenario that was ever asked for; a running simulator looks again and again."""
        return self._decode("scenarios.json", tuple[PastScenario, ...]) or ()

    def add_scenario(self, scenario: PastScenario) -> None:
        self._replace("scenarios.json", msgspec.json.encode((*self.scenarios(), scenario)))

    def _decode(self, name: str, kind: type[T]) -> T | None:
        """None when there is no such file, or one that can't be read (which is said)."""
        if self.path is None:
            return None
        try:
            return msgspec.json.decode((self.path / name).read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.warning(
                "state_unreadable file=%s error=%r what=starting_afresh", self.path / name, str(error)
            )
            return None

    def _replace(self, name: str, content: bytes) -> None:
        """The file as a whole: a reader sees the old one or the new one."""
        if self.path is None:
            return
        beside = self.path / f"{name}.{os.getpid()}"
        beside.write_bytes(content)
        beside.replace(self.path / name)
