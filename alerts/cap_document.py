"""A CAP 1.2 message as XML, valid against the OASIS schema whatever it is made of. Pure; docs/cap.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final
from xml.etree import ElementTree as ET

from alerts import wording
from alerts.cap import CANCELS, MsgType, Occasion, Said, Status, clip, one_line, place, what_and_where
from storage.cap_rows import NewMessage, PublicAlert, SentMessage
from storage.model import Provenance, Text

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
ZONE: Final = timezone(timedelta(hours=7))
"""Hanoi's offset, also for times before the zone had a name."""
VALID_FOR: Final = timedelta(hours=3)
"""How long a message speaks when nothing more is heard from us [S]."""
CANCEL_FOR: Final = timedelta(hours=1)
NO_SIGN: Final = frozenset(" ,<&")
"""What neither an identifier nor a sender may hold: both stand in `references`."""
LANGUAGES: Final = {"vi": "vi-VN", "en": "en-US"}
TRUST_KM: Final = {"V": 0.0, "M": 0.3, "S": 1.0}
"""How much wider the circle is drawn where the place is from memory or made up."""
_TRUST: Final = {
    "M": Text(
        vi="vị trí gần đúng, có thể lệch 100–300 m", en="approximate place, may be off by 100 to 300 m"
    ),
    "S": Text(vi="vị trí giả định", en="assumed place"),
}
_EXERCISES: Final = {
    Provenance.SIMULATED: Text(vi="dữ liệu mô phỏng", en="simulated data"),
    Provenance.REPLAYED: Text(vi="dữ liệu phát lại", en="replayed recordings"),
    Provenance.FORECAST: Text(vi="dự báo", en="forecasts"),
    Provenance.DERIVED: Text(vi="giá trị không rõ nguồn", en="values of unknown origin"),
}
_EXERCISE_MARK: Final = Text(vi="[DIỄN TẬP] ", en="[EXERCISE] ")
"""Of an exercise that ends because what it rested on was replaced by real values."""
_SUGGESTED: Final = Text(
    vi="ngưỡng do trung tâm đề xuất, không phải ngưỡng chính thức", en="limit suggested, not official"
)


def message(
    alert: PublicAlert,
    now_said: Said,
    why: Occasion,
    chain: Sequence[SentMessage],
    *,
    number: int,
    now: datetime,
    sender: str,
    site_url: str | None,
) -> NewMessage:
    """The message and its XML. `number` is the alert's next, `site_url` the public page's, for links.

    Raises ValueError when `sender` holds what CAP forbids.
    """
    if not is_sender(sender):
        raise ValueError(f"CAP sender {sender!r}: no spaces, commas, '<' or '&', such as ops.example.vn")
    sent = now.replace(microsecond=0)
    kind = _msg_type(why)
    text = _Writer(
        alert=alert, said=now_said, why=why, chain=chain, sent=sent, sender=sender, site_url=site_url
    )
    identifier = f"hanoi-{sent.astimezone(ZONE):%Y%m%dT%H%M%S}-{alert.id}-{number}"
    return NewMessage(
        alert_id=alert.id,
        number=number,
        sender=sender,
        identifier=identifier,
        msg_type=kind.value,
        status=text.status.value,
        sent_at=sent,
        expires_at=text.expires,
        headline_vi=text.headline("vi"),
        headline_en=text.headline("en"),
        severity=text.severity,
        provenance=now_said.provenance.value,
        peak=None if text.cancels else alert.peak,
        document=text.xml(identifier),
        reason=why.value,
    )


def is_sender(text: str) -> bool:
    """Whether CAP allows it as a sender: something, and none of what separates references."""
    return bool(text) and text.isascii() and text.isprintable() and not NO_SIGN & set(text)


def stamp(time: datetime, zone: tzinfo = ZONE) -> str:
    """As the schema wants it: seconds without fraction, an offset and never Z; UTC is -00:00."""
    written = time.astimezone(zone).replace(microsecond=0).isoformat()
    return f"{written[:-6]}-00:00" if written.endswith("+00:00") else written


def _msg_type(why: Occasion) -> MsgType:
    if why is Occasion.FIRED:
        return MsgType.ALERT
    return MsgType.CANCEL if why in CANCELS else MsgType.UPDATE


