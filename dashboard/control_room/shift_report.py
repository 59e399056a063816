"""The report of a shift: what the next one has to know first, then what happened. Pure: rows in, a document out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dashboard.control_room import shift_alerts
from dashboard.control_room.alert_board import Availability, OnDuty, availability
from dashboard.control_room.alert_words import plain, stamp, word
from dashboard.control_room.language import Language
from dashboard.control_room.report_document import (
    Block,
    Cell,
    Column,
    Document,
    Section,
    Table,
    Words,
)
from dashboard.control_room.shifts import Shift
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView
from storage.alert_pages import PageAlert
from storage.incidents import IncidentRow
from storage.manual import EntryRow
from storage.model import Text
from storage.notices import NoticeRow
from storage.shifts import Deed, ShiftFacts, ShiftIncident
from storage.silences import SilenceRow

SENSOR: Final = "sensor"
PLATFORM: Final = "platform"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """Who handed the shift over, and what was said."""

    who: str
    at: datetime
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftSources:
    shift: Shift
    end: datetime
    """To where it is reported: the shift's end, or now."""
    rule: str
    """roster, hours, chosen"""
    facts: ShiftFacts
    duty: Sequence[OnDuty]
    available: Availability | None
    signature: Signature | None
    now: datetime


def document(sources: ShiftSources, view: CityView, shown: Language) -> Document:
    facts = sources.facts
    own = [alert for alert in facts.firing if _kind(alert) not in (SENSOR, PLATFORM)]
    sensors = [alert for alert in facts.firing if _kind(alert) == SENSOR]
    writer = _Writer(view=view, shift=sources, shown=shown)
    sections = [
        *([_note(sources.signature, shown)] if sources.signature else []),
        Section(title=say("shift_summary", shown), blocks=[Words(text=_summary(facts, shown))]),
        writer.section("firing", [writer.alerts("firing", own, facts.counts["firing"] - len(facts.firing))]),
        writer.section("incidents", [writer.incidents(facts.incidents)]),
        writer.section("sensors", [writer.alerts("sensors", sensors, 0)]),
        writer.section("silences", [writer.silences(facts.silences)]),
        writer.section(
            "fired", [writer.alerts("fired", facts.fired, facts.counts["fired"] - len(facts.fired))]
        ),
        writer.section(
            "ended", [writer.alerts("ended", facts.ended, facts.counts["ended"] - len(facts.ended))]
        ),
        writer.section("people", [writer.people(facts.people)]),
        writer.section("notices", [writer.notices(facts.notices)]),
        writer.section("entries", [writer.entries(facts.entries)]),
        writer.section("rejected", [writer.rejections(facts)]),
        writer.section("platform", [writer.alerts("platform", facts.platform, 0)]),
    ]
    return Document(
        language=shown,
        title=say("shift_report", shown),
        period=_period(sources, shown),
        banner=say("report_simulated", shown) if _simulated(facts) else "",
        facts=list(_facts(sources, shown)),
        sections=sections,
        foot=say("report_foot", shown).format(at=stamp(sources.now)),
    )


def _kind(alert: PageAlert) -> str:
    return alert.labels.get("kind", "")


def _simulated(facts: ShiftFacts) -> bool:
    listed = (*facts.fired, *facts.ended, *facts.firing, *facts.platform)
    return any(alert.provenance == "simulated" for alert in listed)


def _note(signature: Signature, shown: Language) -> Section:
    text = signature.note or say("shift_no_note", shown)
    signed = say("shift_handed_by", shown).format(who=signature.who, at=stamp(signature.at))
    return Section(
        title=say("shift_note", shown), blocks=[Words(text=text), Words(text=f"— {signed}", tone="quiet")]
    )


def _summary(facts: ShiftFacts, shown: Language) -> str:
    still = [one for one in facts.incidents if one.incident.closed_at is None]
    return say("shift_summary_line", shown).format(
        **facts.counts,
        incidents=len(still),
        steps=sum(len(one.open_steps) for one in still),
        rejected=sum(facts.rejections.values()),
    )


def _period(sources: ShiftSources, shown: Language) -> str:
    shift = sources.shift
    key = "shift_period" if sources.end >= shift.end else "shift_period_now"
    return say(key, shown).format(start=stamp(shift.start), end=stamp(shift.end), now=stamp(sources.end))


