"""The watchdog at work: publishes canaries, listens for signs of life, and tells when there are none."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Final

import msgspec

from alerts.watchdog import judge, report
from alerts.watchdog.canary import Canary
from alerts.watchdog.delivery import Post
from alerts.watchdog.judge import Limit, Manner, News, Standing
from alerts.watchdog.metrics import Metrics
from alerts.watchdog.probes import EVERY_S, Probe
from alerts.watchdog.report import CANARY, Seen
from alerts.watchdog.server import Came
from storage.model import Text
from storage.settings import Settings
from storage.watchdog import Ledger

log = logging.getLogger(__name__)

TURN_S: Final = 0.5
BROKER: Final = "broker"
MEMO: Final = "incident"
CANARIES_NAMED: Final = 2.5
"""So many intervals without a canary are named with an incident of something else."""
PROBES_NAMED: Final = 0.4
"""So much of its limit is named with an incident of something else."""
PROBES: Final = 6
"""So many times a process is asked before its limit is reached."""
FOLD_EVERY: Final = timedelta(hours=1)


@dataclass(kw_only=True)
class Watching:
    """`turn` is called twice a second, from one thread."""

    canary: Canary
    probes: Sequence[Probe]
    ledger: Ledger
    posts: Sequence[Post]
    metrics: Metrics
    manner: Manner
    every: timedelta
    came: deque[Came] = field(default_factory=lambda: deque(maxlen=1000))
    turned_at: datetime | None = None
    _standing: Standing = field(init=False)
    _canary_heard_at: datetime | None = field(default=None, init=False)
    _round_trip_s: float | None = field(default=None, init=False)
    _due_at: datetime | None = field(default=None, init=False)
    _folded_at: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """An incident that was open when the watchdog stopped is open still."""
        self._standing = Standing(incident=_recalled(self.ledger.recall(MEMO)))

    def begin(self, now: datetime) -> None:
        """Since we last watched nobody did; a restart within a canary's time is no gap."""
        last = self.ledger.watched_at()
        if last is not None and now - last > 2 * self.every:
            self.ledger.did_not_watch(last, now)

    def run(self, stop: Event, clock: Callable[[], datetime]) -> None:
        self.begin(clock())
        while not stop.is_set():
            self.turn(clock())
            stop.wait(TURN_S)

    @property
    def well(self) -> bool:
        return self._standing.incident is None

    def turn(self, now: datetime) -> None:
        """Steps: take what came through, publish what is due, judge, tell."""
        self._take_what_came()
        self._publish_when_due(now)
        heard = self._heard()
        looked = judge.look(self._standing, heard, now, self.manner)
        if looked.stood_still_since is not None and looked.stood_still_since < now:
            log.warning("stood_still since=%s", looked.stood_still_since.isoformat())
            self.ledger.did_not_watch(looked.stood_still_since, now)
        if looked.standing.incident != self._standing.incident:
            self.ledger.remember(MEMO, _written(looked.standing.incident))
        self._standing = looked.standing
        if looked.news is not None:
            self._tell(looked.news)
        self._note(heard, now)
        self.turned_at = now

    def _take_what_came(self) -> None:
        while self.came:
            came = self.came.popleft()
            took = self.ledger.returned(came.heartbeat, came.at)
            if took is None:
                log.info("unknown_heartbeat heartbeat=%d", came.heartbeat)
                continue
            self._canary_heard_at = came.at
            self._round_trip_s = max(0.0, took.total_seconds())
            self.metrics.returned.inc()
            self.metrics.round_trip_seconds.set(self._round_trip_s)

    def _publish_when_due(self, now: datetime) -> None:
        """On a fixed beat; one that we slept through is not made up for."""
        if self._due_at is not None and self._due_at - self.every <= now < self._due_at:
            return
        beat = (self._due_at or now) + self.every
        self._due_at = beat if now < beat <= now + self.every else now + self.every
        heartbeat = self.ledger.next_heartbeat()
        sent = self.canary.publish(heartbeat, now, self._round_trip_s)
        self.ledger.publish(heartbeat, now, sent=sent)
        (self.metrics.published if sent else self.metrics.unsent).inc()
        if self._folded_at is None or now - self._folded_at >= FOLD_EVERY:
            self.ledger.fold(now)
            self._folded_at = now

    def _heard(self) -> dict[str, datetime]:
        signs = {
            CANARY: self._canary_heard_at,
            BROKER: self.canary.heard_at,
            **{probe.name: probe.heard_at for probe in self.probes},
        }
        return {name: at for name, at in signs.items() if at is not None}

    def _tell(self, news: News) -> None:
        incident = news.incident
        seen = Seen(
            why=self._why(),
            missed=self.ledger.missed(incident.began, news.at),
            limits_s={key: limit.alarm.total_seconds() for key, limit in self.manner.limits.items()},
        )
        log.warning(
            "incident reason=%s parts=%s missed=%d", news.reason, ",".join(incident.outages), seen.missed
        )
        for post in self.posts:
            post.put(report.document(news, seen, post.name))

    def _why(self) -> Mapping[str, Text]:
        found = {probe.name: probe.why for probe in self.probes if probe.why is not None}
        return {**found, BROKER: self.canary.why}

    def _note(self, heard: Mapping[str, datetime], now: datetime) -> None:
        self.metrics.incident.set(0 if self.well else 1)
        since = self._standing.watching_since or now
        for part in self.manner.limits:
            silent_s = (now - max(heard.get(part, since), since)).total_seconds()
            self.metrics.silent_seconds.labels(part).set(max(0.0, silent_s))


def manner_of(settings: Settings, parts: Sequence[str]) -> Manner:
    """`parts` are what is watched beside the canary."""
    every, silence = settings.watchdog_every_s, settings.watchdog_silence_s
    probe_s = settings.watchdog_probe_s
    canary = Limit(alarm=_seconds(silence), named=_seconds(min(CANARIES_NAMED * every, silence)))
    probe = Limit(alarm=_seconds(probe_s), named=_seconds(PROBES_NAMED * probe_s))
    return Manner(
        limits={CANARY: canary, **dict.fromkeys(parts, probe)},
        steady=_seconds(min(2 * every, 20.0)),
        repeat=_seconds(settings.watchdog_repeat_s),
    )


def probe_interval_s(settings: Settings) -> float:
    return min(EVERY_S, settings.watchdog_probe_s / PROBES)


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _written(incident: judge.Incident | None) -> str:
    return msgspec.json.encode(incident).decode()


def _recalled(text: str | None) -> judge.Incident | None:
    try:
        return msgspec.json.decode(text, type=judge.Incident | None) if text else None
    except (
        msgspec.DecodeError
    ) as error:  # of a version before: what it told is forgotten, not the end of watching
        log.warning("incident_forgotten error=%r", str(error))
        return None
