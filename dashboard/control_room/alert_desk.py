"""What operators look up of alerts and do about them. Blocking: for a thread."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal
from xml.etree import ElementTree

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from alerts import cap, cap_document, message
from alerts.config import Alerting
from alerts.model import Evaluation
from alerts.publish import NO_WORDS
from dashboard.control_room import alert_board as board
from dashboard.control_room import alert_story, alert_view, incident_view, replay_moment
from dashboard.control_room.alert_story import Sources
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.nearby import nearby
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from ingest.claiming import Who
from storage import (
    alert_actions,
    alert_log,
    alert_pages,
    alert_routing,
    cap_messages,
    db,
    incidents,
    leader,
    operators,
    silences,
)
from storage.alert_pages import PageAlert, Wanted
from storage.catalog import ReferenceDataError
from storage.matchers import Matcher
from storage.model import HANOI
from storage.operators import AuditEvent
from storage.silences import SilenceRefused

QUEUE_SHOWN: Final = 300
PAST_SHOWN: Final = 50
SILENCES_SHOWN: Final = 50
LISTED: Final = 10
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
KNOWN_FOR: Final = timedelta(days=90)
"""Areas, kinds and rules of alerts that are not older are offered."""
LONGEST: Final = timedelta(days=366)
"""Of a silence: whatever lasts longer is a change of the rules."""
_EVER: Final = (datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
_CONNECT_S: Final = 5.0
_CAP: Final = "{urn:oasis:names:tc:emergency:cap:1.2}"

_Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
"""The database takes no NUL."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoteBody(_Body):
    note: _Text | None = None


class ReasonBody(_Body):
    reason: _Text


class EmptyBody(_Body):
    pass


