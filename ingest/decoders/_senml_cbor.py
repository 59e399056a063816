"""A SenML pack as CBOR (RFC 8428, 6), brought into the shape in which JSON comes."""

import io
import math
from collections import Counter
from decimal import Decimal
from typing import Any, Final, NoReturn

import cbor2

from ingest.decoders._json import JsonObject, NotFinite
from ingest.model import Fault, Reason

DEEP_BYTES: Final = 64 * 1024
_FLAT: Final = 2
"""An array of maps."""
_DEEP: Final = 4
"""And in it a decimal fraction: a tag, and its array."""
MOST_RECORDS: Final = 50_000
"""Of a pack. 512 KB hold fewer that say anything, but half a million that are empty."""
_LABELS: Final = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""RFC 8428, table 4."""


def _refuse(value: Any, _: bool) -> NoReturn:
    raise ValueError("SenML has no such tag")


_NO_TAGS: Final = dict.fromkeys(
    (0, 1, 2, 3, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799), _refuse
)
"""What cbor2 would make objects of: regular expressions, shared references … SenML has decimal fractions only."""


def parse(payload: bytes) -> Any:
    """The pack with JSON's labels, numbers as floats, or the Fault.

    A key may be an array, and arrays can be made to collide in a hash table, so only a small payload may nest as deep
    as a decimal fraction needs.
    """
    stream = io.BytesIO(payload)
    try:
        pack = cbor2.load(
            stream,
            tag_hook=_refuse,
            semantic_decoders=_NO_TAGS,
            max_depth=_DEEP if len(payload) <= DEEP_BYTES else _FLAT,
            allow_duplicate_keys=False,
        )
    except cbor2.CBORDecodeError as error:
        return _fault(error)
    if stream.tell() != len(payload):
        message = f"{len(payload) - stream.tell()} bytes follow the pack"
        return Fault(reason=Reason.NOT_DECODABLE, path="$", message=message)
    if not isinstance(pack, list):
        return _plain(pack)
    # Counted before they are looked at: an empty one is a single byte.
    return too_many(pack) or [_with_labels(item) for item in pack]


def too_many(pack: list[Any]) -> Fault | None:
    """The Fault of a pack with more records than are read."""
    if len(pack) <= MOST_RECORDS:
        return None
    message = f"{len(pack)} records, at most {MOST_RECORDS} are taken"
    return Fault(reason=Reason.TOO_LARGE, path="$", message=message)


def _fault(error: cbor2.CBORDecodeError) -> Fault:
    """cbor2 has one exception for all; its words tell them apart."""
    text = str(error)
    reason = Reason.NOT_DECODABLE
    if "Duplicate map key" in text:
        reason = Reason.DUPLICATE_KEY
    elif "nesting depth" in text:
        reason = Reason.TOO_DEEP
    return Fault(reason=reason, path="$", message=f"CBOR: {text:.200}")


def _with_labels(item: Any) -> Any:
    if not isinstance(item, dict):
        return _plain(item)
    pairs = [(_label(key), _plain(value)) for key, value in item.items()]
    record = JsonObject(pairs)
    counts = Counter(label for label, _ in pairs) if len(record) < len(pairs) else {}
    record.repeated = frozenset(label for label, count in counts.items() if count > 1)
    return record


def _label(key: Any) -> str:
    """JSON's label; of a key that is none, something that nobody knows."""
    if isinstance(key, str):
        return key
    return _LABELS.get(key, f"{key}") if type(key) is int else f"{key!r:.60}"


def _plain(value: Any) -> Any:
    """A number as JSON's parser gives it; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    number = float(value)
    return number if math.isfinite(number) else NotFinite()
