"""Sources as configuration: which topics or folders hold which format, and who and what is meant in them.

One TOML file (HANOI_SOURCES_FILE) of `[[source]]` tables; docs/sources.md explains the keys. The native format below
`hanoi/v1/` is always there and needs no source. The first source whose filter matches a topic has the message.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ingest import decoders
from ingest.conversion import UnknownUnit, canonical
from ingest.decoders import Context, Decoder, Meaning
from ingest.model import NATIVE, Envelope
from ingest.wire import ROOT
from storage.catalog import Key, ReferenceDataError, explain, read_toml
from storage.model import Provenance

MAX_BYTES: Final = 512 * 1024
"""A larger message is rejected as too_large (and stored whole), unless its source allows more."""
DONE: Final = "done"
"""Below a source's folder: what was committed, in a folder for each day (of Hanoi)."""
SETTLE_S: Final = 15.0
"""FTP over a mobile network stalls for some seconds in the middle of a file [S]."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One feed of a vendor, a network server or an agency."""

    name: str
    decoder: Decoder
    decoder_name: str
    topics: Sequence[str] = ()
    folder: Path | None = None
    """Files dropped here are read instead of messages."""
    pattern: str = "*"
    """Which files of the folder."""
    after: Literal["move", "delete"] = "move"
    """What becomes of a file that was committed."""
    settle_s: float = SETTLE_S
    """A file is complete when size and time of change have stood still for so long."""
    qos: int = 1
    partition: int = 1
    """The worker that takes it (modulo the number of workers)."""
    zone: ZoneInfo | None = None
    provenance: Provenance = Provenance.MEASURED
    max_bytes: int = MAX_BYTES
    properties: Mapping[str, Meaning] = field(default_factory=dict)
    """The source's key → what it means; the decoder's own table, and over it that of the file."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Key → the unit that the file gives it: it knows better than the payload and the format."""
    ignored: frozenset[str] = frozenset()
    """Keys that are left out without a word."""
    devices: Mapping[str, str] = field(default_factory=dict)
    """Device → Thing."""
    options: Any = None
    device_options: Mapping[str, Any] = field(default_factory=dict)

    def context(self, envelope: Envelope) -> Context:
        """What the decoder is told beside the payload."""
        return Context(
            topic=envelope.topic,
            received_at=envelope.received_at,
            zone=self.zone,
            provenance=self.provenance,
            units=self.units,
            options=self.options,
            device_options=self.device_options,
        )


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Every source of the file, in its order."""

    all: tuple[Source, ...] = ()

    def of(self, envelope: Envelope) -> Source | None:
        """The source of a message that is not native."""
        if envelope.source is not None:
            return self.named(envelope.source)
        return next((s for s in self.all for f in s.topics if matches(f, envelope.topic)), None)

    def named(self, name: str) -> Source | None:
        return next((source for source in self.all if source.name == name), None)


@lru_cache(maxsize=256)
def _pattern(topic_filter: str) -> re.Pattern[str]:
    levels = topic_filter.split("/")
    rest = levels[-1] == "#"
    parts = [r"[^/]*" if level == "+" else re.escape(level) for level in (levels[:-1] if rest else levels)]
    return re.compile("/".join(parts) + (r"(?:/.*)?" if rest and parts else ".*" if rest else ""), re.S)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic is one of an MQTT topic filter (MQTT 5, 4.7)."""
    return _pattern(topic_filter).fullmatch(topic) is not None


def overlap(one: list[str], other: list[str]) -> bool:
    """Whether a topic can match both filters, given by their levels."""
    if not one or not other:
        return one in ([], ["#"]) and other in ([], ["#"])
    if "#" in (one[0], other[0]):
        return True
    return (one[0] == other[0] or "+" in (one[0], other[0])) and overlap(one[1:], other[1:])


class _MeaningTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    property: Key
    unit: str | None = None

    @field_validator("unit")
    @classmethod
    def _is_known(cls, unit: str | None) -> str | None:
        if unit is not None:
            try:
                canonical(unit)
            except UnknownUnit as error:
                raise ValueError(str(error)) from error
        return unit


class _DeviceTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    thing: Key
    options: dict[str, Any] = Field(default_factory=dict)


Filter = Annotated[str, Field(min_length=1, max_length=65535, pattern=r"^[^\x00]+$")]


