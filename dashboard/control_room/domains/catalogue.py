"""The catalogue's tables `panel`: charts that a domain's file declares, without a line of code.

A file that declares none has the panels that follow from its properties. One that can't be used is said and left out.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.control_room.domains import calendar, heat, lines, newest
from dashboard.control_room.domains.model import Panel
from dashboard.control_room.domains.observed import Colors, Observed, Statistic
from storage.catalog import Key, ReferenceDataError, TextTable, explain
from storage.model import Domain, Text

log = logging.getLogger(__name__)

Kind = Literal["newest", "lines", "heat", "calendar"]
_MADE_BY: Final[Mapping[Kind, Callable[[Observed], Panel]]] = {
    "newest": newest.panel,
    "lines": lines.panel,
    "heat": heat.panel,
    "calendar": calendar.panel,
}
MOST_IN_NEWEST: Final = 8
NEWEST: Final = Text(vi="Hiện giờ", en="Now")
LINES: Final = Text(vi="So sánh các điểm đo", en="Compare places")
HEAT: Final = Text(vi="Theo thời gian", en="Over time")


class PanelTable(BaseModel):
    """One `[[panel]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: Key
    kind: Kind
    title: TextTable
    hint: TextTable | None = None
    properties: tuple[Key, ...] = Field(min_length=1)
    """`newest` shows all of them at once, the others the first until another one is chosen."""
    statistic: Statistic = "mean"
    """Of what falls into one square."""
    colors: Colors = "bands"
    """Of a `heat`: those of the bands, or of the height of the value, to show what happens within a band."""
    "one."


class _Section(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    panel: tuple[PanelTable, ...] = ()


def tables(domain: Domain) -> tuple[PanelTable, ...]:
    """Raises ReferenceDataError naming file and key."""
    document = {"panel": domain.sections.get("panel", [])}
    try:
        found = _Section.model_validate(document).panel
    except ValidationError as error:
        raise explain(Path(domain.source), error, document) from error
    seen: set[str] = set()
    for table in found:
        where = f"{domain.source}: panel.{table.key}"
        if table.key in seen:
            raise ReferenceDataError(f"{where}: there are two of this key")
        seen.add(table.key)
        unknown = [key for key in table.properties if key not in domain.properties]
        if unknown:
            raise ReferenceDataError(f"{where}.properties: the domain has no property '{unknown[0]}'")
        if table.kind == "heat" and any(domain.properties[key].circular for key in table.properties):
            raise ReferenceDataError(f"{where}.properties: a direction has no mean that a colour can show")
    return found


def panels(domain: Domain, common: Collection[str] = ()) -> list[Panel]:
    """What the domain's page shows of its file; `common` are properties that every domain has."""
    try:
        found = tables(domain)
    except ReferenceDataError as error:
        log.error("panels_refused error=%r", str(error))
        found = ()
    made = [_declared(domain, table) for table in found] if found else _following(domain, common)
    return [_MADE_BY[kind](observed) for kind, observed in made]


def _declared(domain: Domain, table: PanelTable) -> tuple[Kind, Observed]:
    return table.kind, Observed(
        key=table.key,
        domain=domain.key,
        title=table.title.text(),
        hint=table.hint.text() if table.hint else None,
        properties=table.properties,
        statistic=table.statistic,
        colors=table.colors,
    )


def _following(domain: Domain, common: Collection[str]) -> list[tuple[Kind, Observed]]:
    """From the properties alone, the headline first."""
    own = [key for key, one in domain.properties.items() if one.forecast_of is None and key not in common]
    own.sort(key=lambda key: key != domain.headline)
    numbers = [key for key in own if not domain.properties[key].circular]
    kinds: list[tuple[Kind, Text, list[str]]] = [
        ("newest", NEWEST, own[:MOST_IN_NEWEST]),
        ("heat", HEAT, numbers),
        ("lines", LINES, numbers),
    ]
    return [
        (kind, Observed(key=kind, domain=domain.key, title=title, properties=tuple(properties)))
        for kind, title, properties in kinds
        if properties
    ]
