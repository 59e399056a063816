"""What the control room knows besides the city itself: alerts, rejections, trends, and whether ingest runs.

The feed's thread looks again and again and puts a new `RoomView` in place; readers take `room.view` once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from dashboard.condition import MapSection
from dashboard.control_room.alert_board import LEADER_SILENT_S
from dashboard.control_room.clocks_off import HEARD_WITHIN, OFF_BY_S
from dashboard.control_room.duty import DutyNow
from dashboard.data import City, CityView, Watch
from dashboard.map_snapshot import usable_map_section
from storage import alert_log, alert_pages, clocks, db, leader, rejections, sequences, silences, trends
from storage.alert_log import AlertRow
from storage.alert_pages import Handling
from storage.clocks import ClockRow
from storage.leader import LeaderRow
from storage.matchers import match_all
from storage.model import Domain, Property
from storage.rejections import RejectionPreview
from storage.sequences import LossRow
from storage.silences import SilenceRow

TREND_SPAN: Final = timedelta(hours=12)
TREND_STEP: Final = timedelta(minutes=10)
ALERTS_KEPT: Final = 100
REJECTIONS_KEPT: Final = 12
PREVIEW_BYTES: Final = 160
HOLDS_INTERVALS: Final = 2
STALE_INTERVALS: Final = 3
"""As on the map: a value that is older is not what is now."""
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

IngestState = Literal["receiving", "no_broker", "silent", "unknown"]

EngineState = Literal["leads", "silent", "never", "unknown"]

Way = Literal["highest", "lowest", "share"]
"""How many Things become one number: the worst of them, or the share (in percent) of yes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """A domain's headline over the last hours, oldest first."""

    way: Way
    step: timedelta
    points: tuple[tuple[datetime, float], ...]
    at: datetime | None = None
    """The moment that `now` is of."""
    now: float | None = None
    """What the headline stood at then; None when no value was fresh."""
    span: timedelta = HOUR
    """How long before that `before` was."""
    before: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestHealth:
    """What ingest said of itself, as far as it could be asked."""

    state: IngestState
    messages_per_s: float | None = None
    lag_s: float | None = None
    """From a message's arrival to its commit, the mean since it was asked before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineHealth:
    """Whether a process evaluates the rules and tells people."""

    state: EngineState
    heard_at: datetime | None = None
    """Of one that is silent: its last heartbeat."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomView:
    """At one moment. `version` grows with every change."""

    version: int = 0
    alerts: tuple[AlertRow, ...] = ()
    """Pending, firing, and lately resolved ones; no order."""
    handling: Mapping[int, Handling] = field(default_factory=dict)
    """Of the open alerts, by their number."""
    muted: Mapping[int, SilenceRow] = field(default_factory=dict)
    """The open alerts that nobody is told of, each with the silence that ends last."""
    rejections: tuple[RejectionPreview, ...] = ()
    """Newest first."""
    rejected_day: Mapping[str, int] = field(default_factory=dict)
    """Rejections of the last 24 hours by reason."""
    trends: Mapping[str, Trend] = field(default_factory=dict)
    """By domain."""
    ingest: IngestHealth = field(default_factory=lambda: IngestHealth(state="unknown"))
    engine: EngineHealth = field(default_factory=lambda: EngineHealth(state="unknown"))
    duty: DutyNow | None = None
    """None until the rosters were first looked at."""
    loss: tuple[LossRow, ...] = ()
    """Of the Things that number their messages, the one that lost most first."""
    clocks: tuple[ClockRow, ...] = ()
    """Those that are off, the worst first."""


