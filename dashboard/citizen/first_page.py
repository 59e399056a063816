"""What the city is like now, as HTML in the page itself: it stands there before any script ran, and without one.

The same elements as the page's scripts make (list.js, alerts.js, notices.js), which take over these very ones.
Made from memory, at most about once a second and language, never by a query of a visitor.
"""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from string import Template
from typing import Any, Final

from dashboard.api.domains import shapes
from dashboard.api.site import Site
from dashboard.citizen import alert_lines, words
from dashboard.citizen.marks import swatch, symbols
from dashboard.citizen.now import Now, iso
from dashboard.citizen.pages import LANGUAGES, PageSettings, template, texts
from dashboard.citizen.until import until
from dashboard.condition import MapSection
from dashboard.data import CityView
from dashboard.encoded import Encoded, encode
from dashboard.map_snapshot import feature_collection, usable_map_section
from dashboard.notices import public_item
from dashboard.places.addresses import domain_path
from storage.alert_log import AlertRow
from storage.model import Domain, Property, Quality
from storage.notices import Notice
from storage.units import symbol

OLDEST: Final = timedelta(seconds=1)
"""Ages grow: the page is made anew after this when somebody asks."""
OLD_AFTER_S: Final = 900
LARGEST: Final = 40_000
"""Bytes of a page at most, before compression."""
NOTICES_HERE: Final = "<!--notices-->"
ALERTS_HERE: Final = "<!--alerts-->"
NOTICE_WORDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "vi": ("Toàn thành phố", "từ", "đến", "đăng"),
    "en": ("Whole city", "from", "until", "published"),
}
"""As in assets/notice.js."""

Feature = Mapping[str, Any]


class FirstPage:
    """The page of each language, encoded and kept for a moment. `assets`: where its scripts lie."""

    def __init__(self, site: Site, settings: PageSettings) -> None:
        self._site = site
        self._texts = {language: texts(language) for language in LANGUAGES}
        self._templates = {language: template(language, settings) for language in self._texts}
        self._made: dict[str, tuple[datetime, Encoded]] = {}

    def get(self, language: str) -> Encoded:
        now = self._site.clock()
        made = self._made.get(language)
        if made is None or not timedelta() <= now - made[0] < OLDEST:
            made = self._made[language] = (now, encode(self._render(language, now), level=6))
        return made[1]

    def _render(self, language: str, at: datetime) -> bytes:
        now = Now(at=at, language=language, texts=self._texts[language])
        site = self._site
        firing = [alert for alert in site.alerts.active if alert.state == "firing"]
        return fill(self._templates[language], now, site.city.view, firing, site.notices.at(at))


def fill(
    page: Template, now: Now, view: CityView, alerts: Sequence[AlertRow], notices: Sequence[Notice]
) -> bytes:
    """The page of a moment. Pure."""
    found = {
        key: list(feature_collection(view, domain, now.at, bays=False)["features"])
        for key, domain in view.domains.items()
    }
    every = [feature for features in found.values() for feature in features]
    simulated = any(one["properties"]["simulated"] for one in every) or any(a.simulated for a in alerts)
    times = [at for one in every if (at := one["properties"].get("time")) is not None]
    age_s = (now.at - max(times)).total_seconds() if times else None
    sections = {key: usable_map_section(domain) for key, domain in view.domains.items()}
    made = page.substitute(
        symbols=symbols(),
        generated_at=iso(now.at),
        as_of=f"{now.of('as_of')} {words.moment(now.at)}",
        is_old=str(age_s is not None and age_s > OLD_AFTER_S).lower(),
        newest_now=_newest(now, age_s),
        simulated_hidden="" if simulated else " hidden",
        notices_hidden="" if notices else " hidden",
        notices_now=NOTICES_HERE,
        pages_now=_pages(now, view),
        layers_now="".join(_layer(now, d, shapes(sections)[key]) for key, d in view.domains.items()),
        alerts_now=ALERTS_HERE,
        tables="".join(_tables(now, view, sections, found))
        or f'<p class="quiet">{now.of("list_none_city")}</p>',
    )
    return _with_news(made, now, view, alerts, notices).encode()


