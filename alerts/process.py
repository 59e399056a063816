"""The running alerts process: the engine's thread, the dispatcher's, the heartbeat's, and the periodic work."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from alerts.config import Alerting
from alerts.dispatch import Dispatcher
from alerts.engine import Engine
from alerts.heartbeat import Heartbeat, watchdog_url
from alerts.leader import Agenda, Leader
from alerts.metrics import Metrics
from alerts.notifiers import Notifier
from alerts.publish import Publisher
from alerts.ruling import Ruling
from alerts.subscribers.courier import Courier
from storage import db, health, leader, silences
from storage.matchers import match_all
from storage.settings import Settings, host_port
from storage.stopping import when_asked_to_stop

log = logging.getLogger(__name__)

OUTBOX_TICK_S: Final = 1.0
TIME_PASSES_S: Final = 5
CITIZENS_TICK_S: Final = 2.0
CITIZENS_AGAIN_S: Final = 10.0
"""After a fault of ours."""
RESTART: Final = 70
"""Exit status that asks the supervisor for a new process (EX_SOFTWARE)."""


@dataclass(kw_only=True, slots=True)
class Process:
    """`run` returns an exit status. Raises ConfigurationError when an address is taken."""

    settings: Settings
    ruling: Ruling
    alerting: Alerting
    receivers: Sequence[Notifier]
    courier: Courier
    metrics: Metrics
    _stop: Event = field(default_factory=Event, init=False)
    _agenda: Agenda = field(default_factory=Agenda, init=False)

    def run(self) -> int:
        when_asked_to_stop(self._stop.set)
        bind = host_port(self.settings.alerts_bind, "HANOI_ALERTS_BIND")
        engine, dispatcher = Engine(metrics=self.metrics, book=self.ruling.book), self._dispatcher()
        leading = self._leader(engine)
        heartbeat = Heartbeat(watchdog_url(self.settings), lambda: engine.canary, self._stop)
        threads = [
            Thread(target=leading.run, name="leader", daemon=True),
            Thread(target=self._dispatch, args=(dispatcher, leading), name="dispatch", daemon=True),
            Thread(target=heartbeat.run, name="watchdog", daemon=True),
            Thread(target=self._tell_citizens, args=(leading,), name="citizens", daemon=True),
        ]
        server = health.serve(
            *bind,
            variable="HANOI_ALERTS_BIND",
            ready=lambda: {"database": leading.connected},
            registry=self.metrics.registry,
        )
        scheduler = self._schedule()
        try:
            names = ",".join(receiver.name for receiver in self.receivers) or "none"
            log.info("started holder=%s receivers=%s", leading.holder, names)
            for thread in threads:
                thread.start()
            return self._watch(threads)
        finally:
            self._stop.set()
            self._agenda.changed.set()
            scheduler.shutdown(wait=False)
            for thread in threads:
                thread.join(5.0)
            dispatcher.close()
            self.courier.close()
            server.shutdown()

    def _leader(self, engine: Engine) -> Leader:
        return Leader(
            url=self.settings.required("database_url"),
            holder=uuid.uuid4().hex[:12],
            engine=engine,
            ruling=self.ruling,
            agenda=self._agenda,
            metrics=self.metrics,
            clock=_clock,
            stop=self._stop,
        )

    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(
            alerting=self.alerting,
            receivers=self.receivers,
            metrics=self.metrics,
            clock=_clock,
            base_url=self.settings.control_room_base,
            wake=self._agenda.changed.set,
            publish=self._publish,
        )

    def _publish(self, conn: db.Connection, term: int, now: datetime) -> int:
        """Public messages that are due."""
        publisher = Publisher(sender=self.settings.cap_sender, site_url=self.settings.public_link)
        muted = [silence.parsed for silence in silences.active(conn, now)]
        return publisher.publish(
            conn,
            term,
            now,
            book=self.ruling.book,
            domains=self.ruling.domains,
            is_silenced=lambda labels: any(match_all(matchers, labels) for matchers in muted),
        )

    def _dispatch(self, dispatcher: Dispatcher, leading: Leader) -> None:
        """Tells people while this process leads; a lost database is waited for."""
        url, name = self.settings.required("database_url"), leader.session_name(leading.holder)
        while not self._stop.is_set():
            if not leading.leading.wait(1.0):
                continue
            try:
                with db.connect(url, name=name, autocommit=True) as conn:
                    while leading.leading.is_set() and not self._stop.is_set():
                        self._agenda.changed.clear()
                        dispatcher.run(conn, leading.term)
                        self._agenda.changed.wait(OUTBOX_TICK_S)
            except db.DatabaseUnreachable as error:
                log.warning("outbox_waits error=%r", str(error))
                self._stop.wait(1.0)
            except leader.Deposed as error:
                log.warning("outbox_waits error=%r", str(error))
                self._stop.wait(1.0)

    def _tell_citizens(self, leading: Leader) -> None:
        """While this process leads. What goes wrong here is said and tried again, and stops no alert."""
        url, name = self.settings.required("database_url"), leader.session_name(leading.holder)
        while not self._stop.is_set():
            if not leading.leading.wait(1.0):
                continue
            try:
                with db.connect(url, name=name, autocommit=True) as conn:
                    while leading.leading.is_set() and not self._stop.is_set():
                        self.courier.run(conn, leading.term)
                        self._stop.wait(CITIZENS_TICK_S)
            except (db.DatabaseUnreachable, leader.Deposed) as error:
                log.warning("citizens_wait error=%r", str(error))
                self._stop.wait(1.0)
            except Exception as error:  # whatever it is: telling citizens must end no alert
                log.error("citizens_not_told", exc_info=error)
                self._stop.wait(CITIZENS_AGAIN_S)

    def _schedule(self) -> BackgroundScheduler:
        """The periodic work. What needs the leader's connection is only asked for here."""
        scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
        scheduler.add_job(self._agenda.look_at_rules.set, "interval", seconds=1)
        scheduler.add_job(self._agenda.time_passes.set, "interval", seconds=TIME_PASSES_S)
        scheduler.start()
        return scheduler

    def _watch(self, threads: Sequence[Thread]) -> int:
        """Until asked to stop. A dead thread can't be mended in here: leave, and be started anew."""
        while not self._stop.wait(1.0):
            for thread in threads:
                if not thread.is_alive():
                    log.error("thread_dead name=%s", thread.name)
                    return RESTART
        return 0


def _clock() -> datetime:
    return datetime.now(UTC)
