"""What people do with boards. Blocking: for a thread."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from dashboard.control_room import board_panels, board_view, time_range
from dashboard.control_room.board_panels import BoardFile, NewBody, PinBody, SaveBody
from dashboard.control_room.csv_text import Download
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from storage import boards, db
from storage.boards import Actor, BoardRefused

LISTED: Final = 200
LARGEST_ID: Final = 2**63 - 1
_CONNECT_S: Final = 5.0
_STATUS: Final = {"gone": 404, "not_yours": 403}


class BoardDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # What is looked up: nothing is changed.

    def all(self, who: Actor, shown: Language) -> dict[str, Any]:
        with self._asked() as conn:
            found = boards.listed(conn, who.name, LISTED)
        return {
            "generated_at": self._parts.clock(),
            "boards": [board_view.row(one, who.name, shown) for one in found],
        }

    def one(self, board_id: int, asked: Mapping[str, str], who: Actor, shown: Language) -> dict[str, Any]:
        """With the range that its bar shows."""
        now, view = self._parts.clock(), self._parts.city.view
        if view.loaded_at is None:
            raise Refused(503, "database")
        span = time_range.asked(asked, now)
        with self._asked(board_id) as conn:
            board = boards.one(conn, board_id, who.name, who.role)
        return {
            "generated_at": now,
            "range": time_range.bar(span, now),
            **board_view.page(board, view, who.name, who.role, shown),
        }

    def file(self, board_id: int, who: Actor) -> Download:
        with self._asked(board_id) as conn:
            board = boards.one(conn, board_id, who.name, who.role)
        content = msgspec.json.format(
            msgspec.json.encode(board_panels.written(board.title, board.panels)), indent=2
        )
        return Download(name=f"board_{board_id}.json", content=content + b"\n")

    # What is done.

    def add(self, asked: NewBody, who: Actor) -> dict[str, Any]:
        panels, now = board_panels.kept(asked.panels), self._parts.clock()
        with self._asked() as conn:
            made = boards.add(conn, title=asked.title.strip(), panels=panels, actor=who, now=now)
        return {"id": made}

    def bring(self, asked: BoardFile, who: Actor) -> dict[str, Any]:
        """A board from a file."""
        panels, now = board_panels.kept(asked.panels), self._parts.clock()
        with self._asked() as conn:
            title = asked.title.strip()
            made = boards.add(conn, title=title, panels=panels, actor=who, now=now, how="board_imported")
        return {"id": made}

    def save(self, board_id: int, asked: SaveBody, who: Actor, shown: Language) -> dict[str, Any]:
        panels = board_panels.kept(asked.panels)
        with self._asked(board_id) as conn:
            version = boards.save(
                conn,
                board_id,
                version=asked.version,
                title=asked.title.strip(),
                shared=asked.shared,
                panels=panels,
                actor=who,
                now=self._parts.clock(),
            )
        placed = [board_view.placed(one, self._parts.city.view, shown) for one in panels]
        return {"version": version, "placed": placed}

    def pin(self, board_id: int, asked: PinBody, who: Actor) -> dict[str, Any]:
        [panel] = board_panels.kept([asked.panel])
        with self._asked(board_id) as conn:
            boards.pin(conn, board_id, panel, actor=who, now=self._parts.clock())
        return {"id": board_id}

    def retire(self, board_id: int, who: Actor) -> dict[str, Any]:
        with self._asked(board_id) as conn:
            boards.retire(conn, board_id, actor=who, now=self._parts.clock())
        return {"id": board_id}

    @contextmanager
    def _asked(self, board_id: int = 0) -> Iterator[db.Connection]:
        if board_id > LARGEST_ID:
            raise Refused(404, "board_gone")
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                yield conn
        except BoardRefused as refused:
            values = {"most": str(boards.MOST_PANELS if refused.code == "full" else boards.MOST_OF_ONE)}
            raise Refused(_STATUS.get(refused.code, 409), f"board_{refused.code}", **values) from refused
