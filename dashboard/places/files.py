"""The files of a period of a place, as links. Pure."""

import html

from dashboard.citizen.now import Now
from dashboard.places.addresses import place_path
from dashboard.places.frame import link
from dashboard.places.period import Period
from storage.model import Domain
from storage.things import ThingRow


def downloads(now: Now, domain: Domain, thing: ThingRow, period: Period) -> str:
    """Files of a period: every value, and hours; of a month days too."""
    path = place_path(domain, thing.id, now.language, period)
    steps = [("place_raw", ""), ("place_hourly", "?step=1h"), ("place_daily", "?step=1d")]
    links = " ".join(
        link(f"{path}.{ending}{query}", f"{ending.upper().replace('PARQUET', 'Parquet')}, {now.texts[key]}")
        for key, query in (steps[:2] if period.is_day else steps)
        for ending in ("csv", "parquet")
    )
    title = html.escape(f"{now.texts['place_download']}: {period.title(now.language)}")
    return f'<h3>{title}</h3><p class="links">{links}</p><p class="note">{now.of("place_file_note")}</p>'
