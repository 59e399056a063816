"""A cheap phone on a slow line, and what goes over the line to it."""

import socket
import threading
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Page

CHEAP_PHONE: Final = {"width": 360, "height": 640}
SLOW_LINE: Final[dict[str, Any]] = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 93_750,
}
"""1.6 Mbit/s down, 750 kbit/s up, in bytes a second; the latency, in ms, is added to each request."""
SLOWER_CPU: Final = 4
FIRST_VISIT_MOST: Final = 250_000
"""Bytes on the wire."""


def slow_down(page: Page) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_LINE)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})


class Counted:
    """Stands between browser and site and counts what goes to the browser, also to its worker."""

    def __init__(self, url: str) -> None:
        self.bytes = 0
        self._to = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                browser, _ = self._listening.accept()
                threading.Thread(target=self._join, args=(browser,), daemon=True).start()

    def _join(self, browser: socket.socket) -> None:
        with browser, suppress(OSError), socket.create_connection(self._to) as site:
            back = threading.Thread(target=self._carry, args=(site, browser, True), daemon=True)
            back.start()
            self._carry(browser, site, False)
            back.join()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):  # one of them went away
            while data := source.recv(65536):
                target.sendall(data)
                self.bytes += len(data) if counted else 0
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
