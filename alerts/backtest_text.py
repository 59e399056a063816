"""What a backtest found, for a terminal: every firing with its times, a strip of each series, totals. No I/O."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from alerts.backtest import Agreement, Firing, Trial
from alerts.backtest_report import Report, Tried
from alerts.conditions import All, AnyOf, Condition, Outside, Reading, Threshold
from alerts.durations import written
from alerts.model import Reason, Rule
from alerts.outline import Stretch
from storage.model import HANOI
from storage.units import symbol

FEWEST, MOST_COLUMNS = 12, 72
MOST = 20
"""Firings that are written out for a Thing; the JSON has all."""
BLOCKS = "▁▂▃▄▅▆▇█"
COMPARED = {"above": ">", "at_least": "≥", "below": "<", "at_most": "≤"}
ENDED = {
    Reason.CLEARED: "cleared",
    Reason.SILENT: "no value came for so long",
    Reason.HEARD: "a value came",
    None: "still firing at the end",
}


def lines(report: Report) -> Iterator[str]:
    for rule in report.rules:
        yield f"{rule.key}: {rule.title.vi} / {rule.title.en}"
        yield f"  {in_words(rule)}"
    yield f"{report.source}, from {at(report.start)} to before {at(report.end)} (Hanoi)"
    yield from (f"note: {note.en}" for note in report.notes)
    yield from (f"  {detail}" for detail in report.details)
    fired = [one for one in report.tried if one.trial.firings]
    for one in fired:
        yield ""
        yield from of_thing(one)
    yield ""
    yield from _quiet([one for one in report.tried if not one.trial.firings])
    yield from _totals(report)
    yield from _messages(report)
    yield from _recorded(report)
    if report.unfinished:
        yield f"stopped: {counted(report.unfinished, 'rule on a Thing', 'rules on Things')} not looked at"


def of_thing(one: Tried) -> Iterator[str]:
    """A Thing with its strip and its firings."""
    trial = one.trial
    share = trial.firing_for / (trial.end - trial.start)
    yield f"{one.thing_id}: {one.name.vi} / {one.name.en} ({trial.rule.key})"
    firing = f"{counted(len(trial.begun), 'firing')}, {lasting(trial.firing_for)} in all"
    yield f"  {firing}, {percent(share)} of the time; {_values(trial)}"
    yield from (f"  {line}" for line in strip(trial))
    shown = trial.firings[:MOST]
    yield from (f"  {_firing(trial, firing)}" for firing in shown)
    if len(shown) < len(trial.firings):
        yield f"  … and {len(trial.firings) - len(shown)} more: --json has all"
    if trial.only_pending:
        yield f"  {counted(trial.only_pending, 'time')} only pending: it did not hold for {written(trial.rule.hold)}"
    if one.recorded and one.agreement is not None:
        yield f"  recorded then: {_agreed(one.recorded, one.withdrawn, one.agreement)}"


def strip(trial: Trial) -> Iterator[str]:
    """A column is a stretch of time: its worst value, `?` where all are of too bad a quality; below it the firings."""
    reach = trial.outline.reach()
    if reach is None:
        return
    limits = [level for level, _ in levels(trial.rule)]
    low, high = min(reach[0], *limits, reach[1]), max(reach[1], *limits)
    unit = symbol(trial.rule.unit)
    columns = max(FEWEST, min(MOST_COLUMNS, (trial.end - trial.start) // trial.rule.interval))
    values = "".join(_block(trial, column, columns, low, high) for column in range(columns))
    firing = "".join("▀" if _fires(trial, column, columns) else " " for column in range(columns))
    yield f"{values}  {low:g} to {high:g} {unit}".rstrip()
    yield firing.rstrip()


def levels(rule: Rule) -> list[tuple[float, bool]]:
    """(level, whether it is a clear level) of what the rule's own values are held against themselves."""
    return list(dict.fromkeys(_levels(rule.condition)))


def in_words(rule: Rule) -> str:
    """'water_depth ≥ 15 cm, clear < 13 cm, for 2m, keep_firing_for 10m; warning'."""
    parts = [_condition(rule, rule.condition)]
    if rule.hold:
        parts.append(f"for {written(rule.hold)}")
    if rule.keep_firing_for:
        parts.append(f"keep_firing_for {written(rule.keep_firing_for)}")
    if rule.calendar is not None:
        parts.append("valid by calendar")
    return f"{', '.join(parts)}; {rule.severity.value}"


def at(time: datetime) -> str:
    """With seconds where there are any."""
    local = time.astimezone(HANOI)
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def lasting(duration: timedelta) -> str:
    return written(duration) if duration else "no time"


def percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def _levels(condition: Condition) -> Iterator[tuple[float, bool]]:
    match condition:
        case Reading(held_against=Threshold() as limit, operand=0):
            yield limit.limit, False
            if limit.clear is not None:
                yield limit.clear, True
        case Reading(held_against=Outside() as limit, operand=0):
            yield from ((limit.low, False), (limit.high, False))
            if limit.margin:
                yield from ((limit.low + limit.margin, True), (limit.high - limit.margin, True))
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _levels(part)


