"""Randomness that is a function: the same seed, name and time give the same number on every machine, in every
process, in any order. Nothing here keeps state, so a restarted simulator continues the curve it left.
"""

from hashlib import blake2b
from random import Random
from typing import Final

_MASK: Final = (1 << 64) - 1
_TO_UNIT: Final = 1.0 / (1 << 53)


def stream(*names: object) -> int:
    """A 64-bit key for one independent stream of numbers, from what it is for (seed, Thing, property)."""
    text = "\x1f".join(str(name) for name in names)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def uniform(key: int, index: int = 0) -> float:
    """The index-th number of the stream, in [0, 1). SplitMix64: random access without walking the stream."""
    z = (key + (index + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((z ^ (z >> 31)) >> 11) * _TO_UNIT


def between(key: int, low: float, high: float, index: int = 0) -> float:
    """The index-th number of the stream, in [low, high)."""
    return low + (high - low) * uniform(key, index)


def wave(key: int, t: float, period_s: float) -> float:
    """Smooth noise in [-1, 1] that wanders once per period: a random value at each multiple, eased between."""
    position = t / period_s
    step = int(position // 1)
    part = position - step
    eased = part * part * (3.0 - 2.0 * part)
    here = uniform(key, step)
    return 2.0 * (here + (uniform(key, step + 1) - here) * eased) - 1.0


def generator(key: int, index: int = 0) -> Random:
    """A generator for things that need several draws (a storm, a day of a parking bay)."""
    return Random(key ^ ((index * 0x9E3779B97F4A7C15) & _MASK))
