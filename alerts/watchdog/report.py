"""An incident in words, and as the document that every receiver of the alert engine understands (alerts/message.py).

Its status is always 'actual': that the platform stands still is true whatever the platform carries, simulated values
or measured ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from alerts import message, wording
from alerts.watchdog.judge import News, Outage
from storage.alert_routing import AlertCard
from storage.model import HANOI, Provenance, Text

CANARY: Final = "canary"
GROUP: Final = {"kind": "platform"}
_NAMES: Final[Mapping[str, Text]] = {
    CANARY: Text(vi="Tín hiệu kiểm tra", en="The canary"),
    "broker": Text(vi="Máy chủ MQTT (broker)", en="The broker"),
    "database": Text(vi="Cơ sở dữ liệu", en="The database"),
    "ingest": Text(vi="Bộ thu nhận dữ liệu (ingest)", en="Ingest"),
    "alerts": Text(vi="Bộ máy cảnh báo (alerts)", en="The alert engine"),
    "public": Text(vi="Trang công dân (public)", en="The citizens' page"),
    "control-room": Text(vi="Phòng điều hành (control-room)", en="The control room"),
}
_RUNBOOK: Final = Text(
    vi="Xem tiến trình được nêu tên và nhật ký của nó (.runtime/log), khởi động lại nếu cần; docs/watchdog.md.",
    en="Look at the process that is named and at its log (.runtime/log), restart it if need be; docs/watchdog.md.",
)
_NO_ALERTS: Final = Text(
    vi="Trong lúc này cảnh báo của thành phố có thể đến muộn hoặc không đến.",
    en="Meanwhile the city's alerts may come late or not at all.",
)
NO_ANSWER: Final = Text(vi="không trả lời", en="no answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is known beside the incident."""

    why: Mapping[str, Text] = field(default_factory=dict)
    """Why each does not answer, as far as it is known."""
    missed: int = 0
    """Canaries since the incident began that did not come through in time."""
    limits_s: Mapping[str, float] = field(default_factory=dict)


def document(news: News, seen: Seen, receiver: str) -> dict[str, Any]:
    """For one receiver."""
    cards = [_card(key, outage, news, seen) for key, outage in news.incident.outages.items()]
    made = message.document(
        key=f"{news.key}-{receiver}",
        receiver=receiver,
        reason=news.reason,
        group=GROUP,
        alerts=cards,
        now=news.at,
        base_url=None,
    )
    return {**made, "text": {language: text(news, seen, language) for language in wording.LANGUAGES}}


def test_document(receiver: str, who: str, now: datetime) -> dict[str, Any]:
    """The same form, without an incident."""
    return message.test_document(receiver, who, now)


test_document.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


def text(news: News, seen: Seen, language: str) -> str:
    """What a person reads: what is silent since when, or that it is over and what was missed."""
    outages = news.incident.outages
    if news.reason == "resolved":
        return _in(language, _over(news, seen, "vi"), _over(news, seen, "en"))
    named = "\n".join(f"• {_line(key, outage, seen, language)}" for key, outage in outages.items())
    again = wording.REASONS["repeat"].in_language(language) if news.reason == "repeat" else ""
    head = _in(
        language,
        f"Hệ thống của trung tâm có phần không trả lời từ {_clock(news.incident.began)}:",
        f"Parts of the centre's platform have not answered since {_clock(news.incident.began)}:",
    )
    silent = CANARY in outages and outages[CANARY].back_since is None
    warning = f"\n{_NO_ALERTS.in_language(language)}" if silent else ""
    return f"{again}{head}\n{named}{warning}"


def name(key: str, language: str) -> str:
    """'ingest-2' is the second worker of ingest."""
    known = _NAMES.get(key)
    if known is not None:
        return known.in_language(language)
    kind, _, number = key.rpartition("-")
    return f"{name(kind, language)} {number}" if kind in _NAMES and number.isdecimal() else key


