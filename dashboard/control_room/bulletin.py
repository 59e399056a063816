"""The environment bulletin of a day or a month as a document. Pure: rows in, a document out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from dashboard.control_room import bulletin_air, bulletin_city
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.bulletin_rows import BulletinRows
from dashboard.control_room.language import Language
from dashboard.control_room.report_document import Block, Document, Section, Words
from dashboard.control_room.texts import say
from dashboard.data import CityView

Writes = Callable[[BulletinRows, CityView, Language], list[Block]]
SECTIONS: Final[Mapping[str, Writes]] = {
    "air": bulletin_air.blocks,
    "water": bulletin_city.water,
    "rain": bulletin_city.rain,
    "flood": bulletin_city.flood,
    "parking": bulletin_city.parking,
    "completeness": bulletin_city.completeness,
}


def document(rows: BulletinRows, view: CityView, now: datetime, shown: Language) -> Document:
    over = rows.span.end <= now
    first = [] if over else [Words(text=say("bulletin_not_over", shown), tone="bad")]
    sections = [
        Section(title=say(f"bulletin_{key}", shown), blocks=writes(rows, view, shown))
        for key, writes in SECTIONS.items()
    ]
    if first:
        sections[0] = Section(title=sections[0].title, blocks=[*first, *sections[0].blocks])
    return Document(
        language=shown,
        title=say(f"bulletin_title_{rows.kind}", shown),
        period=_period(rows, shown),
        banner=say("report_simulated", shown) if rows.simulated else "",
        facts=[],
        sections=sections,
        foot=say("report_foot", shown).format(at=stamp(now)),
    )


def _period(rows: BulletinRows, shown: Language) -> str:
    first, last = rows.span.first, rows.span.last
    return say(f"bulletin_period_{rows.kind}", shown).format(
        day=f"{first:%d/%m/%Y}", month=f"{first:%m/%Y}", first=f"{first:%d/%m}", last=f"{last:%d/%m/%Y}"
    )
