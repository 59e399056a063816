"""A rule's runbook as steps that can be ticked off. Pure."""

import re
from typing import Final

from storage.incident_actions import LONGEST_STEP, Step

_ENDS: Final = re.compile(r"(?<=[.;])\s+|\n+")
"""Runbooks are a few sentences; a semicolon is between two things to do."""


def steps_of(runbook_vi: str, runbook_en: str, alert_id: int) -> list[Step]:
    """Sentence by sentence. Where the languages do not have the same number of them, the whole is one step."""
    vi, en = _parts(runbook_vi), _parts(runbook_en)
    if len(vi) != len(en):
        vi, en = [" ".join(vi)], [" ".join(en)]
    return [
        Step(text_vi=one[:LONGEST_STEP], text_en=other[:LONGEST_STEP], alert_id=alert_id)
        for one, other in zip(vi, en, strict=True)
        if one and other
    ]


def _parts(runbook: str) -> list[str]:
    """Each begins with a capital and has no stop at its end; a dash or three dots say nothing to do."""
    parts = [part.strip().rstrip(".;").strip() for part in _ENDS.split(runbook)]
    return [part[0].upper() + part[1:] for part in parts if any(sign.isalnum() for sign in part)]
