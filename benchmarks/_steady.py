"""A publisher at a steady rate that costs little: python -m benchmarks._steady HOST PORT USER PASSWORD ID RATE SECONDS.

MQTT 3.1.1 (section 3.3) on a bare socket, QoS 1, one value a message; the time in each message is when it is sent, to
the microsecond, so that whoever sees it stored knows how long that took. Topics come from standard input, one a line.
Prints how many messages were sent and how many the broker acknowledged.
"""

import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

PIECE_S: Final = 0.005
"""Messages are sent so often, as many as are due."""


def main(host: str, port: str, user: str, password: str, client_id: str, rate: str, seconds: str) -> None:
    topics = [line.strip().encode() for line in sys.stdin]
    with socket.create_connection((host, int(port))) as sock:
        sock.sendall(_connect(client_id, user, password))
        if sock.recv(4) != b"\x20\x02\x00\x00":
            raise SystemExit("the broker refuses the login")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sent, acknowledged = _publish(sock, topics, float(rate), float(seconds))
    print(sent, acknowledged)


def _publish(sock: socket.socket, topics: Sequence[bytes], rate: float, seconds: float) -> tuple[int, int]:
    packets = _packets(topics)
    started = time.monotonic()
    sent = answered = 0
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        while (passed := time.monotonic() - started) < seconds:
            due = int(passed * rate) - sent
            sock.sendall(b"".join(next(packets) for _ in range(due)))
            sent += due
            while selector.select(0):
                answered += len(sock.recv(65536))
            time.sleep(PIECE_S)
        while answered < 4 * sent and selector.select(10):  # a PUBACK has four bytes
            answered += len(sock.recv(65536))
    return sent, answered // 4


def _packets(topics: Sequence[bytes]) -> Iterator[bytes]:
    number = 0
    while True:
        topic = topics[number % len(topics)]
        mid = number % 65535 + 1
        now = datetime.now(UTC).isoformat().encode()
        payload = b'{"time":"%s","results":{"occupied":%s}}' % (now, b"true" if number % 2 else b"false")
        body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", mid) + payload
        yield b"\x32" + _length(len(body)) + body
        number += 1


def _connect(client_id: str, user: str, password: str) -> bytes:
    texts = b"".join(struct.pack("!H", len(t)) + t for t in (p.encode() for p in (client_id, user, password)))
    body = b"\x00\x04MQTT\x04\xc2" + struct.pack("!H", 60) + texts
    return b"\x10" + _length(len(body)) + body


def _length(size: int) -> bytes:
    found = bytearray()
    while True:
        size, low = divmod(size, 128)
        found.append(low | (128 if size else 0))
        if not size:
            return bytes(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
