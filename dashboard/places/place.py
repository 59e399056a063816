"""The page of one place, as it is at the moment. From memory; pure."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dashboard.api.domains import shapes
from dashboard.citizen import words
from dashboard.citizen.alert_lines import SIGN
from dashboard.citizen.first_page import closed_words, method, value_text
from dashboard.citizen.marks import swatch
from dashboard.citizen.now import Now, iso
from dashboard.condition import STALE_AFTER_INTERVALS, is_older
from dashboard.data import CityView
from dashboard.map_snapshot import any_feature, usable_map_section
from dashboard.places import structured
from dashboard.places.addresses import HOMES, domain_path, place_path
from dashboard.places.files import downloads
from dashboard.places.frame import Around, Page, link
from dashboard.places.history import DAY, last_day
from dashboard.places.observed import observed, stamped_at_end
from dashboard.places.period import Period
from dashboard.places.said import is_of_simulated, kind_of, measured, name_of, paths_of, word
from storage.alert_log import AlertRow
from storage.model import HANOI, CoordinateTrust, Domain, Property, Provenance, Quality
from storage.observations import LiveValue, RollupRow
from storage.things import DatastreamRow, ThingRow

GOOD: Final = Quality.GOOD
_REPORTS: Final[Mapping[str, str]] = {"vi": "/vi/phan-anh", "en": "/en/report"}

Properties = Mapping[str, Any]


def place_page(
    now: Now,
    around: Around,
    view: CityView,
    domain: Domain,
    thing: ThingRow,
    *,
    hours: Mapping[int, Sequence[RollupRow]],
    alerts: Iterable[AlertRow] = (),
) -> Page:
    """`hours` are those of the last day, by Datastream. The domain must have pages."""
    p: Properties = any_feature(view, domain, thing, now.at)["properties"]
    told = observed(view, domain, thing)
    recent = _recent(told, hours)
    own = [one for one in alerts if one.thing_id == thing.id and one.state == "firing"]
    name, subject = name_of(thing, now.language), domain.name.in_language(now.language)
    parts = (
        _standing(now, view, domain, p),
        _alerts(now, own),
        _where(now, view, domain, thing),
        _values(now, view, [one for one in told if not _is_counted_above(one[0], p)]),
        last_day(now, *recent) if recent else "",
        _children(now, view, domain, thing),
        _history(now, domain, thing) if told else "",
        _programs(now, thing, told),
    )
    return Page(
        title=f"{name} – {subject}",
        heading=name,
        description=_description(now, domain, p, name),
        paths=paths_of(domain, thing),
        trail=[(subject, domain_path(domain, now.language) or "")],
        body="\n".join(part for part in parts if part),
        simulated=bool(p["simulated"])
        or any(one.simulated for one in own)
        or bool(recent and any(map(is_of_simulated, recent[1]))),
        structured=structured.of_place(now, around, view, domain, thing, told),
    )


def _standing(now: Now, view: CityView, domain: Domain, p: Properties) -> str:
    """Mark, value and word; grey, and the word says why, when it can't be believed."""
    shape = shapes({key: usable_map_section(one) for key, one in view.domains.items()})[domain.key]
    label = html.escape(p[f"label_{now.language}"])
    grey = p["level"] is None
    at = _of_headline(domain, p)["time"]
    when = f" <time datetime={iso(at)}>{_when(now, at)}</time>" if at is not None else ""
    why = f"{now.of('place_grey')}: " if grey and at is not None else ""
    said = value_text(now, domain, p)
    value = "" if said == "–" else f'<span class="value">{said}</span> '
    state = ' data-grey="true"' if grey else ""
    closed = closed_words(now, domain, p)
    return (
        f'<p class="standing"{state}>{swatch(shape, p["color"])} {value}<strong>{why}{label}</strong>{when}</p>'
        + (f'<p class="no-entry"><strong>{closed}</strong></p>' if closed else "")
    )


def _of_headline(domain: Domain, p: Properties) -> Properties:
    """What has the time of what is shown: the headline's value, or the last report."""
    value: Properties = p if "capacity" in p else p["values"].get(domain.headline, p)
    return value


def _when(now: Now, at: Any) -> str:
    return f"{words.time(at, now.at)} ({words.age((now.at - at).total_seconds(), now.language)})"


def _alerts(now: Now, alerts: Sequence[AlertRow]) -> str:
    if not alerts:
        return ""
    items = "".join(_alert(now, one) for one in alerts)
    return f'<section><h2>{now.of("place_alert")}</h2><ul class="alerts">{items}</ul></section>'


