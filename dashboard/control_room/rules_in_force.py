"""The alert rules as pages see them: those of the files with the edits over them, read again when either is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from alerts.edited import layered
from alerts.rules import RuleBook, parse_rules, written_tables
from storage import db, rule_edits
from storage.model import Domain
from storage.reference import Fingerprint, Reference, fingerprint

Written = Mapping[str, tuple[str, dict[str, Any]]]
"""By key the source of a rule of the files and its table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Files:
    seen: Fingerprint
    domains: Mapping[str, Domain]
    book: RuleBook
    written: Written


@dataclass(kw_only=True, slots=True)
class RulesInForce:
    """Every method raises ReferenceDataError while the files can't be used."""

    reference: Reference
    folders: Sequence[Path]
    _files: _Files | None = field(default=None, init=False)
    _layered: tuple[_Files, int, RuleBook] | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    @property
    def domains(self) -> Mapping[str, Domain]:
        return self.reference.domains

    def book(self, conn: db.Connection) -> RuleBook:
        """The rules in force."""
        with self._lock:
            files, made = self._read(), rule_edits.made(conn)
            held = self._layered
            if held is None or held[0] is not files or held[1] != made:
                book = layered(files.domains, files.book, rule_edits.newest(conn))
                self._layered = held = (files, made, book)
            return held[2]

    def of_files(self) -> RuleBook:
        """Without edits."""
        with self._lock:
            return self._read().book

    def written(self) -> Written:
        with self._lock:
            return self._read().written

    def _read(self) -> _Files:
        domains, seen = self.reference.domains, fingerprint(self.folders)
        if self._files is None or self._files.domains is not domains or self._files.seen != seen:
            self._files = _Files(
                seen=seen,
                domains=domains,
                book=parse_rules(domains, self.folders),
                written=written_tables(domains, self.folders),
            )
        return self._files
