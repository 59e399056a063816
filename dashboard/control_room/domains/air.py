"""The page of air quality."""

from typing import Final

from dashboard.control_room.domains import air_exceedances, air_matrix
from dashboard.control_room.domains.model import DomainPage
from storage.model import Text

PAGE: Final = DomainPage(
    key="air",
    domains=("air_quality",),
    title=Text(vi="Không khí", en="Air quality"),
    panels=(air_matrix.PANEL, air_exceedances.PANEL),
    order=("matrix", "hours", "calendar", "exceedances", "compare", "pollutants"),
)
