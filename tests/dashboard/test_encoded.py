"""Which encoding a client gets, by what it says that it takes."""

import asyncio
import gzip
from typing import Any

import brotli
import pytest

from dashboard.encoded import encode, send_encoded

LONG = encode(b"a" * 1000)
SHORT = encode(b"a" * 100)
PLAIN: dict[bytes | None, Any] = {None: bytes, b"gzip": gzip.decompress, b"br": brotli.decompress}


def sent_to(accept: str | None, encoded: Any = LONG, **headers: str) -> tuple[dict[bytes, bytes], int, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asked = {"accept-encoding": accept, **{name.replace("_", "-"): value for name, value in headers.items()}}
    given = [(name.encode(), value.encode()) for name, value in asked.items() if value is not None]
    scope = {"type": "http", "method": "GET", "headers": given}
    asyncio.run(send_encoded(scope, send, encoded, b"text/plain", ()))
    return dict(sent[0]["headers"]), sent[0]["status"], sent[1]["body"]


def encoding_for(accept: str | None) -> bytes | None:
    found, _, body = sent_to(accept)
    encoding = found.get(b"content-encoding")
    assert PLAIN[encoding](body) == LONG.body
    assert found[b"vary"] == b"Accept-Encoding"
    return encoding


@pytest.mark.parametrize(
    "accept", ["gzip", "GZIP", "gzip, zstd", "gzip;q=0.5", "br;q=0, gzip; q=0.001", "gzip;q=1.0,*;q=0"]
)
def test_a_client_that_takes_gzip_gets_it(accept: str) -> None:
    assert encoding_for(accept) == b"gzip"


@pytest.mark.parametrize("accept", ["br", "gzip, deflate, br, zstd", "br;q=1, gzip;q=1", "gzip;q=0,br"])
def test_a_client_that_takes_brotli_gets_it(accept: str) -> None:
    assert encoding_for(accept) == b"br"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "identity",
        "gzip;q=0",
        "gzip; q=0.000",
        "br;q=0, gzip;Q=0 , zstd",
        "not-gzip",
        "gzipped",
        "brotli",
    ],
)
def test_a_client_that_takes_neither_gets_the_body_as_it_is(accept: str | None) -> None:
    assert encoding_for(accept) is None


def test_what_is_short_is_sent_as_it_is() -> None:
    found, _, body = sent_to("gzip, br", SHORT)
    assert (found.get(b"content-encoding"), body) == (None, SHORT.body)


def test_one_tag_is_for_all_codings_and_so_a_weak_one() -> None:
    """RFC 9110, 8.8.1 and 8.8.3.3: a strong tag would have to differ."""
    tag = sent_to("br")[0][b"etag"].decode()
    assert tag.startswith('W/"')
    for held in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        assert sent_to("gzip", if_none_match=held)[1:] == (304, b"")
    assert sent_to("gzip", if_none_match='"other"')[1] == 200


def test_each_coding_is_made_once() -> None:
    assert LONG.brotlied is LONG.brotlied
    assert LONG.gzipped is LONG.gzipped
