"""What people type and what must come first: for the API and for the browsers' own search alike."""

import json
from pathlib import Path
from typing import Any, Final

from dashboard.gazetteer import Entry, gazetteer
from storage.inventory import SHIPPED, load_inventory
from storage.model import Domain
from storage.things import ThingRow

CASES: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "finding" / "cases.json").read_text("utf-8")
)


def hanoi(domains: dict[str, Domain]) -> tuple[Entry, ...]:
    """The places of the shipped inventory."""
    return gazetteer(rows(domains), domains)


def rows(domains: dict[str, Domain]) -> list[ThingRow]:
    return [
        ThingRow(
            id=thing.id,
            domain=thing.domain,
            kind=thing.kind,
            parent_id=thing.parent_id,
            name_vi=thing.name.vi,
            name_en=thing.name.en,
            lat=thing.location.lat if thing.location else None,
            lon=thing.location.lon if thing.location else None,
            coordinate_trust=thing.location.trust if thing.location else None,
            coordinate_source=thing.location.source if thing.location else None,
            properties=thing.attributes,
        )
        for thing in load_inventory([SHIPPED], domains)
    ]
