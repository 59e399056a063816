"""The alerts of the first page: equal ones in one line that opens, the worst first, in as many bytes as there are.

alerts.js makes the same elements, and takes over these.
"""

import html
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.citizen import words
from dashboard.citizen.now import Now
from dashboard.data import CityView
from storage.alert_log import AlertRow
from storage.units import symbol

SIGN: Final[Mapping[str, str]] = {"critical": "▲", "warning": "◆", "info": "●"}
WORST_FIRST: Final = tuple(SIGN)
SHOWN_MOST: Final = 1000
"""Groups that are written out, and places: more have no room in a page, however short they are."""
LINES: Final = 3
"""That stand open; more of them are behind one that opens, so that the first values of a phone's page are near."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Alerts of one rule, severity and title, as HTML."""

    severity: str
    head: str
    """What is said of all; "" of one that is alone."""
    places: Sequence[str]
    """An element for each alert that may have room."""
    alerts: int

    def __len__(self) -> int:
        return self.alerts


def groups(now: Now, view: CityView, alerts: Iterable[AlertRow]) -> list[Group]:
    """The worst first, otherwise as they come. What is behind the first `SHOWN_MOST` is one that is only counted."""
    equal: dict[tuple[str, ...], list[AlertRow]] = {}
    for one in sorted(alerts, key=_rank):
        equal.setdefault((one.severity, one.domain, one.rule, one.title_vi, one.title_en), []).append(one)
    found = list(equal.values())
    behind = sum(map(len, found[SHOWN_MOST:]))
    counted = [Group(severity="", head="", places=(), alerts=behind)] if behind else []
    shown, left = [], SHOWN_MOST
    for those in found[:SHOWN_MOST]:
        shown.append(_group(now, view, those, max(left, 0)))
        left -= len(those)
    return shown + counted


def fitting(now: Now, found: Sequence[Group], room: int) -> str:
    """The list in at most `room` bytes where that can be: as many lines of groups as fit, then as many places in them;
    what finds no room is counted."""

    def size_of(lines: int, places: int = 0) -> int:
        return len(alert_list(now, found, lines, places).encode())

    lines = bisect_right(range(sum(1 for one in found if one.severity) + 1), room, lo=1, key=size_of) - 1
    those = sum(len(one.places) for one in found[:lines] if one.head)
    places = bisect_right(range(those + 1), room, lo=1, key=lambda n: size_of(lines, n)) - 1
    return alert_list(now, found, lines, places)


def least(now: Now, found: Sequence[Group]) -> int:
    """Bytes of the shortest list: the line of the worst group, and how many are left out."""
    return len(alert_list(now, found, 1, 0).encode())


def alert_list(now: Now, found: Sequence[Group], lines: int, places: int) -> str:
    """`lines`: of how many groups; `places`: of how many alerts in groups of more than one."""
    if not found:
        return f"<li class=quiet>{now.of('alerts_none')}"
    shown = []
    for group in found[:lines]:
        here = min(places, len(group.places)) if group.head else 0
        places -= here
        shown.append(_line(group, here))
    behind, left = shown[LINES:], sum(map(len, found[lines:]))
    rest = f"<li class=quiet>+ {left} {now.of('alerts_more')}" if left else ""
    if not behind:
        return "".join(shown) + rest
    return "".join(
        (
            *shown[:LINES],
            f"<li><details class=alerts-more><summary>+ {sum(map(len, found[LINES:]))} {now.of('alerts_more')}"
            "</summary><ul>",
            *behind,
            rest,
            "</ul></details>",
        )
    )


def _line(group: Group, places: int) -> str:
    if not group.head:
        return f"<li>{group.places[0]}"
    if not places:
        return f"<li><div class=alert data-severity={group.severity}>{group.head}</div>"
    rest = f"<li class=quiet>+ {len(group) - places}" if places < len(group) else ""
    return (
        f"<li><details class=alert-group data-severity={group.severity}><summary>{group.head}</summary><ul>"
        f"{''.join(group.places[:places])}{rest}</ul></details>"
    )


def _group(now: Now, view: CityView, those: Sequence[AlertRow], most: int) -> Group:
    """`most`: of how many alerts there may be an element; one that is alone has it anyway."""
    first = those[0]
    if len(those) == 1:
        return Group(severity=first.severity, head="", places=[_alone(now, view, first)], alerts=1)
    notes = [f"{len(those)} {now.of('alert_places')}"]
    if all(one.simulated for one in those):
        notes.append(now.of("alert_simulated"))
    head = f"{_severity(now, first)} <span class=since>{' · '.join(notes)}</span>{_what(_title(now, first))}"
    places = [_place(now, view, one) for one in those[:most]]
    return Group(severity=first.severity, head=head, places=places, alerts=len(those))


def _alone(now: Now, view: CityView, alert: AlertRow) -> str:
    return (
        f'<div class=alert data-severity={alert.severity} data-place="{html.escape(alert.thing_id)}">'
        f"{_severity(now, alert)}{_what(f'{_title(now, alert)}: {_name(now, alert)}')}"
        f"<span class=since>{_since(now, view, alert)}</span></div>"
    )


def _place(now: Now, view: CityView, alert: AlertRow) -> str:
    return (
        f'<li data-place="{html.escape(alert.thing_id)}"><b>{html.escape(_name(now, alert))}</b>'
        f" <span class=since>{_since(now, view, alert)}</span>"
    )


def _severity(now: Now, alert: AlertRow) -> str:
    return (
        f"<span class=severity><span aria-hidden=true>{SIGN.get(alert.severity, '●')} </span>"
        f"{now.of(f'severity_{alert.severity}')}</span>"
    )


def _what(said: str) -> str:
    return f"<span class=what>{html.escape(said)}</span>"


def _title(now: Now, alert: AlertRow) -> str:
    return alert.title_vi if now.language == "vi" else alert.title_en


def _name(now: Now, alert: AlertRow) -> str:
    return alert.thing_name_vi if now.language == "vi" else alert.thing_name_en


def _since(now: Now, view: CityView, alert: AlertRow) -> str:
    domain = view.domains.get(alert.domain)
    observed = domain.properties.get(alert.property) if domain else None
    said = [
        _value(now, alert, observed),
        f"{now.of('alert_since')} {words.time(alert.firing_since, now.at)}" if alert.firing_since else "",
        now.of("alert_simulated") if alert.simulated else "",
    ]
    return " · ".join(one for one in said if one)


def _value(now: Now, alert: AlertRow, observed: Any) -> str:
    if observed is not None and observed.boolean:
        return ""
    said = words.number(alert.value, observed.decimals if observed else 1, now.language)
    scale = symbol(observed.unit) if observed else alert.unit
    return html.escape(f"{said} {words.unit(scale, now.language)}".strip())


def _rank(alert: AlertRow) -> int:
    return WORST_FIRST.index(alert.severity) if alert.severity in WORST_FIRST else len(WORST_FIRST)
