"""paho's client with its own network loop: one system call for many packets instead of seven for each.

paho reads a packet in three pieces, asks `select` before each, and sends every acknowledgement by itself; every one of
these calls hands Python's interpreter lock to another thread and waits to get it back. Here the socket is read in large
pieces and written once a turn, with paho's own calls for other event loops (loop_read, loop_write, loop_misc). Of the
packets only PUBLISH is read here, without the dozen objects that paho makes of each. docs/benchmarks.md says what it
brings.
"""

import contextlib
import logging
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

log = logging.getLogger(__name__)

READ_BYTES: Final = 256 * 1024
"""Asked of the kernel at a time."""
PACKETS_A_TURN: Final = 200
"""Read before acknowledgements and keepalive have their turn."""
TICK_S: Final = 1.0
FULL_S: Final = 0.05
"""Until we look again whether there is room."""
GOODBYE_S: Final = 5.0
"""How long the broker may take to close after our goodbye: the last acknowledgements go at the pace of its disk."""
DELAYS_S: Final = (1.0, 2.0, 5.0)
"""Before the next attempt to connect."""


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """A PUBLISH packet, with the names of paho's MQTTMessage."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    """0 with QoS 0."""
    dup: bool
    retain: bool
    identifier: int | None
    """Of our subscription that it matches, the highest if there are several."""


def read_publish(header: int, packet: bytes | bytearray) -> Arrived | None:
    """An MQTT 5 PUBLISH (MQTT 5, 3.3); None for QoS 2 and for one that is not well formed."""
    qos = header >> 1 & 3
    end = 2 + int.from_bytes(packet[:2], "big")
    mid = 0
    try:
        topic = packet[2:end].decode()
        if qos:
            mid = packet[end] << 8 | packet[end + 1]
            end += 2
        size = shift = 0
        while True:
            byte = packet[end]
            end += 1
            size |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
    except (IndexError, UnicodeDecodeError):
        return None
    if qos > 1 or end + size > len(packet) or (qos and not mid):
        return None
    identifier = read_identifier(packet[end : end + size]) if size else None
    payload = bytes(packet[end + size :])
    return Arrived(topic, payload, qos, mid, bool(header & 8), bool(header & 1), identifier)


_SIZES: Final = {0x01: 1, 0x02: 4, 0x23: 2}
_LENGTHS: Final = {0x08: 1, 0x09: 1, 0x03: 1, 0x26: 2}
"""PUBLISH properties (MQTT 5, 3.3.2.3) of a fixed size, and those of so many parts with their lengths before them."""
_SUBSCRIPTION_IDENTIFIER: Final = 0x0B


def read_identifier(properties: bytes | bytearray) -> int | None:
    """The highest subscription identifier among the properties; None where they can't be read."""
    found: int | None = None
    at = 0
    try:
        while at < len(properties):
            kind = properties[at]
            at += 1
            if kind == _SUBSCRIPTION_IDENTIFIER:
                value = shift = 0
                while True:
                    byte = properties[at]
                    at += 1
                    value |= (byte & 127) << shift
                    if byte < 128:
                        break
                    shift += 7
                found = max(value, found or 0)
            elif kind in _SIZES:
                at += _SIZES[kind]
            else:
                for _ in range(_LENGTHS[kind]):
                    at += 2 + int.from_bytes(properties[at : at + 2], "big")
    except (IndexError, KeyError):
        return None
    return found


class BufferedSocket:
    """A non-blocking socket that reads ahead and keeps what is to be sent until `flush`."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._read = b""
        self._at = 0
        self._unsent = bytearray()
        self.leaving = False
        """Whether what is closed now has been ended by us, in peace."""

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; b"" at the end of the stream. Raises BlockingIOError when there are none yet."""
        if self._at == len(self._read):
            self._read, self._at = self._sock.recv(READ_BYTES), 0
        part = self._read[self._at : self._at + size]
        self._at += len(part)
        return part

    def pending(self) -> int:
        """Bytes that `recv` gives without asking the kernel."""
        under = self._sock.pending() if hasattr(self._sock, "pending") else 0
        return len(self._read) - self._at + int(under)

    def send(self, data: bytes | bytearray) -> int:
        """Takes all of it; `flush` sends."""
        self._unsent += data
        return len(data)

    def flush(self) -> None:
        """Sends what the kernel takes now. A lost connection is left to `recv` to find."""
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return
            except OSError:
                self._unsent.clear()
                return
            del self._unsent[:sent]

    def _finish(self, limit_s: float) -> None:
        """Sends the rest and waits until the other side has closed.

        Closing first, with something unread, would reset the connection: what the other side has not read of ours,
        the last acknowledgements, would be gone.
        """
        end = time.monotonic() + limit_s
        while (left := end - time.monotonic()) > 0:
            self.flush()
            try:
                select.select([self._sock], [self._sock] if self._unsent else [], [], left)
                if self._sock.recv(READ_BYTES) == b"":
                    return
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            except (OSError, ValueError):
                return

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._unsent)

    def close(self) -> None:
        """paho closes as soon as its DISCONNECT is written, that is handed to us."""
        if self.leaving:
            self._finish(GOODBYE_S)
        else:
            self.flush()
        self._sock.close()

    def fileno(self) -> int:
        return int(self._sock.fileno())

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)


