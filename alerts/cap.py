"""When an alert needs a message in the public feed, and what it says there. Pure; the XML is made in cap_document.py.

Nothing that does not rest on measured or manual values alone leaves as `Actual`: it is an `Exercise`. An Actual message
whose alert later rests on other values too is cancelled.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from alerts import wording
from alerts.cap_words import (
    ANY_INSTRUCTION,
    BY_ALERT,
    BY_DOMAIN,
    BY_LEVEL,
    BY_PROPERTY,
    SENSOR,
    UNKNOWN,
    URGENCIES,
    Hazard,
)
from alerts.message import REAL
from alerts.model import CapWords, Reason, Severity, State
from storage.cap_rows import PublicAlert, SentMessage
from storage.model import Band, Domain, Provenance, Text

REFRESH_BEFORE: Final = timedelta(minutes=30)
"""So long before it expires it is said again, while the alert fires [S]."""
LONGEST_HEADLINE: Final = 160
"""Characters; the standard's advice for small displays."""
_NOT_SHOWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class MsgType(StrEnum):
    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Status(StrEnum):
    ACTUAL = "Actual"
    EXERCISE = "Exercise"


class Occasion(StrEnum):
    """Why a message is sent."""

    FIRED = "fired"
    CHANGED = "changed"
    """Another level, severity or text."""
    REFRESHED = "refreshed"
    """It fires on, and the last message was about to expire."""
    ENDED = "ended"
    UNHEARD = "unheard"
    """No value came for so long that nothing can be said any more."""
    RULE_REMOVED = "rule_removed"
    WITHDRAWN = "withdrawn"
    """Late or corrected values say that it never was."""
    REFUSED = "refused"
    """An operator took it back, or citizens may not see its Thing any more."""
    NOT_REAL = "not_real"
    """It now rests on values too that are not real."""
    REAL = "real"
    """What was an exercise rests on real values only."""


