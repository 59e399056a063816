"""A control room on a real database, asked in process: the whole application without a network."""

import asyncio
import re
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from alerts.notifiers._mqtt_session import parse_broker
from dashboard.control_room import app
from dashboard.control_room.accounts import set_account
from dashboard.control_room.app import Application
from dashboard.control_room.oidc import OidcSettings
from dashboard.control_room.parts import Parts, wire
from dashboard.control_room.server import build_server
from storage import catalog, db, inventory
from storage.operators import Role
from storage.reference import Reference
from tests.processes import wait_for

PASSWORD = "correct-horse-battery"


class Clock:
    """The application's clock, which a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, time: timedelta) -> None:
        self.now += time


def add(url: str, name: str = "lan", role: Role = Role.OPERATOR, password: str = PASSWORD) -> None:
    """An account, as `hanoi-control-room user add` makes it."""
    with db.connect(url, name="test", autocommit=True) as conn:
        set_account(
            conn,
            name=name,
            role=role,
            password=password,
            now=datetime(2026, 11, 1, tzinfo=UTC),
            by="test",
            source="test",
        )


@contextmanager
def room(
    url: str,
    clock: Clock | None = None,
    *,
    https: bool = False,
    metrics_token: str | None = None,
    catalog_folders: Sequence[Path] = (),
    sources_file: Path | None = None,
    retention_file: Path | None = None,
    alerting_file: Path | None = None,
    manual_url: str | None = None,
    oidc: OidcSettings | None = None,
) -> Iterator[tuple[Application, Parts]]:
    """The application with its pool open; its feed starts with `started`."""
    parts = wire(
        url,
        Reference(
            catalog_folders=(catalog.SHIPPED, *catalog_folders), inventory_folders=(inventory.SHIPPED,)
        ),
        clock=clock or (lambda: datetime.now(UTC)),
        ingest_url="http://127.0.0.1:9",
        https=https,
        metrics_token=metrics_token,
        sources_file=sources_file,
        retention_file=retention_file,
        alerting_file=alerting_file,
        manual_broker=parse_broker(manual_url, None) if manual_url else None,
        oidc=oidc,
    )
    try:
        yield app.create(parts), parts
    finally:
        parts.pool.close()
        parts.past.close()


@contextmanager
def serving(
    url: str,
    *,
    catalog_folders: Sequence[Path] = (),
    sources_file: Path | None = None,
    retention_file: Path | None = None,
    alerting_file: Path | None = None,
    manual_url: str | None = None,
) -> Iterator[str]:
    """The address of a control room that listens, from the first load of the city to the end of the block."""
    with (
        room(
            url,
            catalog_folders=catalog_folders,
            sources_file=sources_file,
            retention_file=retention_file,
            alerting_file=alerting_file,
            manual_url=manual_url,
        ) as (_, parts),
        socket.socket() as listening,
    ):
        listening.bind(("127.0.0.1", 0))
        server = build_server(parts)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_for(lambda: parts.feed.connected, "the city is loaded", alive=thread.is_alive)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


def talk(
    application: Application,
    conversation: Callable[[httpx.AsyncClient], Awaitable[None]],
    *,
    address: str = "127.0.0.1",
) -> None:
    """Runs a conversation of one browser, with cookies and without following redirects."""

    async def talking() -> None:
        transport = httpx.ASGITransport(application.asgi, client=(address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://room") as client:
            await conversation(client)

    asyncio.run(talking())


@asynccontextmanager
async def started(application: Application) -> AsyncIterator[None]:
    """As under a server: the feed runs."""
    async with application.server.router.lifespan_context(application.server):
        yield


async def log_in(
    client: httpx.AsyncClient, name: str = "lan", password: str = PASSWORD, path: str = "/ops/login"
) -> httpx.Response:
    """Fetches the form and sends it, as a browser does."""
    form = await client.get(path)
    return await client.post(
        path, data={"username": name, "password": password, "csrf_token": csrf_token_of(form)}
    )


def csrf_token_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]