class Room:
    """Holds the current view. The feed's thread and the ingest look set single fields of it."""

    def __init__(self, city: City, *, on_change: Callable[[], None] = lambda: None) -> None:
        self.view = RoomView()
        self._city = city
        self._on_change = on_change
        self._trends_of: object = None

    def watches(self) -> tuple[Watch, ...]:
        """What the city's feed shall look at for us."""
        return (
            Watch(every=timedelta(seconds=1), look=self._look_at_alerts),
            Watch(every=timedelta(seconds=2), look=self._look_at_engine),
            Watch(every=timedelta(seconds=2), look=self._look_at_rejections),
            Watch(every=timedelta(seconds=30), look=self._count_rejections),
            Watch(every=timedelta(seconds=10), look=self._look_at_loss),
            Watch(every=timedelta(seconds=10), look=self._look_at_clocks),
            Watch(every=timedelta(seconds=30), look=self._look_at_trends),
            Watch(every=timedelta(seconds=5), look=self._look_at_new_trends),
        )

    def set_ingest(self, health: IngestHealth) -> None:
        self._put(replace(self.view, ingest=health))

    def set_duty(self, duty: DutyNow) -> None:
        self._put(replace(self.view, duty=duty))

    def _look_at_alerts(self, conn: db.Connection, now: datetime) -> None:
        pending = [row for row in alert_log.active(conn) if row.state == "pending"]
        alerts = (*pending, *alert_log.recent(conn, ALERTS_KEPT))
        handling = {row.id: row for row in alert_pages.handling(conn)}
        muted = muted_by(handling.values(), silences.active(conn, now))
        self._put(replace(self.view, alerts=alerts, handling=handling, muted=muted))

    def _look_at_engine(self, conn: db.Connection, now: datetime) -> None:
        self._put(replace(self.view, engine=engine_health(leader.current(conn))))

    def _look_at_rejections(self, conn: db.Connection, now: datetime) -> None:
        newest = rejections.previews(conn, REJECTIONS_KEPT, PREVIEW_BYTES)
        self._put(replace(self.view, rejections=tuple(newest)))

    def _count_rejections(self, conn: db.Connection, now: datetime) -> None:
        counts = rejections.count_by_reason(conn, now - timedelta(days=1))
        self._put(replace(self.view, rejected_day=counts))

    def _look_at_loss(self, conn: db.Connection, now: datetime) -> None:
        self._put(replace(self.view, loss=tuple(sequences.loss(conn))))

    def _look_at_clocks(self, conn: db.Connection, now: datetime) -> None:
        off = clocks.off(conn, at_least_s=OFF_BY_S, since=now - HEARD_WITHIN)
        self._put(replace(self.view, clocks=tuple(off)))

    def _look_at_new_trends(self, conn: db.Connection, now: datetime) -> None:
        """A domain that was added, or whose first values came, shows its line at once, not within the minute."""
        empty = any(not trend.points for trend in self.view.trends.values())
        if empty or self._trends_of is not self._city.view.streams:
            self._look_at_trends(conn, now)

    def _look_at_trends(self, conn: db.Connection, now: datetime) -> None:
        view = self._city.view
        self._trends_of = view.streams
        found = {key: trend_of(conn, view, domain, now) for key, domain in view.domains.items()}
        self._put(replace(self.view, trends=found))

    def _put(self, view: RoomView) -> None:
        if view != self.view:
            self.view = replace(view, version=self.view.version + 1)
            self._on_change()


def engine_health(row: LeaderRow | None) -> EngineHealth:
    """The same as long as it leads, whenever it was heard: a heartbeat is no news."""
    if row is None:
        return EngineHealth(state="never")
    if row.silent_s <= LEADER_SILENT_S:
        return EngineHealth(state="leads")
    return EngineHealth(state="silent", heard_at=row.heartbeat_at)


def muted_by(handling: Iterable[Handling], active: Sequence[SilenceRow]) -> dict[int, SilenceRow]:
    """Alerts by number, each with the last to end of the silences that match its labels."""
    last_first = sorted(active, key=lambda row: row.ends_at, reverse=True)
    parsed = [(row, row.parsed) for row in last_first]
    found = {}
    for alert in handling:
        silence = next((row for row, matchers in parsed if match_all(matchers, alert.labels)), None)
        if silence is not None:
            found[alert.id] = silence
    return found


def way_of(domain: Domain, section: MapSection) -> Way:
    """The worst of a domain is the lowest value where its levels rise downwards, as oxygen's do."""
    if section.summary == "occupancy":
        return "share"
    bands = domain.properties[domain.headline].bands
    return "lowest" if bands and bands[0].level > bands[-1].level else "highest"


def trend_of(conn: db.Connection, view: CityView, domain: Domain, now: datetime) -> Trend:
    """The domain's headline over TREND_SPAN."""
    way = way_of(domain, usable_map_section(domain))
    observed = domain.properties[domain.headline]
    ids = [
        stream.id
        for thing in view.things_of.get(domain.key, ())
        for stream in view.streams_of.get(thing.id, ())
        if stream.property == domain.headline
    ]
    span = span_of(observed)
    if way == "share":
        shares = occupancy_trend(conn, ids, observed, start=now - TREND_SPAN, now=now)
        moments = dict(occupancy_trend(conn, ids, observed, start=now - span, now=now, step=span).points)
        return replace(shares, at=now, now=moments.get(now), span=span, before=moments.get(now - span))
    rows = trends.extremes(conn, ids, start=now - TREND_SPAN, end=now, step=TREND_STEP)
    points = tuple((row.step, row.low if way == "lowest" else row.high) for row in rows)
    holds = STALE_INTERVALS * timedelta(seconds=observed.interval_s)
    stood = trends.held(conn, ids, moments=(now - span, now), holds=holds)
    values = {row.at: row.low if way == "lowest" else row.high for row in stood}
    return Trend(
        way=way,
        step=TREND_STEP,
        points=points,
        at=now,
        now=values.get(now),
        span=span,
        before=values.get(now - span),
    )


def span_of(observed: Property) -> timedelta:
    """What comes every hour, as an index that has its rhythm of the day, is held against the same hour yesterday."""
    return HOUR if timedelta(seconds=observed.interval_s) < HOUR else DAY


def occupancy_trend(
    conn: db.Connection,
    datastream_ids: Sequence[int],
    observed: Property,
    *,
    start: datetime,
    now: datetime,
    step: timedelta = TREND_STEP,
) -> Trend:
    """Percent occupied; a bay that was not heard for two heartbeats does not count (domain facts, parking)."""
    step = max(step, timedelta(seconds=observed.interval_s))
    holds = timedelta(seconds=HOLDS_INTERVALS * observed.interval_s)
    rows = trends.share(conn, datastream_ids, start=start, end=now, step=step, holds=holds)
    return Trend(way="share", step=step, points=tuple((row.step, 100 * row.share) for row in rows))
