"""The page of rain and flood."""

from typing import Final

from dashboard.control_room.domains import hyetograph, rain_sums
from dashboard.control_room.domains.flood_texts import FLOOD_SCRIPT_TEXTS, FLOOD_TEXTS
from dashboard.control_room.domains.model import DomainPage, Section

PAGE: Final = DomainPage(
    key="rain-flood",
    domains=("rain", "flood"),
    title=FLOOD_TEXTS["rain_flood"],
    panels=(rain_sums.panel(), hyetograph.panel()),
    section=Section(template="replay.html", script="replay.js", style="replay.css", texts=FLOOD_SCRIPT_TEXTS),
    order=("rain-sums", "hyetograph", "flood-depth", "rain-hours", "flood-compare"),
)
