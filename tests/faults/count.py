"""What was acknowledged against what is stored: by identity (Thing, property, time), by value, and by bytes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from storage import db
from tests.faults.publisher import EPOCH, Sent

Key = tuple[str, str, datetime]
Bytes = tuple[str, bytes]
"""Topic and payload."""

_STORED = """
    SELECT d.thing_id, d.property, o.phenomenon_time, o.result
    FROM observation o JOIN datastream d ON d.id = o.datastream_id
    WHERE NOT d.derived AND o.phenomenon_time BETWEEN %(first)s AND %(last)s"""
_REJECTED = "SELECT topic, payload FROM rejected_message WHERE id > %(after)s AND resolved_at IS NULL"
_TAKEN_UP = """
    SELECT topic, payload FROM rejected_message WHERE resent_at >= %(since)s
    UNION ALL
    SELECT topic, payload FROM rejected_message WHERE twin_resent_at >= %(since)s"""
_MARK = """
    SELECT (SELECT count(*) FROM observation o JOIN datastream d ON d.id = o.datastream_id
            WHERE NOT d.derived AND o.phenomenon_time >= %(epoch)s) AS observations,
           (SELECT count(*) FROM rejected_message WHERE resolved_at IS NULL) AS rejections,
           now() AS at,
           (SELECT coalesce(max(id), 0) FROM rejected_message) AS last_rejection,
           (SELECT count(*) FROM observation_superseded s JOIN datastream d ON d.id = s.datastream_id
            WHERE NOT d.derived) AS superseded"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How much was stored at a moment."""

    at: datetime
    observations: int
    rejections: int
    last_rejection: int
    superseded: int

    @property
    def rows(self) -> int:
        return self.observations + self.rejections


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What became of acknowledged messages. Each is stored or rejected, once."""

    acked: int
    stored: int
    """Distinct observations, with the value that was sent."""
    rejected: int
    folded: int
    """Rejections that were counted with an equal one of just before the broker was lost (decision 0004)."""
    lost: Sequence[Sent]
    """Neither."""
    doubled: Sequence[str]
    """Rejections that nobody sent so often, and corrections that nobody sent."""
    wrong: Sequence[str]
    """Another value than was sent, an observation that nobody sent, a good message refused or a bad one stored."""

    @property
    def clean(self) -> bool:
        return not self.lost and not self.doubled and not self.wrong


def mark(conn: db.Connection) -> Mark:
    row = conn.execute(_MARK, {"epoch": EPOCH}).fetchone()
    assert row is not None
    return Mark(**row)


def wanted(acked: Iterable[Sent]) -> int:
    """How many rows they make: equal observations one together, rejections one each."""
    messages = list(acked)
    return len({sent.key for sent in messages if not sent.refused}) + sum(sent.refused for sent in messages)


def tally(
    conn: db.Connection, acked: Sequence[Sent], before: Mark, known: frozenset[Key], *, may_refuse: bool
) -> Tally:
    """Of messages that were sent after `before`; `known` are the keys of earlier ones.

    With `may_refuse` a good message may be a rejection too: one of a flood.
    """
    good = {sent.key: sent for sent in acked if not sent.refused}
    stored = _stored(conn, acked)
    rejected = Counter(_bytes(conn, _REJECTED, after=before.last_rejection))
    taken_up = Counter(_bytes(conn, _TAKEN_UP, since=before.at))
    expected = Counter((sent.topic, sent.payload) for sent in acked if sent.refused)
    missing = [sent for key, sent in good.items() if key not in stored]
    refused = [sent for sent in missing if rejected[sent.topic, sent.payload]]
    surplus = rejected - expected - Counter((sent.topic, sent.payload) for sent in refused)
    folded = (expected - rejected) & taken_up
    gone = expected - rejected - folded
    lost = [sent for sent in missing if not rejected[sent.topic, sent.payload]]
    for sent in acked:
        if sent.refused and gone[sent.topic, sent.payload] > 0:
            gone[sent.topic, sent.payload] -= 1
            lost.append(sent)
    wrong = [
        f"{key}: {stored[key]} for {sent.result}" for key, sent in good.items() if _differs(sent, stored)
    ]
    wrong += [f"{key}: nobody sent it" for key in stored.keys() - good.keys() - known]
    wrong += [] if may_refuse else [f"{sent.key}: refused" for sent in refused]
    superseded = mark(conn).superseded - before.superseded
    return Tally(
        acked=len(acked),
        stored=sum(key in stored and not _differs(sent, stored) for key, sent in good.items()),
        rejected=sum(rejected.values()),
        folded=folded.total(),
        lost=lost,
        doubled=[f"{topic} {payload[:80]!r}" for topic, payload in surplus.elements()]
        + ["corrected"] * superseded,
        wrong=wrong,
    )


def _differs(sent: Sent, stored: dict[Key, float]) -> bool:
    return sent.key in stored and stored[sent.key] != sent.result


def _stored(conn: db.Connection, acked: Sequence[Sent]) -> dict[Key, float]:
    times = [sent.time for sent in acked] or [EPOCH]
    around = {"first": min(times), "last": max(times)}
    return {
        (row["thing_id"], row["property"], row["phenomenon_time"]): row["result"]
        for row in conn.execute(_STORED, around)
    }


def _bytes(conn: db.Connection, query: LiteralString, **parameters: object) -> Iterator[Bytes]:
    for row in conn.execute(query, parameters):
        yield row["topic"], bytes(row["payload"])