def _facts(sources: ShiftSources, shown: Language) -> Iterator[tuple[str, str]]:
    yield say("shift_rule", shown), say(f"shift_rule_{sources.rule}", shown)
    people = [f"{', '.join(one.people) or '–'} ({one.roster})" for one in sources.duty]
    yield say("shift_duty", shown), "; ".join(people) or say("shift_duty_unknown", shown)
    yield say("shift_availability", shown), availability(sources.available, shown)
    signed = say("shift_not_handed", shown)
    if sources.signature is not None:
        signed = say("shift_handed_by", shown).format(
            who=sources.signature.who, at=stamp(sources.signature.at)
        )
    yield say("shift_handed", shown), signed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Writer:
    """Tables of rows, in one language."""

    view: CityView
    shift: ShiftSources
    shown: Language

    def section(self, key: str, blocks: list[Block | None]) -> Section:
        """Without anything it says so."""
        found = [block for block in blocks if block is not None]
        nothing = Words(text=say("report_none", self.shown), tone="quiet")
        return Section(title=say(f"shift_{key}", self.shown), blocks=found or [nothing])

    def alerts(self, key: str, alerts: Sequence[PageAlert], more: int) -> Table | None:
        cells = list(shift_alerts.rows(alerts, self.shift.end, self.view, self.shown))
        return self._table(key, shift_alerts.COLUMNS, cells, more)

    def incidents(self, found: Sequence[ShiftIncident]) -> Table | None:
        rows = [self._incident(one) for one in found]
        return self._table("incidents", ("incident", "severity", "state", "commander", "steps_left"), rows, 0)

    def _incident(self, one: ShiftIncident) -> list[Cell]:
        incident, shown = one.incident, self.shown
        steps = [Text(vi=vi, en=en).in_language(shown) for vi, en in one.open_steps]
        where = f" – {incident.place}" if incident.place else ""
        return [
            f"#{incident.id} {incident.title}{where}",
            say(f"severity_{incident.severity}", shown),
            self._incident_state(incident, one.touched),
            ", ".join(filter(None, (incident.commander, incident.assignee))) or "–",
            "; ".join(steps) or "–",
        ]

    def _incident_state(self, incident: IncidentRow, touched: bool) -> str:
        shift, shown = self.shift, self.shown
        said = [say(f"incident_state_{'open' if incident.closed_at is None else 'closed'}", shown)]
        if incident.opened_at >= shift.shift.start:
            said.append(say("shift_incident_opened", shown))
        if incident.closed_at is not None and shift.shift.start <= incident.closed_at < shift.end:
            said.append(say("shift_incident_closed", shown))
        if len(said) == 1:
            said.append(say("shift_incident_changed" if touched else "shift_incident_waits", shown))
        if incident.resolution:
            said.append(incident.resolution)
        return "; ".join(said)

    def silences(self, rows: Sequence[SilenceRow]) -> Table | None:
        cells: list[list[Cell]] = [
            [
                f"#{row.id} {say(f'kind_{row.kind}', self.shown)}",
                ", ".join(row.matchers),
                stamp(row.starts_at),
                stamp(min(row.ends_at, row.ended_at or row.ends_at)),
                row.author,
                row.reason,
            ]
            for row in rows
        ]
        return self._table("silences", ("did", "matchers", "since", "until", "who", "reason"), cells, 0)

    def people(self, deeds: Sequence[Deed]) -> Table | None:
        cells: list[list[Cell]] = [
            [
                stamp(deed.at),
                deed.actor,
                word("shift_deed", deed.kind, self.shown),
                f"{Text(vi=deed.title_vi, en=deed.title_en).in_language(self.shown)}"
                f" – {Text(vi=deed.thing_name_vi, en=deed.thing_name_en).in_language(self.shown)}",
                deed.note or "–",
            ]
            for deed in deeds
        ]
        return self._table("people", ("at", "who", "did", "alert", "note"), cells, 0)

    def notices(self, rows: Sequence[NoticeRow]) -> Table | None:
        return self._table("notices", ("text", "state"), [self._notice(row) for row in rows], 0)

    def _notice(self, row: NoticeRow) -> list[Cell]:
        text = Text(vi=row.text_vi, en=row.text_en).in_language(self.shown)
        said = [say("shift_notice_published", self.shown).format(at=stamp(row.published_at), who=row.author)]
        if row.withdrawn_at is not None:
            withdrawn = say("shift_notice_withdrawn", self.shown)
            said.append(withdrawn.format(at=stamp(row.withdrawn_at), who=row.withdrawn_by))
        return [text, "; ".join(said)]

    def entries(self, rows: Sequence[EntryRow]) -> Table | None:
        cells: list[list[Cell]] = [
            [
                self._thing(row.thing_id),
                "; ".join(self._values(row)),
                stamp(row.time),
                stamp(row.expires_at),
                row.author,
                row.note or "–",
            ]
            for row in rows
        ]
        return self._table("entries", ("place", "values", "since", "until", "who", "note"), cells, 0)

    def _thing(self, thing_id: str) -> str:
        thing = self.view.things.get(thing_id)
        return Text(vi=thing.name_vi, en=thing.name_en).in_language(self.shown) if thing else thing_id

    def _values(self, row: EntryRow) -> Iterator[str]:
        thing = self.view.things.get(row.thing_id)
        domain = self.view.domains.get(thing.domain) if thing else None
        for key, value in row.results.items():
            observed = domain.properties.get(key) if domain else None
            name = observed.name.in_language(self.shown) if observed else key
            yield f"{name}: {plain(float(value), self.shown)}"

    def rejections(self, facts: ShiftFacts) -> Table | None:
        rows: list[list[Cell]] = [
            [_reason(reason, self.shown), count] for reason, count in facts.rejections.items()
        ]
        return self._table("rejected", ("reason", "count"), rows, 0, numbers=("count",))

    def _table(
        self, key: str, columns: Iterable[str], rows: list[list[Cell]], more: int, numbers: Sequence[str] = ()
    ) -> Table | None:
        if not rows:
            return None
        return Table(
            key=key,
            caption=say(f"shift_{key}", self.shown),
            columns=[
                Column(key=name, name=self._head(name), decimals=0 if name in numbers else None)
                for name in columns
            ],
            rows=rows,
            note=say("report_more", self.shown).format(count=more) if more > 0 else "",
        )

    def _head(self, name: str) -> str:
        return say("report_place" if name == "place" else f"shift_col_{name}", self.shown)


def _reason(reason: str, shown: Language) -> str:
    for key in (f"reason_{reason}", f"rejected_{reason}"):
        if key in TEXTS:
            return say(key, shown)
    return reason.replace("_", " ")
