"""What an operator does about devices, rejections and files. Blocking: for a thread.

Work that may take long is done in slices: the page asks for the next one, so that no request runs for minutes, and
whoever closes the page stops nothing halfway.
"""

from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dashboard.control_room import device_view as view
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from ingest import claiming
from ingest.claiming import Device, NewThing, Place, Who
from ingest.load import Loadable, load
from ingest.reprocess import Outcome, Reprocessing
from ingest.sources import Source, Sources, load_sources
from storage import claims, operators, rejections
from storage.catalog import ReferenceDataError
from storage.model import Thing
from storage.operators import AuditEvent
from storage.reference import Reference
from storage.rejections import Cursor, Selection

DEVICES_SHOWN: Final = 100
PREVIEW_BYTES: Final = 400
SLICE: Final = 400
"""Messages that one request reprocesses, about: a second or less."""
_CONNECT_S: Final = 5.0


_Word = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""The database takes no NUL."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Place(_Body):
    lat: float = Field(allow_inf_nan=False)
    lon: float = Field(allow_inf_nan=False)
    source: str


class _New(_Body):
    id: str
    domain: str
    kind: str | None = None
    name_vi: str
    name_en: str
    place: _Place | None = None
    public: bool = True


class ClaimBody(_Body):
    """Either `thing`, the id of one that is there, or `new`."""

    source: _Word
    device: _Word
    thing: _Word | None = None
    new: _New | None = None


class _After(_Body):
    received_at: AwareDatetime
    id: int = Field(ge=0, lt=2**63)


class ReprocessBody(_Body):
    """What is open of a reason, or of a device; `after` goes on where the last slice ended."""

    reason: _Word | None = None
    source: _Word | None = None
    device: _Word | None = None
    after: _After | None = None


class Desk:
    """Every method may wait for the database, and raises Refused, ClaimRefused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def listing(self, shown: Language) -> dict[str, Any]:
        """What is unclaimed and what is open now."""
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            found = claims.unclaimed(conn, limit=DEVICES_SHOWN, payload_bytes=PREVIEW_BYTES)
            reasons = rejections.open_by_reason(conn)
        domains = self._parts.city.view.domains
        return {
            "generated_at": self._parts.clock(),
            "devices": [view.device(one, domains, shown) for one in found],
            "open": [view.open_reason(one, shown) for one in reasons],
        }

    def choices(self, shown: Language) -> dict[str, Any]:
        """What the forms offer."""
        city, tables = self._parts.city.view, [s.name for s in self._sources().all if _is_table(s)]
        known = [thing for thing in city.things.values() if thing.retired_from is None]
        return {**view.offered(city.domains, known, shown), "tables": tables}

    def claim(self, asked: ClaimBody, who: Who) -> dict[str, Any]:
        """Claims, and reprocesses the first slice of what the device sent."""
        device = Device(source=asked.source, device=asked.device)
        reference = self._parts.registry.reference
        thing = _thing(asked, device, reference)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            made = claiming.claim(
                conn,
                device,
                thing,
                domains=reference.domains,
                sources=self._sources(),
                who=who,
                now=self._parts.clock(),
            )
        done = self._run(Selection(source=device.source, device=device.device), None)
        thing_id = thing if isinstance(thing, str) else thing.id
        return {"thing": thing_id, "made": made, "outcome": view.outcome(done)}

    def reprocess(self, asked: ReprocessBody, who: Who) -> dict[str, Any]:
        """One slice."""
        selection = Selection(reason=asked.reason, source=asked.source, device=asked.device)
        if selection == Selection():
            raise Refused(422, "request")
        after = Cursor(received_at=asked.after.received_at, id=asked.after.id) if asked.after else None
        if after is None:
            detail = {"source": asked.source, "device": asked.device}
            self._record("rejections_reprocessed", asked.reason or "-", who, detail)
        return {"outcome": view.outcome(self._run(selection, after))}

    def load(
        self, source: str, name: str, payload: bytes, who: Who, shown: Language, *, dry_run: bool
    ) -> dict[str, Any]:
        """A whole file."""
        sources = self._sources()
        found = sources.named(source)
        if found is None or not _is_table(found):
            raise Refused(422, "source", source=source)
        file = Loadable(name=name, payload=payload, source=found)
        loaded = load(self._parts.registry, sources, file, now=self._parts.clock(), dry_run=dry_run)
        if not dry_run:
            detail = {"source": source, "observations": loaded.observations, "faults": loaded.fault_count}
            self._record("file_loaded", name, who, detail)
        return view.file(loaded, shown, dry_run=dry_run)

    def _run(self, selection: Selection, after: Cursor | None) -> Outcome:
        reprocessing = Reprocessing(
            pool=self._parts.pool,
            registry=self._parts.registry,
            sources=self._sources(),
            clock=self._parts.clock,
        )
        return reprocessing.run(selection, after=after, most=SLICE)

    def _sources(self) -> Sources:
        """Read each time: whoever mends the file need not restart this process."""
        try:
            return load_sources(self._parts.sources_file)
        except ReferenceDataError as error:
            raise Refused(422, "sources_file", fault=str(error)) from error

    def _record(self, action: str, subject: str, who: Who, detail: dict[str, Any]) -> None:
        event = AuditEvent(
            at=self._parts.clock(),
            actor=who.name,
            action=action,
            subject=subject,
            source=who.where,
            detail=detail,
        )
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            operators.record(conn, event)


def _is_table(source: Source) -> bool:
    return source.decoder_name == "csv_table"


def _thing(asked: ClaimBody, device: Device, reference: Reference) -> str | Thing:
    """Raises Refused or ClaimRefused."""
    if (asked.thing is None) == (asked.new is None):
        raise Refused(422, "request")
    if asked.new is None:
        return asked.thing or ""
    place = asked.new.place
    new = NewThing(
        id=asked.new.id,
        domain=asked.new.domain,
        kind=asked.new.kind,
        name_vi=asked.new.name_vi,
        name_en=asked.new.name_en,
        place=Place(lat=place.lat, lon=place.lon, source=place.source) if place else None,
        public=asked.new.public,
    )
    return claiming.checked(new, device, reference)