CANCELS: Final = {
    Occasion.ENDED: Text(
        vi="Hết cảnh báo: giá trị đã trở lại dưới mức báo động.",
        en="The alert is over: values are back beyond the clear level.",
    ),
    Occasion.UNHEARD: Text(
        vi="Hủy vì không còn số liệu mới: không biết tình hình hiện nay, chưa phải là an toàn.",
        en="Cancelled because no values come any more: how things are is not known, and this is no all-clear.",
    ),
    Occasion.RULE_REMOVED: Text(
        vi="Hủy vì quy tắc cảnh báo này không còn được áp dụng.",
        en="Cancelled because this rule is not in force any more.",
    ),
    Occasion.WITHDRAWN: Text(
        vi="Rút lại: theo số liệu đã hiệu chỉnh, sự việc này không xảy ra.",
        en="Withdrawn: by corrected values it never was.",
    ),
    Occasion.REFUSED: Text(
        vi="Rút khỏi kênh công cộng theo quyết định của người trực.",
        en="Taken back from the public feed by an operator.",
    ),
    Occasion.NOT_REAL: Text(
        vi="Hủy: cảnh báo này nay dựa cả trên số liệu không phải đo thật.",
        en="Cancelled: the alert now rests on values too that are not real measurements.",
    ),
    Occasion.REAL: Text(
        vi="Kết thúc diễn tập: nay chỉ còn dựa trên số liệu đo thật, sẽ có bản tin mới.",
        en="End of the exercise: it now rests on real measurements only, and a new message follows.",
    ),
}
_ENDINGS: Final[Mapping[str, Occasion]] = {
    Reason.SILENT: Occasion.UNHEARD,
    Reason.RULE_REMOVED: Occasion.RULE_REMOVED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What is to be said of an alert as it stands, in CAP's words."""

    status: Status
    provenance: Provenance
    hazard: Hazard
    event: Text
    categories: tuple[str, ...]
    urgency: str
    severity: str
    certainty: str
    responses: tuple[str, ...]
    instruction: Text
    """For citizens."""
    band: Band | None
    """The class of the property's scale that the worst value is in."""
    name: Text
    """The property's."""
    headline: Text


def said(alert: PublicAlert, words: CapWords, domain: Domain | None) -> Said:
    """What the rule says of itself (`words`), else what follows from kind, level and severity."""
    provenance = Provenance(alert.provenance)
    hazard, band = _hazard(alert), _band(alert, domain)
    severity = words.severity or _severity(alert, band)
    observed = domain.properties.get(alert.property) if domain else None
    named = domain.name if domain else Text(vi=alert.domain, en=alert.domain)
    return Said(
        status=status(provenance),
        provenance=provenance,
        hazard=hazard,
        event=words.event or hazard.event or named,
        categories=words.category or hazard.categories,
        urgency=words.urgency or URGENCIES[severity],
        severity=severity,
        certainty=words.certainty or ("Likely" if observed and observed.forecast_of else "Observed"),
        responses=words.response or hazard.responses.get(severity, ("Monitor",)),
        instruction=words.instruction or hazard.instructions.get(severity, ANY_INSTRUCTION),
        band=band,
        name=observed.name if observed else Text(vi=alert.property, en=alert.property),
        headline=_in_both(lambda language: _headline(alert, provenance, band, language)),
    )


def status(provenance: Provenance) -> Status:
    return Status.ACTUAL if provenance in REAL else Status.EXERCISE


def occasion(
    alert: PublicAlert, chain: Sequence[SentMessage], now_said: Said, now: datetime, *, withheld: bool
) -> Occasion | None:
    """Why a message is due; None: none is. `chain`: those since the last Cancel, oldest first.

    `withheld`: a silence holds it back. An approved alert is not held back, nor what was said taken back for it.
    """
    if not chain:
        may_begin = alert.approved or (alert.announced and not withheld)
        fires = alert.state == State.FIRING and not alert.withdrawn
        return Occasion.FIRED if alert.allowed and fires and may_begin else None
    newest = chain[-1]
    if not alert.allowed:
        return Occasion.REFUSED
    if newest.status == Status.ACTUAL and now_said.status is not Status.ACTUAL:
        return Occasion.NOT_REAL
    if alert.withdrawn:
        return Occasion.WITHDRAWN
    if alert.state != State.FIRING:
        return _ENDINGS.get(alert.reason or "", Occasion.ENDED)
    if newest.status != now_said.status:
        return Occasion.REAL
    before = (newest.severity, newest.headline_vi, newest.headline_en)
    if before != (now_said.severity, now_said.headline.vi, now_said.headline.en):
        return Occasion.CHANGED
    return Occasion.REFRESHED if newest.expires_at - now <= REFRESH_BEFORE else None


def _hazard(alert: PublicAlert) -> Hazard:
    if alert.condition in ("absent", "stuck"):
        return SENSOR
    by_domain = BY_DOMAIN.get(alert.domain, UNKNOWN)
    return BY_PROPERTY.get((alert.domain, alert.property), by_domain)


def _band(alert: PublicAlert, domain: Domain | None) -> Band | None:
    """None where the worst value is none of the property's scale, such as a change or a silence."""
    observed = domain.properties.get(alert.property) if domain else None
    if observed is None or alert.measure is not None or alert.condition in ("absent", "stuck"):
        return None
    return observed.band(alert.peak)


def _severity(alert: PublicAlert, band: Band | None) -> str:
    by_level = BY_LEVEL.get((alert.domain, alert.property))
    if band is None or by_level is None:
        return BY_ALERT[Severity(alert.severity)]
    return by_level.get(band.level, "Minor")


def _headline(alert: PublicAlert, provenance: Provenance, band: Band | None, language: str) -> str:
    level = f" ({one_line(band.label.in_language(language))})" if band else ""
    return clip(f"{wording.mark(provenance, language)}{what_and_where(alert, language)}{level}")


def one_line(text: str) -> str:
    """On one line, without what XML or a display can't take: control signs, halves of signs, signs that are none."""
    return " ".join(_NOT_SHOWN.sub(" ", text).split())


def clip(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= LONGEST_HEADLINE else f"{text[: LONGEST_HEADLINE - 1].rstrip()}…"


def what_and_where(alert: PublicAlert, language: str) -> str:
    title = one_line(alert.title_vi if language == "vi" else alert.title_en) or alert.rule
    return f"{title} – {place(alert, language)}"


def place(alert: PublicAlert, language: str) -> str:
    return one_line(alert.thing_name_vi if language == "vi" else alert.thing_name_en) or alert.thing_id


def _in_both(make: Callable[[str], str]) -> Text:
    return Text(vi=make("vi"), en=make("en"))
