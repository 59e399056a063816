"""What is forecast, how far ahead, how often and from how much history. Nothing heavy is imported here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from storage.model import Domain

HOUR: Final = timedelta(hours=1)
LEVEL: Final = 0.8
"""Share of cases that the interval is made to hold: from the 10 % to the 90 % quantile."""
HELD_OUT: Final = 0.25
"""Share of the history, its newest part, that a model is scored on and not fitted on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """One forecast property of the catalogue, as we make it."""

    domain: str
    property: str
    forecast_of: str
    method: str | None
    """The module of `ingest.forecasts` that makes examples for it; None: only others forecast it."""
    model: str
    """What scores and forecasts call it; the number changes with the method."""
    step: timedelta
    leads: tuple[int, ...]
    """In steps."""
    lead_groups: tuple[tuple[int, int], ...]
    """From and to, in steps: scored and shown apart, because a model may be good at some leads only."""
    every: timedelta
    """How often it is issued."""
    history_least: timedelta
    """With less nothing is fitted [S]."""
    history_most: timedelta
    """Older values are not looked at [S]."""

    def hours(self, steps: int) -> float:
        return steps * self.step / HOUR


AIR_LEADS: Final = tuple(range(1, 25))
AIR_GROUPS: Final = ((1, 3), (4, 6), (7, 12), (13, 24))

PRODUCTS: Final = (
    Product(
        domain="air_quality",
        property="pm2_5_forecast",
        forecast_of="pm2_5",
        method="air",
        model="air_quantile_trees_1",
        step=HOUR,
        leads=AIR_LEADS,
        lead_groups=AIR_GROUPS,
        every=HOUR,
        history_least=timedelta(days=21),
        history_most=timedelta(days=120),
    ),
    Product(
        domain="air_quality",
        property="vn_aqi_forecast",
        forecast_of="vn_aqi",
        method="air",
        model="air_quantile_trees_1",
        step=HOUR,
        leads=AIR_LEADS,
        lead_groups=AIR_GROUPS,
        every=HOUR,
        history_least=timedelta(days=21),
        history_most=timedelta(days=120),
    ),
    Product(
        domain="flood",
        property="water_depth_forecast",
        forecast_of="water_depth",
        method="flood",
        model="flood_quantile_trees_1",
        step=timedelta(minutes=10),
        leads=(6, 12, 18),
        lead_groups=((6, 6), (12, 12), (18, 18)),
        every=timedelta(minutes=10),
        history_least=timedelta(days=7),
        history_most=timedelta(days=28),
    ),
    Product(
        domain="parking",
        property="parking_occupancy_forecast",
        forecast_of="parking_occupancy",
        method="parking",
        model="parking_quantile_trees_1",
        step=timedelta(minutes=15),
        leads=(1, 2, 3, 4),
        lead_groups=((1, 2), (3, 4)),
        every=HOUR,
        history_least=timedelta(days=7),
        history_most=timedelta(days=56),
    ),
)


_OURS: Final = frozenset(product.model.rstrip("0123456789") for product in PRODUCTS)


def is_ours(model: str) -> bool:
    """Whether the name is that of one of our models, of whatever number, or passes for it."""
    return model.strip().casefold().rstrip("0123456789") in _OURS


def made_by_others(domains: Mapping[str, Domain]) -> Iterator[Product]:
    """The forecasts of the catalogue that we have no model for: what others issue is scored like ours."""
    ours = {(product.domain, product.property) for product in PRODUCTS}
    for domain in domains.values():
        for key, observed in domain.properties.items():
            if observed.forecast_of is not None and (domain.key, key) not in ours:
                yield Product(
                    domain=domain.key,
                    property=key,
                    forecast_of=observed.forecast_of,
                    method=None,
                    model="none",
                    step=HOUR,
                    leads=AIR_LEADS,
                    lead_groups=AIR_GROUPS,
                    every=HOUR,
                    history_least=timedelta(),
                    history_most=timedelta(days=45),
                )
