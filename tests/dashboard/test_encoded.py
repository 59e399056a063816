"""Which encoding a client gets, by what it says that it takes."""

import asyncio
from typing import Any

import pytest

from dashboard.encoded import encode, send_encoded

LONG = encode(b"a" * 1000)


def encoding_for(accept: str | None) -> bytes | None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if accept is None else [(b"accept-encoding", accept.encode())]
    scope = {"type": "http", "method": "GET", "headers": headers}
    asyncio.run(send_encoded(scope, send, LONG, b"text/plain", ()))
    encoding: bytes | None = dict(sent[0]["headers"]).get(b"content-encoding")
    assert sent[1]["body"] == (LONG.gzipped if encoding else LONG.body)
    return encoding


@pytest.mark.parametrize(
    "accept", ["gzip", "GZIP", "br, gzip, zstd", "gzip;q=0.5", "br;q=1, gzip; q=0.001", "gzip;q=1.0,*;q=0"]
)
def test_a_client_that_takes_gzip_gets_it(accept: str) -> None:
    assert encoding_for(accept) == b"gzip"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "identity",
        "br",
        "gzip;q=0",
        "gzip; q=0.000",
        "br, gzip;Q=0 , zstd",
        "not-gzip",
        "gzipped",
    ],
)
def test_a_client_that_does_not_take_gzip_gets_the_body_as_it_is(accept: str | None) -> None:
    assert encoding_for(accept) is None
