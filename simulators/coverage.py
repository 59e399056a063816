"""Which times the broker has acknowledged: sorted, disjoint intervals (after, until] in epoch seconds."""

from collections.abc import Sequence

Interval = tuple[int, int]


def add(covered: Sequence[Interval], new: Interval) -> tuple[Interval, ...]:
    """The union; intervals that touch become one."""
    after, until = new
    if after >= until:
        return tuple(covered)
    apart_before = [one for one in covered if one[1] < after]
    apart_behind = [one for one in covered if one[0] > until]
    touching = [one for one in covered if one[1] >= after and one[0] <= until]
    merged = (min([after, *(one[0] for one in touching)]), max([until, *(one[1] for one in touching)]))
    return (*apart_before, merged, *apart_behind)


def gaps(covered: Sequence[Interval], after: int, until: int) -> tuple[Interval, ...]:
    """What of (after, until] is not covered, oldest first."""
    missing: list[Interval] = []
    for begin, end in covered:
        if begin >= until:
            break
        if begin > after:
            missing.append((after, begin))
        after = max(after, end)
    if after < until:
        missing.append((after, until))
    return tuple(missing)


def until(covered: Sequence[Interval], time: int) -> tuple[Interval, ...]:
    """Without everything after `time`."""
    return tuple((begin, min(end, time)) for begin, end in covered if begin < time)
