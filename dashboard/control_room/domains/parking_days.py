"""What was derived of each day at the parking points: turnover, stays, overstays, the estimated amount."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import lasting, number, stamp
from dashboard.control_room.domains.model import Ask, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import thing_name
from dashboard.control_room.domains.parking_street import points
from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from dashboard.figures.drawing import ACCENT, SUSPECT, Figure, layout, middle
from ingest.indicators import parking
from ingest.indicators.parking import ESTIMATED
from storage import observations
from storage.model import HANOI, Provenance, Quality
from storage.observations import HistoryValue
from storage.things import DatastreamRow, ThingRow

READ: Final = (
    "parking_turnover",
    "parking_dwell_mean",
    "parking_overstay_rate",
    "parking_availability",
    "parking_amount_estimated",
)
_OVERSTAY: Final = "#D98A6A"


def panel(key: str = "parking-days") -> Panel:
    return Panel(
        key=key,
        title=TEXTS["parking_days_title"],
        hint=TEXTS["parking_days_hint"],
        domain="parking",
        watches=frozenset(READ),
        draw=draw,
    )


def draw(ask: Ask) -> Drawn:
    every = points(ask.view, ask.domain)
    streams = {
        stream.id: stream
        for point in every
        for stream in ask.view.streams_of.get(point.id, ())
        if stream.property in READ
    }
    capacities = {
        point.id: parking.capacity(point.properties, len(ask.view.children_of.get(point.id, ())))
        for point in every
    }
    values = observations.between(ask.conn, streams, ask.range.start, ask.range.end)
    return drawn(sums(values, streams, capacities), every, ask.range.start, ask.range.end, ask.shown)


@dataclass(kw_only=True, slots=True)
class Sums:
    """What days add up to. A mean stay and a rate of overstays weigh each day by its stays."""

    days: set[date] = field(default_factory=set)
    doubtful: set[date] = field(default_factory=set)
    """Days that too little is known of."""
    arrivals: int = 0
    bay_days: int = 0
    """Bays times days: what arrivals are divided by."""
    dwell_min: float = 0.0
    sessions: int = 0
    overstays: float = 0.0
    judged: int = 0
    """Stays of which it is known whether they took too long."""
    availability: list[float] = field(default_factory=list)
    amount_vnd: float | None = None

    @property
    def turnover(self) -> float | None:
        return self.arrivals / self.bay_days if self.bay_days else None

    @property
    def mean_stay_min(self) -> float | None:
        return self.dwell_min / self.sessions if self.sessions else None

    @property
    def overstay_percent(self) -> float | None:
        return 100 * self.overstays / self.judged if self.judged else None

    @property
    def availability_percent(self) -> float | None:
        return sum(self.availability) / len(self.availability) if self.availability else None

    def take(self, property_key: str, value: HistoryValue, capacity: int) -> None:
        """Another day's value of one point with so many bays."""
        day, of = day_of(value.phenomenon_time), value.parameters or {}
        self.days.add(day)
        if value.quality >= Quality.SUSPECT:
            self.doubtful.add(day)
        match property_key:
            case "parking_turnover":
                self.arrivals += int(of.get("arrivals", 0))
                self.bay_days += capacity
            case "parking_dwell_mean":
                self.dwell_min += value.result * of.get("sessions", 0)
                self.sessions += of.get("sessions", 0)
            case "parking_overstay_rate":
                self.overstays += value.result / 100 * of.get("sessions", 0)
                self.judged += of.get("sessions", 0)
            case "parking_availability":
                self.availability.append(value.result)
            case "parking_amount_estimated":
                self.amount_vnd = (self.amount_vnd or 0.0) + value.result


def day_of(label: datetime) -> date:
    """The day of Hanoi that ends at a label."""
    return (label - timedelta(microseconds=1)).astimezone(HANOI).date()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    by_point: Mapping[str, Sums]
    by_day: Mapping[date, Sums]
    all: Sums
    simulated: bool


def sums(
    values: Iterable[HistoryValue], streams: Mapping[int, DatastreamRow], capacities: Mapping[str, int]
) -> Found:
    """`values` of READ, `capacities` by point; failed values are left out."""
    by_point: defaultdict[str, Sums] = defaultdict(Sums)
    by_day: defaultdict[date, Sums] = defaultdict(Sums)
    whole, simulated = Sums(), False
    for value in values:
        if value.quality >= Quality.FAIL:
            continue
        stream = streams[value.datastream_id]
        simulated |= Provenance.SIMULATED in (value.provenance, value.input_provenance)
        for one in (by_point[stream.thing_id], by_day[day_of(value.phenomenon_time)], whole):
            one.take(stream.property, value, capacities[stream.thing_id])
    return Found(by_point=dict(by_point), by_day=dict(by_day), all=whole, simulated=simulated)


def drawn(found: Found, every: Sequence[ThingRow], start: datetime, end: datetime, shown: Language) -> Drawn:
    return Drawn(
        words=in_words(found, start, end, shown),
        table=table(found, every, shown),
        sheet=Sheet(plain=lambda: list(_plain(found)), excel=lambda: list(_excel(found, every))),
        figure=figure(found, start, end, shown),
        empty=not found.all.days,
    )


