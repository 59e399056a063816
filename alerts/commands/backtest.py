"""Try rules on the past: when each would have fired, for how long, and how many messages would have been sent.

The rules in force, those edited in the control room too, or drafts of a file that are in force nowhere, on stored
history or on a recorded CSV. Nothing is written and nobody is told. A day alone, such as 2026-11-01, begins at
Hanoi's midnight; other times have an offset.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from tqdm import tqdm

from alerts import backtest_stored, backtest_text, edited
from alerts.backtest import Subject, backtest, messages
from alerts.backtest_report import Report, Tried, document
from alerts.commands import CommandError
from alerts.config import Alerting
from alerts.durations import parse_duration, written
from alerts.model import Rule
from alerts.route import every_route
from alerts.rules import SHIPPED, RuleBook, parse_file, parse_rules
from alerts.watched import Instance, watched
from storage import alert_log, db, things
from storage import backtest as history
from storage.alert_log import StreamRow
from storage.model import HANOI, Domain, Text
from storage.reference import Reference
from storage.settings import Settings

if TYPE_CHECKING:
    from alerts.backtest_csv import Recording

STOPPED: Final = 130
"""Exit status after Ctrl-C, as shells give it."""
DAY: Final = timedelta(days=1)
OF_CSV: Final = ("time", "value", "time_format", "timezone", "missing", "where", "interval")


@dataclass(kw_only=True, slots=True)
class _Found:
    """What was tried so far."""

    source: str
    start: datetime
    end: datetime
    tried: list[Tried] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    unfinished: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--rule", action="append", default=[], metavar="KEY", help="this rule; may be given several times")
    add("--rules-file", type=Path, metavar="FILE", help="rules of this file, written as in rules.d: drafts")
    add("--from", dest="start", type=parse_time, metavar="TIME", help="inclusive")
    add("--to", dest="end", type=parse_time, metavar="TIME", help="exclusive; default: now, or the CSV's end")
    add("--thing", action="append", default=[], metavar="ID", help="only this Thing; several times")
    add("--alerting", type=Path, metavar="FILE", help="who is told; default: HANOI_ALERTING_FILE")
    add("--receiver", metavar="NAME", help="count only the messages of this one")
    add("--plot", type=Path, metavar="OUT.html", help="write a page that shows it, and needs nothing else")
    add("--json", action="store_true", help="print a JSON document with every firing")
    group = parser.add_argument_group("a recorded CSV instead of stored history")
    add = group.add_argument
    add("--csv", type=Path, metavar="FILE", help="--thing says what to call it")
    add("--time", metavar="COLUMN", help="where it has the time")
    add("--time-format", metavar="FORMAT", help="as of strptime; default: ISO 8601")
    add("--timezone", type=_zone, metavar="ZONE", help="of times without an offset: Asia/Ho_Chi_Minh")
    add("--value", metavar="COLUMN", help="where it has the value, in the unit of the rule's property")
    add("--missing", action="append", metavar="TEXT", help="what stands for no value: --missing=-999")
    add("--where", action="append", type=_where, metavar="COLUMN=TEXT", help="only rows with it")
    add("--interval", type=_interval, metavar="1h", help="how often it has a value; default: the property's")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit 0 done, 130 stopped: then what was found so far is told."""
    from alerts.main import alerting_of  # which imports the commands

    _require_that_they_go_together(arguments)
    reference = Reference(
        catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
    )
    rules = _rules(reference.domains, arguments, settings)
    told_by = settings.model_copy(update={"alerting_file": arguments.alerting or settings.alerting_file})
    alerting = alerting_of(told_by)
    _require_receiver(alerting, arguments.receiver)
    try:
        if arguments.csv:
            found = _on_csv(reference.domains, rules, arguments, settings)
        else:
            found = _on_stored(rules, arguments, settings, datetime.now(UTC))
        report = _report(rules, found, alerting, arguments.receiver)
    except KeyboardInterrupt:
        print("stopped before there was anything to tell", file=sys.stderr)
        return STOPPED
    if arguments.plot:
        _draw(report, arguments.plot)
    if arguments.json:
        print(json.dumps(document(report), ensure_ascii=False, indent=2))
    else:
        print("\n".join(backtest_text.lines(report)))
    return STOPPED if report.unfinished else 0