class BatchedClient(Client):
    """Connects, and connects again for ever, in a thread of its own from `start` to `stop`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.full: Callable[[], bool] = lambda: False
        """While true nothing is read: what was received waits for too much memory."""
        self._buffered: BufferedSocket | None = None
        self._done: deque[int] = deque()
        self._later: deque[Callable[[], None]] = deque()
        self._end_session = False
        self._stopping = threading.Event()
        self._wake_up, self._woken = socket.socketpair()
        self._wake_up.setblocking(False)
        self._woken.setblocking(False)
        self._runner = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """After `connect_async`."""
        self._runner.start()

    def stop(self, *, end_session: bool = False) -> None:
        """Says goodbye to the broker; with `end_session`, for good."""
        self._end_session = end_session
        self._stopping.set()
        self._wake()
        if self._runner.is_alive():
            self._runner.join(10)
        self._wake_up.close()
        self._woken.close()

    @property
    def alive(self) -> bool:
        """Whether the thread runs: it ends at an exception in a callback, and then nothing is received any more."""
        return self._runner.is_alive()

    def give_up(self) -> None:
        """Ends the thread without a goodbye; for callbacks."""
        self._stopping.set()

    def later(self, call: Callable[[], None]) -> None:
        """Runs it in the loop's thread: nothing else may send."""
        self._later.append(call)
        self._wake()

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Hands QoS 1 packets of the present connection to the loop, which answers them together."""
        self._done.extend(packet_ids)
        self._wake()

    def _create_socket(self) -> BufferedSocket:
        self._done.clear()  # packet ids of the connection before
        made: Any = super()._create_socket()
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffered = BufferedSocket(made)
        return self._buffered

    def _handle_publish(self) -> MQTTErrorCode:
        message = read_publish(self._in_packet["command"], self._in_packet["packet"])
        if message is None or self.on_message is None:
            return super()._handle_publish()
        self.on_message(self, None, message)  # type: ignore[arg-type]  # what it reads of a MQTTMessage
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # a full pair wakes as well, and a closed one has nobody to wake
            self._wake_up.send(b"\0")

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                self.reconnect()
            except (OSError, ValueError) as error:
                log.warning("broker_unreachable error=%r", str(error))
            else:
                if self._serve():
                    attempt = 0
            self._stopping.wait(DELAYS_S[min(attempt, len(DELAYS_S) - 1)])
            attempt += 1

    def _serve(self) -> bool:
        """Until the connection is lost or `stop`; whether there was one."""
        connected = False
        while self._sock is not None and self._buffered is not None:
            if self._stopping.is_set():
                self._leave()
                break
            self._turn(self._buffered)
            connected = connected or self.is_connected()
        return connected

    def _turn(self, sock: BufferedSocket) -> None:
        """Waits for something to do; reads, answers and writes."""
        if self._wait(sock):
            self._read(sock)
        if self._sock is sock:
            while self._later:
                self._later.popleft()()
            self._answer()
            self.loop_write()
            self.loop_misc()
        sock.flush()

    def _wait(self, sock: BufferedSocket) -> bool:
        """Whether there is something to read, and room for it."""
        full = self.full()
        waited: list[Any] = [self._woken] if full else [self._woken, sock]
        wanted = [sock] if sock.unsent else []
        timeout = 0.0 if self._done or (sock.pending() and not full) else FULL_S if full else TICK_S
        try:
            readable, _, _ = select.select(waited, wanted, [], timeout)
        except (OSError, ValueError):  # closed under us: reading tells paho
            return True
        if self._woken in readable:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(4096)
        if full:
            self._ping_t = 0.0  # the answer to our ping waits unread: the broker isn't dead
            return False
        return sock in readable or sock.pending() > 0

    def _read(self, sock: BufferedSocket) -> None:
        """Packets until the buffer is empty, memory is full or the connection went."""
        for _ in range(PACKETS_A_TURN):
            self.loop_read()
            if self._sock is not sock or not sock.pending() or self.full():
                break

    def _answer(self) -> None:
        while self._done:
            self.ack(self._done.popleft(), 1)

    def _leave(self) -> None:
        self._answer()
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]  # paho has none
        if self._end_session:
            properties.SessionExpiryInterval = 0
        self.disconnect(properties=properties)
        if self._buffered is not None:
            self._buffered.leaving = True
        self.loop_write()
        self._sock_close()
