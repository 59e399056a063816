"""The table of results, printed and written between two marks of docs/reliability.md."""

import platform
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from deploy.embedded.runtime import Runtime
from tests.faults.scene import Result, Scene

BEGIN: Final = "<!-- written by python -m tests.faults: begin -->"
END: Final = "<!-- end -->"
HEAD: Final = (
    "| fault | outage s | acked | stored | rejected | lost | doubled | wrong | back at 0 after s | of the outage |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
)
TOGETHER: Final = "all of these, counted once more"
FOLDED: Final = re.compile(r"(\d+) equal error texts")
SHORT_OUTAGE_S: Final = 1.0
"""A share of less than that says nothing."""


def line(result: Result) -> str:
    """One row, with what there is to say behind the fault's name."""
    name = f"{result.fault.group}: {result.fault.name}"
    if result.not_run:
        return f"| {name} | **not run**: {result.not_run} |" + " |" * 8
    if result.failed or result.tally is None:
        return f"| {name} | **failed**: {result.failed.splitlines()[0]} |" + " |" * 8
    tally = result.tally
    counts = (
        tally.acked,
        tally.stored,
        tally.rejected,
        len(tally.lost),
        len(tally.doubled),
        len(tally.wrong),
    )
    share = f"{result.catch_up_s / result.outage_s:.2f}" if result.outage_s >= SHORT_OUTAGE_S else ""
    times = (f"{result.outage_s:.1f}", f"{result.catch_up_s:.1f}", share) if result.outage_s else ("", "", "")
    said = f" ({result.note})" if result.note else ""
    figures = " | ".join(f"{count:,}" for count in counts)
    return f"| {name}{said} | {times[0]} | {figures} | {times[1]} | {times[2]} |"


def examples(result: Result) -> str:
    """Of what is wrong, for whoever has to find out why."""
    if result.failed:
        return result.failed
    if result.passed or result.tally is None:
        return ""
    tally = result.tally
    lost = [f"{sent.topic} {sent.payload[:80]!r} {sent.time}" for sent in tally.lost[:5]]
    return f"lost {lost}\ndoubled {list(tally.doubled[:5])}\nwrong {list(tally.wrong[:5])}"


def versions(runtime: Runtime, scene: Scene) -> str:
    with scene.superuser() as conn:
        row = conn.execute(
            "SELECT current_setting('server_version') AS server,"
            " (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescale"
        ).fetchone()
    assert row is not None
    server = str(row["server"]).split()[0]
    return (
        f"PostgreSQL {server}, TimescaleDB {row['timescale']}, Mosquitto {runtime.broker_version},"
        f" setting `{scene.broker.setting.name}`, Python {platform.python_version()}"
    )


def document(rows: Sequence[str], about: str, today: date, rate_hz: float) -> str:
    """What stands between the marks."""
    counted = [cells for row in rows if (cells := _cells(row)) and not _apart(cells[0])]
    acked, lost, doubled, wrong = (sum(_number(cells[n]) for cells in counted) for n in (2, 5, 6, 7))
    folded = sum(int(number) for row in rows for number in FOLDED.findall(row))
    summary = (
        f"Rows are of their last run, the newest of {today.isoformat()}: {about}, {rate_hz:g} messages/s unless said"
        f" otherwise, with other work on the machine. Known limits apart: {acked:,} messages acknowledged,"
        f" {lost:,} lost, {doubled:,} doubled, {wrong:,} wrong, and {folded:,} rejections without a row of their own"
        f" (equal error texts, see above); {sum('**failed**' in row for row in rows)} faults"
        f" failed, {sum('**not run**' in row for row in rows)} not run."
    )
    return "\n".join([BEGIN, "", summary, "", *HEAD, *rows, "", END])


def merged(before: str, results: Sequence[Result], names: Sequence[str]) -> list[str]:
    """The rows of a table, those of the results replaced, in the order of `names`; what has another name is dropped."""
    rows = {name: row for row in before.splitlines() if (name := _name(row, names)) is not None}
    ran = Counter(result.fault.group for result in results)
    known = Counter(name.partition(":")[0] for name in names)
    for result in results:
        name = f"{result.fault.group}: {result.fault.name}"
        if result.fault.name != TOGETHER or ran[result.fault.group] == known[result.fault.group]:
            rows[name] = line(result)
    return [rows[name] for name in names if name in rows]


def write(
    path: Path, results: Sequence[Result], names: Sequence[str], about: str, today: date, rate_hz: float
) -> None:
    """Raises ValueError when the marks are not there."""
    whole = path.read_text("utf-8")
    before, begin, rest = whole.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path}: expected the marks '{BEGIN}' and '{END}'")
    text = document(merged(table, results, names), about, today, rate_hz)
    path.write_text(before + text + after, "utf-8")


def _name(row: str, names: Sequence[str]) -> str | None:
    fitting = [name for name in names if row.startswith((f"| {name} |", f"| {name} ("))]
    return max(fitting, key=len, default=None)


def _cells(row: str) -> list[str]:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    return cells if len(cells) == 10 and cells[2] else []


def _apart(name: str) -> bool:
    """Beyond the promise, or counted in other rows."""
    return ": limit: " in name or name.endswith(TOGETHER)


def _number(cell: str) -> int:
    return int(cell.replace(",", ""))
