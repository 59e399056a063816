"""What people look up of alert rules, and what administrators do about them. Blocking: for a thread."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, Final

from alerts.config import Alerting
from alerts.model import Rule
from alerts.rule_form import form_of, text_of, with_form
from alerts.rules import digest
from dashboard.control_room import rule_trial, rule_view, rule_words
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.rule_bodies import DraftBody, RevertBody, SaveBody, SwitchBody, TrialBody
from dashboard.control_room.rule_draft import DRAFT, STARTER, checked, tested
from dashboard.control_room.rule_trial import Asked
from dashboard.control_room.rule_view import Known
from ingest.claiming import Who
from storage import db, rule_edits
from storage.catalog import ReferenceDataError
from storage.rule_edits import EditedMeanwhile

NOISE_OVER: Final = timedelta(days=7)
VERSIONS_SHOWN: Final = 30
WAIT_S: Final = 10.0
"""For another's trial to end."""
_CONNECT_S: Final = 5.0
_EVEN: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Who waits for a trial."""

    progress: Callable[[int, int, int], None]
    stopped: Callable[[], bool]


class RuleDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._trials = BoundedSemaphore(1)

    # What is looked up.

    def board(self, shown: Language) -> dict[str, Any]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            return rule_view.board(self._known(conn, shown), shown)

    def one(self, key: str, shown: Language) -> dict[str, Any]:
        """A rule with its text, its form and its versions."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
            if known.is_gone(key):
                raise Refused(404, "no_rule", key=key)
            versions = rule_edits.of_rule(conn, key, VERSIONS_SHOWN)
        text = self._text(known, key)
        return {
            **self._edited(text, key, known, shown),
            "state": rule_view.state(known, key, versions, shown),
            **self._offered(known, shown),
            "generated_at": known.now,
        }

    def new(self, like: str | None, shown: Language) -> dict[str, Any]:
        """A rule to begin with: an empty one, or like another."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
        text = STARTER if like is None or known.is_gone(like) else self._text(known, like)
        if text is not STARTER:
            text = with_form(text, {"key": f"{like}-2"[:64]}, DRAFT)
        return {
            **self._edited(text, None, known, shown),
            "state": None,
            **self._offered(known, shown),
            "generated_at": known.now,
        }

    def state(self, key: str, shown: Language) -> dict[str, Any]:
        """Where it stands, without its text."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
            versions = rule_edits.of_rule(conn, key, VERSIONS_SHOWN)
        if known.is_gone(key):
            raise Refused(404, "no_rule", key=key)
        return {"state": rule_view.state(known, key, versions, shown), "generated_at": known.now}

    def export(self, key: str, shown: Language) -> str:
        """A file for rules.d."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
        if known.is_gone(key):
            raise Refused(404, "no_rule", key=key)
        newest, of_files = known.newest(key), known.files.by_key.get(key)
        lines = []
        if newest is not None:
            lines.append(
                f"# {key}, version {newest.version}, {newest.author}, {stamp(newest.made_at)} (Hanoi)"
            )
            lines += [f"# {line}" for line in newest.reason.splitlines()]
        if of_files is not None:
            lines.append(
                f"# It stands in place of the rule in {rule_view.file_name(of_files, shown)}: take that one out."
            )
        return "\n".join([*lines, self._text(known, key).strip(), ""])

    # What is tried.

    def draft(self, asked: DraftBody, shown: Language) -> dict[str, Any]:
        """The text with what the form says, and what is wrong with it. Nothing is stored."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
        try:
            text = with_form(asked.text, asked.form, DRAFT)
        except ReferenceDataError as error:
            return {"text": asked.text, "form": None, "faults": rule_view.faults(str(error), DRAFT)}
        return self._edited(text, asked.key, known, shown)

    def trial(self, asked: TrialBody, listener: Listener, shown: Language) -> dict[str, Any]:
        """The draft on stored history beside the rule as it is. One at a time: the others wait, then are refused."""
        if not self._trials.acquire(timeout=WAIT_S):
            raise Refused(409, "trial_busy")
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                known = self._known(conn, shown)
                rule = self._ruled(asked.text, asked.key, known)
                now = self._parts.clock()
                end = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % _EVEN
                wanted = Asked(
                    rule=rule,
                    before=known.book.by_key.get(asked.key or ""),
                    thing=asked.thing,
                    start=end - timedelta(days=asked.days),
                    end=end,
                )
                alerting, fault = self._alerting()
                found = rule_trial.run(conn, wanted, alerting, listener.progress, listener.stopped)
        finally:
            self._trials.release()
        return {
            **rule_view.trial(found, known, shown),
            "alerting_fault": fault,
            "tests": list(tested(self._parts, rule, asked.text)),
        }

    # What is done.

    def save(self, asked: SaveBody, who: Who, shown: Language) -> dict[str, Any]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
            rule = self._ruled(asked.text, asked.key, known)
            newest, version = known.newest(rule.key), asked.version
            if asked.key is None:
                if not known.is_gone(rule.key):
                    raise Refused(409, "rule_taken", key=rule.key)
                version = newest.version if newest else 0
            elif known.is_gone(asked.key):
                raise Refused(404, "no_rule", key=asked.key)
            enabled = asked.key is None or newest is None or newest.enabled
            made = self._keep(conn, rule.key, asked.text, enabled, asked.reason, version, who)
        return {"key": rule.key, "version": made}

    def switch(self, key: str, asked: SwitchBody, who: Who, shown: Language) -> dict[str, Any]:
        """Off, so that it is in force nowhere, or on again as it was."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
            if known.is_gone(key):
                raise Refused(404, "no_rule", key=key)
            newest = known.newest(key)
            document = newest.document if newest else None
            made = self._keep(conn, key, document, asked.enabled, asked.reason, asked.version, who)
        return {"key": key, "version": made}

    def revert(self, key: str, asked: RevertBody, who: Who, shown: Language) -> dict[str, Any]:
        """To what the files have; a rule that no file has is gone then."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            known = self._known(conn, shown)
            if known.is_gone(key):
                raise Refused(404, "no_rule", key=key)
            made = self._keep(conn, key, None, True, asked.reason, asked.version, who)
        return {"key": key, "version": made, "gone": key not in known.files.by_key}

    def _keep(
        self,
        conn: db.Connection,
        key: str,
        document: str | None,
        enabled: bool,
        reason: str,
        version: int,
        who: Who,
    ) -> int:
        try:
            return rule_edits.save(
                conn,
                key,
                document=document,
                enabled=enabled,
                reason=reason,
                version=version,
                author=who.name,
                source=who.where,
                now=self._parts.clock(),
            )
        except EditedMeanwhile as meanwhile:
            newest = meanwhile.newest
            raise Refused(
                409,
                "rule_meanwhile",
                who=newest.author if newest else "–",
                version=str(newest.version if newest else 0),
                at=stamp(newest.made_at) if newest else "–",
            ) from meanwhile

    # What it is made of.

    def _known(self, conn: db.Connection, shown: Language) -> Known:
        now, rules = self._parts.clock(), self._parts.rules
        try:
            book, files = rules.book(conn), rules.of_files()
        except ReferenceDataError as error:
            raise Refused(503, "rules_unusable", error=str(error)) from error
        things = self._parts.city.view.things.values()
        return Known(
            domains=rules.domains,
            files=files,
            book=book,
            edits=rule_edits.newest(conn),
            in_force=rule_edits.in_force(conn),
            fired=rule_edits.fired_since(conn, now - NOISE_OVER),
            things={one.id: one.name_vi if shown == "vi" else one.name_en for one in things},
            now=now,
        )

    def _text(self, known: Known, key: str) -> str:
        """What is edited: the newest version that has a text, else the file's."""
        newest = known.newest(key)
        if newest is not None and newest.document is not None:
            return newest.document
        _, table = self._parts.rules.written()[key]
        return text_of(table)

    def _edited(self, text: str, key: str | None, known: Known, shown: Language) -> dict[str, Any]:
        """A text with its form, its faults and its words."""
        try:
            found: dict[str, Any] = {"text": text, "form": form_of(text, DRAFT)}
        except ReferenceDataError as error:
            return {"text": text, "form": None, "faults": rule_view.faults(str(error), DRAFT), "words": ""}
        try:
            rule = checked(self._parts, text, key)
        except ReferenceDataError as error:
            return {**found, "faults": rule_view.faults(str(error), DRAFT), "words": ""}
        current = known.book.by_key.get(key or "")
        return {
            **found,
            "faults": [],
            "words": rule_words.condition(rule, known.domains, shown),
            "trust": rule_view.trust(rule, shown),
            "same": current is not None and digest(current) == digest(rule),
        }

    def _ruled(self, text: str, key: str | None, known: Known) -> Rule:
        try:
            return checked(self._parts, text, key)
        except ReferenceDataError as error:
            said = "; ".join(one["message"] for one in rule_view.faults(str(error), DRAFT))
            raise Refused(422, "rule_faults", faults=said) from error

    def _alerting(self) -> tuple[Alerting | None, str | None]:
        try:
            return self._parts.duty.rosters().alerting, None
        except ReferenceDataError as error:
            return None, str(error)

    def _offered(self, known: Known, shown: Language) -> dict[str, Any]:
        things = [
            {"id": one.id, "domain": one.domain, "name": known.things[one.id]}
            for one in self._parts.city.view.things.values()
            if one.id in known.things
        ]
        return {
            "domains": rule_view.choices(known, known.domains.values(), shown),
            "things": sorted(things, key=lambda one: one["name"]),
        }