def figure(found: Found, start: datetime, end: datetime, shown: Language) -> Figure:
    """Turnover of all points above, their overstays below, one bar a day; a day nothing is known of has none."""
    days = sorted(found.by_day)
    turnovers = [one.turnover for one in found.by_day.values() if one.turnover is not None]
    overstays = [one.overstay_percent or 0.0 for one in found.by_day.values()]
    drawn = layout(
        start, end, 0, max([10.0, *(1.2 * one for one in overstays)]), unit="%", language=shown, ticks="%d/%m"
    )
    drawn["yaxis"] |= {"domain": [0, 0.44], "title": {"text": say("parking_overstays_axis", shown)}}
    drawn["yaxis2"] = {
        **drawn["yaxis"],
        "domain": [0.56, 1],
        "range": [0, 1.1 * max(turnovers, default=1.0) or 1.0],
        "title": {"text": say("parking_turnover_axis", shown)},
    }
    drawn["margin"] = {**drawn["margin"], "l": 72}
    drawn["annotations"] = [] if days else [middle(say("parking_days_empty", shown))]
    drawn["shapes"] = []
    drawn["bargap"] = 0.15
    bars = [
        ("turnover", "y2", ACCENT, "%{y:,.1f}"),
        ("overstay_percent", "y", _OVERSTAY, "%{y:,.0f} %"),
    ]
    return {"data": [_bars(found, days, *bar, shown) for bar in bars], "layout": drawn}


def _bars(
    found: Found, days: Sequence[date], of: str, axis: str, color: str, hover: str, shown: Language
) -> Figure:
    """In the middle of each day; outlined where too little is known of it."""
    return {
        "type": "bar",
        "name": say(f"parking_{of}", shown),
        "x": [f"{day:%Y-%m-%d} 12:00:00" for day in days],
        "y": [getattr(found.by_day[day], of) for day in days],
        "yaxis": axis,
        "marker": {
            "color": color,
            "line": {"color": SUSPECT, "width": [2 if found.by_day[day].doubtful else 0 for day in days]},
        },
        "hovertemplate": f"%{{x|%d/%m/%Y}}<br>{hover}<extra></extra>",
        "showlegend": True,
    }


def in_words(found: Found, start: datetime, end: datetime, shown: Language) -> str:
    said = {"start": stamp(start), "end": stamp(end)}
    whole = found.all
    if not whole.days:
        return say("parking_days_words_empty", shown).format(**said)
    words = say("parking_days_words", shown).format(
        **said,
        days=number(len(whole.days), 0, shown),
        turnover=_number(whole.turnover, 1, "", shown),
        stay=_stay(whole.mean_stay_min, shown),
        overstays=_number(whole.overstay_percent, 0, " %", shown),
        availability=_number(whole.availability_percent, 0, " %", shown),
        amount=_number(whole.amount_vnd, 0, " đ", shown),
        estimated=ESTIMATED.in_language(shown),
    )
    if whole.doubtful:
        words += " " + say("parking_days_doubtful", shown).format(days=number(len(whole.doubtful), 0, shown))
    return words


HEADS: Final = ("point", "days", "turnover", "stay", "overstays", "availability", "amount")


def table(found: Found, every: Sequence[ThingRow], shown: Language) -> Table:
    """A point a row, those without a day too, and all of them together last."""
    rows = [_row(thing_name(point, shown), found.by_point.get(point.id, Sums()), shown) for point in every]
    if found.all.days:
        rows.append(_row(say("parking_all_points", shown), found.all, shown))
    heads = [say(f"parking_column_{head}", shown) for head in HEADS]
    return Table(heads=heads, rows=rows, numbers=range(1, len(HEADS)))


def _plain(found: Found) -> Iterator[Sequence[csv_text.Cell]]:
    yield ("point", "days", "doubtful_days", *_NUMBERS)
    for point, of in sorted(found.by_point.items()):
        yield (point, len(of.days), len(of.doubtful), *_numbers(of))


def _excel(found: Found, every: Sequence[ThingRow]) -> Iterator[Sequence[csv_text.Cell]]:
    heads = [say(f"parking_column_{head}", "vi") for head in HEADS]
    yield [*heads[:2], say("parking_column_doubtful", "vi"), *heads[2:]]
    for point in every:
        of = found.by_point.get(point.id, Sums())
        yield (point.name_vi, len(of.days), len(of.doubtful), *_numbers(of))


_NUMBERS: Final = (
    "turnover",
    "mean_stay_min",
    "overstay_percent",
    "availability_percent",
    "estimated_amount_vnd",
)


def _numbers(of: Sums) -> list[float | None]:
    every = (of.turnover, of.mean_stay_min, of.overstay_percent, of.availability_percent, of.amount_vnd)
    return [None if one is None else round(one, 2) for one in every]


def _row(name: str, of: Sums, shown: Language) -> list[str]:
    doubts = f" ({say('parking_doubtful_days', shown).format(days=len(of.doubtful))})" if of.doubtful else ""
    return [
        name,
        number(len(of.days), 0, shown) + doubts,
        _number(of.turnover, 1, "", shown),
        _stay(of.mean_stay_min, shown),
        _number(of.overstay_percent, 0, " %", shown),
        _number(of.availability_percent, 0, " %", shown),
        _number(of.amount_vnd, 0, " đ", shown),
    ]


def _number(value: float | None, decimals: int, unit: str, shown: Language) -> str:
    return "–" if value is None else f"{number(value, decimals, shown)}{unit}"


def _stay(minutes: float | None, shown: Language) -> str:
    return "–" if minutes is None else lasting(60 * round(minutes), shown)