def _condition(rule: Rule, condition: Condition) -> str:
    if isinstance(condition, All | AnyOf):
        word = " and " if isinstance(condition, All) else " or "
        return f"({word.join(_condition(rule, part) for part in condition.parts)})"
    number = getattr(condition, "operand", 0)
    operand, facts = rule.operands[number], condition.facts()
    near = "" if operand.within_m is None else f" within {operand.within_m / 1000:g} km"
    unit = f" {symbol(rule.unit)}" if operand.property == rule.property else ""
    measure = _measure(facts)
    if facts.get("comparison") == "outside":
        return f"{operand.property}{near} outside {facts['low']:g} to {facts['high']:g}{unit.rstrip()}"
    if "comparison" not in facts:
        return f"{operand.property}{near}{measure}"
    sign = COMPARED[facts["comparison"]]
    clear = ""
    if facts["clear"] is not None:
        clear = f", clear {'<' if sign in '>≥' else '>'} {facts['clear']:g}{unit.rstrip()}"
    return f"{operand.property}{near}{measure} {sign} {facts['limit']:g}{unit.rstrip()}{clear}"


def _measure(facts: dict[str, object]) -> str:
    def lasts(key: str) -> str:
        return written(timedelta(seconds=float(str(facts[key]))))

    match facts.get("measure"):
        case "rises" | "falls" as verb:
            return f" {verb} within {lasts('within_s')} by"
        case "above_usual" | "below_usual" as what:
            return f" {str(what).replace('_', ' ')} of {facts['days']} days by"
        case "stuck":
            return f" stuck for {lasts('lasting_s')}"
        case "absent":
            return f" absent for {lasts('absent_for_s')}"
    return ""


def _values(trial: Trial) -> str:
    beside = sum(trial.beside.values())
    said = counted(trial.values, "value")
    if beside:
        said += f" and {beside:,} of what it looks at beside them"
    return f"{said}, {trial.left_out:,} left out for their quality" if trial.left_out else said


def _firing(trial: Trial, firing: Firing) -> str:
    since = f"{at(firing.since)}{' (before)' if firing.since < trial.start else ''}"
    until = f"to {at(firing.until)}" if firing.until else "and on"
    lasted = written((firing.until or trial.end) - firing.since)
    flapping = ", flapping" if firing.flapping else ""
    peak = (
        ""
        if trial.rule.condition.silence
        else f"peak {firing.peak:g} {symbol(trial.rule.unit)} at {at(firing.peak_at)}, "
    )
    return f"from {since} {until}  {lasted}  {peak}{ENDED.get(firing.reason, 'ended')}{flapping}"


def _block(trial: Trial, column: int, columns: int, low: float, high: float) -> str:
    outline = trial.outline
    good = _stretches(outline.good, column, columns, outline.stretches)
    if not good:
        return "?" if _stretches(outline.doubtful, column, columns, outline.stretches) else " "
    worst = max(one.high.value for one in good) if _upward(trial.rule) else min(one.low.value for one in good)
    place = (worst - low) / (high - low) if high > low else 0.0
    return BLOCKS[min(int(place * len(BLOCKS)), len(BLOCKS) - 1)]


def _stretches(kept: dict[int, Stretch], column: int, columns: int, stretches: int) -> Sequence[Stretch]:
    first, behind = column * stretches // columns, (column + 1) * stretches // columns
    return [kept[number] for number in range(first, behind) if number in kept]


def _fires(trial: Trial, column: int, columns: int) -> bool:
    width = (trial.end - trial.start) / columns
    begin = trial.start + column * width
    return any(
        firing.since < begin + width and (firing.until or trial.end) > begin for firing in trial.firings
    )


def _upward(rule: Rule) -> bool:
    return rule.condition.facts().get("comparison") not in ("below", "at_most")


def _quiet(tried: Sequence[Tried]) -> Iterator[str]:
    if not tried:
        return
    empty = [one.thing_id for one in tried if not one.trial.values]
    yield f"{counted(len(tried), 'rule on a Thing', 'rules on Things')} would not have fired: {_named(tried)}"
    if empty:
        yield f"  {len(empty)} of them without a value in that time: {_listed(empty)}"


def _named(tried: Sequence[Tried]) -> str:
    return _listed([one.thing_id for one in tried])


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _totals(report: Report) -> Iterator[str]:
    yield (
        f"in all: {counted(report.firings, 'firing')}, {percent(report.share_firing)} of the time,"
        f" longest {lasting(report.longest)}, {counted(report.flapping_episodes, 'flapping episode')},"
        f" {report.only_pending:,} only pending"
    )
    if report.busiest_hour is not None:
        hour, count = report.busiest_hour
        yield f"busiest hour: {at(hour)}, {counted(count, 'firing')} began"


def _messages(report: Report) -> Iterator[str]:
    found = report.messages
    yield f"messages by {report.alerting}, without escalation:"
    for receiver, reasons in found.by_receiver.items():
        said = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        yield f"  {receiver}: {sum(reasons.values()):,} ({said})"
    if not found.by_receiver:
        yield "  nobody would have been told anything"
    for receiver, reasons in found.withheld.items():
        said = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        yield f"  {receiver} not told: {said}"
    if found.busiest is not None:
        yield f"  busiest hour: {at(found.busiest[0])}, {counted(found.busiest[1], 'message')}"


def _recorded(report: Report) -> Iterator[str]:
    if report.agreement is not None:
        recorded = sum(one.recorded or 0 for one in report.tried)
        withdrawn = sum(one.withdrawn for one in report.tried)
        yield f"recorded by hanoi-alerts in that time: {_agreed(recorded, withdrawn, report.agreement)}"
    elif any(one.recorded is not None for one in report.tried):
        yield "recorded by hanoi-alerts in that time: no alert of that rule"


def _agreed(recorded: int, withdrawn: int, found: Agreement) -> str:
    said = (
        f"{counted(recorded, 'alert')}: {found.same} the same to the second, {found.otherwise} at other times,"
        f" {found.only_recorded} only recorded; {found.only_here} only here"
    )
    return f"{said}; {withdrawn} withdrawn since" if withdrawn else said