class SilenceBody(_Body):
    """It ends at `ends_at`, or `minutes` after it begins."""

    kind: Literal["silence", "maintenance"]
    matchers: tuple[Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")], ...] = Field(max_length=50)
    reason: _Text
    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None
    minutes: int | None = Field(default=None, ge=1, le=527_040)


class TestBody(_Body):
    __test__ = False  # pytest takes the name for a test
    receiver: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class AlertDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # What is looked up: nothing is changed.

    def one(self, alert_id: int, shown: Language) -> dict[str, Any]:
        now, view = self._parts.clock(), self._parts.city.view
        receivers, addressed = self._receivers(now)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            alert = alert_pages.alert(conn, alert_id)
            if alert is None:
                code = "no_alert" if replay_moment.current() is None else "replay_no_alert"
                raise Refused(404, code, id=str(alert_id))
            entries = alert_routing.timeline(conn, alert_id)
            muting, inhibiting = alert_story.spoken_of(entries)
            sources = Sources(
                alert=alert,
                entries=entries,
                groups=alert_routing.groups_of(conn, alert_id),
                addressed=addressed,
                named=self._named,
                seen=_seen(alert_pages.memory(conn, alert_id)),
                escalations=alert_pages.escalations(conn, alert_id),
                silences=alert_pages.silences_numbered(conn, muting),
                titles=alert_pages.titles(conn, inhibiting),
            )
            preview = self._preview(conn, alert, now) if replay_moment.current() is None else None
            within = incident_view.of_alert(incidents.of_alerts(conn, [alert_id]), shown)
        return {
            **alert_view.page(sources, view, receivers, preview, now, shown),
            "incidents": within,
            "nearby": nearby(alert.thing_id, view, now, shown),
        }

    def board(self, shown: Language) -> dict[str, Any]:
        now, view = self._parts.clock(), self._parts.city.view
        alerting, fault = self._alerting()
        available = self._parts.watchdog.look(now)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            alerts = alert_pages.open_alerts(conn, QUEUE_SHOWN)
            within = incident_view.by_alert(incidents.of_alerts(conn, [one.id for one in alerts]), shown)
            coming = silences.coming(conn, now)
            ended = [
                one
                for one in silences.all_silences(conn, SILENCES_SHOWN)
                if one.ended_at is not None or one.ends_at <= now
            ]
            return {
                "generated_at": now,
                "queue": board.queue(alerts, view, shown),
                "incidents": within,
                "silences": board.silences([*coming, *ended], alerts, now, shown),
                "receivers": board.receivers(
                    alerting.receivers if alerting else {},
                    alert_routing.receiver_results(conn, now - WEEK),
                    shown,
                ),
                "dead": board.dead(alert_routing.dead_letters(conn, LISTED), shown),
                "noisiest": {
                    name: board.noisiest(alert_routing.noisiest_rules(conn, now - span, LISTED), shown)
                    for name, span in (("day", DAY), ("week", WEEK))
                },
                "on_call": board.on_call(self._parts.duty.on_call(now) if alerting else (), fault),
                "cap": board.cap(alert_pages.cap_messages(conn, LISTED), shown),
                "engine": board.engine(leader.current(conn), shown),
                "availability": board.availability(available, shown),
            }

    def history(self, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """`asked`: rule, thing, from and to (days, YYYY-MM-DD), after (where the page before ended)."""
        wanted, after = _wanted(asked), _after(asked.get("after", ""))
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            found = alert_pages.history(conn, wanted, after=after, limit=PAST_SHOWN + 1)
        return board.history(found, self._parts.city.view, shown, PAST_SHOWN)

    def choices(self, shown: Language) -> dict[str, Any]:
        """What forms offer."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = alert_pages.known_labels(conn, self._parts.clock() - KNOWN_FOR)
        return board.choices(self._parts.city.view, known, shown)

    def notification(self, notification_id: int, shown: Language) -> dict[str, Any]:
        """What became of a message so far."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            found = alert_routing.notification(conn, notification_id)
        if found is None:
            raise Refused(404, "no_notification", id=str(notification_id))
        return board.test_result(found, shown)

    # What is done.

    def acknowledge(self, alert_id: int, asked: NoteBody, who: Who) -> dict[str, Any]:
        note = (asked.note or "").strip()
        return self._do(alert_actions.acknowledge, "acknowledge", alert_id, who, note=note)

    def unacknowledge(self, alert_id: int, asked: EmptyBody, who: Who) -> dict[str, Any]:
        return self._do(alert_actions.unacknowledge, "unacknowledge", alert_id, who)

    def note(self, alert_id: int, asked: NoteBody, who: Who) -> dict[str, Any]:
        note = (asked.note or "").strip()
        if not note:
            raise Refused(422, "note_missing")
        return self._do(alert_actions.note, "request", alert_id, who, note=note)

    def escalate(self, alert_id: int, asked: EmptyBody, who: Who) -> dict[str, Any]:
        return self._do(alert_actions.escalate, "escalate", alert_id, who)

    def approve(self, alert_id: int, asked: EmptyBody, who: Who) -> dict[str, Any]:
        return self._do(alert_actions.approve, "approve", alert_id, who)

    def refuse(self, alert_id: int, asked: ReasonBody, who: Who) -> dict[str, Any]:
        reason = asked.reason.strip()
        if not reason:
            raise Refused(422, "reason_missing")
        return self._do(alert_actions.refuse, "refuse", alert_id, who, reason=reason)

    def silence(self, asked: SilenceBody, who: Who) -> dict[str, Any]:
        now = self._parts.clock()
        starts_at = max(now, local_time(asked.starts_at) or now)
        ends_at = local_time(asked.ends_at)
        if asked.minutes is not None:
            ends_at = starts_at + timedelta(minutes=asked.minutes)
        if not asked.reason.strip():
            raise Refused(422, "reason_missing")
        if ends_at is not None and ends_at - starts_at > LONGEST:
            raise Refused(422, "too_long", days=str(LONGEST.days))
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                made = silences.add(
                    conn,
                    matchers=asked.matchers,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    author=who.name,
                    reason=asked.reason,
                    source=who.where,
                    now=now,
                    kind=asked.kind,
                )
        except SilenceRefused as refused:
            raise Refused(422, f"silence_{refused.code}", text=_first_wrong(asked.matchers)) from refused
        assert ends_at is not None
        return {"id": made, "ends_words": stamp(ends_at)}

    def end_silence(self, silence_id: int, asked: EmptyBody, who: Who) -> dict[str, Any]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            ended = silences.end(conn, silence_id, actor=who.name, source=who.where, now=self._parts.clock())
        if not ended:
            raise Refused(409, "no_silence", id=str(silence_id))
        return {"id": silence_id}

    def test(self, asked: TestBody, who: Who) -> dict[str, Any]:
        """Puts a test message into the queue of a receiver; `notification` says what becomes of it."""
        alerting, fault = self._alerting()
        if alerting is None:
            raise Refused(422, "alerting_file", fault=fault or "")
        if asked.receiver not in alerting.receivers:
            raise Refused(404, "no_receiver", receiver=asked.receiver)
        now = self._parts.clock()
        event = AuditEvent(
            at=now, actor=who.name, action="receiver_tested", subject=asked.receiver, source=who.where
        )
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            document = message.test_document(asked.receiver, who.name, now)
            made = alert_routing.insert_test(conn, asked.receiver, document, now)
            operators.record(conn, event)
            alert_log.tell(conn)
        return {"id": made}

    def _do(
        self, action: Callable[..., bool], code: str, alert_id: int, who: Who, **values: str
    ) -> dict[str, Any]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            if alert_pages.alert(conn, alert_id) is None:
                raise Refused(404, "no_alert", id=str(alert_id))
            done = action(conn, alert_id, actor=who.name, source=who.where, now=self._parts.clock(), **values)
        if not done:
            raise Refused(409, code)
        return {"id": alert_id}

    def _alerting(self) -> tuple[Alerting | None, str | None]:
        """The receivers and routes, or why their file can't be used."""
        try:
            return self._parts.duty.rosters().alerting, None
        except ReferenceDataError as error:
            return None, str(error)

    def _receivers(self, now: datetime) -> tuple[list[str], Mapping[str, list[str]]]:
        """Their names, and as what routes may name each now."""
        try:
            return list(self._parts.duty.receivers()), self._parts.duty.addressed(now)
        except ReferenceDataError:
            return [], {}

    def _named(self, target: str, at: datetime) -> str:
        """Who was behind "roster:duty" or "person:lan" then, as far as the file can tell now."""
        try:
            return ", ".join(self._parts.duty.names(target, at)) or target
        except ReferenceDataError:
            return target

    def _preview(self, conn: db.Connection, alert: PageAlert, now: datetime) -> dict[str, Any] | None:
        """What the public would read in both languages, were it approved now; None where nobody may approve."""
        if alert.public != "approve" or alert.state != "firing" or alert.approved_at is not None:
            return None
        found = cap_messages.unlocked(conn, alert.id)
        if found is None:
            return None
        domains = self._parts.registry.reference.domains
        try:
            rule = self._parts.rules.book(conn).by_key.get(alert.rule)
        except ReferenceDataError:
            rule = None
        said = cap.said(found, rule.cap if rule else NO_WORDS, domains.get(alert.domain))
        made = cap_document.message(
            found, said, cap.Occasion.FIRED, (), number=1, now=now, sender="preview", site_url=None
        )
        return {"status": made.status, "texts": _infos(made.document)}


def _seen(memory: str | None) -> dict[str, Any]:
    """The first, the worst and the newest value of an open alert, as its evidence has them."""
    episode = msgspec.json.decode(memory, type=Evaluation).episode if memory else None
    if episode is None:
        return {}
    samples = {"first": episode.first, "peak": episode.peak, "last": episode.last}
    return {name: msgspec.to_builtins(sample) for name, sample in samples.items() if sample.operand == 0}


def _infos(document: str) -> list[dict[str, str]]:
    """Headline, description and instruction of a CAP message of ours, by language."""
    found = []
    for info in ElementTree.fromstring(document).iter(f"{_CAP}info"):
        language = (info.findtext(f"{_CAP}language") or "")[:2]
        parts = (info.findtext(f"{_CAP}{name}") for name in ("headline", "description", "instruction"))
        found.append({"lang": language, "text": "\n".join(part for part in parts if part)})
    return found


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """Days are whole ones of Hanoi, both included. Raises Refused."""
    since, until = _day(asked.get("from", "")), _day(asked.get("to", ""))
    return Wanted(
        since=since or _EVER[0],
        until=until + DAY if until else _EVER[1],
        rule=_searched(asked.get("rule", "")),
        thing=_searched(asked.get("thing", "")),
    )


def _searched(text: str) -> str:
    if "\x00" in text or len(text) > 200:
        raise Refused(422, "request")
    return text.strip()


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), HANOI).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(422, "request") from None


def _after(text: str) -> tuple[datetime, int] | None:
    if not text:
        return None
    at, _, number = text.rpartition(",")
    try:
        found = datetime.fromisoformat(at), int(number)
    except ValueError:
        raise Refused(422, "request") from None
    if found[0].tzinfo is None or not 0 <= found[1] < 2**63:
        raise Refused(422, "request")
    return found


def _first_wrong(matchers: tuple[str, ...]) -> str:
    for text in matchers:
        try:
            Matcher.parse(text)
        except ValueError:
            return text[:80]
    return ""
