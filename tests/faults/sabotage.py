"""`hanoi-ingest` that kills itself at a chosen point, or has another setting: nothing of this is in the product.

python -m tests.faults.sabotage POINT N [arguments of hanoi-ingest]
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import psycopg

from ingest import main, transport
from ingest.folder import FolderTransport
from ingest.mqtt_client import BatchedClient
from ingest.transport import MqttTransport
from storage import observations

POINTS: Final = ("before-copy", "before-commit", "before-ack", "amid-acks")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()  # it takes the kernel a moment


class _Countdown:
    """True at the n-th call."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def __call__(self) -> bool:
        self._left -= 1
        return self._left == 0


def _before_copy(now: _Countdown) -> None:
    write = observations.write

    def sabotaged(*arguments: Any, **named: Any) -> Any:
        if now():
            _die()
        return write(*arguments, **named)

    observations.write = sabotaged  # a module: storage.batch looks it up at each call


def _before_commit(now: _Countdown) -> None:
    """At the end of the writer's own transactions, with everything copied."""
    transaction = psycopg.Connection.transaction

    @contextmanager
    def sabotaged(conn: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
        idle = conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with transaction(conn, *arguments, **named) as made:
            yield made
            if idle and threading.current_thread().name == "ingest-write" and now():
                _die()

    psycopg.Connection.transaction = sabotaged  # type: ignore[method-assign, assignment]  # the sabotage itself


def _before_ack(now: _Countdown) -> None:
    commit = MqttTransport.commit

    def sabotaged(self: MqttTransport, positions: Any) -> None:
        if now():
            _die()
        commit(self, positions)

    MqttTransport.commit = sabotaged  # type: ignore[method-assign]  # the sabotage itself


def _amid_acks(now: _Countdown) -> None:
    answer = BatchedClient._answer

    def sabotaged(self: BatchedClient) -> None:
        due = len(self._done)
        if due < 2 or not now():
            answer(self)
            return
        for _ in range(due // 2):
            self.ack(self._done.popleft(), 1)
        self.loop_write()
        if self._buffered is not None:
            self._buffered.flush()
        _die()

    BatchedClient._answer = sabotaged  # type: ignore[method-assign]  # the sabotage itself


def _receiver_fails(now: _Countdown) -> None:
    receive = MqttTransport._on_message

    def sabotaged(self: MqttTransport, client: Any, data: Any, message: Any) -> None:
        if now():
            raise RuntimeError("sabotaged")
        receive(self, client, data, message)

    MqttTransport._on_message = sabotaged  # type: ignore[method-assign, assignment]  # the sabotage itself


def _before_move(now: _Countdown) -> None:
    """Files: after COMMIT, before they are moved away."""
    commit = FolderTransport.commit

    def sabotaged(self: FolderTransport, positions: Any) -> None:
        if now():
            _die()
        commit(self, positions)

    FolderTransport.commit = sabotaged  # type: ignore[method-assign]  # the sabotage itself


def _session_expires(seconds: int) -> None:
    transport.SESSION_EXPIRY = timedelta(seconds=seconds)  # type: ignore[misc]  # the sabotage itself


_SABOTAGES: Final[dict[str, Callable[[_Countdown], None]]] = {
    "before-copy": _before_copy,
    "before-commit": _before_commit,
    "before-ack": _before_ack,
    "amid-acks": _amid_acks,
    "before-move": _before_move,
    "receiver-fails": _receiver_fails,
}


if __name__ == "__main__":
    point, count = sys.argv[1], int(sys.argv[2])
    sys.argv = ["hanoi-ingest", *sys.argv[3:]]
    if point == "session-expires":
        _session_expires(count)
    else:
        _SABOTAGES[point](_Countdown(count))
    main.main()
