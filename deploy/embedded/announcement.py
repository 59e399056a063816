"""What whoever started the demo reads when it is up."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.embedded.environments import OPERATOR
from deploy.embedded.layout import Layout
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.settings import DemoSettings


def lines(
    settings: DemoSettings, layout: Layout, broker: Mosquitto, *, password: str, took_s: float
) -> Iterator[str]:
    """Yield where the pages are and how to get in, line by line."""
    setting = broker.setting
    yield f"both pages are live after {took_s:.0f} s"
    yield f"  citizens' page   {settings.public.url}"
    yield f"  control room     {settings.control_room.url}/ops/"
    yield f"                   user {OPERATOR}, password {password}"
    yield f"  broker setting   {setting.name}: {setting.price}"
    for one in broker.listeners:
        scheme = "mqtt" if one.tls is None else "mqtts"
        yield f"  for devices      {scheme}://{one.host}:{one.port} (hanoi-ingest accounts)"
    yield f"  logs             {layout.logs}"
    yield "Ctrl-C stops everything; the data stays"
