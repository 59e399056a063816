"""How much it rained at each gauge in 1, 3, 6 and 24 hours: bars, classes in words, how much of it was reported."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import number, stamp, word
from dashboard.control_room.domains.model import Ask, Choice, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import bands_in_words, thing_name
from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView
from dashboard.figures.rain_bars import Column, RainBar, rain_bars
from ingest.indicators.rain_sums import LEAST_COVERAGE
from storage import rain_totals
from storage.model import Domain, Provenance
from storage.rain_totals import RainTotal
from storage.things import ThingRow

HALF_OF_SIX_HOURS: Final = timedelta(hours=3)
"""No sum of six hours is derived: two of three hours join to one."""
READ: Final = ("rain_1h", "rain_3h", "rain_24h")
WINDOWS: Final = ("1h", "3h", "6h", "24h")
SHOWN_FIRST: Final = ("1h", "24h")
OLD_AFTER: Final = timedelta(minutes=30)
"""Sums come every ten minutes: three of them missing is old, as on the map."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Rain of a window that ends at `time`."""

    mm: float
    coverage: float
    """Share of the window that reports cover, 0 to 1."""
    time: datetime
    provenance: str

    @property
    def is_lower_bound(self) -> bool:
        """Too little of the window was reported."""
        return self.coverage < LEAST_COVERAGE

    def is_old(self, now: datetime) -> bool:
        return now - self.time > OLD_AFTER


OfGauge = Mapping[str, Window]
"""By a key of WINDOWS."""


def windows(totals: Iterable[RainTotal]) -> dict[str, dict[str, Window]]:
    """By gauge, and then by a key of WINDOWS."""
    found: dict[str, dict[str, Window]] = {}
    for total in totals:
        of_gauge = found.setdefault(total.thing_id, {})
        of_gauge[total.property.removeprefix("rain_")] = Window(
            mm=total.result,
            coverage=_covered(total.coverage),
            time=total.phenomenon_time,
            provenance=total.provenance,
        )
        if total.property == "rain_3h":
            of_gauge["6h"] = _joined(total)
    return found


def _joined(total: RainTotal) -> Window:
    """What the earlier half does not know is not guessed: without it half of the window is covered at most."""
    earlier = 0.0 if total.before_result is None else _covered(total.before_coverage)
    simulated = Provenance.SIMULATED in (total.provenance, total.before_provenance)
    return Window(
        mm=round(total.result + (total.before_result or 0.0), 6),
        coverage=round((_covered(total.coverage) + earlier) / 2, 3),
        time=total.phenomenon_time,
        provenance=Provenance.SIMULATED.value if simulated else total.provenance,
    )


def _covered(coverage: float | None) -> float:
    """A sum that does not say how much of it was reported is of all of it."""
    return 1.0 if coverage is None else coverage


def panel(key: str = "rain-sums") -> Panel:
    return Panel(
        key=key,
        title=TEXTS["rain_sums_title"],
        hint=TEXTS["rain_sums_hint"],
        domain="rain",
        watches=frozenset(READ),
        draw=draw,
        choices=choices,
    )


def choices(view: CityView, domain: Domain, shown: Language) -> Sequence[Choice]:
    offered = [(key, say(f"rain_window_{key}", shown)) for key in WINDOWS]
    name = say("rain_sums_windows", shown)
    return [Choice(key="window", name=name, offered=offered, default=SHOWN_FIRST, most=len(WINDOWS))]


def draw(ask: Ask) -> Drawn:
    gauges = gauges_of(ask.view, ask.domain)
    totals = rain_totals.newest(
        ask.conn, [one.id for one in gauges], READ, until=ask.now, before=HALF_OF_SIX_HOURS
    )
    return drawn(
        gauges, windows(totals), ask.chosen.get("window", SHOWN_FIRST), ask.domain, ask.now, ask.shown
    )


def gauges_of(view: CityView, domain: Domain) -> list[ThingRow]:
    return [thing for thing in view.things_of.get(domain.key, ()) if thing.kind in domain.map_kinds]


def drawn(
    gauges: Sequence[ThingRow],
    found: Mapping[str, OfGauge],
    chosen: Sequence[str],
    domain: Domain,
    now: datetime,
    shown: Language,
) -> Drawn:
    """Who had the most of the first chosen length of time comes first, who is silent last."""
    keys = [key for key in WINDOWS if key in chosen] or list(SHOWN_FIRST)

    def rank(gauge: ThingRow) -> tuple[float, str]:
        window = found.get(gauge.id, {}).get(keys[0])
        return (-window.mm if window and not window.is_old(now) else 1.0, thing_name(gauge, shown))

    ordered = sorted(gauges, key=rank)
    columns = [
        Column(
            key=key,
            title=say(f"rain_window_{key}", shown),
            bars=[
                _bar(gauge, found.get(gauge.id, {}).get(key), key, domain, now, shown) for gauge in ordered
            ],
        )
        for key in keys
    ]
    names = [thing_name(gauge, shown) for gauge in ordered]
    return Drawn(
        words=in_words(ordered, found, domain, now, shown),
        table=_table(ordered, found, domain, now, shown),
        sheet=Sheet(
            plain=lambda: list(_plain(ordered, found)), excel=lambda: list(_excel(ordered, found, domain))
        ),
        figure=rain_bars(names, columns, say("rain_sums_empty", shown)),
        over_time=False,
        empty=not found,
        scale=[item for key in keys for item in _scale(key, domain, shown)],
    )