def parse_time(text: str) -> datetime:
    """With an offset, or a day, which begins at Hanoi's midnight."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no time such as 2026-11-01 or 2026-11-01T00:00+07:00"
        ) from None
    if time.tzinfo is None and len(text) > len("2026-11-01"):
        raise argparse.ArgumentTypeError(f"'{text}' has no offset: write {text}+07:00 for Hanoi, or {text}Z")
    return time if time.tzinfo else time.replace(tzinfo=HANOI)


def _zone(text: str) -> ZoneInfo:
    if text not in available_timezones():
        raise argparse.ArgumentTypeError(f"'{text}' is no time zone{_near(text, available_timezones())}")
    return ZoneInfo(text)


def _where(text: str) -> tuple[str, str]:
    column, sign, value = text.partition("=")
    if not sign or not column:
        raise argparse.ArgumentTypeError(f"'{text}' is not COLUMN=TEXT")
    return column, value


def _interval(text: str) -> timedelta:
    try:
        interval = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from None
    if not interval:
        raise argparse.ArgumentTypeError(f"'{text}' is no time at all")
    return interval


def _require_that_they_go_together(arguments: argparse.Namespace) -> None:
    if not arguments.rule and not arguments.rules_file:
        raise CommandError("--rule: say which rule, or --rules-file with drafts")
    if arguments.csv:
        missing = [f"--{name}" for name in ("time", "value") if getattr(arguments, name) is None]
        if missing:
            raise CommandError(f"{' and '.join(missing)}: which column of {arguments.csv} is it?")
        if len(arguments.thing) > 1:
            raise CommandError("--thing: a CSV is one Thing's")
        return
    given = [f"--{name.replace('_', '-')}" for name in OF_CSV if getattr(arguments, name)]
    if given:
        raise CommandError(f"{', '.join(given)}: goes with --csv")
    if arguments.start is None:
        raise CommandError("--from: from when on?")


def _rules(
    domains: Mapping[str, Domain], arguments: argparse.Namespace, settings: Settings
) -> tuple[Rule, ...]:
    """Those that are asked for. Raises CommandError for one that there is none of."""
    folders = (SHIPPED, *settings.rules_dir)
    path = arguments.rules_file
    if path:
        book = parse_file(domains, path)
    else:
        book = edited.of_settings(settings, domains, parse_rules(domains, folders)).book
    if not book.by_key:
        raise CommandError(f"{path}: has no [[rule]]")
    for key in arguments.rule:
        if key not in book.by_key:
            raise CommandError(f"--rule: no rule '{key}'{_near(key, book.by_key)}")
    return tuple(book.by_key[key] for key in dict.fromkeys(arguments.rule or book.by_key))


def _require_receiver(alerting: Alerting, name: str | None) -> None:
    routed = {receiver for route in every_route(alerting.root) for receiver in route.receivers}
    if name is not None and name not in routed:
        raise CommandError(
            f"--receiver: no route of {alerting.source.name} tells '{name}'{_near(name, routed)}"
        )


def _near(text: str, known: Iterable[str]) -> str:
    """Behind a name that nothing has: what may be meant, else what there is."""
    names = sorted(known)
    near = get_close_matches(text, names, n=3, cutoff=0.5)
    if near:
        return f": did you mean {' or '.join(near)}?"
    return f": there are {', '.join(names[:40])}{', …' if len(names) > 40 else ''}"


def _on_stored(
    rules: Sequence[Rule], arguments: argparse.Namespace, settings: Settings, now: datetime
) -> _Found:
    """One rule on one Thing after the other."""
    found = _Found(source="stored history", start=arguments.start, end=min(arguments.end or now, now))
    if found.end <= found.start:
        raise CommandError("--to must be later than --from, and --from in the past")
    if arguments.end is not None and arguments.end > now:
        found.notes.append(
            Text(
                vi="--to ở tương lai: chỉ xét đến bây giờ", en="--to lies in the future: looked at up to now"
            )
        )
    try:
        with db.connect(settings.required("database_url"), name="backtest", autocommit=True) as conn:
            history.read_only(conn)
            instances = _instances(rules, alert_log.streams(conn), arguments.thing)
            names = {row.id: Text(vi=row.name_vi, en=row.name_en) for row in things.all_things(conn)}
            found.notes += _what_is_unknown(instances)
            _try_all(conn, instances, names, found)
    except db.SchemaMissing as error:
        raise CommandError("the database has no schema: run hanoi-migrate") from error
    except db.DatabaseUnreachable as error:
        raise CommandError(f"HANOI_DATABASE_URL: {str(error).strip()}") from error
    return found


def _try_all(
    conn: db.Connection, instances: Sequence[Instance], names: Mapping[str, Text], found: _Found
) -> None:
    with _days(found, len(instances), "backtest") as progress:
        try:
            for number, instance in enumerate(instances):
                thing = instance.anchor.thing_id
                progress.set_postfix_str(thing, refresh=False)

                def reached(time: datetime, number: int = number) -> None:
                    _come_to(progress, found, time, number)

                past = backtest_stored.try_on(conn, instance, found.start, found.end, reached)
                found.tried.append(_tried(past, names.get(thing, Text(vi=thing, en=thing))))
                reached(found.end)
        except KeyboardInterrupt:
            found.unfinished = len(instances) - len(found.tried)


def _days(found: _Found, times: int, what: str) -> "tqdm[Any]":
    """A bar that goes by days, of each Thing anew: nobody knows how many values there will be."""
    format = "{l_bar}{bar}| {n:.0f}/{total:.0f} days [{elapsed}<{remaining}{postfix}]"
    total = times * ((found.end - found.start) / DAY)
    return tqdm(total=total, desc=what, bar_format=format, disable=None, leave=False)


def _come_to(progress: "tqdm[Any]", found: _Found, time: datetime, behind: int = 0) -> None:
    within = max(0.0, (time - found.start) / DAY)
    progress.update(max(0.0, behind * ((found.end - found.start) / DAY) + within - progress.n))


def _tried(past: backtest_stored.Past, name: Text) -> Tried:
    return Tried(
        thing_id=past.instance.anchor.thing_id,
        name=name,
        subject=past.subject,
        recorded=past.recorded,
        withdrawn=past.withdrawn,
        agreement=past.agreement,
    )


def _instances(rules: Sequence[Rule], rows: Sequence[StreamRow], chosen: Sequence[str]) -> list[Instance]:
    """Raises CommandError for Things that there are none of, or that no rule looks at."""
    instances = list(watched(RuleBook.of(rules), rows).by_key.values())
    looked_at = {instance.anchor.thing_id for instance in instances}
    for thing in chosen:
        known = {row.thing_id for row in rows}
        if thing not in known:
            raise CommandError(f"--thing: no Thing '{thing}' has values{_near(thing, looked_at or known)}")
        if thing not in looked_at:
            keys = ", ".join(rule.key for rule in rules)
            raise CommandError(f"--thing: {keys} does not look at {thing}: it looks at {_few(looked_at)}")
    if not instances:
        what = ", ".join(f"{rule.domain} {rule.property}" for rule in rules)
        raise CommandError(f"no Thing has what the rule looks at: {what}")
    kept = [one for one in instances if not chosen or one.anchor.thing_id in chosen]
    return sorted(kept, key=lambda instance: (instance.rule.key, instance.anchor.thing_id))


def _few(names: Iterable[str]) -> str:
    known = sorted(names)
    return f"{', '.join(known[:10])}{', …' if len(known) > 10 else ''}" or "nothing"


def _what_is_unknown(instances: Sequence[Instance]) -> Iterator[Text]:
    """What a reader would not expect to be without."""
    for rule in dict.fromkeys(instance.rule.key for instance in instances):
        mine = [instance for instance in instances if instance.rule.key == rule]
        for number, operand in enumerate(mine[0].rule.operands):
            without = [one.anchor.thing_id for one in mine if number not in one.inputs.values()]
            if without:
                what, km = operand.property, (operand.within_m or 0) / 1000
                yield Text(
                    vi=f"{rule}: không có {what}{f' trong {km:g} km' if km else ''} cho {_few(without)}:"
                    " phần đó của điều kiện coi như chưa biết",
                    en=f"{rule}: there is no {what}{f' within {km:g} km' if km else ''} for {_few(without)}:"
                    " that part of the condition is unknown there",
                )
        if mine[0].rule.condition.silence is not None:
            yield Text(
                vi=f"{rule}: coi như đường truyền từ cảm biến đến cơ sở dữ liệu luôn thông suốt",
                en=f"{rule}: as if the way from the sensors to the database had been alive all the time",
            )


def _on_csv(
    domains: Mapping[str, Domain], rules: Sequence[Rule], arguments: argparse.Namespace, settings: Settings
) -> _Found:
    from alerts import backtest_csv  # pandas, which nobody else of hanoi-alerts needs

    series = {(rule.domain, rule.property) for rule in rules}
    if len(series) > 1:
        listed = ", ".join(f"{rule.key} at {rule.property}" for rule in rules)
        raise CommandError(f"--csv has one series, the rules look at several: {listed}: choose with --rule")
    ((domain, observed),) = series
    if arguments.interval:
        domains = _with_interval(domains, domain, observed, arguments.interval)
        rules = _rules(domains, arguments, settings)
    columns = backtest_csv.Columns(
        time=arguments.time,
        value=arguments.value,
        time_format=arguments.time_format,
        zone=arguments.timezone,
        missing=tuple(arguments.missing or ()),
        where=tuple(arguments.where or ()),
    )
    recording = backtest_csv.read(arguments.csv, columns, domains[domain].properties[observed])
    found = _Found(
        source=arguments.csv.name,
        start=arguments.start or recording.first,
        end=arguments.end or recording.last + timedelta.resolution,
    )
    if found.end <= found.start:
        raise CommandError("--to must be later than --from, and --from before the file's end")
    name = arguments.thing[0] if arguments.thing else arguments.csv.stem
    found.notes += _about_file(recording, rules[0])
    found.details += _faults(recording)
    anchor = StreamRow(
        datastream_id=0, thing_id=name, domain=domain, property=observed, lat=None, lon=None, basin=None
    )
    instances = [Instance(rule=rule, anchor=anchor, inputs={0: 0}) for rule in rules]
    found.notes += _what_is_unknown(instances)
    for one in instances:
        trial = backtest(one.rule, recording.samples(), found.start, found.end)
        subject = Subject(fingerprint=f"{one.rule.key}/{name}", labels=one.labels, trial=trial)
        found.tried.append(Tried(thing_id=name, name=Text(vi=name, en=name), subject=subject))
    return found


def _with_interval(
    domains: Mapping[str, Domain], domain: str, observed: str, interval: timedelta
) -> dict[str, Domain]:
    """The catalogue as it were, did the property come so often: rules are read anew by it."""
    changed = domains[domain]
    property_ = replace(changed.properties[observed], interval_s=round(interval.total_seconds()))
    properties = {**changed.properties, observed: property_}
    return {**domains, domain: replace(changed, properties=properties)}


def _about_file(recording: "Recording", rule: Rule) -> Iterator[Text]:
    rows, values, bad = recording.rows, len(recording.times), recording.faults.total()
    unit, missing, repeated = rule.unit, recording.missing, recording.repeated
    yield Text(
        vi=f"{rows:,} dòng: {values:,} giá trị, coi đơn vị là {unit}; {missing:,} trống, {repeated:,} lặp lại,"
        f" {bad:,} không dùng được",
        en=f"{backtest_text.counted(rows, 'row')}: {values:,} used, taken as {unit}; {missing:,} missing,"
        f" {repeated:,} repeated, {bad:,} that can't be used",
    )
    spacing = recording.spacing
    if spacing is not None and spacing >= 2 * rule.interval:
        apart, due = written(spacing), written(rule.interval)
        yield Text(
            vi=f"giá trị cách nhau {apart}, còn {rule.property} phải có mỗi {due}: không có --interval {apart} thì"
            " mỗi giá trị bị coi là quá hạn trước giá trị sau",
            en=f"its values come every {apart}, those of {rule.property} are due every {due}: without"
            f" --interval {apart} each counts as overdue before the next",
        )


def _faults(recording: "Recording") -> Iterator[str]:
    yield from (f"{count:,} × {why}" for why, count in recording.faults.items())
    yield from map(str, recording.named)
    more = recording.faults.total() - len(recording.named)
    if more:
        yield f"… and {more:,} more"


def _report(rules: Sequence[Rule], found: _Found, alerting: Alerting, receiver: str | None) -> Report:
    with _days(found, 1, "messages") as progress:
        told = messages(
            (one.subject for one in found.tried),
            found.start,
            found.end,
            root=alerting.root,
            inhibitions=alerting.inhibitions,
            times=alerting.times,
            receiver=receiver,
            reached=lambda time: _come_to(progress, found, time),
        )
    return Report(
        rules=tuple(rules) if not found.tried else _tried_rules(found.tried),
        source=found.source,
        start=found.start,
        end=found.end,
        tried=tuple(found.tried),
        messages=told,
        alerting=alerting.source.name,
        notes=tuple(found.notes),
        details=tuple(found.details),
        unfinished=found.unfinished,
    )


def _tried_rules(tried: Sequence[Tried]) -> tuple[Rule, ...]:
    return tuple({one.trial.rule.key: one.trial.rule for one in tried}.values())


def _draw(report: Report, path: Path) -> None:
    from plotly.offline import get_plotlyjs  # 5 MB, which only this needs

    from alerts import backtest_plot

    try:
        path.write_text(backtest_plot.page(report, get_plotlyjs()), "utf-8")
    except OSError as error:
        raise CommandError(f"--plot: {path}: {error.strerror}") from error
