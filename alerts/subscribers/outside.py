"""Requests to addresses that strangers named: only to public ones, over TLS, to the very address that was looked at."""

import socket
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpcore

from alerts.notifiers import DeliveryError

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
_TIMEOUTS: Final = {"connect": CONNECT_S, "read": READ_S, "write": READ_S, "pool": CONNECT_S}


class NotPublic(DeliveryError):
    """The name leads into a network that is nobody's business: it is not asked, now or later."""


class _PublicOnly(httpcore.NetworkBackend):
    """Resolves once and connects to what it looked at, so that a name can't lead elsewhere in between."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        addresses = [str(one) for one in found if self._allow_private or ip_address(one).is_global]
        if len(addresses) < len(found):
            raise NotPublic("push: not a public address", retry=False)
        return self._plain.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


class Outside:
    """POSTs; of an answer only its status counts. Redirects are not followed."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, allow_private: bool = False) -> None:
        """`tls`, `allow_private`: for tests, whose receiver is on this machine."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            network_backend=_PublicOnly(allow_private),
            max_connections=16,
            keepalive_expiry=15,
        )

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> tuple[int, float | None]:
        """The status, and how long the receiver asks to wait, in seconds. Raises DeliveryError, NotPublic."""
        if urlsplit(url).scheme != "https":
            raise NotPublic("push: not https", retry=False)
        try:
            with self._pool.stream(
                "POST", url, content=content, headers=list(headers.items()), extensions={"timeout": _TIMEOUTS}
            ) as answer:
                found = dict(answer.headers)
                wait = found.get(b"Retry-After", found.get(b"retry-after", b"")).decode("ascii", "replace")
                return answer.status, float(wait) if wait.isdecimal() else None
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise DeliveryError(f"push: {type(error).__name__}", retry=True) from None

    def close(self) -> None:
        self._pool.close()