def _with_news(
    page: str, now: Now, view: CityView, alerts: Sequence[AlertRow], notices: Sequence[Notice]
) -> str:
    """With the notices and alerts that fit: in a storm there are many, and the scripts show the rest.

    The page is at most `LARGEST` bytes, if it is so without any notice and with one alert.
    """
    markers = len(NOTICES_HERE) + len(ALERTS_HERE)
    room = LARGEST - len(page.encode()) + markers
    equal = alert_lines.groups(now, view, alerts)
    told = "".join(
        _fitting((_notice(now, public_item(one)) for one in notices), room - alert_lines.least(now, equal))
    )
    firing = alert_lines.fitting(now, equal, room - len(told.encode()))
    return page.replace(NOTICES_HERE, told, 1).replace(ALERTS_HERE, firing, 1)


def _fitting(parts: Iterable[str], room: int) -> list[str]:
    """The first ones that have room together, in bytes."""
    chosen: list[str] = []
    for part in parts:
        room -= len(part.encode())
        if room < 0:
            break
        chosen.append(part)
    return chosen


def _newest(now: Now, age_s: float | None) -> str:
    if age_s is None:
        return now.of("no_data")
    return f"{now.of('old_data' if age_s > OLD_AFTER_S else 'newest')}: {words.age(age_s, now.language)}"


def _layer(now: Now, domain: Domain, shape: str) -> str:
    key = html.escape(domain.key)
    return f'<a class="layer" href="#t-{key}" data-domain="{key}">{swatch(shape)}{now.text(domain.name)}</a>'


def _pages(now: Now, view: CityView) -> str:
    """To the list of the first domain, which leads to the others: 40,000 bytes have no room for all of them."""
    paths = (domain_path(domain, now.language) for domain in view.domains.values())
    path = next((path for path in paths if path is not None), None)
    return "" if path is None else f'<a href="{html.escape(path)}">{now.of("footer_places")}</a> · '


def _tables(
    now: Now, view: CityView, sections: Mapping[str, MapSection], found: Mapping[str, Sequence[Feature]]
) -> Iterator[str]:
    chosen = shapes(sections)
    for key, features in found.items():
        places = [one for one in features if one["properties"]["kind"] != "extent"]
        if not places:
            continue
        places.sort(key=lambda one: words.place_order(one["properties"][f"name_{now.language}"]))
        domain = view.domains[key]
        rows = "".join(row(now, domain, chosen[key], one) for one in places)
        heads = "".join(
            f"<th scope=col>{now.of(k)}" for k in ("list_place", "list_value", "list_level", "list_age")
        )
        yield (
            f'<table id="t-{html.escape(key)}" data-domain="{html.escape(key)}"><caption>{now.text(domain.name)}'
            f'<span class="count"> {len(places)}</span>{method_line(now, domain)}</caption>'
            f"<thead><tr>{heads}</thead><tbody>{rows}</tbody></table>\n"
        )


def method_line(now: Now, domain: Domain) -> str:
    """What the values of the list are, and how they come to be."""
    headline = domain.properties[domain.headline]
    scale = words.unit(symbol(headline.unit), now.language)
    what = f"{now.text(headline.name)}{f', {html.escape(scale)}' if scale else ''}"
    return f'<small class="method">{what} · {method(now, headline)}</small>'


def method(now: Now, observed: Property) -> str:
    """How a property's values come to be, as the catalogue says it."""
    if observed.method is not None:
        return now.text(observed.method)
    return now.of("method_derived" if observed.derived else "method_sensor")


