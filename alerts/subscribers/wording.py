"""What citizens are told, by mail and by push, each in the language that was chosen. Plain text. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from storage.model import HANOI, Domain, Property, Provenance, Text
from storage.subscription_offers import Offer, named
from storage.subscription_rows import MessageRow, ReadingRow
from storage.units import symbol

PAGES: Final[Mapping[str, str]] = {"vi": "/vi/bao-cho-toi", "en": "/en/tell-me"}
"""Where what is kept can be seen and deleted; /{token} below it."""
HOMES: Final[Mapping[str, str]] = {"vi": "/", "en": "/en/"}
_MADE_UP: Final[Mapping[str, Text]] = {
    Provenance.SIMULATED: Text(vi="[MÔ PHỎNG] ", en="[SIMULATED] "),
    Provenance.REPLAYED: Text(vi="[PHÁT LẠI] ", en="[REPLAYED] "),
}
_MADE_UP_MORE: Final[Mapping[str, Text]] = {
    Provenance.SIMULATED: Text(
        vi="Đây là số liệu MÔ PHỎNG, không phải đo thật.", en="This is SIMULATED data, not a measurement."
    ),
    Provenance.REPLAYED: Text(
        vi="Đây là số liệu cũ được phát lại, không phải của bây giờ.",
        en="This is old data that is replayed, not of now.",
    ),
}
_CONFIRM_SUBJECT: Final = Text(vi="Xác nhận: báo cho bạn về {thing}", en="Please confirm: news of {thing}")
_CONFIRM: Final = Text(
    vi="""Có người đã nhờ trang trực tiếp của Hà Nội báo tới địa chỉ này:

  {thing}: {asked}

Nếu đó là bạn, hãy mở trang này và bấm nút xác nhận:
{manage}

Nếu không phải, bạn không cần làm gì: sau 48 giờ yêu cầu này bị xoá. Muốn xoá ngay cũng ở trang ấy.
""",
    en="""Somebody asked Hanoi's live page to tell this address:

  {thing}: {asked}

If it was you, open this page and press the button there:
{manage}

If it was not, there is nothing to do: after 48 hours this is deleted. The same page deletes it at once.
""",
)
_AGAIN_SUBJECT: Final = Text(vi="Bạn đã đăng ký rồi: {thing}", en="You have this already: {thing}")
_AGAIN: Final = Text(
    vi="""Địa chỉ này đã được báo về:

  {thing}: {asked}

Xem và xoá mọi thứ đang giữ cho địa chỉ này:
{manage}
""",
    en="""This address is told already:

  {thing}: {asked}

See and delete all that is kept for this address:
{manage}
""",
)
_NEWS: Final = Text(
    vi="""{made_up}{thing}: {now}
lúc {time}, giờ Hà Nội

Bạn đã nhờ báo: {asked}.
Xem trên bản đồ: {page}

Đây là số liệu tự động, có thể sai hoặc đến muộn. Người đang gặp nguy hiểm: gọi 112, 113, 114 hoặc 115.

Thôi không báo nữa, xem và xoá những gì đang giữ:
{manage}
""",
    en="""{made_up}{thing}: {now}
at {time}, Hanoi time

You asked to be told: {asked}.
On the map: {page}

This is automatic; it may be wrong or late. Somebody is in danger: call 112, 113, 114 or 115.

To be told no more, and to see and delete what is kept:
{manage}
""",
)
_PUSH_WELCOME: Final = Text(
    vi="Trình duyệt này sẽ được báo: {asked}.", en="This browser will be told: {asked}."
)
_PUSH_NEWS: Final = Text(vi="{now} (lúc {time})", en="{now} (at {time})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """Of a mail subject and text; of a push message its title and body. `manage`: an address with a token."""

    title: str
    body: str
    page: str
    manage: str


def facts(reading: ReadingRow, observed: Property, made_up: Provenance | None) -> dict[str, Any]:
    """What the news says, as it is kept until it was sent."""
    return {
        "now": {language: _now(reading, observed, language) for language in ("vi", "en")},
        "time": reading.phenomenon_time.isoformat(),
        "made_up": made_up.value if made_up else None,
    }


def letter(
    message: MessageRow, domains: Mapping[str, Domain], offers: Mapping[str, Offer], *, site: str, token: str
) -> Letter:
    """`site`: where the public page is, without a slash at the end."""
    language = message.language
    words = {
        "thing": message.name_en if language == "en" else message.name_vi,
        "asked": _asked(message, domains, offers).in_language(language),
        "page": f"{site}{HOMES[language]}#{message.thing_id}",
        "manage": f"{site}{PAGES[language]}/{token}",
    }
    made_up = ""
    if message.kind == "news":
        made_up = message.facts["made_up"]
        words |= {
            "now": message.facts["now"][language],
            "time": f"{datetime.fromisoformat(message.facts['time']).astimezone(HANOI):%H:%M %d/%m/%Y}",
            "made_up": f"{_MADE_UP_MORE[made_up].in_language(language)}\n\n" if made_up else "",
        }
    subject, text = _forms(message)
    title = (_MADE_UP[made_up].in_language(language) if made_up else "") + subject.in_language(language)
    return Letter(
        title=title.format_map(words),
        body=text.in_language(language).format_map(words),
        page=words["page"],
        manage=words["manage"],
    )


def _forms(message: MessageRow) -> tuple[Text, Text]:
    if message.kind == "news":
        if message.channel == "push":
            return Text(vi="{thing}", en="{thing}"), _PUSH_NEWS
        return Text(vi="{thing}: {now}", en="{thing}: {now}"), _NEWS
    if message.channel == "push":
        return Text(vi="{thing}", en="{thing}"), _PUSH_WELCOME
    return (_AGAIN_SUBJECT, _AGAIN) if message.confirmed else (_CONFIRM_SUBJECT, _CONFIRM)


def _asked(message: MessageRow, domains: Mapping[str, Domain], offers: Mapping[str, Offer]) -> Text:
    """Also of what is offered no more."""
    domain, offer = domains.get(message.domain), offers.get(message.domain)
    if domain is None or offer is None or offer.property != message.property:
        plain = f"{message.property} ≥ {message.at_least}"
        return Text(vi=plain, en=plain)
    return offer.asked(domain.properties[message.property], message.at_least)


def _now(reading: ReadingRow, observed: Property, language: str) -> str:
    """`Độ sâu ngập 18 cm – Ngập vừa`."""
    unit = symbol(observed.unit)
    value = f"{reading.result:.{observed.decimals}f}"
    said = f"{observed.name.in_language(language)} {value.replace('.', ',') if language == 'vi' else value}"
    if unit and unit not in observed.name.in_language(language):
        said = f"{said} {unit}"
    band = observed.band(reading.result) if observed.bands else None
    return said if band is None else f"{said} – {named(observed, band.level).in_language(language)}"