def _scale(key: str, domain: Domain, shown: Language) -> Iterator[Mapping[str, Any]]:
    """The classes of one length of time, each with it: those of an hour are not those of a day."""
    observed = domain.properties.get(f"rain_{key}")
    for item in bands_in_words(observed, shown) if observed and observed.bands else ():
        yield {**item, "text": f"{say(f'rain_window_{key}', shown)} · {item['text']}"}


def class_of(window: Window, key: str, domain: Domain, shown: Language) -> tuple[str, str | None]:
    """Word and colour of the class, by the catalogue's scale for this length of time; 3 and 6 hours have none."""
    observed = domain.properties.get(f"rain_{key}")
    band = observed.band(window.mm) if observed and observed.bands else None
    return (band.label.in_language(shown), band.color) if band else ("", None)


def _bar(
    gauge: ThingRow, window: Window | None, key: str, domain: Domain, now: datetime, shown: Language
) -> RainBar | None:
    if window is None or window.is_old(now):
        return None
    label, color = class_of(window, key, domain, shown)
    text = _amount(window, shown)
    cover = say("rain_sums_coverage", shown).format(percent=number(100 * window.coverage, 0, shown))
    lines = [thing_name(gauge, shown), say(f"rain_window_{key}", shown), f"{text} mm", label, cover]
    return RainBar(
        mm=window.mm,
        text=text,
        hover="<br>".join([*filter(None, lines), stamp(window.time)]),
        color=color,
        lower_bound=window.is_lower_bound,
    )


def _amount(window: Window, shown: Language) -> str:
    """At least so much, where not enough was reported."""
    return f"{'≥ ' if window.is_lower_bound else ''}{number(window.mm, 1, shown)}"


def in_words(
    gauges: Sequence[ThingRow],
    found: Mapping[str, OfGauge],
    domain: Domain,
    now: datetime,
    shown: Language,
) -> str:
    """The wettest gauge of the last hour and of the last day, and who is silent."""
    if not found:
        return say("rain_sums_empty", shown)
    said = []
    for key in SHOWN_FIRST:
        fresh = [
            (window, gauge)
            for gauge in gauges
            if (window := found.get(gauge.id, {}).get(key)) is not None and not window.is_old(now)
        ]
        if fresh:
            window, gauge = max(fresh, key=lambda one: one[0].mm)
            label, _ = class_of(window, key, domain, shown)
            said.append(
                say("rain_sums_words", shown).format(
                    window=say(f"rain_window_{key}", shown),
                    gauge=thing_name(gauge, shown),
                    mm=_amount(window, shown),
                    label=label,
                    at=stamp(window.time),
                )
            )
    old = [gauge for gauge in gauges if all(w.is_old(now) for w in found.get(gauge.id, {}).values())]
    if old:
        names = ", ".join(thing_name(gauge, shown) for gauge in old)
        said.append(say("rain_sums_silent", shown).format(count=len(old), names=names))
    return " ".join(said)


def _table(
    gauges: Sequence[ThingRow],
    found: Mapping[str, OfGauge],
    domain: Domain,
    now: datetime,
    shown: Language,
) -> Table:
    heads = [say("rain_sums_gauge", shown), *(say(f"rain_window_{key}", shown) for key in WINDOWS)]
    rows = []
    for gauge in gauges:
        of_gauge = found.get(gauge.id, {})
        time = max((window.time for window in of_gauge.values()), default=None)
        if time is None:
            age = say("state_never", shown)
        else:
            old = now - time > OLD_AFTER
            age = f"{stamp(time)} ({say('state_stale', shown)})" if old else stamp(time)
        cells = [_cell(of_gauge.get(key), key, domain, shown) for key in WINDOWS]
        rows.append([thing_name(gauge, shown), *cells, age])
    return Table(heads=[*heads, say("rain_sums_until", shown)], rows=rows, numbers=range(1, 1 + len(WINDOWS)))


def _cell(window: Window | None, key: str, domain: Domain, shown: Language) -> str:
    """'63.4 mm, heavy rain; 98 % reported'."""
    if window is None:
        return "–"
    label, _ = class_of(window, key, domain, shown)
    cover = say("rain_sums_reported", shown).format(percent=number(100 * window.coverage, 0, shown))
    return f"{', '.join(filter(None, [f'{_amount(window, shown)} mm', label]))}; {cover}"


def _plain(gauges: Iterable[ThingRow], found: Mapping[str, OfGauge]) -> Iterator[Sequence[csv_text.Cell]]:
    yield ("thing", "window", "time", "mm", "coverage", "provenance")
    for gauge, key, window in _known(gauges, found):
        yield (gauge.id, key, csv_text.iso(window.time), window.mm, window.coverage, window.provenance)


def _excel(
    gauges: Iterable[ThingRow], found: Mapping[str, OfGauge], domain: Domain
) -> Iterator[Sequence[csv_text.Cell]]:
    yield ("Trạm mưa", "Khoảng", "Đến lúc", "Lượng mưa (mm)", "Cấp mưa", "Độ phủ (%)", "Nguồn gốc")
    for gauge, key, window in _known(gauges, found):
        label, _ = class_of(window, key, domain, "vi")
        origin = word("provenance", window.provenance, "vi")
        name, until = say(f"rain_window_{key}", "vi"), csv_text.local(window.time)
        yield (gauge.name_vi, name, until, window.mm, label, round(100 * window.coverage, 1), origin)


def _known(
    gauges: Iterable[ThingRow], found: Mapping[str, OfGauge]
) -> Iterator[tuple[ThingRow, str, Window]]:
    for gauge in gauges:
        for key in WINDOWS:
            window = found.get(gauge.id, {}).get(key)
            if window is not None:
                yield gauge, key, window
