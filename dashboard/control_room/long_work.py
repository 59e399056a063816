"""Work that lasts, answered line by line: how far it has come, then what was found, or why not.

A script that accepts NDJSON gets lines of JSON: first {"work": id}, by which the work is cancelled; then how far it
is, whenever that has changed; last {"found": …}, {"refused": words} or {"stopped": words}. Who asks otherwise, as by a
plain link, just waits. Both ways the work ends when whoever asked goes away.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from dashboard import security
from dashboard.control_room import answering, language
from dashboard.control_room.answering import for_everybody
from dashboard.control_room.language import Language
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from dashboard.control_room.waiting import Stopped, Waiting
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

NDJSON: Final = "application/x-ndjson"
API: Final = f"{security.ROOT}/api/long-work"
LOOK_EVERY_S: Final = 0.2
AT_ONCE: Final = 6
"""Threads of their own: work that lasts takes none from the pages."""

_Found = TypeVar("_Found")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked(Generic[_Found]):
    """A work and what is said of it."""

    work: Callable[[Waiting], _Found]
    """Blocking; raises Refused, DatabaseUnreachable or Stopped."""
    stopped: str
    """The text that says what a cancelled one has left behind."""
    bound: str = ""
    """Words: how long it lasts at most."""
    turn: asyncio.Lock | None = None
    """One at a time of those that share it."""


@dataclass(frozen=True, slots=True)
class _Running:
    owner: str
    waiting: Waiting
    task: "asyncio.Task[Any]"


class Works:
    """Those that run in this process."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(AT_ONCE, "long-work")

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.post(f"{API}/{{work_id}}/stop")
        @for_everybody
        async def post_stop(work_id: str) -> Response:
            found = self._running.get(work_id)
            if found is None or found.owner != security.visitor().name:
                raise Refused(404, "no_work")
            self._stop(found)
            return answering.encoded({"work": work_id})

        return router

    async def answered(
        self, request: Request, asked: Asked[_Found], plainly: Callable[[_Found], Response]
    ) -> Response:
        """`plainly` makes the answer for who just waits. Raises what the work raises."""
        if wants_lines(request):
            return StreamingResponse(self.lines(asked, language.current()), media_type=NDJSON)
        running = self._begin(asked)
        try:
            while not (await asyncio.wait({running.task}, timeout=LOOK_EVERY_S))[0]:
                if await request.is_disconnected():
                    return Response(status_code=499)  # nobody reads it
            return plainly(running.task.result())
        finally:
            self._stop(running)

    async def lines(self, asked: Asked[_Found], shown: Language) -> AsyncIterator[bytes]:
        running = self._begin(asked)
        work_id, told = secrets.token_urlsafe(16), running.waiting.newest
        self._running[work_id] = running
        try:
            yield _line({"work": work_id, "bound": asked.bound})
            while not (await asyncio.wait({running.task}, timeout=LOOK_EVERY_S))[0]:
                if running.waiting.newest is not told:
                    told = running.waiting.newest
                    yield _line(told)
            yield _line(_last(running.task, asked, shown))
        finally:
            del self._running[work_id]
            self._stop(running)

    def _begin(self, asked: Asked[_Found]) -> _Running:
        waiting = Waiting()
        return _Running(security.visitor().name, waiting, asyncio.create_task(self._done(asked, waiting)))

    async def _done(self, asked: Asked[_Found], waiting: Waiting) -> _Found:
        """In a thread, when it is its turn; the turn is over when the thread has ended and not when nobody waits."""
        async with _in_turn(asked.turn, waiting):
            loop, context = asyncio.get_running_loop(), copy_context()
            return await loop.run_in_executor(self._threads, lambda: context.run(asked.work, waiting))

    def _stop(self, running: _Running) -> None:
        """Nothing happens to one that has ended."""
        running.task.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # maybe nobody asks for it
        if not running.task.done():
            ending = asyncio.create_task(_ended(running))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)


def wants_lines(request: Request) -> bool:
    return NDJSON in request.headers.get("accept", "")


@asynccontextmanager
async def _in_turn(turn: asyncio.Lock | None, waiting: Waiting) -> AsyncIterator[None]:
    """Raises Stopped, also while it is another's turn."""
    waiting.look()
    if turn is None:
        yield
        return
    while turn.locked():
        waiting.reached(stage=say("work_turn", language.current()))
        await asyncio.sleep(LOOK_EVERY_S)
    async with turn:
        yield


async def _ended(running: _Running) -> None:
    while not running.task.done():
        await asyncio.to_thread(running.waiting.stop)
        await asyncio.wait({running.task}, timeout=LOOK_EVERY_S)


def _last(task: "asyncio.Task[Any]", asked: Asked[Any], shown: Language) -> Mapping[str, Any]:
    try:
        return {"found": task.result()}
    except Stopped:
        return {"stopped": say(asked.stopped, shown)}
    except Refused as refused:
        return {"refused": answering.refusal_words(refused, shown), "code": refused.code}
    except DatabaseUnreachable:
        return {"refused": say("refused_database", shown), "code": "database"}
    except Exception:
        log.exception("long_work_failed")  # the answer has begun: its status can't say so any more
        return {"refused": say("refused_server", shown), "code": "server"}


def _line(values: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(values) + b"\n"