def _alert(now: Now, alert: AlertRow) -> str:
    title = alert.title_vi if now.language == "vi" else alert.title_en
    said = [
        f"{now.of('alert_since')} {words.time(alert.firing_since, now.at)}" if alert.firing_since else "",
        now.of("alert_simulated") if alert.simulated else "",
    ]
    sign = SIGN.get(alert.severity, "●")
    return (
        f'<li data-severity="{html.escape(alert.severity)}"><strong><span aria-hidden="true">{sign} </span>'
        f"{now.of(f'severity_{alert.severity}')}</strong> {html.escape(title)}"
        f" <small>{' · '.join(one for one in said if one)}</small>"
    )


def _where(now: Now, view: CityView, domain: Domain, thing: ThingRow) -> str:
    point = view.things.get(thing.parent_id or "")
    stands = thing if thing.lat is not None or point is None else point
    street = thing.properties.get("street") or (point.properties.get("street") if point else None)
    facts = [html.escape(kind_of(now, domain, thing)), now.text(domain.name)]
    lines = [" · ".join(one for one in facts if one)]
    if thing.retired_from is not None:
        since = Period.day_of(thing.retired_from).title(now.language)
        lines.append(f"{now.of('place_retired')} {since}")
    if point is not None:
        path = place_path(domain, point.id, now.language)
        lines.append(f"{now.of('place_part_of')}: {link(path, name_of(point, now.language))}")
    if isinstance(street, str) and street:
        lines.append(f"{now.of('place_street')}: {html.escape(street)}")
    lines.append(_position(now, stands))
    links = _ways_there(now, domain, point or thing, stands)
    told = "".join(f"<li>{one}" for one in lines)
    return (
        f'<section><h2>{now.of("place_where")}</h2><ul class="facts">{told}</ul>'
        f'<p class="links">{" ".join(links)}</p></section>'
    )


def _ways_there(now: Now, domain: Domain, shown: ThingRow, stands: ThingRow) -> list[str]:
    """`shown` is what the map has of it; nobody is sent to a position that is made up."""
    links = []
    if shown.lat is not None and shown.kind in domain.map_kinds and shown.retired_from is None:
        links.append(link(f"{HOMES[now.language]}#{shown.id}", now.texts["place_on_map"]))
        links.append(link(f"{_REPORTS[now.language]}?thing={shown.id}", now.texts["place_report"]))
    if stands.lat is not None and stands.coordinate_trust != CoordinateTrust.SYNTHETIC:
        links.append(link(f"geo:{stands.lat},{stands.lon}", now.texts["place_directions"]))
    return links


def _position(now: Now, stands: ThingRow) -> str:
    if stands.lat is None or stands.lon is None:
        return now.of("place_nowhere")
    trust = f" · {now.of(f'place_{stands.coordinate_trust}')}" if stands.coordinate_trust else ""
    return f"{stands.lat:.5f}, {stands.lon:.5f} (WGS 84){trust}"