def row(now: Now, domain: Domain, shape: str, feature: Feature) -> str:
    """One place of the list; list.js makes the same and works on these. 80 rows: each byte counts (a th of the first
    column heads its row without being told to)."""
    p = feature["properties"]
    ends = until(domain, p)
    expected = f" data-until={int(ends.timestamp())}" if ends is not None else ""
    state = "" if p["state"] == "live" else f" data-state={p['state']}"
    quality = (p["values"].get(domain.headline) or {}).get("quality", Quality.GOOD)
    grey = f" data-quality={quality}" if quality >= Quality.SUSPECT and "capacity" not in p else ""
    name = html.escape(p[f"name_{now.language}"])
    label = html.escape(p[f"label_{now.language}"])
    return (
        f"<tr id={feature['id']}{state}{expected}{grey}><th><span class=name>{name}"
        f"</span><td>{value_text(now, domain, p)}<td><span class=level>{swatch(shape, p['color'])}"
        f"<span>{label}{_by_centre(now, domain, p)}{closed_note(now, domain, p)}</span></span>"
        f"<td>{_age(now, domain, p)}"
    )


def value_text(now: Now, domain: Domain, p: Mapping[str, Any]) -> str:
    if "capacity" in p:
        return f"{p['free']} / {p['capacity']} {now.of('bay_free')}"
    value = p["values"].get(domain.headline)
    if value is None:
        return "–"
    headline = domain.properties[domain.headline]
    said = words.number(value["result"], headline.decimals, now.language)
    return html.escape(f"{said} {words.unit(symbol(headline.unit), now.language)}".strip())


def _by_centre(now: Now, domain: Domain, p: Mapping[str, Any]) -> str:
    expires = (p["values"].get(domain.headline) or {}).get("expires_at")
    return "" if expires is None else f"<small>{_until(now, expires)}</small>"


def _until(now: Now, expires: datetime) -> str:
    return f"{now.of('by_centre')} {now.of('by_centre_until')} {words.time(expires, now.at)}"


def closed_note(now: Now, domain: Domain, p: Mapping[str, Any]) -> str:
    """`closed_words` as lists have them, below the level."""
    said = closed_words(now, domain, p)
    return f"<small class=no-entry>{said}</small>" if said else ""


def closed_words(now: Now, domain: Domain, p: Mapping[str, Any]) -> str:
    """That a place is closed, who says so and until when, as HTML; empty when it is not."""
    if not p.get("closed"):
        return ""
    key = usable_map_section(domain).closure
    assert key is not None  # otherwise nothing would be closed (map_snapshot.py)
    value = p["values"][key]
    expires = value.get("expires_at")
    who = now.of(f"provenance_{value['provenance']}") if expires is None else _until(now, expires)
    return f"{now.text(domain.properties[key].name)} ({who})"


def _age(now: Now, domain: Domain, p: Mapping[str, Any]) -> str:
    if p.get("time") is None:
        return "–"
    age = words.age((now.at - p["time"]).total_seconds(), now.language)
    return f"<time datetime={iso(p['time'])}>{age}</time><small>{source(now, domain, p)}</small>"


def source(now: Now, domain: Domain, p: Mapping[str, Any]) -> str:
    """Where the value of a place comes from: of a point its bays, of an indicator also its inputs."""
    value = p["values"].get(domain.headline)
    if "capacity" in p or value is None:
        return now.of("provenance_simulated" if p["simulated"] else "provenance_measured")
    own, of = value["provenance"], value.get("input_provenance")
    return now.of(f"provenance_{own}") + (f" · {now.of(f'provenance_{of}')}" if of else "")


def _notice(now: Now, item: Mapping[str, Any]) -> str:
    whole, begins, ends, published = NOTICE_WORDS[now.language]
    area = ", ".join(ward["name"][now.language] for ward in item["wards"]) or whole
    spoken = words.age((now.at - item["published_at"]).total_seconds(), now.language)
    span = (
        f"{begins} {words.time(item['starts_at'], now.at)} {ends} {words.time(item['ends_at'], now.at)}"
        f' · {published} <time datetime="{iso(item["published_at"])}">{spoken}</time>'
    )
    return (
        f'<li data-id="{item["id"]}" data-ends="{iso(item["ends_at"])}"><article class="notice" lang="{now.language}">'
        f'<p class="notice-head"><strong>{html.escape(item["kind_name"][now.language])}</strong> · '
        f'{html.escape(area)}</p><p class="notice-text">{html.escape(item["text"][now.language])}</p>'
        f'<p class="notice-when">{span}</p></article></li>'
    )
