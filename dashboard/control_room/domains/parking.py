"""The page of parking."""

from typing import Final

from dashboard.control_room.domains import parking_days, parking_week
from dashboard.control_room.domains.model import DomainPage, Section
from dashboard.control_room.domains.parking_texts import PARKING_SCRIPT_TEXTS, PARKING_TEXTS

PAGE: Final = DomainPage(
    key="parking",
    domains=("parking",),
    title=PARKING_TEXTS["parking_page"],
    panels=(parking_week.panel(), parking_days.panel()),
    section=Section(
        template="streets.html", script="streets.js", style="streets.css", texts=PARKING_SCRIPT_TEXTS
    ),
    order=("parking-week", "parking-days", "occupancy", "compare"),
)
