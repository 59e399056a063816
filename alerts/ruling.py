"""The rules as a running process holds them: read again when a file or an edit of the control room is new."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alerts.edited import layered
from alerts.rules import RuleBook, parse_rules
from storage import db, rule_edits
from storage.catalog import ReferenceDataError
from storage.model import Domain
from storage.reference import Fingerprint, Reference, fingerprint

log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Ruling:
    """`book` is what is in force. A change that can't be used is logged once and leaves it as it is."""

    reference: Reference
    folders: Sequence[Path]
    book: RuleBook = field(init=False)
    _files: RuleBook = field(init=False)
    """Without edits."""
    _seen: Fingerprint = field(init=False)
    _layered: tuple[RuleBook, int] = field(init=False)
    """What `book` was made of: the files' rules and how many edits."""

    def __post_init__(self) -> None:
        """Raises ReferenceDataError: a process does not start on rules that can't be used.

        Edits come with the first `refresh`: who evaluates refreshes first.
        """
        self._seen = fingerprint(self.folders)
        self.book = self._files = parse_rules(self.reference.domains, self.folders)
        self._layered = (self._files, 0)

    @property
    def domains(self) -> Mapping[str, Domain]:
        return self.reference.domains

    def refresh(self, conn: db.Connection) -> bool:
        """Whether other rules are in force now."""
        self._read_files()
        made = rule_edits.made(conn)
        if self._layered[0] is self._files and self._layered[1] == made:
            return False
        self.book = layered(self.domains, self._files, rule_edits.newest(conn))
        self._layered = (self._files, made)
        for key, edited in self.book.edited.items():
            if edited.fault is not None:
                log.error("edit_refused rule=%s version=%d error=%r", key, edited.version, edited.fault)
        return True

    def _read_files(self) -> None:
        """What can't be used leaves the rules as they are."""
        seen = fingerprint(self.folders)
        changed = self.reference.refresh()
        if seen == self._seen and not changed:
            return
        self._seen = seen
        try:
            self._files = parse_rules(self.domains, self.folders)
        except ReferenceDataError as error:
            log.error("rules_refused error=%r", str(error))