class _SourceTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Key
    decoder: str
    topics: tuple[Filter, ...] = ()
    folder: Path | None = None
    by_hand: bool = False
    """Files come only by `hanoi-ingest load` and the control room."""
    pattern: str = "*"
    after: Literal["move", "delete"] = "move"
    settle_s: float = Field(default=SETTLE_S, gt=0, le=3600)
    qos: int = Field(default=1, ge=0, le=1)
    partition: int = Field(default=1, ge=1)
    zone: str | None = None
    provenance: Provenance = Provenance.MEASURED
    max_bytes: int = Field(default=MAX_BYTES, gt=0, le=64 * 1024 * 1024)
    ignore: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)
    properties: dict[str, Key | _MeaningTable] = Field(default_factory=dict)
    devices: dict[str, Key | _DeviceTable] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name == NATIVE:
            raise ValueError(f"'{NATIVE}' is the native format's")
        return name

    @field_validator("decoder")
    @classmethod
    def _is_a_decoder(cls, name: str) -> str:
        if name not in decoders.names():
            raise ValueError(f"'{name}' is none of {', '.join(decoders.names())}")
        return name

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(f"'{name}' is no zone of the tz database, like Asia/Ho_Chi_Minh") from error
        return name

    @field_validator("topics")
    @classmethod
    def _are_filters(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        for topic in topics:
            levels = topic.split("/")
            if "#" in levels[:-1] or any(len(level) > 1 and set("+#") & set(level) for level in levels):
                raise ValueError(
                    f"'{topic}' is no topic filter: + and # stand alone in a level, # in the last"
                )
            if topic.startswith("$share/"):
                raise ValueError(f"'{topic}': a shared subscription strands messages; set partition instead")
            if topic.startswith("$"):
                raise ValueError(f"'{topic}': topics that begin with $ are the broker's own")
            if overlap(levels, f"{ROOT}/#".split("/")):
                raise ValueError(f"'{topic}' takes topics of the native format below {ROOT}/")
        return topics

    @field_validator("folder")
    @classmethod
    def _is_a_path(cls, folder: Path | None) -> Path | None:
        if folder is not None and "\x00" in str(folder):
            raise ValueError("no path has a NUL")
        return folder

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if [bool(self.topics), self.folder is not None, self.by_hand].count(True) != 1:
            raise ValueError("give topics, a folder, or by_hand = true: one of them")
        of_a_folder = self.model_fields_set & {"pattern", "after", "settle_s"}
        if self.folder is None and of_a_folder:
            raise ValueError(f"{', '.join(sorted(of_a_folder))}: only a source with a folder has that")
        return self

    def build(self) -> Source:
        """Raises ValueError that names the key."""
        decoder = decoders.find(self.decoder)
        own = {key: _meaning(value, decoder.PROPERTIES.get(key)) for key, value in self.properties.items()}
        units = {
            key: value.unit
            for key, value in self.properties.items()
            if isinstance(value, _MeaningTable) and value.unit is not None
        }
        special = {
            device: _options(f"devices.{device}.options", decoder, {**self.options, **table.options})
            for device, table in self.devices.items()
            if isinstance(table, _DeviceTable)
        }
        return Source(
            name=self.name,
            decoder=decoder,
            decoder_name=self.decoder,
            topics=self.topics,
            folder=self.folder,
            pattern=self.pattern,
            after=self.after,
            settle_s=self.settle_s,
            qos=self.qos,
            partition=self.partition,
            zone=ZoneInfo(self.zone) if self.zone else None,
            provenance=self.provenance,
            max_bytes=self.max_bytes,
            properties={**decoder.PROPERTIES, **own},
            units=units,
            ignored=frozenset(self.ignore),
            devices={d: t if isinstance(t, str) else t.thing for d, t in self.devices.items()},
            options=_options("options", decoder, self.options),
            device_options=special,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    source: tuple[_SourceTable, ...] = ()


def load_sources(path: Path | None) -> Sources:
    """The sources of a file; none without one. Raises ReferenceDataError naming file and key."""
    if path is None:
        return Sources()
    document = read_toml(path)
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise explain(path, error, document) from error
    built: dict[str, Source] = {}
    for table in file.source:
        if table.name in built:
            raise ReferenceDataError(f"{path}: source {table.name}: name: stands there twice")
        try:
            built[table.name] = table.build()
        except ValueError as error:
            raise ReferenceDataError(f"{path}: source {table.name}: {error}") from error
    _require_own_folders(path, file.source)
    return Sources(all=tuple(built.values()))


def _require_own_folders(path: Path, tables: Sequence[_SourceTable]) -> None:
    """Each file is one source's: raises ReferenceDataError for a folder that is another's, or in its done/."""
    folders = [
        (table.name, Path(os.path.realpath(table.folder))) for table in tables if table.folder is not None
    ]
    for (name, folder), (other, taken) in permutations(folders, 2):
        if folder == taken:
            raise ReferenceDataError(f"{path}: source {name}: folder: {folder} is that of source {other} too")
        if folder.is_relative_to(taken / DONE):
            raise ReferenceDataError(
                f"{path}: source {name}: folder: {folder} is where source {other} puts its files when they are done"
            )


def _meaning(value: str | _MeaningTable, of_the_format: Meaning | None) -> Meaning:
    """What the file says of a key; another property is still in the unit that the format fixes."""
    unit = of_the_format.unit if of_the_format else None
    if isinstance(value, str):
        return Meaning(value, unit)
    return Meaning(value.property, value.unit or unit)


def _options(where: str, decoder: Decoder, table: Mapping[str, Any]) -> Any:
    try:
        return msgspec.convert(table, decoder.Options)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}: {error}") from error
