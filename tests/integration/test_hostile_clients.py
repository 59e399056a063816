"""Clients that are slow, greedy or broken on purpose, against the process itself; meanwhile others are served."""

import os
import re
import resource
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from deploy.embedded.postgres import Postgres
from tests.processes import free_port, running, wait_for

pytestmark = pytest.mark.integration

MAP = "/api/v1/map/flood.geojson"
HEAD = "Host: x\r\n"


class Site:
    """A running `hanoi-public`."""

    def __init__(self, bind: str, pid: int, log: Path) -> None:
        self.bind = bind
        self.pid = pid
        self.log = log
        host, _, port = bind.rpartition(":")
        self.address = (host, int(port))

    def connect(self, source: str = "127.0.0.1", receive_buffer: int | None = None) -> socket.socket:
        made = socket.socket()
        if receive_buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.bind((source, 0))
        made.settimeout(180)
        made.connect(self.address)
        return made

    def serves(self) -> bool:
        """A new visitor, from an address that nobody here misuses."""
        transport = httpx.HTTPTransport(local_address="127.0.0.99")
        with httpx.Client(transport=transport, timeout=180) as visitor:
            page, snapshot = visitor.get(f"http://{self.bind}/"), visitor.get(f"http://{self.bind}{MAP}")
        return (page.status_code, snapshot.status_code) == (200, 200)

    def refused(self) -> dict[str, float]:
        """Connections ended or refused so far, by reason."""
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.98"), timeout=180) as monitor:
            text = monitor.get(f"http://{self.bind}/metrics").text
        return {
            reason: float(count)
            for reason, count in re.findall(r'hanoi_public_refused_total\{reason="(\w+)"\} (\S+)', text)
        }

    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def answer(self, request: bytes) -> bytes:
        """All that comes until the server closes."""
        with self.connect() as client:
            client.sendall(request)
            return until_closed(client)


@pytest.fixture
def site(postgres: Postgres, city_url: str, tmp_path: Path) -> Iterator[Site]:
    postgres.create_login("public_login", member_of="hanoi_public")
    url = postgres.url("public_login", city_url.rsplit("/", 1)[1])
    bind = f"127.0.0.1:{free_port()}"
    env = {"HANOI_PUBLIC_DATABASE_URL": url, "HANOI_PUBLIC_BIND": bind}
    with running("hanoi-public", env=env, bind=bind, folder=tmp_path) as process:
        yield Site(bind, process.pid, tmp_path / "hanoi-public.log")
    assert "Traceback" not in (tmp_path / "hanoi-public.log").read_text()


def until_closed(client: socket.socket) -> bytes:
    """What comes until the other side ends it, with a FIN or a reset."""
    found = bytearray()
    try:
        while piece := client.recv(1 << 16):
            found += piece
    except ConnectionResetError:
        pass
    return bytes(found)


@pytest.fixture(autouse=True)
def _files_for_many_connections() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 8192, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def many(count: int, connect: Callable[[], socket.socket]) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(connect()) for _ in range(count)]


