"""The pages of the control room, as the menu over each of them shows them."""

from dataclasses import dataclass
from typing import Final

from dashboard.control_room import language
from storage.operators import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    path: str
    text: str
    """Key of the text that leads there."""
    least: Role = Role.VIEWER
    """There is nothing on it for those who may do less."""

    def is_at(self, path: str) -> bool:
        """Whether the page at `path` is this one or below it."""
        return path == self.path or (self.path != language.OVERVIEW and path.startswith(f"{self.path}/"))

    def is_at_replayed(self, path: str) -> bool:
        """Whether the page at `path` is this one of a past moment."""
        return self.path == language.OVERVIEW and path == language.REPLAY


MENU: Final = (
    Entry(path=language.OVERVIEW, text="overview"),
    Entry(path=language.DOMAINS, text="domains"),
    Entry(path=language.EXPLORE, text="explore"),
    Entry(path=language.BOARDS, text="boards"),
    Entry(path=language.ALERTS, text="all_alerts"),
    Entry(path=language.INCIDENTS, text="incidents"),
    Entry(path=language.ROSTER, text="roster"),
    Entry(path=language.RULES, text="rules"),
    Entry(path=language.BY_HAND, text="by_hand", least=Role.OPERATOR),
    Entry(path=language.NOTICES, text="notices"),
    Entry(path=language.CITIZEN_REPORTS, text="citizen_reports"),
    Entry(path=language.REPORTS, text="reports"),
    Entry(path=language.THINGS, text="things"),
    Entry(path=language.DATA, text="data"),
    Entry(path=language.DEVICES, text="devices", least=Role.OPERATOR),
    Entry(path=language.PEOPLE, text="people", least=Role.ADMIN),
    Entry(path=language.AUDIT, text="audit", least=Role.ADMIN),
)
"""From what is happening, over what somebody does about it, to the platform itself."""


def menu(role: Role) -> list[Entry]:
    return [entry for entry in MENU if role.may(entry.least)]
