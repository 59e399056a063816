"""Asks every process for a sign of life, each in a thread of its own: one that hangs holds up no other."""

import http.client
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

from storage.model import Text
from storage.settings import ConfigurationError, Settings, host_port

log = logging.getLogger(__name__)

EVERY_S: Final = 5.0
TIMEOUT_S: Final = 3.0
LONGEST_ANSWER: Final = 4096
PROCESSES: Final = ("ingest", "alerts", "public", "control-room")
SERVERS: Final = ("broker", "database")

Ask = Callable[[], Text | None]
"""None: it answered well; else why not. Blocks for a few seconds at most."""


class Probe:
    """One process."""

    def __init__(self, name: str, ask: Ask, *, every_s: float = EVERY_S) -> None:
        self.name = name
        self.heard_at: datetime | None = None
        self.why: Text | None = None
        self._ask = ask
        self._every_s = every_s

    def start(self, stop: Event) -> None:
        Thread(target=self._run, args=(stop,), name=f"probe-{self.name}", daemon=True).start()

    def _run(self, stop: Event) -> None:
        while not stop.is_set():
            asked_at = time.monotonic()
            self.why = self._ask()
            if self.why is None:
                self.heard_at = datetime.now(UTC)
            stop.wait(max(0.05, self._every_s - (time.monotonic() - asked_at)))


def probes_of(settings: Settings, *, every_s: float = EVERY_S) -> list[Probe]:
    """All but the broker, which the canary's own connection tells of. Raises ConfigurationError naming the variable."""
    unknown = set(settings.watchdog_watches) - {*PROCESSES, *SERVERS}
    if unknown:
        raise ConfigurationError(
            f"HANOI_WATCHDOG_WATCHES: {', '.join(sorted(unknown))}: there are {', '.join((*SERVERS, *PROCESSES))}"
        )
    return [Probe(name, ask, every_s=every_s) for name, ask in _asked(settings)]


def _asked(settings: Settings) -> Iterator[tuple[str, Ask]]:
    watched = settings.watchdog_watches
    if "database" in watched:
        host, port = _database(settings)
        yield "database", lambda: reachable(host, port)
    for name in PROCESSES:
        if name in watched:
            for shown, (host_, port_) in _binds(name, settings):
                yield shown, lambda host=host_, port=port_: ready(host, port)  # type: ignore[misc]


def _binds(name: str, settings: Settings) -> Iterator[tuple[str, tuple[str, int]]]:
    field = f"{name.replace('-', '_')}_bind"
    bind, variable = getattr(settings, field), f"HANOI_{field.upper()}"
    if name == "ingest" and settings.ingest_workers > 1:
        for worker in range(1, settings.ingest_workers + 1):
            yield f"ingest-{worker}", _from_here(*host_port(bind, variable, offset=worker))
    else:
        yield name, _from_here(*host_port(bind, variable))


def _database(settings: Settings) -> tuple[str, int]:
    if settings.watchdog_database is not None:
        return host_port(settings.watchdog_database, "HANOI_WATCHDOG_DATABASE")
    if settings.database_url is None:
        raise ConfigurationError(
            "HANOI_WATCHDOG_DATABASE: host:port of the database is needed, or 'database' left out of"
            " HANOI_WATCHDOG_WATCHES"
        )
    parts = urlsplit(settings.database_url.get_secret_value())
    return parts.hostname or "127.0.0.1", parts.port or 5432


def _from_here(host: str, port: int) -> tuple[str, int]:
    return ("127.0.0.1" if host in ("0.0.0.0", "::") else host), port


def reachable(host: str, port: int, *, timeout_s: float = TIMEOUT_S) -> Text | None:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout_s):
            return None
    except OSError as error:
        return _in_words(error, timeout_s)


def ready(host: str, port: int, *, timeout_s: float = TIMEOUT_S) -> Text | None:
    """Whether GET /readyz is answered with 200."""
    with closing(http.client.HTTPConnection(host, port, timeout=timeout_s)) as connection:
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            body = answer.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            return _in_words(error, timeout_s)
    if answer.status == 200:
        return None
    lacking = ", ".join(_lacking(body)) or f"HTTP {answer.status}"
    return Text(vi=f"chưa sẵn sàng ({lacking})", en=f"not ready ({lacking})")


def _lacking(body: bytes) -> Sequence[str]:
    """What a process says that it lacks."""
    try:
        parts = json.loads(body)
    except ValueError:
        return []
    return [str(name) for name, works in parts.items() if works is False] if isinstance(parts, dict) else []


def _in_words(error: Exception, timeout_s: float) -> Text:
    if isinstance(error, TimeoutError):
        return Text(vi=f"không trả lời trong {timeout_s:g} giây", en=f"no answer within {timeout_s:g} s")
    if isinstance(error, ConnectionRefusedError):
        return Text(vi="không nhận kết nối", en="refuses connections")
    said = type(error).__name__
    return Text(vi=f"kết nối hỏng ({said})", en=f"the connection fails ({said})")
