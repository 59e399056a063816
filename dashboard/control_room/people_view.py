"""Accounts, sessions and the audit trail as the pages show them: rows in, JSON out. No I/O."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import urlsplit

from dashboard.control_room.alert_words import stamp, word
from dashboard.control_room.language import Language
from dashboard.control_room.people_texts import AUDIT_TEXTS, DETAIL_TEXTS
from dashboard.control_room.texts import say
from storage.operators import AuditEvent, OpenSession, Operator

NOBODY: Final = "-"
FILE: Final = "file"
COMMAND_LINE: Final = "command line"


def people(
    found: Sequence[Operator],
    sessions: Sequence[OpenSession],
    asker: str,
    provider: str | None,
    now: datetime,
    shown: Language,
) -> dict[str, Any]:
    """Those who may come in first, by name; then those who may not."""
    counts = Counter(session.operator for session in sessions)
    seen = {session.operator: session.last_seen_at for session in reversed(sessions)}
    ordered = sorted(found, key=lambda one: (one.disabled_at is not None, one.name))
    said = say("people_provider", shown).format(provider=provider) if provider else ""
    return {
        "generated_at": now,
        "provider": said,
        "people": [
            {
                "name": one.name,
                "role": one.role,
                "you": one.name == asker,
                "local": one.issuer is None,
                "open": one.disabled_at is None,
                "sessions": counts[one.name],
                "seen_at": seen.get(one.name),
                "lines": _lines(one, counts[one.name], shown),
            }
            for one in ordered
        ],
    }


def own(
    found: Operator, sessions: Sequence[OpenSession], key: bytes, now: datetime, shown: Language
) -> dict[str, Any]:
    """`key` is the hash of the session that asks."""
    return {
        "generated_at": now,
        "elsewhere": ""
        if found.issuer is None
        else say("account_password_elsewhere", shown).format(provider=_host(found.issuer)),
        "sessions": [
            {
                "id": one.id,
                "this": one.token_hash == key,
                "address": one.address,
                "since": stamp(one.created_at),
                "words": say("account_session", shown).format(
                    address=one.address, since=stamp(one.created_at)
                ),
                "seen": say("account_seen", shown).format(
                    at=stamp(one.last_seen_at), until=stamp(one.expires_at)
                ),
            }
            for one in sessions
        ],
    }


def audit(found: Sequence[AuditEvent], page: int, shown: Language) -> dict[str, Any]:
    """`found` is one longer than a page when there are older ones."""
    listed = found[:page]
    return {
        "events": [
            {
                "id": one.id,
                "at": stamp(one.at),
                "actor": _actor(one.actor, shown),
                "action": action(one.action, shown),
                "subject": "" if one.subject == NOBODY else one.subject,
                "source": _source(one, shown),
                "detail": "; ".join(
                    _detail(name, value, shown) for name, value in one.detail.items() if value
                ),
            }
            for one in listed
        ],
        "older": listed[-1].id if len(found) > page else None,
    }


def actions(shown: Language) -> list[dict[str, str]]:
    """What can be looked for, in the order of the alphabet of the page's language."""
    named = [{"action": key, "name": text.in_language(shown)} for key, text in AUDIT_TEXTS.items()]
    return sorted(named, key=lambda one: one["name"])


def action(key: str, shown: Language) -> str:
    """One that has no name is called by its key."""
    return AUDIT_TEXTS[key].in_language(shown) if key in AUDIT_TEXTS else key.replace("_", " ")


def _detail(name: str, value: Any, shown: Language) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, Mapping):
        words = ", ".join(f"{word('field', key, shown)} {one}" for key, one in value.items())
    if name in ("role", "role_before"):
        words = say(f"role_{value}", shown)
    return f"{DETAIL_TEXTS[name].in_language(shown)}: {words}" if name in DETAIL_TEXTS else words


def _lines(one: Operator, sessions: int, shown: Language) -> list[str]:
    lines = [say("people_since", shown).format(at=stamp(one.created_at))]
    if one.disabled_at is not None:
        return [say("people_closed", shown).format(at=stamp(one.disabled_at)), *lines]
    if one.issuer is None:
        lines.append(say("people_local", shown))
    else:
        host = _host(one.issuer)
        lines.append(say("people_elsewhere", shown).format(provider=host))
        lines.append(say("people_elsewhere_role", shown).format(provider=host))
    key = "people_sessions" if sessions else "people_no_session"
    return [*lines, say(key, shown).format(count=sessions)]


def _actor(name: str, shown: Language) -> str:
    return {FILE: say("audit_file", shown), NOBODY: say("audit_somebody", shown)}.get(name, name)


def _source(one: AuditEvent, shown: Language) -> str:
    """The address, or the file by its name alone: where it lies on the server is no matter of the page."""
    if one.actor == FILE:
        return PurePath(one.source).name
    return say("audit_command_line", shown) if one.source == COMMAND_LINE else one.source


def _host(issuer: str) -> str:
    return str(urlsplit(issuer).hostname)
