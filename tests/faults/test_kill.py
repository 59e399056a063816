"""The short form of `make test-faults`: one kill of each part while messages flow."""

from pathlib import Path

import pytest

from deploy.embedded.runtime import Runtime
from tests.faults.rig import TARGETS, rig

pytestmark = [pytest.mark.integration, pytest.mark.faults]


def test_a_kill_loses_nothing_and_doubles_nothing(servers: tuple[Runtime, Path]) -> None:
    installed, _ = servers
    with installed.temporary_folder("faults") as folder, rig(installed, folder) as running:
        for target in TARGETS:
            outcome = running.kill(target, outage_s=1.0, after_s=1.5)
            assert outcome.acked > 300, "messages flowed"
            assert outcome.lost == [], target
            assert outcome.twice == [], target
