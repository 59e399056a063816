"""How a process learns that it is to stop."""

import signal
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Final

ASKED_BY: Final = (signal.SIGTERM, signal.SIGINT)


def when_asked_to_stop(stop: Callable[[], object]) -> None:
    """Calls it at every SIGTERM and SIGINT from now on, in a thread of its own. For the main thread.

    A handler runs between two steps of the code that it interrupts. `Event.set` in it would wait for ever where that
    code is in the middle of `Event.wait` and holds its lock; `SimpleQueue.put` may be interrupted by itself.
    """
    asked: SimpleQueue[int] = SimpleQueue()

    def listen() -> None:
        while True:
            asked.get()
            stop()

    Thread(target=listen, name="stopping", daemon=True).start()
    for number in ASKED_BY:
        signal.signal(number, lambda number, _: asked.put(number))
