"""What a second start finds."""

import logging
from pathlib import Path

import pytest

from simulators.state import Folder, PastScenario, State


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.below(tmp_path)


def test_it_lies_where_clean_data_empties_it(tmp_path: Path) -> None:
    assert Folder.below(tmp_path).path == tmp_path / "data" / "simulate"


def test_a_second_start_reads_what_the_first_wrote(folder: Folder) -> None:
    state = State(seed=1, broker="127.0.0.1:18830", covered={"rain/a/observations": ((0, 60), (120, 180))})
    folder.write(state)
    assert folder.read(seed=1, broker="127.0.0.1:18830") == state


@pytest.mark.parametrize(("seed", "broker"), [(2, "127.0.0.1:18830"), (1, "elsewhere:1883")])
def test_another_seed_or_broker_starts_afresh(folder: Folder, seed: int, broker: str) -> None:
    folder.write(State(seed=1, broker="127.0.0.1:18830", covered={"rain/a/observations": ((0, 60),)}))
    assert folder.read(seed=seed, broker=broker) == State(seed=seed, broker=broker)


def test_a_torn_file_is_said_and_starts_afresh(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    assert folder.path is not None
    (folder.path / "state.json").write_bytes(b'{"seed": 1, "bro')
    with caplog.at_level(logging.WARNING):
        assert folder.read(seed=1, broker="b:1").covered == {}
    assert "state_unreadable" in caplog.text


def test_only_one_simulator_works_in_a_folder(folder: Folder) -> None:
    first = folder.lock()
    assert first is not None
    assert folder.lock() is None
    first.close()
    second = folder.lock()
    assert second is not None
    second.close()


def test_scenarios_are_remembered_for_ever(folder: Folder) -> None:
    assert folder.scenarios() == ()
    folder.add_scenario(PastScenario(name="storm", start=100))
    folder.add_scenario(PastScenario(name="smog", start=200))
    assert [past.name for past in folder.scenarios()] == ["storm", "smog"]


def test_a_runtime_folder_that_does_not_exist_is_not_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Folder.below(tmp_path / "absent")
    folder.write(State(seed=1, broker="b:1"))
    assert "state_not_kept" in caplog.text
    assert not (tmp_path / "absent").exists()
    lock = folder.lock()
    assert lock is not None
    lock.close()
