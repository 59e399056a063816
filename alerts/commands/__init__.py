"""What `hanoi-alerts` can do besides running (storage/commands.py)."""

from storage.commands import Command, CommandError, find_in

__all__ = ["Command", "CommandError", "find"]


def find() -> dict[str, Command]:
    """Every command by its name on the command line."""
    return find_in(__name__, __path__)
