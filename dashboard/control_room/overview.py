"""What the overview page shows at one moment, in one language. Pure: a picture of the city in, plain data out.

The page's script only places it; every choice of what to show and in which words is here and in the modules
that this one puts together.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from dashboard.control_room.alert_queue import ShownAlert, shown_queue
from dashboard.control_room.clocks_off import ShownClocks, shown_clocks
from dashboard.control_room.language import Language
from dashboard.control_room.loss_meter import ShownLoss, shown_loss
from dashboard.control_room.on_duty import ShownDuty, shown_duty
from dashboard.control_room.rejected import ShownRejection, shown_rejection
from dashboard.control_room.room import IngestHealth, RoomView
from dashboard.control_room.standstill import standstills
from dashboard.control_room.texts import say
from dashboard.control_room.tiles import Tile, tile
from dashboard.data import CityView, is_simulated

DAY: Final = timedelta(days=1)

Link = Literal["live", "old", "empty", "gone", "loading"]
"""Whether what is shown keeps up: with the database (gone, loading), and the database with the stations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    generated_at: datetime
    link: Link
    link_word: str
    simulated: bool
    tiles: tuple[Tile, ...]
    alerts: tuple[ShownAlert, ...]
    firing: Mapping[str, int]
    """By severity."""
    rejections: tuple[ShownRejection, ...]
    rejected_day: int
    ingest: IngestHealth
    ingest_word: str
    loss: ShownLoss | None
    """None while no Thing numbers its messages."""
    standstills: tuple[str, ...]
    """What must be said above everything else."""
    duty: ShownDuty
    clocks: ShownClocks | None
    """None while no clock is off."""


def overview(
    view: CityView, room: RoomView, *, connected: bool, now: datetime, language: Language
) -> Overview:
    tiles = tuple(
        tile(view, domain, room.trends.get(key), now, language) for key, domain in view.domains.items()
    )
    link = _link(view, tiles, connected=connected)
    alerts = shown_queue(room, view, now, language)
    return Overview(
        generated_at=now,
        link=link,
        link_word=say(f"link_{link}", language),
        simulated=any(map(is_simulated, view.newest.values())) or any(alert.simulated for alert in alerts),
        tiles=tiles,
        alerts=alerts,
        firing=Counter(alert.severity for alert in alerts if alert.state == "firing"),
        rejections=tuple(shown_rejection(row, language) for row in room.rejections),
        rejected_day=_rejected_day(room, now),
        ingest=room.ingest,
        ingest_word=say(f"ingest_{room.ingest.state}", language),
        loss=shown_loss(room.loss, view, language),
        standstills=tuple(standstills(link, room.engine, room.ingest, now, language)),
        duty=shown_duty(room.duty, now, language),
        clocks=shown_clocks(room.clocks, view, language),
    )


def _rejected_day(room: RoomView, now: datetime) -> int:
    """At least what is listed: the count is taken more rarely than the list."""
    listed = sum(now - row.received_at < DAY for row in room.rejections)
    return max(listed, sum(room.rejected_day.values()))


def _link(view: CityView, tiles: Iterable[Tile], *, connected: bool) -> Link:
    """`old` when the database answers and not one station of the city has sent anything lately."""
    if view.loaded_at is None:
        return "loading"
    if not connected:
        return "gone"
    states = {found.state for found in tiles}
    if "live" in states:
        return "live"
    return "empty" if states <= {"never"} else "old"
