"""The hub: one frame a tick, resuming, filtering, and listeners that do not keep up."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dashboard.live import FRAMES_WAITING, EventStream, LiveHub, What, parse_last_event_id
from tests.dashboard.small_city import NOW, value


def hub() -> LiveHub:
    return LiveHub(clock=lambda: NOW, tick_s=0.01)


def parse(frame: bytes) -> tuple[int, str, list[dict[str, Any]]]:
    lines = dict(line.split(": ", 1) for line in frame.decode().strip().splitlines())
    return int(lines["id"]), lines["event"], msgspec.json.decode(lines["data"])["items"]


def test_a_tick_is_one_event_with_one_item_a_datastream() -> None:
    live = hub()
    listener = live.listen(None)
    live.offer([value("tong-dan", "water_depth", 1), value("hoan-kiem", "pm2_5", 30)])
    live.offer([value("tong-dan", "water_depth", 2, provenance="simulated")])
    live.tick()
    _, event, items = parse(listener.frames.get_nowait())
    assert event == "observation"
    assert items[0] == {
        "thing": "tong-dan",
        "domain": "flood",
        "property": "water_depth",
        "time": "2026-11-22T03:00:00Z",
        "result": 2.0,
        "quality": 1,
        "provenance": "simulated",
    }
    assert [item["thing"] for item in items] == ["tong-dan", "hoan-kiem"]
    assert listener.frames.empty()


def test_a_quiet_tick_sends_nothing() -> None:
    live = hub()
    listener = live.listen(None)
    live.tick()
    assert listener.frames.empty()


def test_what_changed_besides_values_is_announced_once_and_without_an_id() -> None:
    live = hub()
    listener = live.listen(None)
    live.announce(What.THINGS)
    live.announce(What.NOTICES)
    live.announce(What.THINGS)
    live.tick()
    assert listener.frames.get_nowait() == b'event: changed\ndata: {"what":["notices","things"]}\n\n'
    live.tick()
    assert listener.frames.empty()


def test_ids_grow_within_a_run_and_over_a_restart() -> None:
    def ids(live: LiveHub) -> list[int]:
        listener = live.listen(None)
        for n in range(3):
            live.offer([value("tong-dan", "water_depth", n)])
            live.tick()
        return [parse(listener.frames.get_nowait())[0] for _ in range(3)]

    first = ids(hub())
    later = ids(LiveHub(clock=lambda: NOW + timedelta(seconds=10)))
    assert first == sorted(set(first))
    assert later[0] > first[-1]


def test_a_listener_of_one_domain_hears_only_that() -> None:
    live = hub()
    rain, flood = live.listen("rain"), live.listen("flood")
    live.offer([value("tong-dan", "water_depth", 1), value("hoan-kiem", "pm2_5", 30)])
    live.tick()
    assert rain.frames.empty()
    assert [item["domain"] for item in parse(flood.frames.get_nowait())[2]] == ["flood"]


def test_a_listener_that_comes_back_gets_the_newest_of_what_it_missed_in_one_event() -> None:
    live = hub()
    gone = live.listen(None)
    for n in range(3):
        live.offer([value("tong-dan", "water_depth", n)])
        live.tick()
    seen = parse(gone.frames.get_nowait())[0]
    back = live.listen(None, last_event_id=seen)
    _, _, items = parse(back.frames.get_nowait())
    assert [item["result"] for item in items] == [2.0]
    assert back.frames.empty()


def test_a_listener_that_does_not_keep_up_is_dropped_and_the_others_stay() -> None:
    live = hub()
    slow, quick = live.listen(None), live.listen(None)
    for n in range(FRAMES_WAITING + 1):
        live.offer([value("tong-dan", "water_depth", n)])
        live.tick()
        quick.frames.get_nowait()
    assert slow.dropped.is_set()
    assert live.listeners == {quick}
    assert live.listeners_dropped == 1


class Client:
    """An ASGI client that can stop reading or go away."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = asyncio.Event()

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.sent.append(dict(message))

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def until(true: Any) -> None:
    while not true():
        await asyncio.sleep(0.001)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, timeout=30))


def test_a_stream_says_hello_sends_frames_and_ends_with_its_client() -> None:
    async def work() -> None:
        live, client = hub(), Client()
        stream = asyncio.create_task(EventStream(live)({"type": "http"}, client.receive, client.send))
        await until(lambda: live.listeners)
        live.offer([value("tong-dan", "water_depth", 1)])
        live.tick()
        await until(lambda: b"event: observation" in client.body)
        client.gone.set()
        await stream
        assert (b"content-type", b"text/event-stream; charset=utf-8") in client.sent[0]["headers"]
        assert live.listeners == set()

    run(work())


def test_a_quiet_stream_sends_comments() -> None:
    async def work() -> None:
        live, client = hub(), Client()
        stream = asyncio.create_task(EventStream(live, quiet_s=0.01)({}, client.receive, client.send))
        await until(lambda: client.body.count(b": quiet\n\n") >= 2)
        client.gone.set()
        await stream

    run(work())


def test_a_client_that_stops_reading_does_not_hold_the_server() -> None:
    async def work() -> None:
        live, client = hub(), Client()
        stream = asyncio.create_task(EventStream(live)({}, client.receive, client.send))
        await until(lambda: client.sent)
        client.reads.clear()
        for n in range(FRAMES_WAITING + 3):
            live.offer([value("tong-dan", "water_depth", n)])
            live.tick()
            await asyncio.sleep(0)
        await stream
        assert live.listeners == set()

    run(work())


def test_a_server_that_stops_ends_every_stream() -> None:
    async def work() -> None:
        live, client = hub(), Client()
        ticking = asyncio.create_task(live.run())
        stream = asyncio.create_task(EventStream(live)({}, client.receive, client.send))
        await until(lambda: live.listeners)
        ticking.cancel()
        await stream
        assert live.full

    run(work())


@pytest.mark.parametrize(
    ("header", "parsed"),
    [("12", 12), (None, None), ("", None), ("-1", None), ("x", None), ("9" * 5000, None)],
)
def test_last_event_id_is_a_number_or_as_if_new(header: str | None, parsed: int | None) -> None:
    assert parse_last_event_id(header) == parsed
