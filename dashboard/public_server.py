"""The server of the public site: uvicorn within bounds on what one client can hold."""

import asyncio
import resource
import socket
from functools import partial
from typing import Final

import uvicorn

from dashboard.api.site import Site
from dashboard.bounded_http import CONNECTIONS_MOST, HEAD_LARGEST, SWEEP_S, BoundedProtocol, Bounds, sweep
from dashboard.citizen.pages import PageSettings
from dashboard.live import LiveHub
from dashboard.public_routes import build_app

KEEP_ALIVE_S: Final = 5
"""An idle connection is closed after it; a stream is never idle."""
FILES: Final = 2 * CONNECTIONS_MOST
"""File descriptors that the process asks for: one a connection, and some."""
TICK_S: Final = 0.1
"""Of uvicorn's main loop."""


class PublicServer(uvicorn.Server):
    """Ends what is over its bounds, and the live streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, hub: LiveHub, bounds: Bounds) -> None:
        super().__init__(config)
        self.failed = False
        self._hub = hub
        self._bounds = bounds

    def fail(self) -> None:
        """Stops the process, from any thread; its supervisor starts it anew."""
        self.failed = True
        self.stop()

    def stop(self) -> None:
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        if counter % round(SWEEP_S / TICK_S) == 0:
            sweep(self.server_state.connections, self._bounds, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


def build_server(site: Site, settings: PageSettings, *, host: str, port: int) -> PublicServer:
    config = uvicorn.Config(
        build_app(site, settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=partial(BoundedProtocol, bounds=site.bounds),  # type: ignore[arg-type]  # uvicorn calls it, and types a class
        ws="none",
        h11_max_incomplete_event_size=HEAD_LARGEST,
        proxy_headers=bool(site.bounds.proxies),  # uvicorn would believe whoever asks from this machine
        forwarded_allow_ips=list(site.bounds.proxies),
        backlog=CONNECTIONS_MOST,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=3,
    )
    return PublicServer(config, site.hub, site.bounds)


def raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