def test_whoever_sends_no_whole_request_or_takes_no_answer_is_ended(site: Site) -> None:
    """Each of them at once, some of each, while others are served; and each is ended by the server, not by us."""

    def saying(request: bytes, **options: int) -> Callable[[], socket.socket]:
        def connect() -> socket.socket:
            made = site.connect(**options)
            made.sendall(request)
            return made

        return connect

    with (
        many(20, site.connect) as silent,
        many(20, saying(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")) as half_heads,
        many(
            20, saying(f"POST {MAP} HTTP/1.1\r\n{HEAD}Content-Length: 8000\r\n\r\nab".encode())
        ) as half_bodies,
        many(
            20,
            saying(
                f"GET /assets/swagger/swagger-ui-bundle.js HTTP/1.1\r\n{HEAD}\r\n".encode() * 20,
                receive_buffer=2048,
            ),
        ) as greedy,
    ):
        assert site.serves()
        for slow in half_heads:
            slow.sendall(b"a")  # a byte now and then helps nobody
        for ended in silent + half_heads:
            assert until_closed(ended) == b""
        for ended in half_bodies:
            assert b" 405 " in until_closed(ended)
        wait_for(lambda: site.refused().get("not_taken") == 20, "who takes nothing is ended")
        assert site.serves()
        assert {"not_sent", "not_taken"} <= set(site.refused())
        for ended in greedy:
            held = until_closed(ended)
            assert len(held) < 20 * 400_000


def test_thousands_of_idle_connections_neither_keep_others_out_nor_fill_the_memory(site: Site) -> None:
    """3,000 from ten addresses: the process holds 2,000 at most, and whoever asks for something gets in."""
    before = site.memory()
    addresses = iter([f"127.0.1.{n // 300}" for n in range(3000)])
    with many(3000, lambda: site.connect(next(addresses))):
        assert site.serves()
        ended = site.refused()  # on a slow machine the first have had their time
        assert ended.get("made_place", 0) + ended.get("not_sent", 0) >= 900
        assert len(os.listdir(f"/proc/{site.pid}/fd")) < 2100
        assert site.memory() - before < 100e6


def test_one_network_cannot_take_all_connections(site: Site) -> None:
    with many(450, site.connect) as held:
        assert site.serves()
        wait_for(lambda: site.refused().get("network") == 50, "those beyond 400 are refused")
        for refused in held[400:]:
            assert until_closed(refused).startswith(b"HTTP/1.1 429 ")


LINE = b"GET / HTTP/1.1\r\nHost: x\r\n"
BROKEN: list[tuple[bytes, set[bytes]]] = [  # b"": of what is long a reset may overtake the answer
    (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {b"", b"414"}),
    (b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {b"", b"400", b"414"}),
    (LINE + b"X: " + b"a" * 17_000 + b"\r\n\r\n", {b"", b"400", b"431"}),
    (LINE + b"X: " + b"a" * 2_000_000 + b"\r\n\r\n", {b"", b"400", b"431"}),
    (LINE + b"X: a\r\n" * 20_000 + b"\r\n", {b"", b"400", b"431"}),
    (b"GET / HTTP/1.1\r\n\r\n", {b"400"}),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", {b"400"}),
    (b"GET / FTP/1.1\r\nHost: x\r\n\r\n", {b"400"}),
    (LINE + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", {b"400"}),
    (LINE + b"Content-Length: -1\r\n\r\n", {b"400"}),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", {b"413"}),
    (LINE + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n", {b"413"}),
    (LINE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", {b"", b"400", b"413"}),
]


def test_what_is_too_large_or_no_request_is_refused_and_the_connection_closed(site: Site) -> None:
    for request, statuses in BROKEN:
        with site.connect() as client:
            with suppress(BrokenPipeError, ConnectionResetError):  # it was refused before all of it was sent
                client.sendall(request)
            answer = until_closed(client)
        assert (answer.split()[1] if answer else b"") in statuses, request[:100]
    assert site.serves()
    assert site.refused()["malformed"] >= 5
    log = site.log.read_text()
    assert "Traceback" not in log
    assert "Invalid HTTP request" not in log


def test_an_old_client_and_one_that_wants_a_thousand_ranges_get_the_whole_answer(site: Site) -> None:
    old = site.answer(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert old.startswith(b"HTTP/1.1 200 ")
    assert old.endswith(b"\r\n\r\nok\n")
    ranges = ",".join(f"{n}-{n}" for n in range(0, 2000, 2))
    request = f"GET /assets/map.js HTTP/1.1\r\n{HEAD}Range: bytes={ranges}\r\nConnection: close\r\n\r\n"
    answer = site.answer(request.encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"multipart/byteranges" not in answer


def test_a_stream_that_nobody_reads_does_not_hold_up_the_others(site: Site) -> None:
    def deaf() -> socket.socket:
        made = site.connect("127.0.0.5", receive_buffer=2048)
        made.sendall(f"GET /api/v1/stream HTTP/1.1\r\n{HEAD}\r\n".encode())
        return made

    with many(100, deaf):
        assert site.serves()
        with httpx.stream("GET", f"http://{site.bind}/api/v1/stream", timeout=180) as stream:
            assert next(stream.iter_lines())
    # and a client that goes with a reset in the middle of an answer
    rude = site.connect()
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rude.sendall(f"GET {MAP} HTTP/1.1\r\n{HEAD}\r\n".encode())
    rude.close()
    assert site.serves()
