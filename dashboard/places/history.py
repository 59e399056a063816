"""What a place observed in a time: its last 24 hours, a day by hours, a month by days. From rollups; pure."""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.citizen import words
from dashboard.citizen.now import Now
from dashboard.data import CityView
from dashboard.places.addresses import domain_path, place_path
from dashboard.places.bars import bars
from dashboard.places.files import downloads
from dashboard.places.frame import LARGEST, Page, link
from dashboard.places.last_day import HOUR, hours
from dashboard.places.observed import OF_THE_DEVICE, observed, stamped_at_end
from dashboard.places.period import Period
from dashboard.places.said import averaged, is_of_simulated, measured, name_of, paths_of, word
from storage.model import HANOI, Domain, Property
from storage.observations import RollupRow
from storage.place_history import Step
from storage.things import DatastreamRow, ThingRow

DAY: Final = timedelta(days=1)
_MORE: Final = 12_000
"""Bytes of a page beside its table of other quantities, at most."""

Rows = Mapping[int, Sequence[RollupRow]]
Told = Sequence[tuple[Property, DatastreamRow]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a page of a period reads."""

    told: Told
    step: Step
    start: datetime
    end: datetime
    """Exclusive; beyond the period, since an index stands at the end of its hour or day."""


def asked(view: CityView, domain: Domain, thing: ThingRow, period: Period) -> Asked:
    """A day by hours, without what there is once a day; a month by days, first what is an index of the day."""
    width = HOUR if period.is_day else DAY
    told = [
        (one, stream)
        for one, stream in observed(view, domain, thing)
        if one.key not in OF_THE_DEVICE and stamped_at_end(one) <= width
    ]
    if not period.is_day:
        told.sort(key=lambda one: not _is_index_of_a_day(domain, one[0]))
    return Asked(told=told, step="1h" if period.is_day else "1d", start=period.start, end=period.end + width)


def _is_index_of_a_day(domain: Domain, one: Property) -> bool:
    """On the headline's own scale: VN_AQI of the day, where the mean of the hourly ones would be no index."""
    scale = domain.properties[domain.headline].bands
    return stamped_at_end(one) == DAY and bool(one.bands) and one.bands == scale


def history_page(
    now: Now,
    view: CityView,
    domain: Domain,
    thing: ThingRow,
    period: Period,
    found: Rows,
    first: datetime,
) -> Page:
    """`first`: when the first day with a value began. The domain must have pages."""
    name, subject = name_of(thing, now.language), domain.name.in_language(now.language)
    said = period.title(now.language)
    told = asked(view, domain, thing, period).told
    shown = [(one, _by_begin(one, period, found.get(stream.id, ()))) for one, stream in told]
    begins = list(_begins(period, now.at))
    simulated = any(is_of_simulated(row) for _, rows in shown for row in rows.values())
    body = "\n".join(
        part
        for part in (
            _leafing(now, domain, thing, period, first),
            f'<p class="note">{now.of("place_running")}</p>' if period.end > now.at else "",
            _tables(now, domain, thing, period, begins, shown),
            f"<section><h2>{now.of('place_download')}</h2>{downloads(now, domain, thing, period)}</section>",
        )
        if part
    )
    return Page(
        title=f"{name}, {said} – {subject}",
        heading=f"{name}, {said}",
        description=now.texts["place_describe_period"].format(name=name, period=said, domain=subject),
        paths=paths_of(domain, thing, period),
        trail=[
            (subject, domain_path(domain, now.language) or ""),
            (name, place_path(domain, thing.id, now.language) or ""),
        ],
        body=body,
        simulated=simulated,
    )


def last_day(now: Now, one: Property, rows: Sequence[RollupRow]) -> str:
    """The last 24 hours as a section of the place's page: bars, and the same as a table that opens."""
    title = f"<h2>{now.of('place_last_day')}: {now.text(one.name)}</h2>"
    begins = hours(now.at)
    late = stamped_at_end(one)
    found = {row.bucket - late: row for row in rows if row.bucket - late >= begins[0]}
    if not found:
        return f'<section>{title}<p class="quiet">{now.of("place_no_hours")}</p></section>'
    table = _table(now, one, "place_hour", {hour: _hour(hour) for hour in reversed(begins)}, found)
    return (
        f"<section>{title}{_drawn(now, one, begins, found)}"
        f"<details><summary>{now.of('place_table')}</summary>{table}</details></section>"
    )


def _begins(period: Period, now: datetime) -> Iterator[datetime]:
    at, width = period.start, HOUR if period.is_day else DAY
    while at < period.end and at <= now:
        yield at
        at += width


def _by_begin(one: Property, period: Period, rows: Sequence[RollupRow]) -> dict[datetime, RollupRow]:
    """By the beginning of the hour or day that a bucket is about; those of the period alone."""
    late = stamped_at_end(one)
    width = HOUR if period.is_day else DAY
    shift = late if late == width else timedelta()
    found = {row.bucket - shift: row for row in rows}
    return {begin: row for begin, row in found.items() if period.start <= begin < period.end}


def _leafing(now: Now, domain: Domain, thing: ThingRow, period: Period, first: datetime) -> str:
    links = []
    if period.start > first:
        links.append(
            _leaf(now, domain, thing, period.previous, "← ", now.texts["place_previous"], rel="prev")
        )
    if period.is_day:
        links.append(_leaf(now, domain, thing, period.month, "↑ ", ""))
    if period.next.start <= now.at:
        links.append(_leaf(now, domain, thing, period.next, "→ ", now.texts["place_next"], rel="next"))
    return f'<nav class="links" aria-label="{now.of("place_history")}">{" ".join(links)}</nav>'


def _leaf(
    now: Now, domain: Domain, thing: ThingRow, period: Period, sign: str, said: str, **more: str
) -> str:
    text = f"{sign}{said}{': ' if said else ''}{period.title(now.language)}"
    return link(place_path(domain, thing.id, now.language, period), text, **more)


def _tables(
    now: Now,
    domain: Domain,
    thing: ThingRow,
    period: Period,
    begins: Sequence[datetime],
    shown: Sequence[tuple[Property, Mapping[datetime, RollupRow]]],
) -> str:
    told = [(one, rows) for one, rows in shown if rows]
    if not told:
        return f'<p class="quiet">{now.of("place_empty")}</p>'
    (first, rows), others = told[0], told[1:]
    called = {begin: _called(now, domain, thing, period, begin) for begin in begins}
    head = "place_hour" if period.is_day else "place_day"
    main = (
        f"<section><h2>{now.text(first.name)}</h2>{_drawn(now, first, begins, rows)}"
        f"{_table(now, first, head, called, rows)}"
        f'<p class="note">{now.of("place_of_reports")} {now.of("place_stamped")}</p></section>'
    )
    return main + _others(now, head, called, others, LARGEST - _MORE - len(main.encode()))


def _called(now: Now, domain: Domain, thing: ThingRow, period: Period, begin: datetime) -> str:
    if period.is_day:
        return _hour(begin)
    local = begin.astimezone(HANOI)
    return link(place_path(domain, thing.id, now.language, Period.day_of(begin)), f"{local:%d/%m}")


def _hour(begin: datetime) -> str:
    local = begin.astimezone(HANOI)
    return f"{local:%H:%M}–{local + HOUR:%H:%M}"


def _table(
    now: Now, one: Property, first: str, called: Mapping[datetime, str], rows: Mapping[datetime, RollupRow]
) -> str:
    """A line a bucket that has a value, in the order of `called`; one value each has no mean to be told."""
    single = all(row.count == 1 for row in rows.values())
    keys = ("place_only_value",) if single else ("place_mean", "place_low", "place_high", "place_count")
    heads = "".join(f"<th scope=col>{now.of(key)}" for key in (first, *keys, "place_source"))
    lines = "".join(
        _line(now, one, text, rows[begin], single=single) for begin, text in called.items() if begin in rows
    )
    return f'<table class="rollups"><thead><tr>{heads}</thead><tbody>{lines}</tbody></table>'


def _line(now: Now, one: Property, called: str, row: RollupRow, *, single: bool) -> str:
    """One bucket; its class only where it is one value: a mean of indices has none."""
    band = one.band(row.mean) if row.count == 1 and row.mean is not None else None
    mean = "–" if row.mean is None else averaged(now, one, row.mean)
    suspect = f"<small>+{row.suspect} {now.of('place_suspect')}</small>" if row.suspect else ""
    cells = [f"{mean} {word(now, band)}{suspect if single else ''}"]
    if not single:
        cells += [measured(now, one, row.min), measured(now, one, row.max), f"{row.count}{suspect}"]
    cells.append(now.of(f"provenance_{row.provenance}"))
    return f"<tr><th scope=row>{called}{''.join(f'<td>{cell}' for cell in cells)}"


def _drawn(now: Now, one: Property, begins: Sequence[datetime], rows: Mapping[datetime, RollupRow]) -> str:
    low, high = min(row.min for row in rows.values()), max(row.max for row in rows.values())
    said = " · ".join(
        f"{now.of(key)} {measured(now, one, value)}"
        for key, value in (("chart_lowest", low), ("chart_highest", high))
    )
    means = [rows[begin].mean if begin in rows else None for begin in begins]
    return f'{bars(means, said)}<p class="note">{said}</p>'


def _others(
    now: Now,
    head: str,
    called: Mapping[datetime, str],
    others: Sequence[tuple[Property, Mapping[datetime, RollupRow]]],
    room: int,
) -> str:
    """A column a quantity: as many as the page has room for, and how many more there are."""
    for count in range(len(others), 0, -1):
        table = _wide(now, head, called, others[:count])
        if len(table.encode()) <= room:
            rest = len(others) - count
            more = html.escape(now.texts["place_left_out"].format(n=rest)) if rest else ""
            note = f'<p class="note">{now.of("place_mean_high")}. {more}</p>'
            return f"<section><h2>{now.of('place_others')}</h2>{note}{table}</section>"
    return ""


def _wide(
    now: Now,
    head: str,
    called: Mapping[datetime, str],
    others: Sequence[tuple[Property, Mapping[datetime, RollupRow]]],
) -> str:
    heads = "".join(f"<th scope=col>{now.text(one.name)}{_unit(now, one)}" for one, _ in others)
    told = {begin for _, rows in others for begin in rows}
    lines = "".join(
        f"<tr><th scope=row>{text}{''.join(_cell(now, one, rows.get(begin)) for one, rows in others)}"
        for begin, text in called.items()
        if begin in told
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{now.of("place_others")}"><table>'
        f"<thead><tr><th scope=col>{now.of(head)}{heads}</thead><tbody>{lines}</tbody></table></div>"
    )


def _unit(now: Now, one: Property) -> str:
    said = measured(now, one, 2).partition(" ")[2]
    return f" <small>{said}</small>" if said else ""


def _cell(now: Now, one: Property, row: RollupRow | None) -> str:
    if row is None or row.mean is None:
        return "<td>–"
    mean = averaged(now, one, row.mean, with_unit=False)
    if row.count == 1 or one.boolean or one.circular:
        return f"<td>{mean}"
    return f"<td>{mean}<small>{words.number(row.max, one.decimals, now.language)}</small>"
