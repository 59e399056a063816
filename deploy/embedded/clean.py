"""Empties the data, or removes the whole runtime; refuses while a demo runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.embedded.apt import Say
from deploy.embedded.layout import Layout
from deploy.embedded.single import end_leftovers, only_one


def clean_data(runtime_dir: Path, say: Say) -> None:
    """Remove observations and queued messages; programs and passwords stay."""
    if not runtime_dir.exists():
        say(f"nothing to clean: there is no {runtime_dir}")
        return
    layout = Layout(root=runtime_dir.resolve())
    layout.create()
    with only_one(layout):
        end_leftovers(layout, say)
        shutil.rmtree(layout.data)
        layout.create()
    say(f"{layout.data} is empty")


def clean_all(runtime_dir: Path, say: Say) -> None:
    """Remove the runtime, wherever its link points to."""
    if not runtime_dir.exists():
        runtime_dir.unlink(missing_ok=True)
        return
    layout = Layout(root=runtime_dir.resolve())
    layout.create()
    with only_one(layout):
        end_leftovers(layout, say)
        shutil.rmtree(layout.root)
    if runtime_dir.is_symlink():
        runtime_dir.unlink()
    say(f"{layout.root} is removed")