def duration(length: timedelta, language: str) -> str:
    """'47 s', '3 min 05 s', '2 h 10 min'."""
    seconds = max(0, round(length.total_seconds()))
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    if hours:
        return _in(language, f"{hours} giờ {minutes:02d} phút", f"{hours} h {minutes:02d} min")
    if minutes:
        return _in(language, f"{minutes} phút {rest:02d} giây", f"{minutes} min {rest:02d} s")
    return _in(language, f"{rest} giây", f"{rest} s")


def _over(news: News, seen: Seen, language: str) -> str:
    outages = news.incident.outages
    lasted = duration(_end(news) - news.incident.began, language)
    named = ", ".join(
        f"{name(key, language)} ({duration((outage.back_since or news.at) - outage.since, language)})"
        for key, outage in outages.items()
    )
    return _in(
        language,
        f"Hệ thống đã hoạt động lại sau {lasted}: {named}. Lỡ {seen.missed} nhịp kiểm tra.",
        f"The platform is back after {lasted}: {named}. Canaries missed: {seen.missed}.",
    )


def _end(news: News) -> datetime:
    back = [outage.back_since for outage in news.incident.outages.values() if outage.back_since]
    return max(back, default=news.at)


def _line(key: str, outage: Outage, seen: Seen, language: str) -> str:
    if outage.back_since is not None:
        back = _in(language, "đã trả lời lại lúc", "is back since")
        return f"{name(key, language)} {back} {_clock(outage.back_since)}"
    if key == CANARY:
        return _in(
            language,
            f"{name(key, language)} không quay về từ {_clock(outage.since)}: dữ liệu không đi hết hệ thống",
            f"{name(key, language)} has not come back since {_clock(outage.since)}: data does not get through",
        )
    why = seen.why.get(key, NO_ANSWER).in_language(language)
    return f"{name(key, language)}: {why} {_in(language, 'từ', 'since')} {_clock(outage.since)}"


def _card(key: str, outage: Outage, news: News, seen: Seen) -> AlertCard:
    """Its value is how long the silence lasts."""
    over = news.reason == "resolved"
    silence_s = ((outage.back_since or news.at) - outage.since).total_seconds()
    return AlertCard(
        id=0,
        fingerprint=f"watchdog/{key}",
        rule=f"watchdog-{key}",
        domain="operations",
        property="heartbeat",
        severity="critical",
        condition="absent",
        title_vi=_title(key, "vi"),
        title_en=_title(key, "en"),
        runbook_vi=_RUNBOOK.vi,
        runbook_en=_RUNBOOK.en,
        labels={"kind": "platform", "severity": "critical", "rule": f"watchdog-{key}", "thing": key},
        unit="s",
        limit=seen.limits_s.get(key),
        value=round(silence_s, 1),
        value_time=news.at,
        peak=round(silence_s, 1),
        state="resolved" if over else "firing",
        pending_since=outage.since,
        firing_since=outage.since,
        resolved_at=outage.back_since if over else None,
        withdrawn=False,
        decided_at=news.at,
        evidence={
            "provenance": Provenance.MEASURED.value,
            "silent_s": round(silence_s, 1),
            "why": seen.why.get(key, NO_ANSWER).en,
            "canaries_missed": seen.missed,
        },
        provenance=Provenance.MEASURED.value,
        suggestion=False,
        basis_vi="docs/watchdog.md",
        basis_en="docs/watchdog.md",
        flapping=False,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledgement=None,
        thing_id=key,
        thing_name_vi=name(key, "vi"),
        thing_name_en=name(key, "en"),
        lat=None,
        lon=None,
    )


def _title(key: str, language: str) -> str:
    if key == CANARY:
        return _in(language, "Dữ liệu không đi hết hệ thống", "Data does not get through the platform")
    return _in(language, "Không trả lời", "Does not answer")


def _clock(time: datetime) -> str:
    return f"{time.astimezone(HANOI):%H:%M:%S %d/%m}"


def _in(language: str, vi: str, en: str) -> str:
    return vi if language == "vi" else en