@dataclass(frozen=True, kw_only=True, slots=True)
class _Writer:
    """Writes one message; all of its texts in both languages."""

    alert: PublicAlert
    said: Said
    why: Occasion
    chain: Sequence[SentMessage]
    sent: datetime
    sender: str
    site_url: str | None

    @property
    def cancels(self) -> bool:
        return self.why in CANCELS

    @property
    def status(self) -> Status:
        """A Cancel speaks to those who took what it cancels."""
        return Status(self.chain[-1].status) if self.cancels else self.said.status

    @property
    def severity(self) -> str:
        """A Cancel says nothing new: what came since may not be real."""
        return self.chain[-1].severity if self.cancels else self.said.severity

    @property
    def expires(self) -> datetime:
        """A Cancel stays as long as what it cancels would have."""
        if not self.cancels:
            return self.sent + VALID_FOR
        return max([self.sent + CANCEL_FOR, *(message.expires_at for message in self.chain)])

    def xml(self, identifier: str) -> str:
        alert = ET.Element("alert", {"xmlns": NAMESPACE})
        _add(alert, "identifier", identifier)
        _add(alert, "sender", self.sender)
        _add(alert, "sent", stamp(self.sent))
        _add(alert, "status", self.status.value)
        _add(alert, "msgType", _msg_type(self.why).value)
        _add(alert, "scope", "Public")
        _add(alert, "note", self._note())
        _add(alert, "references", self._references())
        for language in LANGUAGES:
            self._info(ET.SubElement(alert, "info"), language)
        ET.indent(alert)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(alert, encoding="unicode")}\n'

    def headline(self, language: str) -> str:
        if not self.cancels:
            return self.said.headline.in_language(language)
        verb = {"vi": "Hủy: ", "en": "Cancelled: "}[language]
        if self.why is Occasion.ENDED:
            verb = {"vi": "Đã hết: ", "en": "Ended: "}[language]
        return clip(f"{self._mark(language)}{verb}{what_and_where(self.alert, language)}")

    def _mark(self, language: str) -> str:
        """Of what rests on other than real values; an Actual Cancel says it in its note."""
        if self.status is Status.ACTUAL:
            return ""
        return wording.mark(self.said.provenance, language) or _EXERCISE_MARK.in_language(language)

    def _note(self) -> str:
        notes = []
        if self.status is Status.EXERCISE:
            notes += [self._exercise(language) for language in LANGUAGES]
        if self.cancels:
            notes += [CANCELS[self.why].in_language(language) for language in LANGUAGES]
        return " / ".join(notes)

    def _exercise(self, language: str) -> str:
        on = _EXERCISES.get(self.said.provenance, Text(vi="số liệu thử", en="trial data")).in_language(
            language
        )
        if language == "vi":
            return f"DIỄN TẬP, {on}: không phải cảnh báo thật."
        return f"EXERCISE, {on}: this is no warning."

    def _references(self) -> str:
        """All earlier messages that have not expired; when all have, the newest of them."""
        live = [message for message in self.chain if message.expires_at > self.sent] or self.chain[-1:]
        return " ".join(f"{m.sender},{m.identifier},{stamp(m.sent_at)}" for m in live)

    def _info(self, info: ET.Element, language: str) -> None:
        _add(info, "language", LANGUAGES[language])
        _add_all(info, "category", self.said.categories)
        _add(info, "event", self.said.event.in_language(language) or "-")
        responses, urgency, certainty = self._response()
        _add_all(info, "responseType", responses)
        _add(info, "urgency", urgency)
        _add(info, "severity", self.severity)
        _add(info, "certainty", certainty)
        _add(info, "effective", stamp(self.sent))
        _add(info, "onset", stamp(self.alert.pending_since))
        _add(info, "expires", stamp(self.expires))
        _add(info, "headline", self.headline(language))
        _add(info, "description", self._description(language))
        _add(info, "instruction", self._instruction(language))
        _add(info, "web", self._web(language))
        for name, value in self._parameters().items():
            if not one_line(value):
                continue
            parameter = ET.SubElement(info, "parameter")
            _add(parameter, "valueName", f"hanoi:{name}")
            _add(parameter, "value", value)
        self._area(ET.SubElement(info, "area"), language)

    def _response(self) -> tuple[tuple[str, ...], str, str]:
        """Response types, urgency, certainty. Only what really ended is all clear."""
        if not self.cancels:
            return self.said.responses, self.said.urgency, self.said.certainty
        if self.why is Occasion.ENDED:
            return ("AllClear",), "Past", "Observed"
        return ("None",), "Past", "Unlikely" if self.why is Occasion.WITHDRAWN else "Unknown"

    def _description(self, language: str) -> str:
        if self.cancels:
            return self._mark(language) + CANCELS[self.why].in_language(language)
        parts = [self._value(language), self._limit(language)]
        if self.status is Status.EXERCISE:
            parts.append(self._exercise(language))
        headline = f"{what_and_where(self.alert, language)}."
        return self._mark(language) + " ".join([headline, *(part for part in parts if part)])

    def _value(self, language: str) -> str:
        """What was seen and when, in Hanoi's time, and the worst since it began."""
        alert = self.alert
        at, began = wording.clock(alert.value_time, language), wording.clock(alert.pending_since, language)
        if alert.condition == "absent":
            return f"Số liệu cuối cùng: {at}." if language == "vi" else f"Last heard: {at}."
        name = one_line(self.said.name.in_language(language))
        value, peak = self._amount(alert.value, language), self._amount(alert.peak, language)
        level = f" ({one_line(self.said.band.label.in_language(language))})" if self.said.band else ""
        if language == "vi":
            return f"{name}: {value} lúc {at}; mức xấu nhất từ {began}: {peak}{level}."
        return f"{name}: {value} at {at}; the worst since {began}: {peak}{level}."

    def _amount(self, value: float, language: str) -> str:
        """With what it is of, where the condition looks at a change or a difference."""
        written = wording.amount(value, one_line(self.alert.unit), language)
        if self.alert.measure in wording.MEASURES:
            written = wording.MEASURES[self.alert.measure].in_language(language).format(written)
        if not self.alert.within_s:
            return written
        within = wording.duration(self.alert.within_s, language)
        return f"{written} trong {within}" if language == "vi" else f"{written} in {within}"

    def _limit(self, language: str) -> str:
        alert = self.alert
        suggested = f" ({_SUGGESTED.in_language(language)})" if alert.suggestion else ""
        if alert.limit is not None:
            limit = wording.amount(alert.limit, one_line(alert.unit), language)
        elif alert.low is not None and alert.high is not None:
            high = wording.amount(alert.high, one_line(alert.unit), language)
            limit = f"{wording.number(alert.low, language)}–{high}"
        else:
            return f"{_SUGGESTED.in_language(language).capitalize()}." if alert.suggestion else ""
        return f"{'Ngưỡng' if language == 'vi' else 'Limit'}: {limit}{suggested}."

    def _instruction(self, language: str) -> str:
        if self.cancels:
            return ""
        return self._mark(language) + self.said.instruction.in_language(language)

    def _web(self, language: str) -> str:
        if self.site_url is None:
            return ""
        page = "/" if language == "vi" else "/en/"
        return f"{self.site_url.rstrip('/')}{page}#{self.alert.thing_id}"

    def _parameters(self) -> dict[str, str]:
        """For machines: no language, a decimal point."""
        alert = self.alert
        found = {
            "alert": str(alert.id),
            "rule": alert.rule,
            "thing": alert.thing_id,
            "property": alert.property,
        }
        if not self.cancels:
            found["value"], found["peak"] = (
                wording.number(alert.value, "en"),
                wording.number(alert.peak, "en"),
            )
            found |= {} if alert.limit is None else {"limit": wording.number(alert.limit, "en")}
            found["unit"] = alert.unit
        found |= {} if alert.transition_id is None else {"evidence": str(alert.transition_id)}
        return found | {"provenance": self.said.provenance.value, "reason": self.why.value}

    def _area(self, area: ET.Element, language: str) -> None:
        alert = self.alert
        ward = one_line(alert.labels.get("ward", ""))
        trust = _TRUST.get(alert.coordinate_trust or "")
        where = [
            place(alert, language),
            *([ward] if ward else []),
            "Hà Nội" if language == "vi" else "Hanoi",
        ]
        about = f" ({trust.in_language(language)})" if trust else ""
        _add(area, "areaDesc", ", ".join(where) + about)
        if alert.lat is not None and alert.lon is not None:
            radius_km = self.said.hazard.radius_km + TRUST_KM[alert.coordinate_trust or "S"]
            _add(area, "circle", f"{_degrees(alert.lat)},{_degrees(alert.lon)} {radius_km:g}")


def _add(parent: ET.Element, name: str, text: str) -> None:
    """Leaves out what is empty."""
    if text := one_line(text):
        ET.SubElement(parent, name).text = text


def _add_all(parent: ET.Element, name: str, texts: Iterable[str]) -> None:
    for text in texts:
        _add(parent, name, text)


def _degrees(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