def _values(now: Now, view: CityView, told: Sequence[tuple[Property, DatastreamRow]]) -> str:
    rows = "".join(
        _row(now, view, observed, value)
        for observed, stream in told
        if (value := view.newest.get(stream.id)) is not None and value.quality != Quality.MISSING
    )
    if not rows:
        return f'<section><h2>{now.of("values")}</h2><p class="quiet">{now.of("no_values")}</p></section>'
    heads = "".join(f"<th scope=col>{now.of(key)}" for key in ("place_quantity", "place_value"))
    return (
        f'<section><h2>{now.of("values")}</h2><table class="values"><thead><tr>{heads}</thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def _row(now: Now, view: CityView, observed: Property, value: LiveValue) -> str:
    old = is_older(view, value, STALE_AFTER_INTERVALS, now.at)
    band = None if old or value.quality >= Quality.SUSPECT else observed.band(value.result)
    notes = [
        _when_of(now, observed, value),
        now.of("by_centre_expired" if value.expires_at else "old_data").lower() if old else "",
        "" if observed.derived and value.quality == GOOD else now.of(f"quality_{value.quality}"),
        html.escape(value.quality_reason or ""),
        provenance(now, value),
        _method(now, observed, value),
        now.of("remark_us_aqi") if observed.key == "us_aqi" else "",
    ]
    grey = " data-grey=true" if old or value.quality >= Quality.SUSPECT else ""
    return (
        f"<tr{grey}><th scope=row>{now.text(observed.name)}<td><span class=value>"
        f"{measured(now, observed, value.result)}</span>{word(now, band)}"
        f"<small>{' · '.join(one for one in notes if one)}</small>"
    )


def _is_counted_above(observed: Property, p: Properties) -> bool:
    """The counts of a parking point stand live above; the derived ones of the moment are older and may differ."""
    return "capacity" in p and observed.derived and stamped_at_end(observed) < DAY


def _when_of(now: Now, observed: Property, value: LiveValue) -> str:
    """Of what there is once a day, which day: its time is the end of it."""
    if stamped_at_end(observed) != DAY:
        return _when(now, value.phenomenon_time)
    return f"{now.of('day_of')} {(value.phenomenon_time - DAY).astimezone(HANOI):%d/%m/%Y}"


def provenance(now: Now, value: LiveValue) -> str:
    """Where it comes from, of an indicator also its inputs, by hand also until when."""
    if value.expires_at is not None:
        until = f"{now.of('by_centre_until')} {words.time(value.expires_at, now.at)}"
        return f"{now.of('by_centre')} ({until})"
    said = now.of(f"provenance_{value.provenance}")
    if value.input_provenance is None:
        return said
    return f"{said} ({now.of('from_inputs')} {now.of(f'provenance_{value.input_provenance}')})"


def _method(now: Now, observed: Property, value: LiveValue) -> str:
    if observed.method is not None or observed.derived:
        return method(now, observed)
    return now.of("method_by_sensor") if value.provenance == Provenance.MEASURED else ""


def _recent(
    told: Sequence[tuple[Property, DatastreamRow]], hours: Mapping[int, Sequence[RollupRow]]
) -> tuple[Property, Sequence[RollupRow]] | None:
    """Of the most telling property whose hours are kept; none of a bay, whose hours nobody keeps."""
    return next(((one, hours[stream.id]) for one, stream in told if stream.id in hours), None)


def _children(now: Now, view: CityView, domain: Domain, thing: ThingRow) -> str:
    found = view.children_of.get(thing.id, ())
    if not found:
        return ""
    items = "".join(_child(now, view, domain, one) for one in found)
    title = now.of("place_bays" if usable_map_section(domain).summary else "place_parts")
    return f'<section><h2>{title}</h2><ul class="children">{items}</ul></section>'


def _child(now: Now, view: CityView, domain: Domain, child: ThingRow) -> str:
    own = view.domains.get(child.domain, domain)
    p = any_feature(view, own, child, now.at)["properties"]
    said = now.of(f"bay_{p['bay_state']}") if "bay_state" in p else html.escape(p[f"label_{now.language}"])
    return f"<li>{link(place_path(own, child.id, now.language), name_of(child, now.language))} <small>{said}</small>"


def _history(now: Now, domain: Domain, thing: ThingRow) -> str:
    day, month = Period.day_of(now.at), Period.month_of(now.at)
    chosen = (
        ("place_today", day),
        ("place_yesterday", day.previous),
        ("place_this_month", month),
        ("place_last_month", month.previous),
    )
    links = " ".join(
        link(place_path(domain, thing.id, now.language, period), f"{now.texts[key]} ({period.text})")
        for key, period in chosen
    )
    return (
        f'<section><h2>{now.of("place_history")}</h2><p class="links">{links}</p>'
        f"{downloads(now, domain, thing, month)}</section>"
    )


def _programs(now: Now, thing: ThingRow, told: Sequence[tuple[Property, DatastreamRow]]) -> str:
    links = [
        link(f"/api/v1/things/{thing.id}", "JSON (API)"),
        link(f"/sta/v1.1/Things('{thing.id}')", "OGC SensorThings"),
    ]
    if told:
        links.append(
            link(f"/api/v1/datastreams/{told[0][1].id}/observations?step=auto", "Observations (API)")
        )
    return f'<section><h2>{now.of("place_programs")}</h2><p class="links">{" ".join(links)}</p></section>'


def _description(now: Now, domain: Domain, p: Properties, name: str) -> str:
    subject = domain.name.in_language(now.language)
    at = _of_headline(domain, p)["time"]
    said = html.unescape(value_text(now, domain, p))
    if at is None or said == "–":
        return now.texts["place_describe"].format(name=name, domain=subject)
    headline = (
        "" if "capacity" in p else f"{domain.properties[domain.headline].name.in_language(now.language)} "
    )
    told = f"{headline}{said}, {p[f'label_{now.language}']}"
    return now.texts["place_describe_now"].format(name=name, said=told, at=words.moment(at), domain=subject)
