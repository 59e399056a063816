"""What flows through ingest: Envelope (raw), Reading (decoded, not yet trusted), Fault (what was wrong and where)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from storage.model import FloodExtent, Observation, Provenance

NATIVE: Final = "mqtt"
"""The source of native messages, and of topics that no source has (`rejected_message.source`)."""


class Reason(StrEnum):
    """Why a message or a part of it was refused (`rejected_message.reason`)."""

    NOT_JSON = "not_json"
    INVALID_UTF8 = "invalid_utf8"
    DUPLICATE_KEY = "duplicate_key"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    WRONG_TYPE = "wrong_type"
    NOT_FINITE = "not_finite"
    NAIVE_TIME = "naive_time"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    MISSING_FIELD = "missing_field"
    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_THING = "unknown_thing"
    RETIRED_THING = "retired_thing"
    UNKNOWN_PROPERTY = "unknown_property"
    UNKNOWN_UNIT = "unknown_unit"
    OUT_OF_RANGE = "out_of_range"
    WRONG_PROVENANCE = "wrong_provenance"
    NOT_DECODABLE = "not_decodable"
    UNSUPPORTED = "unsupported"
    RATE_LIMITED = "rate_limited"
    DECODER_ERROR = "decoder_error"
    REFUSED_BY_DATABASE = "refused_by_database"


class Position(msgspec.Struct, frozen=True):
    """Where a message stands in its transport: an MQTT packet id is good for one connection only."""

    generation: int
    packet_id: int


class FilePosition(Position, frozen=True, kw_only=True):
    """A file in the folder of a source; `packet_id` is made of its name, size and time of change."""

    source: str
    path: str
    size: int
    mtime_ns: int


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A raw message as it arrived."""

    topic: str
    """The MQTT topic, or for a file `file:{name}`."""
    payload: bytes
    received_at: datetime
    position: Position
    source: str | None = None
    """The source it belongs to where the transport knows; None: the topic tells."""
    redelivered: bool = False
    """The broker says that it sends this again, with the packet id of the first time."""
    resent_between: tuple[datetime, datetime] | None = None
    """Set soon after a lost broker: what we received in that time, the publisher may have sent again."""
    identifier: int | None = None
    """Of the subscription that it came by: what was in force when the broker put it into our session."""
    retained: bool = False
    """It was there before our subscription was: nobody sent it now."""
    full_size: int | None = None
    """Bytes of a file; only its beginning is in `payload` when it is over the limit."""
    overlap: int | None = None
    """Another worker may handle it too: the number of the time in which both do (ingest/handover.py)."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was wrong; `path` is a JSON path into the payload (`line 3` in a text file)."""

    reason: Reason
    path: str
    message: str
    device: str | None = None
    """With unknown_thing: the name that nobody knows."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one device at one time, well formed but not yet checked against catalogue and inventory.

    Keys of `results` are the source's own until `translate` has mapped them to properties of the catalogue; `units`,
    `paths` and `flags` have the same keys.
    """

    path: str
    time: datetime
    result_time: datetime
    results: Mapping[str, float | bool]
    flags: Mapping[str, str]
    provenance: Provenance
    device: str | None = None
    """Who measured it, in the source's own naming; None: the topic says."""
    units: Mapping[str, str] = {}
    """What the payload itself says of units, in its own notation."""
    paths: Mapping[str, str] = {}
    """Where a result stands, if that is not `{path}.results.{key}`."""
    parameters: Mapping[str, Mapping[str, float | str]] = {}
    """Of forecasts: `low`, `high` and `level` of the interval, and `model`."""


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder made of a payload: the good readings and every fault."""

    readings: Sequence[Reading] = ()
    faults: Sequence[Fault] = ()
    sequences: Sequence[int] = ()
    """The numbers of all elements that had one, good or not: what is rejected has arrived, it is not lost."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What a Thing's status message says of its connection."""

    thing_id: str
    online: bool
    received_at: datetime


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A message ready to be written: everything in it that is good, and all its faults."""

    envelope: Envelope
    source: str = NATIVE
    """The source that it came from."""
    observations: Sequence[Observation] = ()
    extents: Sequence[FloodExtent] = ()
    statuses: Sequence[Status] = ()
    faults: Sequence[Fault] = ()
    sequences: Mapping[str, Sequence[int]] = {}
    """Thing → the numbers of its elements, for the loss meter."""
    newest: Mapping[str, datetime] = {}
    """Thing → the newest time among what it sent live, for the clocks."""
    detail: Mapping[str, Any] | None = None
    """More about the faults than their list, e.g. the id of a traceback in the log."""
