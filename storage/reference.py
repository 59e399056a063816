"""The catalogue and the inventory as a running process holds them: read again when a file changed."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from storage.catalog import ReferenceDataError, load_catalog, toml_files
from storage.inventory import load_inventory
from storage.model import Domain, Thing

log = logging.getLogger(__name__)

Fingerprint = tuple[tuple[str, int, int], ...]


@dataclass(kw_only=True, slots=True)
class Reference:
    """Domains and Things of the given folders. `refresh()` is cheap: it compares sizes and times of files.

    A changed file that can't be used is logged once and leaves what was loaded before in force.
    """

    catalog_folders: Sequence[Path]
    inventory_folders: Sequence[Path]
    domains: Mapping[str, Domain] = field(init=False)
    things: tuple[Thing, ...] = field(init=False)
    _seen: Fingerprint = field(init=False)

    def __post_init__(self) -> None:
        """Raises ReferenceDataError: a process does not start on reference data that can't be used."""
        self._seen = fingerprint(self._folders())
        self._load()

    def refresh(self) -> bool:
        """Whether something new was loaded."""
        seen = fingerprint(self._folders())
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self._load()
        except ReferenceDataError as error:
            log.error("reference_data_refused error=%r", str(error))
            return False
        log.info("reference_data_loaded domains=%d things=%d", len(self.domains), len(self.things))
        return True

    def _folders(self) -> Sequence[Path]:
        return (*self.catalog_folders, *self.inventory_folders)

    def _load(self) -> None:
        domains = load_catalog(self.catalog_folders)
        self.things = load_inventory(self.inventory_folders, domains)
        self.domains = domains


def fingerprint(folders: Sequence[Path]) -> Fingerprint:
    """Sizes and times of all TOML files in the folders: another one when a file was changed."""
    stats = []
    for path in toml_files(folders):
        try:
            stat = path.stat()
        except FileNotFoundError:  # removed between the listing and here
            continue
        stats.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(stats)
