"""What people look up on a domain's page, and what they note there. Blocking: for a thread."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import csv_text, time_range
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.csv_text import Download
from dashboard.control_room.domains import pages
from dashboard.control_room.domains.model import Ask, Choice, DomainPage, Drawn, Panel
from dashboard.control_room.domains.observed import is_old
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import say
from dashboard.control_room.thing_view import interval_s, name
from dashboard.control_room.time_range import Range
from dashboard.data import CityView, is_simulated
from dashboard.figures.notes import Noted, with_notes
from ingest.claiming import Who
from storage import annotations
from storage.annotations import Annotation, AnnotationRefused
from storage.model import Domain
from storage.observations import LiveValue

NOTES_SHOWN: Final = 200
LARGEST_ID: Final = 2**63 - 1
_CONNECT_S: Final = 5.0


class NoteBody(BaseModel):
    """About a domain of the page, or one of its Things."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: str
    thing: str | None = None
    text: Annotated[str, Field(pattern=r"^[^\x00]*$")]
    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None


class DomainDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # What is looked up: nothing is changed.

    def page(self, key: str, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """The frame: panels with their choices, what is noted, and how fresh everything is."""
        view, now = self._view(), self._parts.clock()
        page = _page(view, key)
        span = time_range.asked(asked, now)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            notes = annotations.of_domains(conn, page.domains, span.start, span.end, NOTES_SHOWN)
        values = [one for one in view.newest.values() if one.domain in page.domains]
        return {
            "generated_at": now,
            "simulated": any(map(is_simulated, values)),
            "newest": max((one.phenomenon_time for one in values), default=None),
            "range": time_range.bar(span, now),
            "panels": [
                {
                    "key": panel.key,
                    "domain": panel.domain,
                    "title": panel.title.in_language(shown),
                    "hint": panel.hint.in_language(shown) if panel.hint else "",
                    "watches": sorted(panel.watches),
                    "choices": [_choice(one) for one in _choices(panel, view, shown)],
                }
                for panel in pages.panels_of(page, view.domains)
            ],
            "notes": [_note(one, view, shown) for one in notes],
            "subjects": [_subject(view, domain, shown) for domain in page.domains],
        }

    def panel(self, key: str, panel_key: str, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """`asked`: the span as time_range reads it, and for each choice its values, parted by commas."""
        now = self._parts.clock()
        panel, drawn, span, notes, newest = self._drawn(key, panel_key, asked, shown, now)
        figure = drawn.figure
        if figure is not None and drawn.over_time:
            noted = [Noted(one.starts_at, one.ends_at, one.text) for one in notes if one.withdrawn_at is None]
            figure = with_notes(figure, noted, span.start, span.end)
        return {
            "generated_at": now,
            "name": panel.title.in_language(shown),
            "range": time_range.bar(span, now),
            "figure": figure,
            "over_time": drawn.over_time,
            "empty": drawn.empty,
            "words": drawn.words,
            "scale": list(drawn.scale),
            "table": {
                "heads": drawn.table.heads,
                "rows": drawn.table.rows,
                "numbers": list(drawn.table.numbers),
            },
            "newest": newest[0],
            "old": newest[1],
        }

    def csv(self, key: str, panel_key: str, asked: Mapping[str, str]) -> Download:
        """As `panel`; `for` is empty or excel."""
        form = asked.get("for", "")
        if form not in ("", "excel"):
            raise Refused(422, "csv_form", form=form[:20])
        _, drawn, span, _, _ = self._drawn(key, panel_key, asked, "vi", self._parts.clock())
        sheet = drawn.sheet
        content = csv_text.for_excel(sheet.excel()) if form else csv_text.plain(sheet.plain())
        days = csv_text.days(span.start, span.end)
        return Download(name=f"{key}_{panel_key}_{days}.csv", content=content)

    def _drawn(
        self, key: str, panel_key: str, asked: Mapping[str, str], shown: Language, now: datetime
    ) -> tuple[Panel, Drawn, Range, list[Annotation], tuple[datetime | None, bool]]:
        view = self._view()
        page = _page(view, key)
        panel = next((one for one in pages.panels_of(page, view.domains) if one.key == panel_key), None)
        if panel is None:
            raise Refused(404, "no_panel", panel=panel_key[:64])
        span = time_range.asked(asked, now)
        chosen = {one.key: chosen_of(one, asked.get(one.key)) for one in _choices(panel, view, shown)}
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            ask = Ask(
                view=view,
                domain=view.domains[panel.domain],
                range=span,
                chosen=chosen,
                now=now,
                shown=shown,
                conn=conn,
            )
            drawn = panel.draw(ask)
            notes = annotations.of_domains(conn, page.domains, span.start, span.end, NOTES_SHOWN)
        return panel, drawn, span, notes, freshness(panel, view, now)

    # What is done.

    def add_note(self, key: str, asked: NoteBody, who: Who) -> dict[str, Any]:
        page = _page(self._view(), key)
        starts_at = local_time(asked.starts_at)
        if asked.domain not in page.domains:
            raise Refused(404, "no_page", page=asked.domain[:64])
        if starts_at is None:
            raise Refused(422, "note_start")
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                made = annotations.add(
                    conn,
                    asked.domain,
                    thing_id=asked.thing or None,
                    text=asked.text,
                    starts_at=starts_at,
                    ends_at=local_time(asked.ends_at),
                    author=who.name,
                    source=who.where,
                    now=self._parts.clock(),
                )
        except AnnotationRefused as refused:
            raise Refused(422, f"annotation_{refused.code}") from refused
        return {"id": made}

    def withdraw_note(self, key: str, note_id: int, who: Who) -> dict[str, Any]:
        page = _page(self._view(), key)
        if note_id > LARGEST_ID:
            raise Refused(409, "no_note", id=str(note_id))
        now = self._parts.clock()
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            done = annotations.withdraw(
                conn, page.domains, note_id, actor=who.name, source=who.where, now=now
            )
        if not done:
            raise Refused(409, "no_note", id=str(note_id))
        return {"id": note_id}

    def _view(self) -> CityView:
        view = self._parts.city.view
        if view.loaded_at is None:
            raise Refused(503, "database")
        return view


def chosen_of(choice: Choice, asked: str | None) -> Sequence[str]:
    """What the address says, else what is chosen at first. Raises Refused of what is not offered."""
    if not asked:
        return choice.default
    values = list(dict.fromkeys(asked.split(",")))
    offered = {value for value, _ in choice.offered}
    unknown = [value for value in values if value not in offered]
    if unknown:
        raise Refused(422, "panel_choice", name=choice.name, value=unknown[0][:64])
    if len(values) > choice.most:
        raise Refused(422, "panel_choice_many", name=choice.name, most=str(choice.most))
    return values


def freshness(panel: Panel, view: CityView, now: datetime) -> tuple[datetime | None, bool]:
    """The newest time of what the panel is about, and whether all of it is older than three reports."""
    found: list[tuple[LiveValue, int]] = []
    for thing in view.things_of.get(panel.domain, ()):
        for stream in view.streams_of.get(thing.id, ()):
            value = view.newest.get(stream.id)
            if value is not None and stream.property in panel.watches:
                found.append((value, interval_s(stream, thing)))
    if not found:
        return None, False
    newest = max(value.phenomenon_time for value, _ in found)
    return newest, all(is_old(value.phenomenon_time, interval, now) for value, interval in found)


def _page(view: CityView, key: str) -> DomainPage:
    found = pages.page_of(view.domains, key)
    if found is None:
        raise Refused(404, "no_page", page=key[:64])
    return found


def _choices(panel: Panel, view: CityView, shown: Language) -> Sequence[Choice]:
    return panel.choices(view, view.domains[panel.domain], shown)


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "key": choice.key,
        "name": choice.name,
        "offered": [{"value": value, "name": name} for value, name in choice.offered],
        "default": list(choice.default),
        "most": choice.most,
    }


def _subject(view: CityView, domain: str, shown: Language) -> dict[str, Any]:
    """A domain that can be noted on, and its Things; bays and other parts are noted on at what they belong to."""
    known: Domain = view.domains[domain]
    things = [one for one in view.things_of.get(domain, ()) if one.parent_id is None]
    return {
        "domain": domain,
        "name": known.name.in_language(shown),
        "things": [{"id": one.id, "name": name(one, shown)} for one in things],
    }


def _note(one: Annotation, view: CityView, shown: Language) -> dict[str, Any]:
    thing = view.things.get(one.thing_id or "")
    domain = view.domains[one.domain]
    withdrawn = None
    if one.withdrawn_at is not None:
        withdrawn = say("notes_withdrawn", shown).format(who=one.withdrawn_by, at=stamp(one.withdrawn_at))
    span = {"start": stamp(one.starts_at), "end": stamp(one.ends_at) if one.ends_at else ""}
    return {
        "id": one.id,
        "about": name(thing, shown) if thing else domain.name.in_language(shown),
        "thing": one.thing_id,
        "text": one.text,
        "when": say("notes_span", shown).format(**span) if one.ends_at else span["start"],
        "by": say("notes_by", shown).format(who=one.author, at=stamp(one.written_at)),
        "withdrawn": withdrawn,
    }
