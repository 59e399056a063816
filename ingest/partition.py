"""Which worker owns which Things and sources: a function of their names and the number of workers. Pure."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

from ingest.sources import Source, Sources, overlap
from ingest.wire import ROOT
from storage.catalog import ReferenceDataError

_MULTIPLIER: Final = 2862933555777941757
"""Of the jump consistent hash (Lamping and Veach, arXiv:1406.2294)."""


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Worker `worker` of `workers`, both counted from 1. One that is to be drained owns nothing."""

    worker: int = 1
    workers: int = 1
    draining: bool = False

    def owns_thing(self, thing: str) -> bool:
        return not self.draining and owner_of_thing(thing, self.workers) == self.worker

    def owns(self, source: Source) -> bool:
        """Whether this worker reads a source's topics or its folder."""
        return not self.draining and owner_of_source(source, self.workers) == self.worker

    def filters(self, things: Iterable[tuple[str, str]], sources: Sources) -> dict[str, int]:
        """Topic filter → QoS of what this worker owns; `things` are (domain, Thing)."""
        native = {thing_filter(domain, thing): 1 for domain, thing in things if self.owns_thing(thing)}
        return native | {f: s.qos for s in sources.all if self.owns(s) for f in s.topics}


def owner_of_thing(thing: str, workers: int) -> int:
    """From 1 to `workers`. Another worker takes an equal part of the Things from each; no other Thing moves.

    Worker 1 owns half as many as any other: it receives the others' messages too, and acknowledges them.
    """
    return 1 + (_jump(zlib.crc32(thing.encode()), 2 * workers - 1) + 1) // 2


def owner_of_source(source: Source, workers: int) -> int:
    return 1 + (source.partition - 1) % workers


def thing_filter(domain: str, thing: str) -> str:
    """Every native topic of a Thing."""
    return f"{ROOT}/{domain}/{thing}/+"


def require_divisible(sources: Sources, workers: int) -> None:
    """Raises ReferenceDataError when two workers would get the same message."""
    for one, other in combinations(sources.all, 2):
        if owner_of_source(one, workers) == owner_of_source(other, workers):
            continue
        for f, g in ((f, g) for f in one.topics for g in other.topics):
            if overlap(f.split("/"), g.split("/")):
                raise ReferenceDataError(
                    f"sources {one.name} and {other.name}: topics '{f}' and '{g}' share topics:"
                    " give both sources the same partition"
                )


@lru_cache(maxsize=65536)
def _jump(key: int, buckets: int) -> int:
    bucket, following = -1, 0
    while following < buckets:
        bucket = following
        key = (key * _MULTIPLIER + 1) & (2**64 - 1)
        following = int((bucket + 1) * (2**31 / ((key >> 33) + 1)))
    return bucket
