"""What can be entered by hand, one description each: to which Things and properties it leads. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.condition import OUT_OF_SERVICE
from dashboard.data import CityView
from storage.model import Property
from storage.things import ThingRow

_OF_THE_DEVICE: Final = frozenset({"battery", "rssi"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """`key` is also that of the text `matter_<key>`."""

    key: str
    domain: str
    properties: tuple[str, ...] | None
    """None: all that a laboratory may find, that is every property that somebody observes."""
    minutes: int
    """How long it holds unless somebody says otherwise."""
    of_parts: bool = False
    """Of bays, not of the point that they belong to."""

    def offered(self, view: CityView) -> dict[str, Property]:
        """By key; {} where the catalogue lacks the domain."""
        domain = view.domains.get(self.domain)
        if domain is None:
            return {}
        if self.properties is not None:
            return {key: domain.properties[key] for key in self.properties if key in domain.properties}
        return {
            key: observed
            for key, observed in domain.properties.items()
            if not observed.derived and observed.forecast_of is None and key not in _OF_THE_DEVICE
        }

    def things(self, view: CityView) -> Sequence[ThingRow]:
        """Those that it can be said of."""
        own = view.things_of.get(self.domain, ())
        if self.of_parts:
            return [thing for thing in own if thing.parent_id is not None]
        kinds = view.domains[self.domain].map_kinds if self.domain in view.domains else ()
        return [thing for thing in own if thing.kind in kinds and thing.parent_id is None]


MATTERS: Final = (
    Matter(key="flood", domain="flood", properties=("water_depth",), minutes=120),
    Matter(key="road", domain="flood", properties=("road_closed",), minutes=120),
    Matter(key="bay", domain="parking", properties=(OUT_OF_SERVICE,), minutes=1440, of_parts=True),
    Matter(key="lab", domain="water_quality", properties=None, minutes=10_080),
)
BY_KEY: Final = {matter.key: matter for matter in MATTERS}
