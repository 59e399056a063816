"""`hanoi-control-room`: the operators' page (no arguments), or accounts (`user …`)."""

import argparse

from dashboard.control_room import users


def main() -> None:
    """Entry point. Exit 1 refused or port taken, 2 configuration."""
    parser = argparse.ArgumentParser(prog="hanoi-control-room", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    users.add_parser(commands)
    arguments = parser.parse_args()
    if arguments.command == "user":
        users.run(arguments)
    else:
        from dashboard.control_room import server  # Dash and Plotly: not for a command that sets a password

        server.run()
