"""Golden folders of decoders: `tests/golden/decoders/{decoder}/{case}/` with payload, case.toml and expected.json.

`case.toml`: `about` (where the payload and the expectation come from), optional `payload_from` (a file of ../shared
instead of one here), `topic`, `received_at`, `zone`, `provenance`, `options`, `device_options`. A payload is
`payload.json`, `.txt`, `.bin`, or `.hex` for bytes that people read. `expected.json`: `readings` and `faults`.
"""

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ingest import decoders
from ingest.decoders import Context, Decoder
from ingest.model import Decoded, Reading
from storage.model import Provenance
from tests.conftest import SHARED

GOLDEN = Path(__file__).parent.parent / "golden" / "decoders"
RECEIVED_AT = "2026-11-22T03:04:05Z"


@dataclass(frozen=True, kw_only=True)
class Case:
    folder: Path
    decoder_name: str
    table: dict[str, Any]

    @property
    def decoder(self) -> Decoder:
        return decoders.find(self.decoder_name)

    @property
    def payload_path(self) -> Path:
        if "payload_from" in self.table:
            return SHARED / "data" / str(self.table["payload_from"])
        (found,) = self.folder.glob("payload.*")
        return found

    @property
    def payload(self) -> bytes:
        data = self.payload_path.read_bytes()
        return bytes.fromhex(data.decode()) if self.payload_path.suffix == ".hex" else data

    @property
    def expected(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "expected.json").read_text("utf-8"))
        return loaded

    @property
    def context(self) -> Context:
        options = self.table.get("options", {})
        special = self.table.get("device_options", {})
        kind = self.decoder.Options
        return Context(
            topic=self.table.get("topic", f"test/{self.decoder_name}"),
            received_at=msgspec.convert(self.table.get("received_at", RECEIVED_AT), type=datetime),
            zone=ZoneInfo(self.table["zone"]) if "zone" in self.table else None,
            provenance=Provenance(self.table.get("provenance", "measured")),
            options=msgspec.convert(options, kind),
            device_options={d: msgspec.convert({**options, **o}, kind) for d, o in special.items()},
        )


def cases() -> list[Case]:
    """Every golden folder."""
    return [
        Case(
            folder=path.parent,
            decoder_name=path.parent.parent.name,
            table=tomllib.loads(path.read_text("utf-8")),
        )
        for path in sorted(GOLDEN.glob("*/*/case.toml"))
    ]


def shown(decoded: Decoded) -> dict[str, Any]:
    """What expected.json holds; fields that say nothing are left out."""
    return {
        "readings": [_shown(reading) for reading in decoded.readings],
        "faults": [{"reason": fault.reason.value, "path": fault.path} for fault in decoded.faults],
    }


def _shown(reading: Reading) -> dict[str, Any]:
    full = {
        "device": reading.device,
        "time": msgspec.to_builtins(reading.time),
        "result_time": msgspec.to_builtins(reading.result_time)
        if reading.result_time != reading.time
        else None,
        "results": dict(reading.results),
        "units": dict(reading.units),
        "flags": dict(reading.flags),
        "provenance": reading.provenance.value if reading.provenance is not Provenance.MEASURED else None,
    }
    return {key: value for key, value in full.items() if value not in (None, {})}
