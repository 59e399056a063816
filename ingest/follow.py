"""Keeps a running worker's registry in step with what others add: claims, new Things, a changed inventory."""

import logging
import threading
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from ingest.registry import Registry
from storage import db, things

log = logging.getLogger(__name__)

AGAIN_S: Final = 2.0


@dataclass(kw_only=True)
class RegistryFollower:
    """A thread that listens for the word of others and reads the registry again, over losses of the connection."""

    database_url: str
    registry: Registry
    stop: Event
    _thread: threading.Thread = field(init=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="ingest-follow", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self.stop.is_set():
            try:
                for _ in things.changes(self.database_url, name="ingest-follow", stop=self.stop):
                    self.registry.load()
            except db.PASSING as error:
                log.warning("registry_follower_lost retry_in_s=%s error=%r", AGAIN_S, str(error).strip())
                self.stop.wait(AGAIN_S)
