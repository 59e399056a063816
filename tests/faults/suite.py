"""Runs faults: those of a group one after the other in one scene, the next one in a new scene after a failure."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from subprocess import CalledProcessError
from typing import Final

from deploy.embedded.runtime import Runtime
from tests.faults import broker, data, database, network, process, together
from tests.faults.database import small_disk
from tests.faults.report import TOGETHER
from tests.faults.scene import Fault, Result, Scene, scene

ALL: Final[tuple[Fault, ...]] = (
    *process.FAULTS,
    *broker.FAULTS,
    *database.FAULTS,
    *network.FAULTS,
    *data.FAULTS,
    *together.FAULTS,
)
GROUPS: Final = tuple(dict.fromkeys(fault.group for fault in ALL))


def names() -> list[str]:
    """Of every row there can be, in order."""
    found = []
    for group in GROUPS:
        found += [f"{group}: {fault.name}" for fault in ALL if fault.group == group]
        found.append(f"{group}: {TOGETHER}")
    return found


def short(group: str) -> list[Fault]:
    """What `make test` runs of a group."""
    return [replace(f, seconds=f.short_s) for f in ALL if f.group == group and f.short_s is not None]


def run(
    installed: Runtime, faults: Sequence[Fault], opened: Callable[[Scene], None] = lambda _: None
) -> Iterator[Result]:
    """Results in order; each group is counted once more at its end. `opened` is shown every new scene."""
    for group in dict.fromkeys(fault.group for fault in faults):
        usual = [f for f in faults if f.group == group and not f.on_small_disk]
        yield from _run_group(installed, usual, opened)
        for fault in (f for f in faults if f.group == group and f.on_small_disk):
            yield from _run_on_small_disk(installed, fault, opened)


def _run_group(
    installed: Runtime, faults: Sequence[Fault], opened: Callable[[Scene], None]
) -> Iterator[Result]:
    left = list(faults)
    while left:
        group = left[0].group
        with (
            installed.temporary_folder(f"faults-{group}") as folder,
            scene(installed, folder, proxies=group == "network") as made,
        ):
            opened(made)
            while left:
                result = _run_one(made, left.pop(0))
                yield result
                if result.failed:
                    break
            else:
                yield made.count_all(_all_together(group, faults))


def _run_one(made: Scene, fault: Fault) -> Result:
    missing = fault.needs()
    if missing is not None:
        return Result(fault=fault, not_run=missing)
    try:
        return made.run(fault, fault.seconds)
    except Exception as error:  # noqa: BLE001 - one fault that ends badly is a row of the table
        return Result(fault=fault, failed=f"{type(error).__name__}: {error}")


def _run_on_small_disk(installed: Runtime, fault: Fault, opened: Callable[[Scene], None]) -> Iterator[Result]:
    with ExitStack() as stack:
        folder = stack.enter_context(installed.temporary_folder("faults-disk"))
        missing = fault.needs()
        if missing is not None:
            yield Result(fault=fault, not_run=missing)
            return
        try:
            disk = stack.enter_context(small_disk(folder / "disk"))
        except CalledProcessError as error:
            yield Result(
                fault=fault, not_run=f"a small disk can't be mounted here: {error.stderr.decode().strip()}"
            )
            return
        made = stack.enter_context(scene(installed, folder, database=disk / "database"))
        opened(made)
        yield _run_one(made, fault)


def _all_together(group: str, faults: Sequence[Fault]) -> Fault:
    def nothing(_: Scene, __: float) -> None:
        return None

    refuses = any(fault.may_refuse for fault in faults)
    return Fault(group=group, name=TOGETHER, inject=nothing, may_refuse=refuses)
