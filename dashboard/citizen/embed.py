"""/embed/{thing}: one place in a frame of any other site. HTML with its style and script in it, nothing to load."""

import base64
import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from string import Template
from typing import Any, Final

from dashboard.api.domains import shapes
from dashboard.citizen import words
from dashboard.citizen.first_page import closed_words, method, source, value_text
from dashboard.citizen.marks import SIZE, path
from dashboard.citizen.now import Now
from dashboard.citizen.pages import FOLDER, LANGUAGES, texts
from dashboard.data import City, CityView, Clock
from dashboard.encoded import Encoded, encode
from dashboard.map_snapshot import thing_feature, usable_map_section
from storage.model import Domain
from storage.things import ThingRow

REFRESH_S: Final = 60
OLDEST: Final = timedelta(seconds=1)
KEPT_MOST: Final = 2000
"""Pages in memory at most; then all are forgotten."""


class Embeds:
    """The page of a Thing in a language, encoded at most about once a second."""

    def __init__(self, city: City, clock: Clock) -> None:
        self._city = city
        self._clock = clock
        self._texts = {language: texts(language) for language in LANGUAGES}
        self._template = Template((FOLDER / "embed.html").read_text(encoding="utf-8"))
        self._made: dict[tuple[str, str], tuple[datetime, Encoded]] = {}

    def get(self, thing_id: str, language: str) -> Encoded | None:
        """None: there is no such place on the map."""
        at, key = self._clock(), (thing_id, language)
        made = self._made.get(key)
        if made is not None and timedelta() <= at - made[0] < OLDEST:
            return made[1]
        now = Now(at=at, language=language, texts=self._texts[language])
        rendered = embed(self._template, now, self._city.view, thing_id)
        if rendered is None:
            self._made.pop(key, None)
            return None
        if len(self._made) >= KEPT_MOST:
            self._made.clear()
        self._made[key] = (at, encode(rendered, level=6))
        return self._made[key][1]


def embed(page: Template, now: Now, view: CityView, thing_id: str) -> bytes | None:
    """Pure."""
    thing = view.things.get(thing_id)
    domain = view.domains.get(thing.domain) if thing is not None else None
    feature = thing_feature(view, domain, thing, now.at) if thing is not None and domain is not None else None
    if thing is None or domain is None or feature is None:
        return None
    p = feature["properties"]
    shape = shapes({key: usable_map_section(one) for key, one in view.domains.items()})[domain.key]
    home = "/" if now.language == "vi" else "/en/"
    banner = f'<p class="banner">{now.of("simulated")}</p>' if p["simulated"] else ""
    return page.substitute(
        language=now.language,
        refresh_s=REFRESH_S,
        style=style(),
        script=script(),
        state=p["state"] if p["level"] is not None else ("stale" if p["state"] == "live" else p["state"]),
        simulated=banner,
        link=f"{home}#{thing.id}",
        name=html.escape(p[f"name_{now.language}"]),
        swatch=_mark(shape, p["color"]),
        value=value_text(now, domain, p),
        label=html.escape(p[f"label_{now.language}"]),
        notes=_notes(now, domain, thing, p),
        more=_closed(now, domain, p) + _other_scale(now, view, domain, p),
    ).encode()


def style() -> str:
    text = (FOLDER / "embed.css").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", text).strip()


def script() -> str:
    return (FOLDER / "embed.js").read_text(encoding="utf-8").strip()


def policy() -> bytes:
    """Any site may frame it; it has no style and no script but its own, and loads nothing but itself."""
    return (
        f"default-src 'none'; style-src {_digest(style())}; script-src {_digest(script())}; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors *"
    ).encode()


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


def _mark(shape: str, color: str) -> str:
    return (
        f'<svg viewBox="0 0 {SIZE} {SIZE}" aria-hidden="true"><path d="{path(shape)}" fill="{color}"/></svg>'
    )


def _notes(now: Now, domain: Domain, thing: ThingRow, p: Mapping[str, Any]) -> str:
    """What it is, when, from where and how."""
    headline = domain.properties[domain.headline]
    said = [f"{now.text(domain.name)}: {now.text(headline.name)}"]
    at = p["values"].get(domain.headline, p)["time"]  # an index of an hour is of that hour
    if at is not None:
        said.append(f"{words.time(at, now.at)} ({words.age((now.at - at).total_seconds(), now.language)})")
        said.append(source(now, domain, p))
    said.append(method(now, headline))
    return " · ".join(said)


def _closed(now: Now, domain: Domain, p: Mapping[str, Any]) -> str:
    said = closed_words(now, domain, p)
    return f"<p class=no-entry><strong>{said}</strong></p>" if said else ""


def _other_scale(now: Now, view: CityView, domain: Domain, p: Mapping[str, Any]) -> str:
    """Beside VN_AQI the US AQI of the same hour, one press away, and why other sites say another number."""
    own, other = p["values"].get("vn_aqi"), p["values"].get("us_aqi")
    if domain.headline != "vn_aqi" or own is None or p["level"] is None:
        return ""
    said = now.of("us_aqi_none")
    if other is not None and other["time"] == own["time"] and other["quality"] < 3:
        band = domain.properties["us_aqi"].band(other["result"])
        said = f"{other['result']:.0f}{f' – {now.text(band.label)}' if band else ''}"
    why = "".join(f"<p>{now.of(key)}</p>" for key in ("aqi_why_scale", "aqi_why_hours", "aqi_why_revision"))
    return f"<details><summary>{now.of('us_aqi_same_hour')}</summary><p><strong>{said}</strong></p>{why}</details>"
