"""The page of West Lake."""

from typing import Final

from dashboard.control_room.domains import water_dips, water_samples
from dashboard.control_room.domains.model import DomainPage
from storage.model import Text

PAGE: Final = DomainPage(
    key="water",
    domains=("water_quality",),
    title=Text(vi="Nước Hồ Tây", en="West Lake water"),
    panels=(water_dips.PANEL, water_samples.PANEL),
    order=("sondes", "section", "dips", "risk", "compare", "samples"),
)
