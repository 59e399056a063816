"""The short form of `make test-faults`: what is acknowledged is stored once, whatever breaks."""

from pathlib import Path

import pytest

from deploy.embedded.runtime import Runtime
from tests.faults import report, suite

pytestmark = [pytest.mark.integration, pytest.mark.faults]


@pytest.mark.parametrize("group", [group for group in suite.GROUPS if suite.short(group)])
def test_nothing_is_lost_doubled_or_changed(group: str, servers: tuple[Runtime, Path]) -> None:
    installed, _ = servers
    results = list(suite.run(installed, suite.short(group)))
    wrong = [f"{report.line(result)}\n{report.examples(result)}" for result in results if not result.passed]
    assert not wrong, "\n".join(wrong)
    assert all(result.tally is not None and result.tally.acked > 100 for result in results), "messages flowed"
