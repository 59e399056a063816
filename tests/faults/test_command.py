"""`python -m tests.faults` refuses what it has no fault for: an empty table would look like a success."""

import sys

import pytest

from tests.faults.__main__ import main


def test_a_part_of_which_there_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tests.faults", "--only", "nonsense"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert "--only 'nonsense': no fault has this in its name" in said.err
    assert said.out == ""
