"""MQTT 5 by hand, for what a client library refuses to send. Packets as OASIS MQTT 5.0, chapters 2 and 3."""

import socket
import struct
from typing import Self

LIMIT_S = 20.0
NOT_AUTHORIZED = 135
CONNACK, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 4, 9, 13, 14


def packet(kind: int, flags: int, body: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + length(len(body)) + body


def length(number: int) -> bytes:
    """A variable byte integer."""
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def text(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def connect(client_id: bytes, user: bytes, password: bytes, clean: bool = True) -> bytes:
    flags = 0b1100_0000 | (2 if clean else 0)
    body = text(b"MQTT") + bytes([5, flags]) + struct.pack("!H", 60) + b"\0"
    return packet(1, 0, body + text(client_id) + text(user) + text(password))


def publish(topic: bytes, payload: bytes, packet_id: int = 1, retain: bool = False) -> bytes:
    """QoS 1."""
    return packet(3, 0b0010 | int(retain), text(topic) + struct.pack("!H", packet_id) + b"\0" + payload)


def subscribe(*filters: bytes) -> bytes:
    return packet(8, 2, struct.pack("!H", 7) + b"\0" + b"".join(text(f) + b"\1" for f in filters))


class Raw:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def log_in(self, user: str, password: str, client_id: str = "raw") -> int:
        """The reason code: 0 let in."""
        self.send(connect(client_id.encode(), user.encode(), password.encode()))
        kind, body = self.read()
        assert kind == CONNACK
        return body[1]

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> tuple[int, bytes]:
        """Kind and body of the next packet. Raises ConnectionError when the broker hung up."""
        kind = self._exactly(1)[0] >> 4
        size = shift = 0
        while True:
            (byte,) = self._exactly(1)
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return kind, self._exactly(size)

    def answer(self, kind: int) -> bytes:
        """The body of the next packet of that kind; others are passed over."""
        while True:
            got, body = self.read()
            if got == kind:
                return body

    def publish(
        self, topic: str | bytes, payload: bytes = b"x", packet_id: int = 1, retain: bool = False
    ) -> int:
        """The PUBACK's reason code; 255: the broker hung up."""
        raw = topic.encode() if isinstance(topic, str) else topic
        try:
            self.send(publish(raw, payload, packet_id, retain))
            body = self.answer(PUBACK)
        except ConnectionError:
            return 255
        return body[2] if len(body) > 2 else 0

    def alive(self) -> bool:
        """Whether the broker still answers us."""
        try:
            self.send(packet(12, 0, b""))
            self.answer(PINGRESP)
        except ConnectionError:
            return False
        return True

    def hung_up(self) -> bool:
        """Whether the broker ends the connection, with a DISCONNECT or without."""
        try:
            while True:
                self.read()
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the broker hung up")
            data += more
        return data
