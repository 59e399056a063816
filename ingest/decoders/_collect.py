"""Results that come one by one, brought together: what a device measured at one time is one Reading."""

from dataclasses import dataclass, field
from datetime import datetime

from ingest.model import Reading
from storage.model import Provenance


@dataclass(kw_only=True)
class _Group:
    path: str
    device: str
    time: datetime
    results: dict[str, float | bool] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Collector:
    """Takes results in any order and gives Readings in the order in which they began."""

    provenance: Provenance
    _groups: list[_Group] = field(default_factory=list, init=False)
    _latest: dict[tuple[str, datetime], _Group] = field(default_factory=dict, init=False)

    def add(
        self,
        *,
        path: str,
        device: str,
        time: datetime,
        key: str,
        value: float | bool,
        value_path: str,
        unit: str | None = None,
        flag: str | None = None,
    ) -> None:
        """A result; `path` is where its element stands, `value_path` itself. A key that is there begins a Reading."""
        group = self._latest.get((device, time))
        if group is None or key in group.results:
            group = self._latest[device, time] = _Group(path=path, device=device, time=time)
            self._groups.append(group)
        group.results[key] = value
        group.paths[key] = value_path
        if unit and not isinstance(value, bool):
            group.units[key] = unit
        if flag is not None:
            group.flags[key] = flag

    def readings(self) -> list[Reading]:
        return [
            Reading(
                path=group.path,
                device=group.device,
                time=group.time,
                result_time=group.time,
                results=group.results,
                flags=group.flags,
                provenance=self.provenance,
                units=group.units,
                paths=group.paths,
            )
            for group in self._groups
        ]
